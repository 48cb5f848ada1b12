"""What the worker does for the record: asks witnesses and looks at partners' logs in a thread of its own, has checkpoints stamped by jobs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from commonwatch.base.clock import MICROSECONDS, now_us
from commonwatch.base.jobs.models import Job
from commonwatch.base.jobs.queue import Handler
from commonwatch.base.jobs.rounds import Round, Rounds
from commonwatch.capabilities.transparency import stamping
from commonwatch.capabilities.transparency.asking import ask_due
from commonwatch.capabilities.transparency.looking import look_due
from commonwatch.capabilities.transparency.reaching import HttpReach

REST_SECONDS = 5.0  # between looks at what is due
STAMPS_US = 60 * MICROSECONDS  # between looks whether a checkpoint is to be stamped
_last_us = 0


def stamp_one(job: Job) -> None:
    """Ask one authority about one checkpoint, and keep what it said."""
    stamping.stamp(str(job.payload["day"]), str(job.payload["authority"]))


HANDLERS: dict[str, Handler] = {stamping.STAMPING: stamp_one}


def upkeep(now_us: int) -> bool:
    """Once a minute, look whether a checkpoint is to be stamped; whether one was."""
    global _last_us
    if now_us - _last_us < STAMPS_US:
        return False
    _last_us = now_us
    return stamping.ask_due(now_us)


def witness_rounds() -> Rounds:
    """Asks and looks whenever it is time."""
    return Rounds("record", _asking, REST_SECONDS)


@contextmanager
def _asking() -> Iterator[Round]:
    reach = HttpReach()

    def ask() -> bool:
        ask_due(reach, now_us())
        look_due(reach, now_us())
        return False

    yield ask
    reach.close()
