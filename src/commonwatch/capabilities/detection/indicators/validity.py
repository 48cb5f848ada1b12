"""When an indicator counts, and how old it is at an event. Pure.

1. Before `valid_from` it counts nowhere: the author lets nobody use it yet. From then on it counts for older events too,
   else a hunt with new intelligence would find nothing.
2. It counts for events before its `valid_until`, whenever these are looked at: so that a hunt over stored events says the
   same as the live watch did. An event without a time happened now.
3. Its age at an event runs from `valid_from`, or from the last time somebody saw it before the event; earlier events find
   it new.
"""

from __future__ import annotations

from collections.abc import Sequence

DAY_US = 86_400 * 1_000_000


def has_begun(valid_from_us: int | None, now_us: int) -> bool:
    """Rule 1."""
    return valid_from_us is None or valid_from_us <= now_us


def covers(valid_until_us: int | None, event_us: int | None, now_us: int) -> bool:
    """Rule 2."""
    return valid_until_us is None or (now_us if event_us is None else event_us) < valid_until_us


def age_days(since_us: int | None, seen_us: Sequence[int], event_us: int) -> float:
    """Rule 3. `seen_us`: when it was sighted, in any order."""
    marks = [mark for mark in (since_us, *seen_us) if mark is not None and mark <= event_us]
    return (event_us - max(marks)) / DAY_US if marks else 0.0
