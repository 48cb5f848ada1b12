"""What people write on the command line or in a form about hours, read into what a contact holds. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from commonwatch.core.errors import InvalidInput
from commonwatch.core.stix.response.contacts import DAYS, Away, Day, Hours
from commonwatch.core.stix.times import parse_time


def hours(texts: Sequence[str]) -> tuple[Hours, ...]:
    """`mon-fri 09:00-17:00`, `sat,sun 22:00-06:00`; until before from is over midnight."""
    found = []
    for text in texts:
        days, _, span = text.strip().partition(" ")
        begins, sign, ends = span.strip().partition("-")
        if not sign or not _is_clock(begins) or not _is_clock(ends):
            raise _unreadable(text)
        found.append(Hours(_days(days, text), begins, ends))
    return tuple(found)


def away(texts: Sequence[str]) -> tuple[Away, ...]:
    """`2026-12-24T00:00:00Z/2026-12-27T00:00:00Z`, each."""
    found = []
    for text in texts:
        begins, _, ends = (part.strip() for part in text.partition("/"))
        first, last = parse_time(begins), parse_time(ends)
        if first is None or last is None or first >= last:
            advice = "Write them as 2026-12-24T00:00:00Z/2026-12-27T00:00:00Z."
            raise InvalidInput("away-unreadable", f"{text[:60]} are no two times in order.", advice)
        found.append(Away(begins, ends))
    return tuple(found)


def pairs(texts: Sequence[str]) -> dict[str, str]:
    """`3.2=text`, each."""
    found = {}
    for text in texts:
        number, sign, said = text.partition("=")
        if not sign:
            raise InvalidInput("section-unreadable", f"{text[:60]} is no section.", "Write it as 3.2=text.")
        found[number.strip()] = said.strip()
    return found


def _days(given: str, text: str) -> tuple[Day, ...]:
    found: list[Day] = []
    number_of = {str(day): number for number, day in enumerate(DAYS)}
    for part in given.lower().split(","):
        first, sign, last = part.partition("-")
        if first not in number_of or (sign and last not in number_of):
            raise _unreadable(text)
        place = number_of[first]
        until = number_of[last] if sign else place
        found += [DAYS[number % 7] for number in range(place, until + (1 if until >= place else 8))]
    return tuple(dict.fromkeys(found))


def _is_clock(text: str) -> bool:
    hour, sign, minute = text.partition(":")
    if not (sign and len(hour) == len(minute) == 2 and (hour + minute).isascii() and (hour + minute).isdigit()):
        return False
    return int(minute) < 60 and (int(hour) < 24 or text == "24:00")


def _unreadable(text: str) -> InvalidInput:
    return InvalidInput("hours-unreadable", f"{text[:60]} are no hours.", "Write them as mon-fri 09:00-17:00.")
