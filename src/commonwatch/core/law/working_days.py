"""Which days count as working days in a place, and how sure that is."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec

from commonwatch.core.errors import InvalidInput

SATURDAY, SUNDAY = 5, 6
_LONGEST_ROW = 40  # days in a row without work; more is a mistake in the list


class PlaceDays(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place's time zone, its weekly days of rest (Monday is 0) and its public holidays by day."""

    zone: str
    weekend: tuple[int, ...] = (SATURDAY, SUNDAY)
    holidays: dict[date, str] = {}
    note: str = ""  # what the list leaves out for this place


class Calendars(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Public holidays of every place that is known, for a span of years."""

    as_of: date
    sources: tuple[str, ...]
    first_year: int
    last_year: int
    places: dict[str, PlaceDays]

    def calendar(self, place: str) -> Calendar:
        """The calendar of a place; one that only knows weekends where the place is not covered."""
        found = self.places.get(place)
        if found is None:
            return Calendar(place, PlaceDays("UTC"), None)
        return Calendar(place, found, (self.first_year, self.last_year))


class Calendar(msgspec.Struct, frozen=True):
    """Working days of one place. `years` is None where nothing is known of its holidays."""

    place: str
    days: PlaceDays
    years: tuple[int, int] | None

    def rest(self, day: date) -> str:
        """Why a day is none to work on; empty for a working day."""
        if day.weekday() in self.days.weekend:
            return _WEEKDAYS[day.weekday()]
        return self.days.holidays.get(day, "")

    def next_working(self, day: date) -> date:
        """The first working day after a day."""
        for step in range(1, _LONGEST_ROW):
            if not self.rest(later := day + timedelta(days=step)):
                return later
        raise InvalidInput(
            "calendar-no-work",
            f"The calendar of {self.place} has no working day within {_LONGEST_ROW} days of {day}.",
            "Correct the list of holidays.",
        )

    def working_days_after(self, day: date, count: int) -> date:
        """The last of so many working days after a day, which does not count itself."""
        for _ in range(count):
            day = self.next_working(day)
        return day

    def gap(self, first: date, last: date) -> str:
        """What is not known of the days between two, both included; empty where all is."""
        if self.years is None:
            return f"No holidays of {self.place or 'the place'} are on record: only Saturdays and Sundays are left out."
        if first.year < self.years[0] or last.year > self.years[1]:
            return f"Holidays of {self.place} are on record for {self.years[0]} to {self.years[1]} only."
        return self.days.note


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def parse_calendars(raw: bytes) -> Calendars:
    """Read a list of holidays; raises InvalidInput with the place of what is wrong."""
    try:
        found = msgspec.json.decode(raw, type=Calendars)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(
            "calendars-unreadable",
            f"The list of holidays cannot be read: {error}.",
            "The form is that of the list that `commonwatch duties facts export --holidays` writes.",
        ) from None
    for code, place in found.places.items():
        if any(day not in range(7) for day in place.weekend) or len(set(place.weekend)) > 4:
            raise InvalidInput(
                "calendars-weekend", f"The weekend of {code} is none.", "Name days as numbers, Monday is 0."
            )
    return found
