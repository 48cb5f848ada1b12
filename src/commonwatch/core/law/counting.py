"""From a start and a length to a moment, as the law of a place counts, with each step said.

1. Hours run on: weekends, holidays and changes of the clock in spring and autumn do not stop them.
2. Months go to the same day of the month, or to its last day where there is none (Regulation (EEC, Euratom) No 1182/71
   Art. 3(2)(c); elsewhere the same is assumed).
3. The day of the start does not count (Art. 3(1)); business days are counted in the calendar of the recipient.
4. Where no rule of counting is on record the limit keeps the time of day of its start: never later than the end of that day.
5. Only a rule on record moves a limit from a day of rest to a later day.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal

import msgspec

from commonwatch.core.law.periods import Length, Period, Word
from commonwatch.core.law.working_days import Calendar
from commonwatch.core.stix.times import EPOCH

SAME_TIME, END_OF_DAY = "same-time", "end-of-day"
LAST_SECOND = time(23, 59, 59)
_CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d", re.ASCII)
_MICROSECOND = timedelta(microseconds=1)


class Counting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a law, or a place, counts periods longer than hours."""

    id: str
    title: str
    source: str
    as_of: date
    verified: bool = False
    ends: str = SAME_TIME  # same-time, end-of-day, or a time such as 17:30
    roll: Literal["none", "next-working-day", "noon-of-next-working-day"] = "none"
    rolls_hours: bool = False  # whether limits in hours move, too
    hours_note: str = ""  # said of limits in hours

    @property
    def is_sound(self) -> bool:
        """Whether its end of day can be read."""
        return self.ends in (SAME_TIME, END_OF_DAY) or _CLOCK.fullmatch(self.ends) is not None


class Where(msgspec.Struct, frozen=True):
    """Where a notice goes: the zone in which its limit is read, and the working days there."""

    zone: tzinfo
    calendar: Calendar

    def local(self, at_us: int) -> datetime:
        """A moment there."""
        return (EPOCH + timedelta(microseconds=at_us)).astimezone(self.zone)

    def written(self, at_us: int) -> str:
        """A moment there in ISO 8601 with its offset, to the whole second before it: a limit is never written too late."""
        return self.local(at_us).isoformat(timespec="seconds")


class Step(msgspec.Struct, frozen=True):
    """One reason for a moment, with who says so."""

    sentence: str
    source: str = ""


class Counted(msgspec.Struct, frozen=True):
    """A moment, how it was reached, and what is not known on the way."""

    due_us: int
    steps: tuple[Step, ...]
    gaps: tuple[str, ...] = ()


def counted(
    length: Length,
    start_us: int,
    where: Where,
    rule: Counting,
    *,
    rolls: bool = True,
) -> Counted:
    """The end of a period; `rolls` is off where the law takes its rule about days of rest away."""
    start = where.local(start_us)
    if isinstance(length, Word):
        end = datetime.combine(start.date() + timedelta(days=1), LAST_SECOND)
        return Counted(_micro(end, where), (Step(f"It ends with the next calendar day, {end.date()}."),))
    if length.is_elapsed:
        due_us = start_us + length.seconds * 1_000_000
        steps = [Step(f"Hours run on without a break: {_hours(length.seconds)} end at {_said(where.local(due_us))}.")]
        if rule.hours_note:
            steps.append(Step(rule.hours_note, rule.source))
        return _rolled(due_us, steps, [], where, rule, rolls=rolls and rule.rolls_hours)
    return _days(length, start, where, rule, rolls=rolls)


def _days(length: Period, start: datetime, where: Where, rule: Counting, *, rolls: bool) -> Counted:
    steps: list[Step] = []
    gaps: list[str] = []
    day = start.date()
    if length.months:
        later = _months_later(day, length.months)
        clipped = " (the month has no such day)" if later.day != day.day else ""
        steps.append(Step(f"By the calendar {_many(length.months, 'month')} after {day} is {later}{clipped}."))
        day = later
    if length.days:
        later = day + timedelta(days=length.days)
        steps.append(
            Step(f"By the calendar {_many(length.days, 'day')} after {day}, which does not count itself, is {later}.")
        )
        day = later
    if length.business_days:
        later = where.calendar.working_days_after(day, length.business_days)
        steps += _business_days(day, later, length.business_days, where.calendar)
        gaps.append(where.calendar.gap(day, later))
        day = later
    ends = rule.ends if not length.seconds else SAME_TIME
    if ends == SAME_TIME:
        end = datetime.combine(day, start.time())
        steps.append(Step(f"The limit keeps the time of day at which it began. {rule.title}.", rule.source))
    else:
        end = datetime.combine(day, LAST_SECOND if ends == END_OF_DAY else time.fromisoformat(ends))
        steps.append(Step(f"The limit ends at {end:%H:%M:%S} of its last day. {rule.title}.", rule.source))
    due_us = _micro(end, where) + length.seconds * 1_000_000
    return _rolled(due_us, steps, gaps, where, rule, rolls=rolls)


def _rolled(due_us: int, steps: list[Step], gaps: list[str], where: Where, rule: Counting, *, rolls: bool) -> Counted:
    if rolls and rule.roll != "none":
        local = where.local(due_us)
        day = local.date()
        if why := where.calendar.rest(day):
            later = where.calendar.next_working(day)
            noon = rule.roll == "noon-of-next-working-day"
            end = datetime.combine(
                later, time(12) if noon else LAST_SECOND if rule.ends == END_OF_DAY else local.time()
            )
            due_us = _micro(end, where)
            until = "noon" if noon else f"{end:%H:%M:%S}"
            steps.append(Step(f"The day {day} is no working day there ({why}): until {until} of {later}.", rule.source))
            gaps.append(where.calendar.gap(day, later))
        else:
            gaps.append(where.calendar.gap(day, day))
    return Counted(due_us, tuple(steps), tuple(dict.fromkeys(gap for gap in gaps if gap)))


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _micro(naive: datetime, where: Where) -> int:
    """A time of day there as a moment: the earlier one where the clock was put back, or jumped over it."""
    moments = [naive.replace(tzinfo=where.zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    return (min(moments) - EPOCH) // _MICROSECOND


def _business_days(first: date, last: date, count: int, calendar: Calendar) -> list[Step]:
    weekend = calendar.days.weekend
    between = [first + timedelta(days=step) for step in range(1, (last - first).days)]
    resting = [f"{day} {why}" for day in between if (why := calendar.rest(day)) and day.weekday() not in weekend]
    weekends = sum(day.weekday() in weekend for day in between)
    steps = [Step(f"In the calendar of {calendar.place} {_many(count, 'business day')} after {first} is {last}.")]
    if out := [*resting, *([f"{_many(weekends, 'day')} of weekends"] if weekends else [])]:
        steps.append(Step(f"Days of rest on the way do not count: {'; '.join(out)}."))
    return steps


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _hours(seconds: int) -> str:
    return (
        f"{seconds // 3600} h"
        if seconds % 3600 == 0
        else f"{seconds // 60} min"
        if seconds % 60 == 0
        else f"{seconds} s"
    )


def _said(local: datetime) -> str:
    return f"{local:%Y-%m-%d %H:%M %Z}"
