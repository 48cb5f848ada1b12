"""When an agreement binds a party: from its entry into force for that party until its denunciation takes effect."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import msgspec


class PartyDates(msgspec.Struct, frozen=True):
    """One party's steps. Any may be missing: a memorandum is often in force by signature, with no ratification."""

    signed: date | None = None
    ratified: date | None = None
    in_force: date | None = None
    denounced: date | None = None  # the first day on which it no longer binds


class Standing(msgspec.Struct, frozen=True):
    """Whether an agreement binds a party on a day, and why."""

    in_force: bool
    reason: str


def standing(dates: PartyDates, on: date) -> Standing:
    """Where a party stands. Only a date of entry into force makes it binding: a signature alone is a promise."""
    if dates.denounced is not None and dates.denounced <= on:
        return Standing(False, f"denounced, no longer binding since {dates.denounced}")
    if dates.in_force is not None:
        if dates.in_force <= on:
            return Standing(True, f"in force since {dates.in_force}")
        return Standing(False, f"in force only from {dates.in_force}")
    if dates.ratified is not None and dates.ratified <= on:
        return Standing(False, f"ratified on {dates.ratified}, not in force yet")
    if dates.signed is not None and dates.signed <= on:
        return Standing(False, f"signed on {dates.signed}, not in force")
    return Standing(False, "not signed")


def out_of_order(dates: PartyDates) -> str:
    """What is wrong with the order of the steps; empty if nothing."""
    steps = [(name, getattr(dates, name)) for name in ("signed", "ratified", "in_force", "denounced")]
    given = [(name, day) for name, day in steps if day is not None]
    for (earlier, first), (later, second) in pairwise(given):
        if second < first:
            return f"{later.replace('_', ' ')} ({second}) lies before {earlier.replace('_', ' ')} ({first})"
    return ""
