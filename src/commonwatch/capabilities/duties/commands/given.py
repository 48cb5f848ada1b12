"""What the commands of duties share: who acts, times as they are typed, one notice as a row."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.parties.actions import By
from commonwatch.core.errors import InvalidInput
from commonwatch.core.stix.times import EPOCH

ACTOR = "command line"
DutyNumber = Annotated[int, typer.Argument(min=1, max=2**31 - 1, metavar="DUTY", help="Number of the duty.")]
NoticeNumber = Annotated[int, typer.Argument(min=1, max=2**31 - 1, metavar="NOTICE", help="Number of the notice.")]
Reason = Annotated[str, typer.Option(help="Why, for the record.")]


def acting() -> By:
    """Who types, and now."""
    return By(ACTOR, now_us())


def moment(text: str) -> int:
    """A time with its offset, as microseconds since 1970; `now` too. Raises InvalidInput."""
    if text == "now":
        return now_us()
    try:
        read = datetime.fromisoformat(text)
        if read.tzinfo is not None:
            return (read - EPOCH) // (EPOCH.resolution)
    except (ValueError, OverflowError):
        pass
    raise InvalidInput(
        "time-unreadable", f"{text[:60]} is no time.", "Write 2026-11-29T10:00+01:00, 2026-11-29T09:00:00Z or now."
    )


def notice_row(one: dict[str, Any]) -> tuple[object, ...]:
    """A notice in a table."""
    until = one["local"] or (f"waits for {one['waits_for']}" if one["awaited"] else one["clock"])
    seconds = one["left_seconds"] if one["clock"] != "perhaps" else None
    return (one["notice"], one["name"], one["state"], until, left(seconds, one["state"]))


def left(seconds: int | None, state: str) -> str:
    """How much time is left, in words."""
    if seconds is None or state not in ("running", "overdue"):
        return ""
    said = f"{abs(seconds) // 3600} h {abs(seconds) % 3600 // 60} min"
    return f"{said} ago" if seconds < 0 else said
