"""Asking witnesses and looking at partners' logs, in a thread of the worker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from commonwatch.base.clock import now_us
from commonwatch.base.jobs.rounds import Round, Rounds
from commonwatch.capabilities.transparency.asking import ask_due
from commonwatch.capabilities.transparency.looking import look_due
from commonwatch.capabilities.transparency.reaching import HttpReach

REST_SECONDS = 5.0  # between looks at what is due


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
