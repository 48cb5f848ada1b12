"""The lists in use: the last that a lawyer put in and nobody took back, else those shipped with the program."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from commonwatch.base.journal.examine import Examined
from commonwatch.base.parties.countries import country_facts
from commonwatch.capabilities.duties.models import LawList
from commonwatch.core.errors import NodeUnable, NotFound
from commonwatch.core.law.counting import Where
from commonwatch.core.law.duties import Duties, Regime, parse_duties
from commonwatch.core.law.facts import GROUP, holding
from commonwatch.core.law.working_days import Calendars, parse_calendars
from commonwatch.core.stix.times import EPOCH

DATA = Path(__file__).parent / "data"
DUTIES, HOLIDAYS = "duties", "holidays"


def duties_list() -> Duties:
    """The duties in use."""
    row = in_use(DUTIES)
    return _duties(row.pk, row.raw) if row else shipped_duties()


def calendars() -> Calendars:
    """The holidays in use."""
    row = in_use(HOLIDAYS)
    return _calendars(row.pk, row.raw) if row else shipped_calendars()


def in_use(kind: str) -> LawList | None:
    """The row that is in use; None: the shipped list is."""
    return LawList.objects.filter(kind=kind, undone_us=None).order_by("-pk").first()


def raw_list(kind: str) -> bytes:
    """The bytes of the list in use, for who edits a copy."""
    row = in_use(kind)
    return row.raw.encode() if row else shipped(kind)


def shipped(kind: str) -> bytes:
    """The bytes of the list that came with the program."""
    return (DATA / f"{kind}.json").read_bytes()


def examined(now_us: int) -> list[Examined]:
    """For `doctor`: own lists that are older than what the program brought, and holidays that run out."""
    found = []
    for kind, row in ((kind, in_use(kind)) for kind in (DUTIES, HOLIDAYS)):
        if row is not None and row.as_of < (newest := _shipped_as_of(kind)):
            sentence = f"The list of {kind} in use is of {row.as_of}, the one that the program brought of {newest}."
            found.append(Examined("duties", False, sentence, "Compare them: see docs/duties.md."))
    last = calendars().last_year
    if last <= day_of(now_us).year:
        sentence = f"Holidays are on record to {last} only: business days after that are counted without them."
        found.append(Examined("duties", False, sentence, "Put a newer list of holidays in."))
    return found or [Examined("duties", True, "The lists of duties and holidays are not older than the program's.")]


def _shipped_as_of(kind: str) -> str:
    return (shipped_duties() if kind == DUTIES else shipped_calendars()).as_of.isoformat()


def regime_named(name: str) -> Regime:
    """An instrument of the list in use; raises NotFound."""
    found = duties_list().by_id().get(name)
    if found is None:
        raise NotFound("regime-unknown", f"There is no instrument {name}.", "See `commonwatch duties facts list`.")
    return found


def where(place: str, calendars: Calendars) -> Where:
    """The recipient's zone and working days; raises NodeUnable where the machine does not know the zone."""
    calendar = calendars.calendar(place)
    try:
        return Where(ZoneInfo(calendar.days.zone), calendar)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise NodeUnable(
            "time-zone-unknown",
            f"The time zone {calendar.days.zone} is not known here.",
            "Correct the list of holidays.",
        ) from None


def groups_on(places: set[str], now_us: int) -> dict[str, frozenset[str]]:
    """The groups of countries that places belong to on a day."""
    on, known = day_of(now_us), country_facts().by_code()
    return {
        place: frozenset(fact.value for fact in holding(known[place].facts, on, GROUP))
        for place in places
        if place in known
    }


def day_of(now_us: int) -> date:
    """The day in UTC on which a moment lies."""
    return (EPOCH + timedelta(microseconds=now_us)).date()


@lru_cache(maxsize=1)
def shipped_duties() -> Duties:
    """The duties that came with the program."""
    return parse_duties(shipped(DUTIES))


@lru_cache(maxsize=1)
def shipped_calendars() -> Calendars:
    """The holidays that came with the program."""
    return parse_calendars(shipped(HOLIDAYS))


@lru_cache(maxsize=2)
def _duties(number: int, raw: str) -> Duties:
    return parse_duties(raw.encode())


@lru_cache(maxsize=2)
def _calendars(number: int, raw: str) -> Calendars:
    return parse_calendars(raw.encode())
