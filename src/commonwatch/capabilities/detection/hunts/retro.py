"""New indicators against stored telemetry: what came in force is tried against the events that were read before it did.

Registered telemetry that is stored (files, folders) remembers up to which change of the indicators it was tried. What
changed since is tried as a hunt of its own, over all of it; alerts count no event twice.
"""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path

from commonwatch.base.clock import now_us
from commonwatch.capabilities.detection.alerts.meter import Meter
from commonwatch.capabilities.detection.alerts.sources import is_stream
from commonwatch.capabilities.detection.hunts.hunting import Way, files_of, hunt
from commonwatch.capabilities.detection.hunts.running import MOST_APART, known_mappings
from commonwatch.capabilities.detection.indicators.terms import index_row
from commonwatch.capabilities.detection.models import Indicator, State, TelemetrySource
from commonwatch.core.errors import CommonwatchError

PAUSE_SECONDS = 5.0  # new intelligence comes in bursts: one hunt for all of a burst


def look_back(stop: threading.Event) -> None:
    """As the worker does it, until stopped."""
    while not stop.wait(PAUSE_SECONDS):
        for source in TelemetrySource.objects.order_by("name"):
            if not stop.is_set():
                try_new(source)


def try_new(source: TelemetrySource) -> Meter | None:
    """Try what changed since against one source; None where nothing did."""
    change = index_row().change
    if is_stream(source.place) or source.hunted >= change:
        return None
    new = Indicator.objects.filter(change__gt=source.hunted, change__lte=change, state=State.IN_FORCE)
    numbers = list(new.values_list("pk", flat=True)[: MOST_APART + 1])
    meter = None
    if numbers:
        try:
            meter = _hunt(source, numbers)
        except CommonwatchError as error:
            TelemetrySource.objects.filter(pk=source.pk).update(trouble=str(error))
            return None
    TelemetrySource.objects.filter(pk=source.pk).update(hunted=change)
    return meter


def _hunt(source: TelemetrySource, numbers: list[int]) -> Meter:
    from commonwatch.capabilities.detection.indicators.engine import Engine

    chosen, known = known_mappings(source.mapping)
    files = files_of([Path(source.place)])
    with tempfile.TemporaryDirectory(prefix="commonwatch-retro-") as folder:
        engine = Engine() if len(numbers) > MOST_APART else Engine(Path(folder), numbers)
        way = Way(chosen, processes=1)  # beside everything else that the node does
        return hunt(engine, files, known, way, now_us=now_us(), step=lambda meter: None)
