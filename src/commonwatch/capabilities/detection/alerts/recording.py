"""Hits into alerts, in the caller's transaction: so that a position in telemetry and the alerts up to it go together.

1. A hit counts if its indicator is in force, has begun, and covers the event's time.
2. An alert counts each event once, however often it is read: live, again after a crash, or by a hunt.
3. Each value that matched is weighed at the start of the alert's day, and the heaviest counts: so that the result does not
   depend on the order in which events were read, and a benign value hides no other.
4. What is suppressed is kept like the rest, with its reasons.
5. All hits of a call are read, weighed and written together: one by one they would cost many times as much.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from commonwatch.capabilities.detection.alerts.explaining import Asked, weights_of
from commonwatch.capabilities.detection.alerts.grouping import Hit, event_of, key_of, window_us
from commonwatch.capabilities.detection.indicators.validity import covers, has_begun
from commonwatch.capabilities.detection.indicators.weight import Weight
from commonwatch.capabilities.detection.models import Alert, AlertRecord, Indicator, State
from commonwatch.capabilities.detection.rewriting import rewrite
from commonwatch.core.parts import AT_ONCE, parts

SAMPLES = 5  # log lines kept with an alert
SAMPLE_CHARACTERS = 4_000
MOST_VALUES = 50  # weighed of one run of hits of one alert
_PAIRS = 100  # of an alert and an event, asked for at once: a part costs the square of this at most
# What people say of an alert is not among these.
_GROWING = (
    "value",
    "count",
    "first_us",
    "last_us",
    "score",
    "severity",
    "suppressed",
    "reasons",
    "samples",
    "changed_us",
)

Lines = Callable[[str, int], str]  # the text of a record, by place and number; empty where it can be read again later


def read_again(place: str, record: int) -> str:
    """For files: nothing of a log is copied until somebody asks for it."""
    return ""


class Recorded(msgspec.Struct, frozen=True):
    """What became of a run of hits: numbers of alerts, and how many hits counted."""

    raised: tuple[int, ...]  # new ones that are not suppressed
    grown: tuple[int, ...]
    suppressed: tuple[int, ...]  # new ones
    counted: int


def record(hits: Sequence[Hit], generation: int, lines: Lines, now_us: int) -> Recorded:
    """Write hits; inside a transaction. `generation`: of the indicators that they were found with."""
    indicators = _in_force({hit.entry for hit in hits})
    groups: dict[str, list[Hit]] = defaultdict(list)
    for hit in hits:
        row = indicators.get(hit.entry)
        if row is not None and has_begun(row.valid_from_us, now_us) and covers(row.valid_until_us, hit.time_us, now_us):
            window = window_us(hit.time_us, now_us)
            groups[key_of(row.stix_id, row.voucher, hit.source, hit.entity, window)].append(hit)
    alerts = _held([_begun(key, indicators[of[0].entry], of[0], generation, now_us) for key, of in groups.items()])
    added = _count(alerts, groups)
    weights = _weights(alerts, added, indicators)
    raised: list[int] = []
    grown: list[int] = []
    suppressed: list[int] = []
    for key, several in added.items():
        alert = alerts[key]
        fresh = alert.count == 0
        was_quiet = fresh or alert.suppressed
        _grow(alert, several, lines, now_us)
        for value, weight in weights[key]:
            _weigh(alert, weight, value)
        if was_quiet and not alert.suppressed:
            raised.append(alert.pk)
        else:
            (suppressed if fresh else grown).append(alert.pk)
    rewrite([alerts[key] for key in added], _GROWING)
    return Recorded(tuple(raised), tuple(grown), tuple(suppressed), sum(map(len, added.values())))


def _in_force(entries: Iterable[int]) -> dict[int, Indicator]:
    found: dict[int, Indicator] = {}
    for some in parts(sorted(entries)):
        rows = Indicator.objects.filter(pk__in=some, state=State.IN_FORCE).select_related("terms")
        found |= {row.pk: row for row in rows}
    return found


def _begun(key: str, row: Indicator, hit: Hit, generation: int, now_us: int) -> Alert:
    """The alert of a first hit, before it has counted any."""
    return Alert(
        stix_id=row.stix_id,
        voucher=row.voucher,
        source=hit.source,
        entity=hit.entity,
        window_us=window_us(hit.time_us, now_us),
        key=key,
        name=row.name,
        author=row.author,
        tlp=row.terms.tlp,
        pap=row.terms.pap,
        obligations=row.terms.obligations,
        generation=generation,
        score=0,
        severity="none",
        raised_us=now_us,
        changed_us=now_us,
    )


def _held(begun: Iterable[Alert]) -> dict[str, Alert]:
    """The alerts of these keys, made where there was none, and held until the transaction ends: a watch and a hunt may
    meet the same events at once."""
    ordered = sorted(begun, key=lambda alert: alert.key)
    found: dict[str, Alert] = {}
    for some in parts(ordered):
        Alert.objects.bulk_create(some, ignore_conflicts=True)
        held = Alert.objects.select_for_update().filter(key__in=[alert.key for alert in some]).order_by("key")
        found |= {alert.key: alert for alert in held}
    return found


def _count(alerts: Mapping[str, Alert], groups: Mapping[str, Sequence[Hit]]) -> dict[str, list[Hit]]:
    """The hits whose events their alerts had not counted yet, in the order of time; they are now."""
    events = {alerts[key].pk: {event_of(hit): hit for hit in group} for key, group in groups.items()}
    asked = [(alert.pk, event) for alert in alerts.values() if alert.count for event in events[alert.pk]]
    for some in parts(asked, _PAIRS):
        seen = AlertRecord.objects.filter(alert__in={pk for pk, _ in some}, event__in={event for _, event in some})
        for pk, event in seen.values_list("alert_id", "event"):
            events[pk].pop(event, None)
    new = [AlertRecord(alert_id=pk, event=event) for pk, several in events.items() for event in several]
    AlertRecord.objects.bulk_create(new, batch_size=AT_ONCE)
    added = {key: sorted(events[alerts[key].pk].values(), key=_by_time) for key in groups}
    return {key: several for key, several in added.items() if several}


def _by_time(hit: Hit) -> tuple[int, str, int]:
    return hit.time_us or 0, hit.place, hit.record


def _weights(
    alerts: Mapping[str, Alert], added: Mapping[str, Sequence[Hit]], indicators: Mapping[int, Indicator]
) -> dict[str, list[tuple[str, Weight]]]:
    """Of each alert, what each value of its new hits weighs."""
    asked: list[tuple[str, Asked]] = []
    for key, several in added.items():
        distinct = {hit.value: hit for hit in several}
        for value in sorted(distinct)[:MOST_VALUES]:
            hit = distinct[value]
            asked.append((key, Asked(indicators[hit.entry], value, hit.kind, alerts[key].window_us)))
    found: dict[str, list[tuple[str, Weight]]] = {key: [] for key in added}
    for (key, one), weight in zip(asked, weights_of([one for _, one in asked]), strict=True):
        found[key].append((one.observed, weight))
    return found


def _grow(alert: Alert, added: Sequence[Hit], lines: Lines, now_us: int) -> None:
    times = [hit.time_us if hit.time_us is not None else now_us for hit in added]
    alert.first_us = min(times) if alert.first_us is None else min(alert.first_us, *times)
    alert.last_us = max(times) if alert.last_us is None else max(alert.last_us, *times)
    alert.count += len(added)
    alert.samples += [_sample(hit, lines) for hit in added[: max(0, SAMPLES - len(alert.samples))]]
    alert.changed_us = now_us


def _weigh(alert: Alert, weight: Weight, value: str) -> None:
    """Take this weight for the alert's where it is the heavier one."""
    if not alert.reasons or (not weight.suppressed, weight.score) > (not alert.suppressed, alert.score):
        alert.value = value
        alert.score, alert.severity = weight.score, weight.severity
        alert.suppressed, alert.reasons = weight.suppressed, list(weight.reasons)


def _sample(hit: Hit, lines: Lines) -> dict[str, object]:
    return {
        "place": hit.place,
        "record": hit.record,
        "time_us": hit.time_us,
        "column": hit.column,
        "value": hit.value,
        "text": lines(hit.place, hit.record)[:SAMPLE_CHARACTERS],
    }
