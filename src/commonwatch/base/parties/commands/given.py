"""What commands are given: days, and who gives the command."""

from __future__ import annotations

from datetime import UTC, date, datetime

from commonwatch.base.clock import now_us
from commonwatch.base.parties.actions import By
from commonwatch.core.law.facts import parse_day

ACTOR = "command line"


def by_command_line() -> By:
    """The operator at the machine, now."""
    return By(ACTOR, now_us())


def day(text: str) -> date | None:
    """A day, or none where nothing was given."""
    return parse_day(text) if text else None


def day_or_today(text: str) -> date:
    """A day; today (UTC) where nothing was given."""
    return parse_day(text) if text else datetime.fromtimestamp(now_us() / 1e6, UTC).date()
