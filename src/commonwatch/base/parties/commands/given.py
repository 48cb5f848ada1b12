"""What commands are given: days, who gives the command, and whether a change is only looked at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated, TypeVar

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.changing import Report, change
from commonwatch.base.terminal import current
from commonwatch.core.law.facts import parse_day

ACTOR = "command line"

T = TypeVar("T")

Preview = Annotated[bool, typer.Option("--preview", help="Only show who would gain and who would lose what.")]


def changed(what: str, act: Callable[[By], T], *, preview: bool = False) -> tuple[T, Report]:
    """Make a change and print who gains and who loses by it; a preview ends the command."""
    by = by_command_line()
    result, report = change(what, lambda: act(by), by, preview=preview)
    for line in report.lines():
        current().print(line)
    if preview or result is None:
        current().print("Nothing was changed: this was a preview.")
        current().result(report.data())
        raise typer.Exit(0)
    return result, report


def by_command_line() -> By:
    """The operator at the machine, now."""
    return By(ACTOR, now_us())


def day(text: str) -> date | None:
    """A day, or none where nothing was given."""
    return parse_day(text) if text else None


def day_or_today(text: str) -> date:
    """A day; today (UTC) where nothing was given."""
    return parse_day(text) if text else datetime.fromtimestamp(now_us() / 1e6, UTC).date()
