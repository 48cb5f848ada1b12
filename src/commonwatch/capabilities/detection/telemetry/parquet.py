"""Parquet through Polars, a row group at a time: columns by their names, or by a mapping's sources, flat or in structs.

A stored log has been through other hands, so a column may be called as the log's field (`id.orig_h`), as the mapping's
column (`id_orig_h`), or lie in a struct (`id`, `orig_h`).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from commonwatch.capabilities.detection.telemetry.batch import RECORD, TIME, Column
from commonwatch.capabilities.detection.telemetry.codes import is_coded, without_empty
from commonwatch.capabilities.detection.telemetry.faults import Faults
from commonwatch.capabilities.detection.telemetry.paths import steps
from commonwatch.capabilities.detection.telemetry.wanted import Wanted, arrays, finished, instant
from commonwatch.core.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

PIECE = 200_000  # rows that are held at once


def fields(path: Path) -> list[str]:
    """The names of the columns and of what lies in structs, as ways."""
    import pyarrow.parquet as pq

    return [column.path for column in pq.ParquetFile(path).schema]


def groups(path: Path) -> list[int]:
    """How many events each row group holds: what processes share out. Raises InvalidInput where the file is not whole."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata = pq.ParquetFile(path).metadata
    except pa.ArrowException as error:
        raise refused(str(path), error) from None
    return [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]


def refused(place: str, error: Exception) -> InvalidInput:
    """What to say of a file that a library cannot read."""
    return InvalidInput("parquet-refused", f"{place} is no whole Parquet file: {str(error)[:200]}.", "Copy it again.")


def read(
    path: Path, want: Wanted, rows: int, faults: Faults, first: int = 0, last: int | None = None
) -> Iterator[pa.RecordBatch]:
    """The events from row `first` up to, not including, `last`."""
    import numpy as np
    import polars as pl
    import pyarrow as pa

    scan = pl.scan_parquet(path, glob=False)
    schema = scan.collect_schema()
    stored = _Stored(path, want, schema)
    odd = [_cell(column, schema) for column in want.read if column.name not in stored.sources]
    chosen = [*([] if TIME in stored.sources else [_time(want, schema)]), *odd, *_further(want, schema)]
    faults.records = first
    for start, end in _pieces(groups(path), first, last):
        columns = stored.read(start, end)
        if chosen:
            every = pl.int_range(pl.len()).alias(RECORD)  # a row for each, also where no column is in the file
            frame = _without_empty(scan.slice(start, end - start).select(every, *chosen).collect())
            columns |= zip(frame.columns, arrays(frame, views=want.views), strict=True)
        columns[RECORD] = pa.array(np.arange(start + 1, end + 1))
        names = [TIME, RECORD, *(name for name in columns if name not in (TIME, RECORD))]
        found = finished(pa.RecordBatch.from_arrays([columns[name] for name in names], names=names), want)
        faults.records += found.num_rows
        for at in range(0, found.num_rows, rows):
            yield found.slice(at, rows)


def _pieces(counts: list[int], first: int, last: int | None) -> Iterator[tuple[int, int]]:
    """Ranges of rows of about a size, cut where row groups end: half a row group costs as much as all of it."""
    total = sum(counts)
    end = total if last is None else min(last, total)
    start = at = 0
    for count in counts:
        at += count
        if at - start >= PIECE or at == total:
            if max(start, first) < min(at, end):
                yield max(start, first), min(at, end)
            start = at


def _without_empty(frame: pl.DataFrame) -> pl.DataFrame:
    """Empty texts are no values; most files have none, so they are looked for first."""
    import polars as pl

    texts = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    found = frame.select((pl.col(name).str.len_bytes().min() == 0).alias(name) for name in texts) if texts else frame
    empty = [name for name in texts if found.item(0, name)]
    return frame.with_columns(pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in empty)


