"""Which columns of a mapping a reading is to give, and which it has to read for that."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from commonwatch.capabilities.detection.telemetry.batch import TIME, Column, Mapping
from commonwatch.capabilities.detection.telemetry.cells import MICROSECONDS, MILLISECONDS
from commonwatch.capabilities.detection.telemetry.codes import frame_of
from commonwatch.capabilities.detection.telemetry.taking import TAKEN, taken
from commonwatch.core.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa


@dataclass(frozen=True)
class Wanted:
    """`read` are the columns with a source, `give` the names in their order, `open` whether further fields come too.

    `further` names the further fields that are asked for; None where all are.
    """

    mapping: Mapping
    read: tuple[Column, ...]
    take: tuple[Column, ...]
    give: tuple[str, ...]
    open: bool
    views: bool = False
    codes: bool = False
    further: frozenset[str] | None = None
    searched: bool = False  # a column is taken from every text there is, further fields among them

    def asks(self, key: str) -> bool:
        """Whether a further field has to be read."""
        return self.searched or self.further is None or key.replace(".", "_") in self.further

    @property
    def hidden(self) -> frozenset[str]:
        """Columns that are read only because others are taken from them."""
        return frozenset(column.name for column in self.read) - frozenset(self.give)

    @property
    def left(self) -> tuple[Column, ...]:
        """Columns that the reader leaves to whoever takes codes: one text of a row, out of named columns of it."""
        if not self.codes:
            return ()
        return tuple(column for column in self.take if TAKEN[column.take] == "text" and "*" not in column.of)


def wanted(
    mapping: Mapping, columns: Collection[str] | None = None, *, views: bool = False, codes: bool = False
) -> Wanted:
    """All columns, or those named; a name that an open mapping does not know is a further field."""
    if columns is None:
        read = tuple(column for column in mapping.columns if not column.take)
        take = tuple(column for column in mapping.columns if column.take)
        return Wanted(mapping, read, take, tuple(column.name for column in mapping.columns), mapping.open, views, codes)
    known = {column.name: column for column in mapping.columns}
    for name in columns:
        if name not in known and not mapping.open and name not in ("time", "record"):
            raise InvalidInput(
                "column-unknown", f"{mapping.name} has no column {name}.", f"It has: {', '.join(known) or 'none'}."
            )
    give = tuple(name for name in columns if name in known)
    take = tuple(known[name] for name in give if known[name].take)
    needed = set(give) | {name for column in take for name in column.of}
    read = tuple(
        c for c in mapping.columns if not c.take and (c.name in needed or ("*" in needed and c.type == "text"))
    )
    further = frozenset(columns) - known.keys() - {"time", "record"}
    searched = "*" in needed
    return Wanted(
        mapping, read, take, give, mapping.open and (bool(further) or searched), views, codes, further, searched
    )


def finished(events: pa.RecordBatch, want: Wanted) -> pa.RecordBatch:
    """What was read, with what is taken from it, without what nobody asked for; with codes, what `completed` needs."""
    left = want.left
    events = _with(events, [column for column in want.take if column not in left], views=want.views)
    return events if want.codes else _given(events, want)


def completed(events: pa.RecordBatch, want: Wanted) -> pa.RecordBatch:
    """Some events of a batch of codes, whole."""
    place = events.schema.get_field_index(TIME)
    events = events.set_column(place, TIME, instants(events.column(place)))
    return _given(_with(events, want.left, views=False), want)


def instants(times: pa.Array) -> pa.Array:
    """Times in microseconds, which may come as numbers of another unit."""
    import polars as pl
    import pyarrow as pa

    if not pa.types.is_floating(times.type):
        return times
    return pl.DataFrame([pl.Series(TIME, times)]).select(instant(pl.col(TIME))).to_series().to_arrow()


def instant(number: pl.Expr) -> pl.Expr:
    """Microseconds out of seconds, milliseconds or microseconds: their size tells which."""
    import polars as pl

    size = number.abs()
    unit = pl.when(size >= MICROSECONDS).then(1.0).when(size >= MILLISECONDS).then(1e3).otherwise(1e6)
    return (number * unit + 0.5).floor().cast(pl.Int64, strict=False)


def _with(events: pa.RecordBatch, take: Sequence[Column], *, views: bool) -> pa.RecordBatch:
    import polars as pl

    if not take:
        return events
    frame = frame_of(events)
    plain = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    found = frame.select(taken(column, plain if "*" in column.of else column.of) for column in take)
    for name, array in zip(found.columns, arrays(found, views=views), strict=True):
        events = events.append_column(name, array)
    return events


def _given(events: pa.RecordBatch, want: Wanted) -> pa.RecordBatch:
    import pyarrow as pa

    if not want.take and not want.hidden:
        return events
    drop = want.hidden
    order = [name for name in ("time", "record", *want.give) if name in events.schema.names]
    others = events.schema.names if want.further is None else [n for n in events.schema.names if n in want.further]
    further = [name for name in others if name not in drop and name not in order]
    return pa.RecordBatch.from_arrays([events.column(n) for n in (*order, *further)], names=[*order, *further])


def arrays(frame: pl.DataFrame, *, views: bool) -> list[pa.Array]:
    """Polars columns as Arrow arrays: text as `string`, or left as views."""
    import polars as pl
    import pyarrow as pa

    if views:
        table = frame.to_arrow(compat_level=pl.CompatLevel.newest())
        return [column.combine_chunks() if column.num_chunks != 1 else column.chunk(0) for column in table.columns]
    plain = {pa.large_string(): pa.string(), pa.large_list(pa.large_string()): pa.list_(pa.string())}
    found = []
    for column in frame.to_arrow().columns:
        one = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
        found.append(one.cast(plain[one.type]) if one.type in plain else one)
    return found
