"""Several inputs watched side by side, in one thread: those that are named, or all that are registered.

The positions of all of them are stored together, once a second: what patterns over several events remember comes from all inputs.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from hashlib import blake2b
from typing import TYPE_CHECKING

from django.db import transaction

from commonwatch.base.clock import MICROSECONDS, now_us
from commonwatch.capabilities.detection.alerts.meter import Meter
from commonwatch.capabilities.detection.alerts.sources import mappings_folder
from commonwatch.capabilities.detection.models import TelemetrySource
from commonwatch.capabilities.detection.watch.following import Following
from commonwatch.capabilities.detection.watch.memory import Memories
from commonwatch.capabilities.detection.watch.noticing import Choice, Noticed, Noticing, choice_of
from commonwatch.capabilities.detection.watch.watching import Raised, Watcher, alone, stored_position
from commonwatch.core.errors import CommonwatchError, InvalidInput

if TYPE_CHECKING:
    from commonwatch.capabilities.detection.indicators.engine import Engine
    from commonwatch.capabilities.detection.telemetry.batch import Mapping

log = logging.getLogger(__name__)

_IDLE_SECONDS = 0.02
SERVED = "serve"  # the owner of what the worker's watch remembers
STORE_EVERY_US = MICROSECONDS
_LOOK_US = 2_000_000  # how often registered telemetry is looked at for changes


def owner_of(sources: Sequence[str]) -> str:
    """The name under which a watch of these sources keeps what patterns remember."""
    return blake2b("\0".join(sorted(sources)).encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


class Inputs:
    """The inputs that are watched now, each under its lock.

    `learning`: whether live anomalies are looked for at all. `owner`: whose memories of patterns these are.
    """

    def __init__(
        self,
        engine: Engine,
        raised: Raised = lambda number: None,
        noticed: Noticed = lambda number: None,
        *,
        learning: bool = True,
        owner: str = SERVED,
    ) -> None:
        self.engine = engine
        self._memories = Memories(engine, owner)
        self._memories.resume(now_us())
        self.watchers: dict[str, Watcher] = {}
        self._locks: dict[str, ExitStack] = {}
        self._raised, self._noticed, self._learning = raised, noticed, learning
        self._stored_us = now_us()

    def add(self, source: str, place: str, mapping: str) -> None:
        """Go on with an input where it was left off; raises where it cannot be opened or another process watches it."""
        from commonwatch.capabilities.detection.watch.opening import open_live

        chosen, known = _mappings(mapping)
        with ExitStack() as stack:
            stack.enter_context(alone(source))
            live = open_live(source, place, chosen, stored_position(source), known)
            stack.callback(live.close)
            choice = choice_of(source) if self._learning else Choice(on=False)
            noticing = Noticing(source, choice, self._noticed)
            self.watchers[source] = Watcher(source, live, self.engine, noticing, self._raised)
            self._locks[source] = stack.pop_all()

    def drop(self, source: str) -> None:
        """Let go of an input, its position stored."""
        self.store()
        self.watchers.pop(source).noticing.close()
        self._locks.pop(source).close()

    def store(self) -> None:
        """Store the positions that were reached, all in one transaction."""
        self._stored_us = now_us()
        pending = [watcher for watcher in self.watchers.values() if watcher.pending]
        if not pending:
            return
        with transaction.atomic():
            for watcher in pending:
                watcher.write()
            self._memories.write(now_us())
        self._memories.settled()
        for watcher in pending:
            watcher.settled()

    def step(self) -> bool:
        """One look at each of them; whether anything had come. A single one is waited for."""
        wait = _IDLE_SECONDS if len(self.watchers) == 1 else 0.0
        self._memories.resume(now_us())
        came = any([watcher.step(wait) for watcher in list(self.watchers.values())])  # noqa: C419 - all of them
        if now_us() - self._stored_us >= STORE_EVERY_US:
            self.store()
        return came

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
def inputs(
    engine: Engine,
    raised: Raised = lambda number: None,
    noticed: Noticed = lambda number: None,
    *,
    learning: bool = True,
    owner: str = SERVED,
) -> Iterator[Inputs]:
    """Inputs that are let go of in the end, whatever happens."""
    found = Inputs(engine, raised, noticed, learning=learning, owner=owner)
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
            found.store()
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
    for name, watcher in list(found.watchers.items()):
        source = wanted.get(name)
        if source is None or watcher.noticing.choice != Choice(source.anomalies, source.names):
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
