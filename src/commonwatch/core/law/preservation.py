"""How long data are preserved for a request, and when somebody has to act: by days, from what both sides said.

1. Data are preserved from the day that the answer names until the day that it names, and never less than the treaty's least. 2. An
extension counts once it was answered. 3. Once a request for the data themselves came in, they are kept until it is decided
(Budapest Convention, Article 29(7)). 4. Warnings are given so many days before the end, each once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, TypeAlias

WARNINGS = (30, 14, 7, 3, 1)  # days before the end
State: TypeAlias = Literal["asked", "running", "ending", "ended", "held", "refused", "withdrawn"]


@dataclass(frozen=True)
class Kept:
    """One answer that data are preserved. `until` is the last day."""

    since: date
    until: date | None = None


@dataclass(frozen=True)
class Preserved:
    """Where a preservation stands on a day. `until` is the last day, None before an answer."""

    state: State
    until: date | None
    least: date | None  # the treaty's own least
    left: int | None  # days, negative after the end
    warned: int | None  # the last warning that is due


def preserved(
    kept: Iterable[Kept],
    least_days: int,
    on: date,
    *,
    refused: bool = False,
    withdrawn: bool = False,
    asked_for: bool = False,
) -> Preserved:
    """Where it stands. `asked_for`: the request for the data came in and is not decided."""
    answers = sorted(kept, key=lambda one: (one.since, one.until or one.since))
    if not answers:
        state: State = "withdrawn" if withdrawn else "refused" if refused else "asked"
        return Preserved(state, None, None, None, None)
    least = answers[0].since + timedelta(days=least_days)
    until = max([least, *(one.until for one in answers if one.until is not None)])
    left = (until - on).days
    if withdrawn:
        return Preserved("withdrawn", until, least, left, None)
    if asked_for:
        return Preserved("held", until, least, left, None)
    if left < 0:
        return Preserved("ended", until, least, left, None)
    due = [days for days in WARNINGS if left <= days]
    return Preserved("ending" if due else "running", until, least, left, min(due) if due else None)
