"""One live input, watched: each batch is matched and its hits recorded; its position is stored by `service`.

1. At least once: a position is stored after its batches, so what a crash interrupted is read again. Alerts count each event
   once, so that none is lost and none is doubled.
2. A position is only ever that after everything polled: what was polled is handled before it is stored.
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

from commonwatch.base.clock import now_us
from commonwatch.capabilities.detection.alerts.finding import find
from commonwatch.capabilities.detection.alerts.meter import Meter
from commonwatch.capabilities.detection.alerts.recording import Recorded, record
from commonwatch.capabilities.detection.models import Position, TelemetrySource
from commonwatch.capabilities.detection.watch.noticing import Noticing
from commonwatch.core.errors import Conflict

if TYPE_CHECKING:
    from commonwatch.capabilities.detection.indicators.engine import Engine
    from commonwatch.capabilities.detection.telemetry.batch import Batch
    from commonwatch.capabilities.detection.telemetry.live.source import Live
    from commonwatch.capabilities.detection.telemetry.live.source import Position as Place

Raised = Callable[[int], None]  # told the number of each new alert, once it is committed


class Watcher:
    """Watches one input under its source's name."""

    def __init__(
        self, source: str, live: Live, engine: Engine, noticing: Noticing, raised: Raised = lambda number: None
    ) -> None:
        self.source, self.live, self.engine, self.noticing = source, live, engine, noticing
        self.meter = Meter()
        self._raised = raised
        self._counted = Meter()
        self._reached: Place | None = None

    @property
    def pending(self) -> bool:
        """Whether a position was reached that is not stored yet."""
        return self._reached is not None

    def step(self, seconds: float) -> bool:
        """Take what has come, waiting so long for it; whether anything had."""
        came = self.live.poll(seconds)
        for delivery in came:
            self._take(delivery.batch)
            self._reached = delivery.position
        self.noticing.look()
        return bool(came)

    def write(self) -> None:
        """The position and the source's counters, in the caller's transaction."""
        self.meter.dirty = self.live.faults.count
        now = now_us()
        Position.objects.update_or_create(source=self.source, defaults={"position": self._reached, "updated_us": now})
        meter, counted = self.meter, self._counted
        TelemetrySource.objects.filter(name=self.source).update(
            events=F("events") + meter.events - counted.events,
            dirty=F("dirty") + meter.dirty - counted.dirty,
            last_event_us=meter.last_event_us,
            read_us=now,
            trouble="",
        )

    def settled(self) -> None:
        """The transaction is committed."""
        self._counted = Meter(events=self.meter.events, dirty=self.meter.dirty)
        self._reached = None
        self.live.handled()

    def _take(self, batch: Batch) -> None:
        self.engine.catch_up()
        hits = find(self.engine, batch, self.source)
        self.meter.events += batch.events.num_rows
        self._note(batch)
        if hits:
            with transaction.atomic():
                recorded = record(hits, self.engine.generation, self._line, now_us())
                self.meter.add(recorded)
                TelemetrySource.objects.filter(name=self.source).update(hits=F("hits") + recorded.counted)
            self._tell(recorded)
        self.noticing.add(batch)

    def _note(self, batch: Batch) -> None:
        import pyarrow.compute as pc

        latest = pc.max(batch.events["time"]).as_py()
        if latest is not None:
            self.meter.last_event_us = max(latest, self.meter.last_event_us or latest)

    def _line(self, place: str, number: int) -> str:
        return self.live.record_text(place, number) or ""

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
