"""Work that is done over and over in a thread of the worker, so that what is slow in it keeps nothing else waiting."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

from django.db import DatabaseError, connections

log = logging.getLogger(__name__)

BROKEN_REST_SECONDS = 5.0  # after a fault
STOP_SECONDS = 15.0  # longest that is waited for a round to end

Round = Callable[[], bool]  # does what is due; whether there was anything


class Rounds:
    """Begins in its own thread, then does round after round until it is stopped, and rests where there was nothing to do.

    Whatever goes wrong in a round, the next comes all the same, a little later.
    """

    def __init__(self, name: str, begin: Callable[[], AbstractContextManager[Round]], rest_seconds: float) -> None:
        self._name, self._begin, self._rest_seconds = name, begin, rest_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end, and wait."""
        self._stop.set()
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        with self._begin() as work:
            while not self._stop.is_set():
                self._stop.wait(self._one(work))
        connections.close_all()

    def _one(self, work: Round) -> float:
        """One round; how long to rest after it."""
        try:
            return 0.0 if work() else self._rest_seconds
        except DatabaseError as error:
            log.warning("The database did not answer the %s (%s).", self._name, error)
            connections.close_all()
        except Exception:  # what others answer: whatever it was, the rounds go on
            log.exception("The %s broke off; it goes on in a while.", self._name)
        return BROKEN_REST_SECONDS
