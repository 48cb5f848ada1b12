"""Hits into alerts, in the caller's transaction: so that a position in telemetry and the alerts up to it go together.

1. A hit counts if its indicator is in force, has begun, and covers the event's time.
2. An alert counts each event once, however often it is read: live, again after a crash, or by a hunt.
3. Each value that matched is weighed at the start of the alert's day, and the heaviest counts: so that the result does not
   depend on the order in which events were read, and a benign value hides no other.
4. What is suppressed is kept like the rest, with its reasons.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import msgspec

from commonwatch.capabilities.detection.alerts.explaining import weight_of
from commonwatch.capabilities.detection.alerts.grouping import Hit, event_of, key_of, window_us
from commonwatch.capabilities.detection.indicators.validity import covers, has_begun
from commonwatch.capabilities.detection.indicators.weight import Weight
from commonwatch.capabilities.detection.models import Alert, AlertRecord, Indicator, State

SAMPLES = 5  # log lines kept with an alert
SAMPLE_CHARACTERS = 4_000
MOST_VALUES = 50  # weighed of one run of hits of one alert
_AT_ONCE = 500

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
    entries = sorted({hit.entry for hit in hits})
    indicators: dict[int, Indicator] = {}
    for first in range(0, len(entries), _AT_ONCE):
        found = Indicator.objects.filter(pk__in=entries[first : first + _AT_ONCE], state=State.IN_FORCE)
        indicators |= {row.pk: row for row in found.select_related("terms")}
    groups: dict[str, list[Hit]] = defaultdict(list)
    for hit in hits:
        row = indicators.get(hit.entry)
        if row is not None and has_begun(row.valid_from_us, now_us) and covers(row.valid_until_us, hit.time_us, now_us):
            window = window_us(hit.time_us, now_us)
            groups[key_of(row.stix_id, row.voucher, hit.source, hit.entity, window)].append(hit)
    known = _known(sorted(groups))
    raised: list[int] = []
    grown: list[int] = []
    suppressed: list[int] = []
    counted = 0
    for key, group in groups.items():
        alert = known.get(key)
        fresh = alert is None
        row = indicators[group[0].entry]
        if alert is None:
            alert = _new(key, row, group[0], generation, now_us)
        added = _count(alert, group)
        if not added:
            continue
        counted += len(added)
        before = fresh or alert.suppressed
        _grow(alert, row, added, lines, now_us)
        if before and not alert.suppressed:
            raised.append(alert.pk)
        else:
            (suppressed if fresh else grown).append(alert.pk)
    return Recorded(tuple(raised), tuple(grown), tuple(suppressed), counted)


def _known(keys: Sequence[str]) -> dict[str, Alert]:
    found: dict[str, Alert] = {}
    for first in range(0, len(keys), _AT_ONCE):
        found |= {alert.key: alert for alert in Alert.objects.filter(key__in=keys[first : first + _AT_ONCE])}
    return found


def _new(key: str, row: Indicator, hit: Hit, generation: int, now_us: int) -> Alert:
    return Alert.objects.create(
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


def _count(alert: Alert, group: Sequence[Hit]) -> list[Hit]:
    """The hits whose events the alert had not counted yet; they are now."""
    events = {event_of(hit): hit for hit in group}
    numbers = sorted(events)
    for first in range(0, len(numbers), _AT_ONCE):
        chunk = numbers[first : first + _AT_ONCE]
        for seen in AlertRecord.objects.filter(alert=alert, event__in=chunk).values_list("event", flat=True):
            del events[seen]
    AlertRecord.objects.bulk_create([AlertRecord(alert=alert, event=event) for event in events], batch_size=_AT_ONCE)
    return sorted(events.values(), key=lambda hit: (hit.time_us or 0, hit.place, hit.record))


def _grow(alert: Alert, row: Indicator, added: Sequence[Hit], lines: Lines, now_us: int) -> None:
    times = [hit.time_us if hit.time_us is not None else now_us for hit in added]
    alert.first_us = min(times) if alert.first_us is None else min(alert.first_us, *times)
    alert.last_us = max(times) if alert.last_us is None else max(alert.last_us, *times)
    alert.count += len(added)
    alert.samples += [_sample(hit, lines) for hit in added[: max(0, SAMPLES - len(alert.samples))]]
    distinct = {hit.value: hit for hit in added}
    for value in sorted(distinct)[:MOST_VALUES]:
        _weigh(alert, weight_of(row, value, distinct[value].kind, alert.window_us), value)
    alert.changed_us = now_us
    alert.save()


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
