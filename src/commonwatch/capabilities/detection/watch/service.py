"""Several inputs watched side by side, in one thread: those that are named, or all that are registered."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

from commonwatch.base.clock import now_us
from commonwatch.capabilities.detection.alerts.meter import Meter
from commonwatch.capabilities.detection.alerts.sources import mappings_folder
from commonwatch.capabilities.detection.models import TelemetrySource
from commonwatch.capabilities.detection.watch.following import Following
from commonwatch.capabilities.detection.watch.watching import Raised, Watcher, alone, stored_position
from commonwatch.core.errors import CommonwatchError, InvalidInput

if TYPE_CHECKING:
    from commonwatch.capabilities.detection.indicators.engine import Engine
    from commonwatch.capabilities.detection.telemetry.batch import Mapping

log = logging.getLogger(__name__)

_IDLE_SECONDS = 0.02
_LOOK_US = 2_000_000  # how often registered telemetry is looked at for changes


class Inputs:
    """The inputs that are watched now, each under its lock."""

    def __init__(self, engine: Engine, raised: Raised = lambda number: None) -> None:
        self.engine = engine
        self.watchers: dict[str, Watcher] = {}
        self._locks: dict[str, ExitStack] = {}
        self._raised = raised

    def add(self, source: str, place: str, mapping: str) -> None:
        """Go on with an input where it was left off; raises where it cannot be opened or another process watches it."""
        from commonwatch.capabilities.detection.watch.opening import open_live

        chosen, known = _mappings(mapping)
        with ExitStack() as stack:
            stack.enter_context(alone(source))
            live = open_live(source, place, chosen, stored_position(source), known)
            stack.callback(live.close)
            self.watchers[source] = Watcher(source, live, self.engine, self._raised)
            self._locks[source] = stack.pop_all()

    def drop(self, source: str) -> None:
        """Let go of an input, its position stored."""
        self.watchers.pop(source).store()
        self._locks.pop(source).close()

    def step(self) -> bool:
        """One look at each of them; whether anything had come. A single one is waited for."""
        wait = _IDLE_SECONDS if len(self.watchers) == 1 else 0.0
        return any([watcher.step(wait) for watcher in list(self.watchers.values())])  # noqa: C419 - all of them

    def meter(self) -> Meter:
        """All of them together."""
        whole = Meter()
        for watcher in self.watchers.values():
            whole.events += watcher.meter.events
            whole.hits += watcher.meter.hits
            whole.dirty += watcher.live.faults.count
            whole.raised += watcher.meter.raised
            whole.suppressed += watcher.meter.suppressed
            times = [time for time in (whole.last_event_us, watcher.meter.last_event_us) if time is not None]
            whole.last_event_us = max(times, default=None)
        return whole

    def close(self) -> None:
        """Let go of all."""
        for source in list(self.watchers):
            self.drop(source)


@contextlib.contextmanager
def inputs(engine: Engine, raised: Raised = lambda number: None) -> Iterator[Inputs]:
    """Inputs that are let go of in the end, whatever happens."""
    found = Inputs(engine, raised)
    try:
        yield found
    finally:
        found.close()


def run(found: Inputs, stopped: Callable[[], bool], step: Callable[[Meter], None], *, once: bool) -> None:
    """Watch until stopped; `once`: until nothing more comes."""
    following = Following()
    while not stopped():
        following.look()
        came = found.step()
        found.engine.catch_up()
        step(found.meter())
        if once and not came:
            return
        if not came and len(found.watchers) != 1:
            threading.Event().wait(_IDLE_SECONDS)


def watch_registered(stop: threading.Event) -> None:
    """All telemetry that is registered as live, as the worker does it: what is added or removed meanwhile is noticed."""
    from commonwatch.capabilities.detection.indicators.engine import Engine

    looked = 0
    with inputs(Engine()) as found:
        while not stop.is_set():
            if now_us() - looked >= _LOOK_US:
                looked = now_us()
                _reconcile(found)
            came = found.step() if found.watchers else False
            found.engine.catch_up()
            if not came:
                stop.wait(_IDLE_SECONDS)


def _reconcile(found: Inputs) -> None:
    wanted = {source.name: source for source in TelemetrySource.objects.filter(live=True)}
    for name in [name for name in found.watchers if name not in wanted]:
        found.drop(name)
    for name, source in wanted.items():
        if name in found.watchers:
            continue
        try:
            found.add(name, source.place, source.mapping)
        except (CommonwatchError, OSError) as error:
            if source.trouble != str(error):
                log.warning("Telemetry %s cannot be watched: %s", name, error)
                TelemetrySource.objects.filter(pk=source.pk).update(trouble=str(error))


def _mappings(name: str) -> tuple[Mapping | None, list[Mapping]]:
    from commonwatch.capabilities.detection.telemetry.mappings import mappings

    known = mappings(mappings_folder())
    if name and name not in known:
        raise InvalidInput("mapping-unknown", f"There is no mapping {name}.", f"Use one of {', '.join(sorted(known))}.")
    return known.get(name), list(known.values())
