"""STIX timestamps (2.1, section 3.2): RFC 3339 in UTC with `Z`, to the digit the author wrote."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MORE_THAN_MICROSECONDS = 7
_SECOND = 1_000_000
_DAY = 86_400 * _SECOND


@lru_cache(maxsize=4096)
def _day(text: str) -> int | None:
    """Microseconds at the start of `YYYY-MM-DD`; real feeds repeat a few days many times."""
    if not (text.isascii() and text[:4].isdigit() and text[4] == text[7] == "-"):
        return None
    try:
        return (
            (datetime(int(text[:4]), int(text[5:7]), int(text[8:10]), tzinfo=UTC) - EPOCH) // timedelta(days=1) * _DAY
        )
    except ValueError:
        return None


@lru_cache(maxsize=65536)
def parse_time(text: str) -> tuple[int, int] | None:
    """Microseconds since 1970 and the number of fraction digits (7: more than six, cut), or None if it is no timestamp.

    A leap second (`:60`) is read as the second after it, as POSIX time does.
    """
    if len(text) < 20 or text[-1] != "Z" or text[10] != "T" or text[13] != ":" or text[16] != ":":
        return None
    day = _day(text[:10])
    clock = text[11:13] + text[14:16] + text[17:19]
    fraction = text[20:-1] if len(text) > 20 else ""
    if day is None or not (clock.isascii() and clock.isdigit()) or (len(text) > 20 and text[19] != "."):
        return None
    hour, minute, second = int(clock[:2]), int(clock[2:4]), int(clock[4:])
    if hour > 23 or minute > 59 or second > 60 or (len(text) > 20 and not (fraction.isascii() and fraction.isdigit())):
        return None
    whole = day + (hour * 3600 + minute * 60 + second) * _SECOND
    if not fraction:
        return whole, 0
    return whole + int(fraction[:6].ljust(6, "0")), min(len(fraction), MORE_THAN_MICROSECONDS)


def format_time(microseconds: int, digits: int) -> str:
    """The timestamp with that many fraction digits (0 to 6): the inverse of `parse_time`."""
    seconds, fraction = divmod(microseconds, _SECOND)
    days, second = divmod(seconds, 86_400)
    text = f"{_date(days)}T{_CLOCK[second // 60]}:{_TWO[second % 60]}"
    return f"{text}.{fraction:06d}"[: 20 + digits] + "Z" if digits else text + "Z"


_TWO = [f"{number:02d}" for number in range(60)]
_CLOCK = [f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(1440)]


@lru_cache(maxsize=4096)
def _date(days: int) -> str:
    moment = EPOCH + timedelta(days=days)
    return f"{moment.year:04d}-{moment.month:02d}-{moment.day:02d}"