class _Stored:
    """Columns that are read as they are stored, where codes are asked for: texts once for each row group, with numbers."""

    def __init__(self, path: Path, want: Wanted, schema: pl.Schema) -> None:
        import polars as pl
        import pyarrow.parquet as pq

        self.sources: dict[str, str] = {}
        if not want.codes:
            return
        as_stored = {"text": pl.String(), "integer": pl.Int64(), "texts": pl.List(pl.String())}
        for column in want.read:
            there = _flat(column.source, column.name, schema)
            if there is not None and schema[there] == as_stored.get(column.type):
                self.sources[column.name] = there
        when = next((s for s in (*want.mapping.time, TIME) if _source(s, s, schema) is not None), None)
        if when is not None and schema.get(when) == pl.Float64():
            self.sources[TIME] = when
        self._names = sorted(set(self.sources.values()))
        texts = [name for name in self._names if schema[name] == pl.String]
        self._file = pq.ParquetFile(path, read_dictionary=texts, memory_map=True)
        self._starts = [0]
        for number in range(self._file.metadata.num_row_groups):
            self._starts.append(self._starts[-1] + self._file.metadata.row_group(number).num_rows)

    def read(self, start: int, end: int) -> dict[str, pa.Array]:
        """These columns, of the rows from `start` up to `end`."""
        if not self.sources:
            return {}
        some = [number for number, (first, last) in enumerate(pairwise(self._starts)) if first < end and last > start]
        read = self._file.read_row_groups(some, columns=self._names, use_threads=False)
        read = read.slice(start - self._starts[some[0]], end - start)
        once = {name: _one(read[name]) for name in self._names}
        return {name: once[there] for name, there in self.sources.items()}


def _one(column: pa.ChunkedArray) -> pa.Array:
    one = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return without_empty(one) if is_coded(one) else one


def _flat(source: str, name: str, schema: pl.Schema) -> str | None:
    """The column of the file that a source is, where it is one."""
    return next((there for there in (source, name, source.replace(".", "_")) if there in schema), None)


def _source(source: str, name: str, schema: pl.Schema) -> tuple[pl.Expr, pl.DataType] | None:
    """The expression of a source and its type, wherever it lies."""
    import polars as pl

    there = _flat(source, name, schema)
    if there is not None:
        return pl.col(there), schema[there]
    way = steps(source)
    if way[0] not in schema:
        return None
    value, dtype = pl.col(way[0]), schema[way[0]]
    for step in way[1:]:
        below = dict(dtype) if isinstance(dtype, pl.Struct) else {}
        if step not in below:
            return None
        value, dtype = value.struct.field(step), _plain(below[step])
    return value, dtype


def _plain(dtype: pl.DataType | pl.datatypes.DataTypeClass) -> pl.DataType:
    import polars as pl

    return dtype if isinstance(dtype, pl.DataType) else dtype()


def _time(want: Wanted, schema: pl.Schema) -> pl.Expr:
    import polars as pl

    for source in (*want.mapping.time, TIME):
        found = _source(source, source, schema)
        if found is not None:
            return _instant(*found).alias(TIME)
    return pl.lit(None, pl.Int64).alias(TIME)


def _instant(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    import polars as pl

    if isinstance(dtype, pl.Datetime):
        return (
            value.dt.cast_time_unit("us").dt.replace_time_zone(None).cast(pl.Int64)
            if dtype.time_zone is None
            else value.dt.timestamp("us")
        )
    if dtype.is_numeric():
        return instant(value)
    return value.cast(pl.String).str.to_datetime(time_unit="us", time_zone="UTC", strict=False).dt.timestamp("us")


def _cell(column: Column, schema: pl.Schema) -> pl.Expr:
    import polars as pl

    types: dict[str, pl.DataType] = {
        "integer": pl.Int64(),
        "number": pl.Float64(),
        "boolean": pl.Boolean(),
        "time": pl.Int64(),
        "texts": pl.List(pl.String()),
    }
    wanted: pl.DataType = types.get(column.type, pl.String())
    found = _source(column.source, column.name, schema)
    if found is None:
        return pl.lit(None, wanted).alias(column.name)
    value, dtype = found
    if column.type == "time":
        return _instant(value, dtype).alias(column.name)
    if column.type == "texts":
        value = value if isinstance(dtype, pl.List) else pl.concat_list(value.cast(pl.String))
        return value.cast(wanted, strict=False).alias(column.name)
    if isinstance(dtype, pl.List | pl.Struct):
        return pl.lit(None, wanted).alias(column.name)
    value = value if dtype == wanted else value.cast(wanted, strict=False)
    return value.alias(column.name)


def _further(want: Wanted, schema: pl.Schema) -> Iterator[pl.Expr]:
    """Plain columns that the mapping does not name, where it is open."""
    import polars as pl

    if not want.open:
        return
    read = {column.source for column in want.mapping.columns} | {column.name for column in want.mapping.columns}
    for name, dtype in schema.items():
        if name not in read and name not in want.mapping.time and not isinstance(dtype, pl.List | pl.Struct):
            yield pl.col(name).cast(pl.String, strict=False).alias(name.replace(".", "_"))
