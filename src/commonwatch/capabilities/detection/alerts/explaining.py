"""What an indicator weighs at an event, with everything it rests on: its own data, benign lists, others' words."""

from __future__ import annotations

from collections.abc import Sequence

from commonwatch.base.parties.queries import own_member
from commonwatch.capabilities.detection.alerts.grouping import matched
from commonwatch.capabilities.detection.indicators.benign import known, names_of
from commonwatch.capabilities.detection.indicators.decay import decay_models
from commonwatch.capabilities.detection.indicators.listing import Found
from commonwatch.capabilities.detection.indicators.rows import digest
from commonwatch.capabilities.detection.indicators.validity import age_days
from commonwatch.capabilities.detection.indicators.weight import Evidence, Weight, weigh
from commonwatch.capabilities.detection.models import Alert, Indicator, IndicatorValue, Saying, State, Verdict
from commonwatch.core.patterns.values import Kind, Value


def values_of(indicator: Indicator) -> list[Value]:
    """The plain values that it names."""
    return [Value(Kind(kind), text) for kind, text in indicator.values.values_list("kind", "text")]


def weight_of(indicator: Indicator, observed: str, kind: Kind | None, event_us: int) -> Weight:
    """Everything known, weighed."""
    value = matched(values_of(indicator), observed, kind)
    asked = [value] if value is not None else []
    if observed and kind is not None:
        asked.append(Value(kind, observed.lower().rstrip(".")))
    benign = known(asked)
    sayings = list(Saying.objects.filter(about=indicator.stix_id))
    doubters, confirmers = _voices(indicator.stix_id, sayings)
    seen = [one.last_us for one in sayings if one.kind == Saying.Kind.SIGHTING and one.last_us is not None]
    begun = indicator.valid_from_us if indicator.valid_from_us is not None else indicator.version_us
    weight = weigh(
        Evidence(
            kind=value.kind if value is not None else indicator.pattern_type,
            category=indicator.category,
            confidence=indicator.confidence,
            # An author who says how long it holds knows better than a model.
            age_days=0.0 if indicator.valid_until_us is not None else age_days(begun, seen, event_us),
            others=_others(indicator, value),
            doubters=len(doubters),
            confirmers=len(confirmers),
            lowered_by=names_of(benign, "lower"),
            doubted_by=names_of(benign, "doubt"),
            suppressed_by=names_of(benign, "suppress"),
        ),
        decay_models(),
    )
    return _told(weight, benign)


def _told(weight: Weight, benign: Sequence[Found]) -> Weight:
    """With what lists of effect `inform` say."""
    said = tuple(f"known: {sentence}" for sentence in names_of(benign, "inform"))
    return Weight(weight.score, weight.severity, weight.suppressed, (*weight.reasons, *said)) if said else weight


def _others(indicator: Indicator, value: Value | None) -> tuple[int | None, ...]:
    """The confidence of each further independent producer of the value: one for each author, the surest it states."""
    if value is None:
        return ()
    rows = IndicatorValue.objects.filter(
        digest=digest(value.kind, value.text), kind=value.kind, text=value.text, indicator__state=State.IN_FORCE
    ).select_related("indicator")
    own = indicator.author or indicator.voucher
    best: dict[str, int | None] = {}
    for row in rows:
        producer = row.indicator.author or row.indicator.voucher
        if producer != own:
            best[producer] = max(
                (one for one in (best.get(producer), row.indicator.confidence) if one is not None), default=None
            )
    return tuple(best[producer] for producer in sorted(best))


def _voices(identity: str, sayings: Sequence[Saying]) -> tuple[set[str], set[str]]:
    """Members that call it a false positive, and members that confirm it: each by the latest it said; this node's own
    triage speaks for its own member where it sent nothing."""
    own = own_member().identity
    latest = {one.by: one for one in sorted(sayings, key=lambda one: (one.version_us, one.pk))}
    doubters = {by for by, one in latest.items() if one.kind == Saying.Kind.FALSE_POSITIVE}
    confirmers = set(latest) - doubters
    if own not in latest:
        verdicts = set(Alert.objects.filter(stix_id=identity).values_list("verdict", flat=True))
        if Verdict.TRUE in verdicts:
            confirmers.add(own)
        elif Verdict.FALSE in verdicts:
            doubters.add(own)
    return doubters, confirmers
