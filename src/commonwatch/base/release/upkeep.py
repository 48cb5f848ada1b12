"""What the worker does for release between two rests: the day's changes, recalls and reminders, the record of pages."""

from __future__ import annotations

from commonwatch.base.parties.actions import By
from commonwatch.base.release import recalls, reminding, served
from commonwatch.base.release.epochs import refresh

EVERY_US = 60 * 1_000_000
_last_us = 0


def upkeep(now_us: int) -> bool:
    """Whether there was anything to do."""
    global _last_us
    busy = recalls.send(recalls.OBJECTS) > 0
    if now_us - _last_us >= EVERY_US:
        _last_us = now_us
        served.collect(now_us)
        busy = reminding.remind_due(now_us) > 0 or busy
        busy = refresh(By("worker", now_us)) is not None or busy
    return busy
