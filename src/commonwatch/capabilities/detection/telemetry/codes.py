"""Columns as dictionaries: each distinct text once, and its number in every row. What is done to texts is done once for each.

A log repeats itself, and Parquet stores it so. Where a reader is asked for codes, texts come as they are stored, and a column
that is taken from others is put together for each combination of their numbers that occurs, not for each row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from commonwatch.capabilities.detection.telemetry.batch import Column
from commonwatch.capabilities.detection.telemetry.taking import TAKEN, taken

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl
    import pyarrow as pa

_MOST_COMBINATIONS = 1 << 62  # what a number of 64 bits can tell apart


def is_coded(array: pa.Array) -> bool:
    """Whether it is a dictionary."""
    import pyarrow as pa

    return bool(pa.types.is_dictionary(array.type))


def frame_of(events: pa.RecordBatch) -> pl.DataFrame:
    """Events as a frame, with plain text."""
    import polars as pl

    return pl.DataFrame(
        [
            plain(column).alias(name) if is_coded(column) else pl.Series(name, column)
            for name, column in zip(events.schema.names, events.columns, strict=True)
        ]
    )


def plain(array: pa.DictionaryArray) -> pl.Series:
    """The text of each row."""
    import polars as pl

    return pl.Series(array.dictionary).gather(pl.Series(array.indices))


def without_empty(array: pa.DictionaryArray) -> pa.DictionaryArray:
    """Empty texts are no values."""
    import pyarrow as pa
    import pyarrow.compute as pc

    empty = pc.index(array.dictionary, "").as_py()
    if empty < 0:
        return array
    kept = pc.if_else(pc.equal(array.indices, empty), pa.scalar(None, array.indices.type), array.indices)
    return pa.DictionaryArray.from_arrays(kept, array.dictionary)


def places(array: pa.DictionaryArray) -> npt.NDArray[np.int64]:
    """The number of each row, one more than there are for a null."""
    import pyarrow.compute as pc

    found = array.indices
    if found.null_count:
        found = pc.fill_null(found, len(array.dictionary))
    numbers: npt.NDArray[np.int64] = found.to_numpy()
    return numbers


def take_coded(column: Column, events: pa.RecordBatch) -> pa.DictionaryArray | None:
    """A column taken from others that come as codes, or as whole numbers; None where it is to be done row by row."""
    import polars as pl
    import pyarrow as pa
    import pyarrow.compute as pc

    if TAKEN[column.take] != "text" or "*" in column.of:
        return None
    parts = [_as_codes(events[name], alone=len(column.of) == 1) for name in column.of]
    many = 1
    for part in parts:
        many *= len(part.dictionary) + 1 if part is not None else _MOST_COMBINATIONS
    if many >= _MOST_COMBINATIONS:
        return None
    sources = [
        pl.Series(name, part.dictionary) for name, part in zip(column.of, parts, strict=True) if part is not None
    ]
    if len(parts) == 1:
        codes, frame = parts[0].indices, pl.DataFrame(sources)  # type: ignore[union-attr]
    else:
        combined, sizes = None, []
        for part in parts:
            assert part is not None  # noqa: S101 - else there were too many
            sizes.append(len(part.dictionary) + 1)
            combined = places(part) if combined is None else combined.astype("int64") * sizes[-1] + places(part)
        coded = pc.dictionary_encode(pa.array(combined))
        codes, rest, digits = coded.indices, coded.dictionary.to_numpy(), []
        for size in reversed(sizes):
            rest, digit = rest // size, rest % size
            digits.append(digit)
        frame = pl.DataFrame(
            # A null, for the number after the last.
            [
                source.extend_constant(None, 1).gather(digit)
                for source, digit in zip(sources, reversed(digits), strict=True)
            ]
        )
    texts = frame.select(taken(column, column.of)).to_series()
    return pa.DictionaryArray.from_arrays(codes, texts.to_arrow(compat_level=pl.CompatLevel.newest()))


def _as_codes(array: pa.Array, *, alone: bool) -> pa.DictionaryArray | None:
    """A dictionary of it where it is one, holds whole numbers, or is a text that nothing else is put together with."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if is_coded(array):
        return array
    if pa.types.is_integer(array.type) or alone:
        return pc.dictionary_encode(array)
    return None
