"""How long a law gives: an ISO 8601 duration, business days (`P4BD`, an extension of ours), or a word that names no length.

ISO 8601-1:2019, 5.5.2.4: `P[n]Y[n]M[n]W[n]DT[n]H[n]M[n]S`. Years are twelve months, weeks seven days; months have no length of
their own, so nothing here turns them into days.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Literal

import msgspec

from commonwatch.core.errors import InvalidInput

LONGEST = 10_000  # of any one number in a duration: some 27 years in days
_ISO = re.compile(
    r"P(?:(?P<years>\d{1,5})Y)?(?:(?P<months>\d{1,5})M)?(?:(?P<weeks>\d{1,5})W)?(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?:(?P<hours>\d{1,5})H)?(?:(?P<minutes>\d{1,5})M)?(?:(?P<seconds>\d{1,5})S)?)?",
    re.ASCII,
)
_BUSINESS = re.compile(r"P(?P<days>\d{1,5})BD", re.ASCII)


class Word(StrEnum):
    """Words that stand in a law in place of a length."""

    IMMEDIATELY = "immediately"
    WITHOUT_DELAY = "without_delay"
    WITHOUT_UNDUE_DELAY = "without_undue_delay"
    AS_SOON_AS_POSSIBLE = "as_soon_as_possible"
    AS_SOON_AS_FEASIBLE = "as_soon_as_feasible"
    AS_SOON_AS_PRACTICABLE = "as_soon_as_practicable"
    AS_SOON_AS_REASONABLY_POSSIBLE = "as_soon_as_reasonably_possible"
    PROMPTLY = "promptly"
    END_OF_NEXT_CALENDAR_DAY = "end_of_next_calendar_day"
    ON_REQUEST = "on_request"
    NONE = "none"
    TO_BE_SET = "to_be_set"

    @property
    def is_at_once(self) -> bool:
        """Whether it says to act now: a clock runs, and no moment is its end."""
        return self not in (Word.END_OF_NEXT_CALENDAR_DAY, Word.ON_REQUEST, Word.NONE, Word.TO_BE_SET)


class Period(msgspec.Struct, frozen=True):
    """A length of time in the units in which it is counted."""

    months: int = 0
    days: int = 0
    business_days: int = 0
    seconds: int = 0

    @property
    def is_elapsed(self) -> bool:
        """Whether it is hours, minutes or seconds alone: then it runs on whatever the calendar says."""
        return not (self.months or self.days or self.business_days)


def parse_deadline(text: str) -> Period | Word:
    """A deadline as it stands in the data; raises InvalidInput."""
    if text in set(Word):
        return Word(text)
    if found := _BUSINESS.fullmatch(text):
        return _bounded(text, Period(business_days=int(found["days"])))
    if found := _ISO.fullmatch(text):
        number = {name: int(value) for name, value in found.groupdict(default="0").items()}
        seconds = number["hours"] * 3600 + number["minutes"] * 60 + number["seconds"]
        period = Period(number["years"] * 12 + number["months"], number["weeks"] * 7 + number["days"], 0, seconds)
        if not text.endswith("T"):
            return _bounded(text, period)
    raise _unreadable(text)


Length = Period | Literal[Word.END_OF_NEXT_CALENDAR_DAY]


def parse_length(text: str) -> Length:
    """A deadline that has an end by itself; raises InvalidInput for the words that have none."""
    found = parse_deadline(text)
    if isinstance(found, Word) and found is not Word.END_OF_NEXT_CALENDAR_DAY:
        raise _unreadable(text)
    return found


def _bounded(text: str, period: Period) -> Period:
    given = (period.months, period.days, period.business_days, period.seconds)
    if not any(given) or max(given[:3]) > LONGEST or period.seconds > LONGEST * 3600:
        raise _unreadable(text)
    return period


def _unreadable(text: str) -> InvalidInput:
    return InvalidInput(
        "deadline-unreadable",
        f"{text[:60]} is no deadline.",
        "Write an ISO 8601 duration such as PT72H or P1M, business days as P4BD, or a word such as immediately.",
    )
