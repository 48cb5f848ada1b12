"""When somebody is there: hours of the wall clock in a time zone, as times that everybody agrees on. Pure.

Hours follow the clock on the wall, so an office that opens at nine does so on the day summer time begins as well. An hour that the clock leaves
out is the one after it; of an hour that comes twice the first counts as the beginning and the second as the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from commonwatch.core.errors import InvalidInput
from commonwatch.core.stix.response.contacts import DAYS, Contact
from commonwatch.core.stix.times import parse_time

LOOKED_DAYS = 15  # hours repeat weekly; being away is looked at beyond that, once
_SECOND = 1_000_000
Span = tuple[int, int]


def zone(name: str) -> ZoneInfo:
    """A time zone by its name; raises InvalidInput."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(
            "time-zone-unknown", f"There is no time zone {name[:60]}.", "Use a name such as Africa/Nairobi."
        ) from None


def is_there(contact: Contact, now_us: int) -> bool:
    """Whether somebody is there now."""
    if _is_away(contact, now_us):
        return False
    return not contact.hours or any(begins <= now_us < ends for begins, ends in _open(contact, now_us))


def there_from(contact: Contact, now_us: int) -> int | None:
    """When somebody is there next, now at the earliest; None where not within two weeks."""
    if is_there(contact, now_us):
        return now_us
    edges = [begins for begins, _ in _open(contact, now_us)]
    edges += [ends for one in contact.away if (ends := _time(one.ends)) is not None]
    later = sorted(edge for edge in edges if edge > now_us)
    return next((edge for edge in later if is_there(contact, edge)), None)


def there_until(contact: Contact, now_us: int) -> int | None:
    """Until when somebody is there; None where always, or not now."""
    if not is_there(contact, now_us):
        return None
    edges = [ends for _, ends in _open(contact, now_us)]
    edges += [begins for one in contact.away if (begins := _time(one.begins)) is not None]
    later = sorted(edge for edge in edges if edge > now_us)
    return next((edge for edge in later if not is_there(contact, edge)), None)


def _open(contact: Contact, now_us: int) -> Iterator[Span]:
    place = zone(contact.time_zone)
    today = datetime.fromtimestamp(now_us / _SECOND, place).date()
    for number in range(-1, LOOKED_DAYS):
        day = today + timedelta(days=number)
        for hours in contact.hours:
            if DAYS[day.weekday()] not in hours.days:
                continue
            begins, ends = _clock(hours.begins), _clock(hours.ends)
            start = datetime.combine(day, time(), place) + begins
            until = datetime.combine(day, time(), place) + (ends if ends > begins else ends + timedelta(days=1))
            yield _instant(start), _instant(until.replace(fold=1))


def _instant(local: datetime) -> int:
    return int(local.astimezone(UTC).timestamp() * _SECOND)


def _clock(text: str) -> timedelta:
    hour, minute = text.split(":")
    return timedelta(hours=int(hour), minutes=int(minute))


def _is_away(contact: Contact, at_us: int) -> bool:
    for one in contact.away:
        begins, ends = _time(one.begins), _time(one.ends)
        if begins is not None and ends is not None and begins <= at_us < ends:
            return True
    return False


def _time(text: str) -> int | None:
    read = parse_time(text)
    return read[0] if read is not None else None
