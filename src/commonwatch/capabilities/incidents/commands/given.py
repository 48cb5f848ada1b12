"""What the commands of cases are given, and how it is read."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from typing import Annotated

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.parties.actions import By
from commonwatch.base.release.reader import Reader, operator
from commonwatch.base.threads.queries import roots
from commonwatch.capabilities.incidents.actions.opening import Invited
from commonwatch.capabilities.incidents.actions.writing import For
from commonwatch.core.errors import InvalidInput, NotFound
from commonwatch.core.stix.ids import is_id
from commonwatch.core.stix.response.incidents import ACTORS, FIDELITIES, TRACKS, Fidelity, Track
from commonwatch.core.stix.times import format_time, parse_time

Case = Annotated[str, typer.Argument(help="The case: its id, the beginning of the id's number, or its name.")]
Reason = Annotated[str, typer.Option(help="Why, for those who read it later.")]
Members = Annotated[list[str] | None, typer.Option("--for", help="Only for these members that take part; repeatable.")]
OnlyUs = Annotated[bool, typer.Option("--only-us", help="For the own member alone.")]
Tracks = Annotated[
    list[str] | None, typer.Option("--share-with", help="Further tracks that see it: csirt, police, court.")
]
Level = Annotated[str, typer.Option("--tlp", help="A stricter TLP level than the case's, e.g. TLP:RED.")]
_AGO = re.compile(r"(\d{1,6})([mhd])")
_IN = re.compile(r"\+(\d{1,6})([mhd])")
_SECONDS = {"m": 60, "h": 3600, "d": 86_400}
_LEAST = 4  # digits of an id's beginning
_SHOWN, _NAMED = 8, 10  # digits of an id, and cases, in an error
_LOOKED = 2_000


def by() -> By:
    """Who gives the command, now."""
    return By(os.environ.get("USER", "command line"), now_us())


def reader() -> Reader:
    """As whom commands read."""
    return operator(by().actor)


def case_id(text: str) -> str:
    """The whole id; raises NotFound where it is no case's, InvalidInput where it is several'."""
    if is_id(text):
        return text
    start, name = text.removeprefix("incident--").lower(), text.strip().casefold()
    cases = {one.id: str(one.value.get("name", "")) for one in roots(reader(), ["incident"], None, _LOOKED)}
    found = [one for one in cases if len(start) >= _LEAST and one[10:].startswith(start)]
    found = found or [one for one, said in cases.items() if said.strip().casefold() == name]
    if not found:
        raise NotFound("case-unknown", f"There is no case {text}.", "See `commonwatch case list`.")
    if len(found) > 1:
        which = ", ".join(one[10 : 10 + _SHOWN] for one in sorted(found)[:_NAMED])
        raise InvalidInput("case-ambiguous", f"{len(found)} cases are {text}: {which}.", "Give more digits of one id.")
    return found[0]


def moment(text: str) -> int | None:
    """A time as a person writes it: 2026-11-29, 2026-11-29T10:00:00Z, 36h ago, +2d from now. Empty: None."""
    if not text:
        return None
    if (ago := _AGO.fullmatch(text)) is not None:
        return now_us() - int(ago[1]) * _SECONDS[ago[2]] * 1_000_000
    if (later := _IN.fullmatch(text)) is not None:
        return now_us() + int(later[1]) * _SECONDS[later[2]] * 1_000_000
    if (found := parse_time(text)) is not None:
        return found[0]
    try:
        return int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()) * 1_000_000
    except ValueError:
        raise InvalidInput(
            "time-unreadable", f"{text} is no time.", "Write 2026-11-29, 2026-11-29T10:00:00Z, 36h or +2d."
        ) from None


def needed(text: str) -> int:
    """A time that has to be given; now where it is not."""
    found = moment(text)
    return now_us() if found is None else found


def exactly(text: str) -> Fidelity:
    """How exactly a time is known."""
    found = next((one for one in FIDELITIES if one == text), None)
    if found is None:
        raise InvalidInput("precision-unknown", f"{text} is no precision.", f"Use one of {', '.join(FIDELITIES)}.")
    return found


def tracks(given: list[str] | None) -> tuple[Track, ...]:
    """Tracks by their names."""
    asked = given or []
    unknown = [one for one in asked if one not in TRACKS]
    if unknown:
        raise InvalidInput("track-unknown", f"There is no track {unknown[0]}.", f"Use one of {', '.join(TRACKS)}.")
    return tuple(one for one in TRACKS if one in asked)


def for_(members: list[str] | None, only_us: bool, shared: list[str] | None, tlp: str) -> For:
    """Whom an entry is for."""
    return For(tuple(members or ()), only_us, tracks(shared), tlp)


def invited(text: str) -> Invited:
    """A member that is to take part, as NAME, or NAME:police."""
    name, _, actor = text.partition(":")
    found = next((one for one in ACTORS if one == (actor or "csirt")), None)
    if found is None:
        raise InvalidInput("actor-unknown", f"There is no actor {actor}.", f"Use one of {', '.join(ACTORS)}.")
    return Invited(name, found)


def at(us: int | None) -> str:
    """A time for a table."""
    return "" if us is None else format_time(us, 0)
