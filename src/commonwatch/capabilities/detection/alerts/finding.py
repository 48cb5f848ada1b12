"""From a batch to hits: what matched, with the event's time, the value as it is written canonically, and the host concerned.

Only the events that matched become Python objects. Live watch and hunts both come this way, so they cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from commonwatch.capabilities.detection.alerts.grouping import Hit, entity_of
from commonwatch.core.patterns.canonical import observed
from commonwatch.core.patterns.values import Kind, Value

if TYPE_CHECKING:
    import pyarrow as pa

    from commonwatch.capabilities.detection.indicators.engine import Engine
    from commonwatch.capabilities.detection.telemetry.batch import Batch
    from commonwatch.capabilities.detection.telemetry.batch import Mapping as LogMapping


def find(engine: Engine, batch: Batch, source: str) -> list[Hit]:
    """Every hit of a batch."""
    return hits_of(engine, batch, engine.match(batch), source)


def hits_of(engine: Engine, batch: Batch, found: pa.Table, source: str) -> list[Hit]:
    """What matchers found in a batch, as hits."""
    if not found.num_rows:
        return []
    import pyarrow as pa

    rows = sorted(set(found["row"].to_pylist()))
    events = dict(zip(rows, batch.events.take(pa.array(rows)).to_pylist(), strict=True))
    return [
        _hit(engine, batch, events[row], entry, column, source)
        for row, entry, column in zip(*(found[name].to_pylist() for name in ("row", "entry", "column")), strict=True)
    ]


def _hit(engine: Engine, batch: Batch, event: Mapping[str, Any], entry: int, column: str, source: str) -> Hit:
    kind, text = _value(engine, batch.mapping, event, entry, column)
    return Hit(
        entry=entry,
        source=source,
        entity=entity_of(batch.mapping, event, column),
        place=batch.place,
        record=event["record"],
        time_us=event["time"],
        column=column,
        value=text,
        kind=kind,
    )


def _value(
    engine: Engine, mapping: LogMapping, event: Mapping[str, Any], entry: int, column: str
) -> tuple[Kind | None, str]:
    """What the column holds, canonical; of a list, the member that the entry is about, or all where only its rule knows."""
    named = mapping.named(column)
    if named is None:
        return None, ""
    if named.kind is None:
        return None, _shown(event.get(column))
    values = [value for text in _texts(event.get(column)) if (value := observed(named.kind, text)) is not None]
    port = event.get(named.port) if named.port else None
    several = len(values) > 1  # else the index, which is slow, need not be asked
    chosen = next((value for value in values if not several or _is_of(engine, value, port, entry)), None)
    return (chosen.kind, chosen.text) if chosen is not None else (named.kind, _shown(event.get(column)))


def _is_of(engine: Engine, value: Value, port: object, entry: int) -> bool:
    return entry in engine.index.lookup(value, port if isinstance(port, int) else None)


def _texts(found: object) -> Iterable[str]:
    if isinstance(found, str):
        return (found,)
    return tuple(text for text in found if isinstance(text, str)) if isinstance(found, list) else ()


def _shown(found: object) -> str:
    if isinstance(found, list):
        return ", ".join(str(one) for one in found if one is not None)[:1_000]
    return "" if found is None else str(found)[:1_000]
