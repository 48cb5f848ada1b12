"""The one place that reads the clock. Everything below takes `now` as a value."""

from __future__ import annotations

import time

MICROSECONDS = 1_000_000


def now_us() -> int:
    """Microseconds since 1970-01-01T00:00:00Z."""
    return time.time_ns() // 1_000
