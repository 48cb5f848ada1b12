"""Windows events as batches, for tests of rules: synthetic ones from flat mappings, real ones through the reader."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from commonwatch.capabilities.detection.telemetry import batch as batches
from commonwatch.capabilities.detection.telemetry.mappings import mappings
from commonwatch.capabilities.detection.telemetry.reading import read

WINDOWS = mappings()["windows"]
Event = Mapping[str, Any]
# What is no field of the event itself: our own numbers, and texts taken from its fields.
_DERIVED = {batches.TIME, batches.RECORD} | {column.name for column in WINDOWS.columns if column.take}


def batch_of(events: Iterable[Event], mapping: batches.Mapping = WINDOWS) -> batches.Batch:
    """Events as a batch: every field a column of text, or of numbers, booleans or lists where all are."""
    rows = list(events)
    names = sorted({name for row in rows for name in row} - {batches.TIME, batches.RECORD})
    columns: dict[str, pa.Array] = {name: _column([row.get(name) for row in rows]) for name in names}
    columns[batches.TIME] = pa.array([row.get(batches.TIME) for row in rows], pa.int64())
    columns[batches.RECORD] = pa.array(range(1, len(rows) + 1), pa.int64())
    return batches.Batch(pa.RecordBatch.from_pydict(columns), mapping)


def _column(values: list[Any]) -> pa.Array:
    kinds = {type(value) for value in values if value is not None}
    if any(kinds <= {kind} for kind in (int, list, bool, float)):
        return pa.array(values)
    return pa.array([value if value is None or isinstance(value, str) else json.dumps(value) for value in values])


def batches_of(path: Path) -> Iterator[batches.Batch]:
    """The batches of a file of Windows events."""
    return read(path, WINDOWS)


def events_of(batch: batches.Batch) -> list[Event]:
    """The events of a batch as the reference reads them."""
    kept = [name for name in batch.events.schema.names if name not in _DERIVED]
    return list(batch.events.select(kept).to_pylist())
