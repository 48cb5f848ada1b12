"""Events that are Python objects as a record batch: small batches, odd lines and formats that no library reads.

Above some 500 events the libraries are faster (`json_sql`, `zeek`); what comes out is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from commonwatch.capabilities.detection.telemetry import cells, paths
from commonwatch.capabilities.detection.telemetry.batch import RECORD, TIME, Column
from commonwatch.capabilities.detection.telemetry.wanted import Wanted, finished

if TYPE_CHECKING:
    import pyarrow as pa

FURTHER = 2_000  # columns of an open batch: hostile events must not grow the schema without end
READ: dict[str, Callable[[Any], Any]] = {
    "text": cells.text,
    "integer": cells.integer,
    "number": cells.number,
    "boolean": cells.boolean,
    "time": cells.instant,
    "texts": cells.texts,
}

Fault = Callable[[int, str], None]  # position of the event, reason


def batch(want: Wanted, events: Sequence[dict[str, Any]], records: Sequence[int], fault: Fault) -> pa.RecordBatch:
    """The events as columns. A value of a wrong type is a fault and no value; its event stays."""
    import pyarrow as pa

    columns: dict[str, pa.Array] = {
        TIME: pa.array(_times(want, events, fault), pa.int64()),
        RECORD: pa.array(records, pa.int64()),
    }
    for column in want.read:
        columns[column.name] = pa.array(_column(column, events, fault), arrow_type(column, views=want.views))
    if want.open:
        columns |= _further(want, events, columns.keys())
    return finished(pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns)), want)


def arrow_type(column: Column, *, views: bool) -> pa.DataType:
    """The Arrow type of a column."""
    import pyarrow as pa

    text = pa.string_view() if views else pa.string()
    return {
        "text": text,
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
        "time": pa.int64(),
        "texts": pa.list_(text),
    }[column.type]


def _column(column: Column, events: Sequence[dict[str, Any]], fault: Fault) -> list[Any]:
    read, source = READ[column.type], column.source
    plain = len(paths.steps(source)) == 1 and "[]" not in source
    values = [event.get(source) for event in events] if plain else [paths.at(event, source) for event in events]
    try:
        return [read(value) for value in values]
    except cells.WrongType:
        return [_or_fault(read, value, position, source, fault) for position, value in enumerate(values)]


def _or_fault(read: Callable[[Any], Any], value: Any, position: int, source: str, fault: Fault) -> Any:
    try:
        return read(value)
    except cells.WrongType:
        fault(position, f"{source} is of a wrong type")
        return None


def _times(want: Wanted, events: Sequence[dict[str, Any]], fault: Fault) -> list[int | None]:
    return [_time(want.mapping.time, event, position, fault) for position, event in enumerate(events)]


def _time(sources: tuple[str, ...], event: dict[str, Any], position: int, fault: Fault) -> int | None:
    for source in sources:
        value = paths.at(event, source)
        if value is not None and value != "":
            found: int | None = _or_fault(cells.instant, value, position, source, fault)
            return found
    return None


def _further(want: Wanted, events: Sequence[dict[str, Any]], taken: Any) -> dict[str, pa.Array]:
    """Every field that no column reads, as text under its own name."""
    import pyarrow as pa

    read = {column.source for column in want.mapping.columns} | set(want.mapping.time)
    found: dict[str, list[str | None]] = {}
    for position, event in enumerate(events):
        for key, value in event.items():
            if key in read:
                continue
            cell = cells.text(value)
            if cell is None:
                continue
            values = found.get(key)
            if values is None:
                if len(found) >= FURTHER:
                    continue
                values = found[key] = [None] * len(events)
            values[position] = cell
    text = pa.string_view() if want.views else pa.string()
    reserved = set(taken) | {column.name for column in want.mapping.columns}
    named = {key.replace(".", "_"): values for key, values in found.items()}
    return {name: pa.array(values, text) for name, values in named.items() if name not in reserved}
