"""When a person is reminded of a notice: at parts of its time, in per cent, and when it is over."""

from __future__ import annotations

from collections.abc import Sequence

OVER = 100


def parts_used(start_us: int, due_us: int, parts: Sequence[int], now_us: int) -> int:
    """The largest part of the time that is used up, of those that are reminded of; 0: none."""
    return max((part for part in (*parts, OVER) if moment(start_us, due_us, part) <= now_us), default=0)


def next_moment(start_us: int, due_us: int, parts: Sequence[int], reminded: int) -> int | None:
    """When the next reminder is due after the one for a part; None: all were given."""
    later = [part for part in (*parts, OVER) if part > reminded]
    return moment(start_us, due_us, min(later)) if later else None


def moment(start_us: int, due_us: int, part: int) -> int:
    """When so much of the time is used up. A limit before its start is over at once."""
    return start_us + max(due_us - start_us, 0) * part // OVER
