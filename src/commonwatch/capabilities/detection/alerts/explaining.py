"""What indicators weigh at events, with everything it rests on: their own data, benign lists, others' words.

All that is asked at once is read at once: the reads grow with what was asked by the hundred, not one by one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from commonwatch.base.parties.queries import own_member
from commonwatch.capabilities.detection.alerts.grouping import matched
from commonwatch.capabilities.detection.indicators.benign import known, names_of
from commonwatch.capabilities.detection.indicators.decay import decay_models
from commonwatch.capabilities.detection.indicators.listing import Found
from commonwatch.capabilities.detection.indicators.rows import digest
from commonwatch.capabilities.detection.indicators.validity import age_days
from commonwatch.capabilities.detection.indicators.weight import Evidence, Weight, weigh
from commonwatch.capabilities.detection.models import Alert, Indicator, IndicatorValue, Saying, State, Verdict
from commonwatch.core.parts import parts
from commonwatch.core.patterns.values import Kind, Value


class Asked(NamedTuple):
    """What an indicator met, and when."""

    indicator: Indicator
    observed: str
    kind: Kind | None
    event_us: int


class _Words(NamedTuple):
    """What members say of an object: who calls it a false positive, who confirms it, and when it was seen last."""

    doubters: int
    confirmers: int
    seen_us: tuple[int, ...]


class _Producer(NamedTuple):
    """Somebody who names a value, and how sure they are."""

    name: str
    confidence: int | None


def weights_of(asked: Sequence[Asked]) -> list[Weight]:
    """Everything known, weighed; in the order of what was asked."""
    indicators = {one.indicator.pk: one.indicator for one in asked}
    values = _values(indicators)
    met = [matched(values[one.indicator.pk], one.observed, one.kind) for one in asked]
    looked_up = [_looked_up(one, value) for one, value in zip(asked, met, strict=True)]
    benign = known(value for several in looked_up for value in several)
    words = _words(sorted({one.stix_id for one in indicators.values()}))
    producers = _producers({value for value in met if value is not None})
    return [
        _weight(
            one,
            value,
            words[one.indicator.stix_id],
            _others(one.indicator, producers.get(value, ()) if value is not None else ()),
            sorted({found for each in several for found in benign[each]}),
        )
        for one, value, several in zip(asked, met, looked_up, strict=True)
    ]


def _looked_up(asked: Asked, value: Value | None) -> list[Value]:
    """What benign lists are asked of: the indicator's value, and what was observed."""
    looked_up = [value] if value is not None else []
    if asked.observed and asked.kind is not None:
        looked_up.append(Value(asked.kind, asked.observed.lower().rstrip(".")))
    return looked_up


def _weight(
    asked: Asked, value: Value | None, words: _Words, others: tuple[int | None, ...], benign: Sequence[Found]
) -> Weight:
    indicator = asked.indicator
    begun = indicator.valid_from_us if indicator.valid_from_us is not None else indicator.version_us
    weight = weigh(
        Evidence(
            kind=value.kind if value is not None else indicator.pattern_type,
            category=indicator.category,
            confidence=indicator.confidence,
            # An author who says how long it holds knows better than a model.
            age_days=0.0 if indicator.valid_until_us is not None else age_days(begun, words.seen_us, asked.event_us),
            others=others,
            doubters=words.doubters,
            confirmers=words.confirmers,
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


def _values(indicators: Iterable[int]) -> dict[int, list[Value]]:
    """The plain values that each names."""
    found: dict[int, list[Value]] = defaultdict(list)
    for some in parts(sorted(indicators)):
        rows = IndicatorValue.objects.filter(indicator__in=some).order_by("pk")
        for indicator, kind, text in rows.values_list("indicator_id", "kind", "text"):
            found[indicator].append(Value(Kind(kind), text))
    return found


def _producers(values: Iterable[Value]) -> dict[Value, list[_Producer]]:
    """Who names each value in an indicator that is in force."""
    of_digest: dict[int, list[Value]] = defaultdict(list)
    for value in values:
        of_digest[digest(value.kind, value.text)].append(value)
    found: dict[Value, list[_Producer]] = defaultdict(list)
    for some in parts(sorted(of_digest)):
        rows = IndicatorValue.objects.filter(digest__in=some, indicator__state=State.IN_FORCE)
        told = rows.values_list("kind", "text", "indicator__author", "indicator__voucher", "indicator__confidence")
        for kind, text, author, voucher, confidence in told:
            found[Value(Kind(kind), text)].append(_Producer(author or voucher, confidence))
    return found


def _others(indicator: Indicator, producers: Iterable[_Producer]) -> tuple[int | None, ...]:
    """The confidence of each further independent producer of the value: one for each author, the surest it states."""
    own = indicator.author or indicator.voucher
    best: dict[str, int | None] = {}
    for name, confidence in producers:
        if name != own:
            best[name] = max((one for one in (best.get(name), confidence) if one is not None), default=None)
    return tuple(best[name] for name in sorted(best))


def _words(about: Sequence[str]) -> Mapping[str, _Words]:
    """Of each object, what members say by the latest that each said; this node's own triage speaks for its own member
    where it sent nothing."""
    own = own_member().identity
    sayings: dict[str, list[Saying]] = defaultdict(list)
    verdicts: dict[str, set[str]] = defaultdict(set)
    for some in parts(about):
        for saying in Saying.objects.filter(about__in=some).order_by("version_us", "pk"):
            sayings[saying.about].append(saying)
        judged = Alert.objects.filter(stix_id__in=some, verdict__in=(Verdict.TRUE, Verdict.FALSE))
        for identity, verdict in judged.values_list("stix_id", "verdict").distinct():
            verdicts[identity].add(verdict)
    return {identity: _said(sayings[identity], verdicts[identity], own) for identity in about}


def _said(sayings: Sequence[Saying], verdicts: set[str], own: str) -> _Words:
    latest = {one.by: one for one in sayings}
    doubters = {by for by, one in latest.items() if one.kind == Saying.Kind.FALSE_POSITIVE}
    confirmers = set(latest) - doubters
    if own not in latest:
        if Verdict.TRUE in verdicts:
            confirmers.add(own)
        elif Verdict.FALSE in verdicts:
            doubters.add(own)
    seen = tuple(one.last_us for one in sayings if one.kind == Saying.Kind.SIGHTING and one.last_us is not None)
    return _Words(len(doubters), len(confirmers), seen)
