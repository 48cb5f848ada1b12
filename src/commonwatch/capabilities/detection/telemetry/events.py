"""Events that are Python objects as a record batch: small batches, odd lines and formats that no library reads.

Above some 500 events the libraries are faster (`json_sql`, `zeek`); what comes out is the same. Fields go into columns in
one pass over the events, since a mapping has many times more columns than an event has fields.
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
    plain, further = _spread(want, events)
    for column in want.read:
        if column.source in plain:
            values = plain[column.source]
        else:
            values = [paths.at(event, column.source) for event in events]
        columns[column.name] = pa.array(_read(column, values, fault), arrow_type(column, views=want.views))
    text = pa.string_view() if want.views else pa.string()
    reserved = columns.keys() | {column.name for column in want.mapping.columns}
    named = {name: values for key, values in further.items() if (name := key.replace(".", "_")) not in reserved}
    columns |= {name: pa.array(values, text) for name, values in named.items()}
    return finished(pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns)), want)


Values = list[Any]


def _spread(want: Wanted, events: Sequence[dict[str, Any]]) -> tuple[dict[str, Values], dict[str, Values]]:
    """By their key, the values of fields that columns read as they are, and as text those that no column reads."""
    none: Values = [None] * len(events)
    plain = {column.source: none.copy() for column in want.read if paths.is_key(column.source)}
    other = {column.source for column in want.read if column.type != "text"} & plain.keys()
    texts = {key: values for key, values in plain.items() if key not in other}
    further: dict[str, Values] = {}
    skipped = {column.source for column in want.mapping.columns} - plain.keys() | set(want.mapping.time)
    for position, event in enumerate(events):
        for key, value in event.items():
            values = texts.get(key)
            if values is not None:
                values[position] = value if type(value) is str and value else cells.text(value)
            elif key in other:
                plain[key][position] = value
            elif want.open and key not in skipped:
                if len(further) >= FURTHER or not want.asks(key):
                    skipped.add(key)
                elif (cell := cells.text(value)) is not None:
                    further[key] = texts[key] = values = none.copy()
                    values[position] = cell
    return plain, further


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


def _read(column: Column, values: Values, fault: Fault) -> Values:
    read = READ[column.type]
    try:
        return [None if value is None else read(value) for value in values]
    except cells.WrongType:
        return [_or_fault(read, value, position, column.source, fault) for position, value in enumerate(values)]


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
