"""One live input, watched: each batch is matched, its hits recorded, and its position stored with them in one transaction.

1. At least once: a position is stored after its batch, so what a crash interrupted is read again. Alerts count each event
   once, so that none is lost and none is doubled.
2. Where nothing matches, positions are stored once a second, not for every batch.
3. Before each batch the engine takes what changed in the indicators: a batch is matched in one generation.
4. One process watches an input at a time.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.db.models import F

from commonwatch.base.clock import MICROSECONDS, now_us
from commonwatch.capabilities.detection.alerts.finding import find
from commonwatch.capabilities.detection.alerts.meter import Meter
from commonwatch.capabilities.detection.alerts.recording import Recorded, record
from commonwatch.capabilities.detection.models import Position, TelemetrySource
from commonwatch.core.errors import Conflict

if TYPE_CHECKING:
    from commonwatch.capabilities.detection.indicators.engine import Engine
    from commonwatch.capabilities.detection.telemetry.batch import Batch
    from commonwatch.capabilities.detection.telemetry.live.source import Live
    from commonwatch.capabilities.detection.telemetry.live.source import Position as Place

STORE_EVERY_US = MICROSECONDS

Raised = Callable[[int], None]  # told the number of each new alert, once it is committed


class Watcher:
    """Watches one input under its source's name."""

    def __init__(self, source: str, live: Live, engine: Engine, raised: Raised = lambda number: None) -> None:
        self.source, self.live, self.engine = source, live, engine
        self.meter = Meter()
        self._raised = raised
        self._stored_us = now_us()
        self._counted = Meter()
        self._pending: Place | None = None

    def step(self, seconds: float) -> bool:
        """Take what has come, waiting so long for it; whether anything had."""
        came = self.live.poll(seconds)
        for delivery in came:
            self._take(delivery.batch, delivery.position)
        if self._pending is not None and now_us() - self._stored_us >= STORE_EVERY_US:
            self.store()
        return bool(came)

    def store(self) -> None:
        """Store the position reached, and what was counted since."""
        if self._pending is None:
            return
        with transaction.atomic():
            self._write()
        self._settled()

    def close(self) -> None:
        """Store and let go."""
        self.store()
        self.live.close()

    def _take(self, batch: Batch, position: Place) -> None:
        self.engine.catch_up()
        hits = find(self.engine, batch, self.source)
        self.meter.events += batch.events.num_rows
        self._pending = position
        self._note(batch)
        if not hits:
            return
        with transaction.atomic():
            recorded = record(hits, self.engine.generation, self._line, now_us())
            self.meter.add(recorded)
            self._write()
        self._settled()
        self._tell(recorded)

    def _note(self, batch: Batch) -> None:
        import pyarrow.compute as pc

        latest = pc.max(batch.events["time"]).as_py()
        if latest is not None:
            self.meter.last_event_us = max(latest, self.meter.last_event_us or latest)

    def _line(self, place: str, number: int) -> str:
        return self.live.record_text(place, number) or ""

    def _write(self) -> None:
        """The position and the source's counters, in the caller's transaction."""
        self.meter.dirty = self.live.faults.count
        now = now_us()
        Position.objects.update_or_create(source=self.source, defaults={"position": self._pending, "updated_us": now})
        meter, counted = self.meter, self._counted
        TelemetrySource.objects.filter(name=self.source).update(
            events=F("events") + meter.events - counted.events,
            hits=F("hits") + meter.hits - counted.hits,
            dirty=F("dirty") + meter.dirty - counted.dirty,
            last_event_us=meter.last_event_us,
            read_us=now,
            trouble="",
        )

    def _settled(self) -> None:
        """The transaction is committed."""
        meter = self.meter
        self._counted = Meter(events=meter.events, hits=meter.hits, dirty=meter.dirty)
        self._stored_us, self._pending = now_us(), None
        self.live.handled()

    def _tell(self, recorded: Recorded) -> None:
        for number in recorded.raised:
            self._raised(number)


def stored_position(source: str) -> Place | None:
    """Where a source was left off."""
    found = Position.objects.filter(source=source).values_list("position", flat=True).first()
    return dict(found) if found is not None else None


@contextmanager
def alone(source: str) -> Iterator[None]:
    """Rule 4: raises Conflict where another process watches the source."""
    folder = settings.COMMONWATCH.data / "detection"
    folder.mkdir(parents=True, exist_ok=True)
    name = blake2b(source.encode(), digest_size=10).hexdigest()
    with (folder / f"watch-{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Conflict(
                "watched-already",
                f"{source} is watched already.",
                "The running node does; see `commonwatch telemetry status`.",
            ) from None
        yield
