"""What the worker does for detection: keeps indicators up with the world, and watches and looks back in threads of its own.

Nothing here loads a heavy library before there is telemetry to read.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.db import connections

from commonwatch.base.jobs.queue import Handler
from commonwatch.capabilities.detection.alerts import together
from commonwatch.capabilities.detection.alerts.triage import tell_pending
from commonwatch.capabilities.detection.indicators.follower import refresh
from commonwatch.capabilities.detection.models import TelemetrySource

log = logging.getLogger(__name__)

HANDLERS: dict[str, Handler] = {together.JUDGE: together.judge_on, together.REOPEN: together.reopen_on}
_LOOK_US = 1_000_000
_last_us = 0


def upkeep(now_us: int) -> bool:
    """Whether there was anything to do: grants that changed without an entry, authors still to be told."""
    global _last_us
    if now_us - _last_us < _LOOK_US:
        return False
    _last_us = now_us
    return refresh() or tell_pending(now_us) > 0


class Background:
    """The threads: one watches, one tries new indicators against stored telemetry. Started when there is telemetry."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._looked_us = 0

    def keep(self, now_us: int) -> None:
        """Start them once there is something to read, and again where one ended by a fault."""
        if now_us - self._looked_us < _LOOK_US:
            return
        self._looked_us = now_us
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        if len(self._threads) < 2 and TelemetrySource.objects.exists():
            self._start()

    def stop(self) -> None:
        """Ask them to end, and wait."""
        self._stop.set()
        for thread in self._threads:
            thread.join(15.0)

    def _start(self) -> None:
        running = {thread.name for thread in self._threads}
        for name, work in (("detection watch", self._watch), ("detection retro-hunt", self._hunt)):
            if name not in running:
                thread = threading.Thread(target=self._guarded, args=(name, work), name=name, daemon=True)
                thread.start()
                self._threads.append(thread)

    def _guarded(self, name: str, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:  # the thread's boundary: the worker starts it again
            log.exception("The thread %s ended; it is started again.", name)
            self._stop.wait(5.0)
        finally:
            connections.close_all()

    def _watch(self) -> None:
        from commonwatch.capabilities.detection.watch.service import watch_registered

        watch_registered(self._stop)

    def _hunt(self) -> None:
        from commonwatch.capabilities.detection.hunts.retro import look_back

        look_back(self._stop)
