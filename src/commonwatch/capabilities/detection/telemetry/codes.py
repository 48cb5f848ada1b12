"""Columns as dictionaries: each distinct text once, and its number in every row. What is done to texts is done once for each.

A log repeats itself, and Parquet stores it so. Where a reader is asked for codes, texts come as they are stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl
    import pyarrow as pa


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
