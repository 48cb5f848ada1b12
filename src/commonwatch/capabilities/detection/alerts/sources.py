"""Telemetry that is registered: its places, and by which name a place goes in alerts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from commonwatch.base.audit.record import record
from commonwatch.capabilities.detection.alerts.queries import shown
from commonwatch.capabilities.detection.indicators.terms import index_row
from commonwatch.capabilities.detection.models import Position, TelemetrySource
from commonwatch.core.errors import Conflict, InvalidInput, NotFound

_STREAMS = ("nats://", "syslog://", "syslog+udp://", "syslog+tcp://")


def mappings_folder() -> Path:
    """Where the node's own mappings stand."""
    folder: Path = settings.COMMONWATCH.data / "mappings"
    return folder


def is_stream(place: str) -> bool:
    """Whether a place is no file or folder: what went by cannot be read again."""
    return place == "-" or place.startswith(_STREAMS)


def add_source(name: str, place: str, mapping: str, *, live: bool, actor: str, now_us: int) -> TelemetrySource:
    """Register telemetry; raises InvalidInput where there is nothing to read, Conflict where the name is taken."""
    if not is_stream(place):
        if "://" in place:
            raise InvalidInput(
                "telemetry-place", f"{place} is no place of telemetry.", f"Give a path, -, {' or '.join(_STREAMS)}..."
            )
        path = Path(place).expanduser().absolute()
        if not path.exists():
            raise InvalidInput("telemetry-absent", f"There is nothing at {path}.", "Give a file or folder that exists.")
        place = str(path)
    with transaction.atomic():
        made, fresh = TelemetrySource.objects.get_or_create(
            name=name,
            defaults={
                "place": place,
                "mapping": mapping,
                "live": live,
                "added_us": now_us,
                "actor": actor,
                # What is watched meets all that is in force now as it is read; only what comes later has to look back.
                "hunted": index_row().change if live else 0,
            },
        )
        if not fresh:
            raise Conflict("telemetry-taken", f"There is telemetry called {name}.", "Choose another name.")
        record(actor, "telemetry.add", name, "done", {"place": place, "mapping": mapping}, now_us=now_us)
    return made


def change_source(name: str, *, anomalies: bool | None, names: str | None, actor: str, now_us: int) -> TelemetrySource:
    """Say whether and how the live watch learns from a source; None leaves as it is."""
    with transaction.atomic():
        source = source_named(name)
        source.anomalies = source.anomalies if anomalies is None else anomalies
        source.names = source.names if names is None else names
        source.save(update_fields=["anomalies", "names"])
        said = {"anomalies": source.anomalies, "names": source.names}
        record(actor, "telemetry.change", name, "done", said, now_us=now_us)
    return source


def remove_source(name: str, *, actor: str, now_us: int) -> None:
    """Forget telemetry with its positions; its alerts stay."""
    with transaction.atomic():
        source_named(name).delete()
        Position.objects.filter(source=name).delete()
        record(actor, "telemetry.remove", name, "done", {}, now_us=now_us)


def source_named(name: str) -> TelemetrySource:
    """One source; raises NotFound."""
    found = TelemetrySource.objects.filter(name=name).first()
    if found is None:
        raise NotFound(
            "telemetry-unknown", f"There is no telemetry called {name}.", "See `commonwatch telemetry list`."
        )
    return found


def name_of(place: str) -> str:
    """The name of the source that holds this place; the place itself where none does. The deepest folder wins."""
    best = ""
    name = ""
    for source in TelemetrySource.objects.order_by("name"):
        inside = place == source.place or place.startswith(source.place.rstrip("/") + "/")
        if inside and len(source.place) > len(best):
            best, name = source.place, source.name
    return name or place


def shown_sources() -> list[dict[str, Any]]:
    """Every source with what it brought."""
    return [shown_source(source) for source in TelemetrySource.objects.order_by("name")]


def shown_source(source: TelemetrySource) -> dict[str, Any]:
    """A source with what it brought."""
    return {
        "name": source.name,
        "place": source.place,
        "mapping": source.mapping or "found by looking",
        "live": source.live,
        "anomalies": source.anomalies,
        "names": source.names,
        "events": source.events,
        "hits": source.hits,
        "dirty": source.dirty,
        "last_event": shown(source.last_event_us),
        "read": shown(source.read_us),
        "trouble": source.trouble,
    }
