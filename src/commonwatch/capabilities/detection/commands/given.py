"""What several of detection's commands are given, and how it is read."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from commonwatch.base.journal.schema import us_to_seq
from commonwatch.core.errors import InvalidInput
from commonwatch.core.stix.times import parse_time

ACTOR = "command line"
_AGO = re.compile(r"(\d{1,6})([mhd])")
_SECONDS = {"m": 60, "h": 3600, "d": 86_400}


def moment(text: str, now_us: int) -> int | None:
    """A time as a person writes it: 2018-11-02, 2018-11-02T10:00:00Z, or 36h, 7d ago. Empty: None."""
    if not text:
        return None
    if (ago := _AGO.fullmatch(text)) is not None:
        return now_us - int(ago[1]) * _SECONDS[ago[2]] * 1_000_000
    if (found := parse_time(text)) is not None:
        return found[0]
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise InvalidInput(
            "time-unreadable", f"{text} is no time.", "Write 2018-11-02, 2018-11-02T10:00:00Z, 36h or 7d."
        ) from None
    return int(day.timestamp()) * 1_000_000


def entry_since(text: str, now_us: int) -> int | None:
    """A journal entry by its number, or the first from a time on. Empty: None."""
    if text.isascii() and text.isdigit():
        return int(text)
    since_us = moment(text, now_us)
    return None if since_us is None else us_to_seq(since_us)
