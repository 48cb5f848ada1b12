"""One family's base: immutable rows of hash, entry, kind and text, sorted by hash, with their filter.

Two files: `<family>.arrow` (Arrow IPC, one record batch), mapped, of which reading a row touches a few pages, which are given back
after each batch and some hundred rows: the system maps sixteen around each, so that a few thousand rows would be all of the file; and
`<family>.filter` (64-bit words, two bytes a row), read into memory: every look-up needs it, and changes set bits in it that
stay in the process that sets them. To map it would cost a change of a thousand values a fault for each.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from commonwatch.capabilities.detection.matching.index import filter as bloom
from commonwatch.capabilities.detection.matching.index.families import KINDS, NAME, URL
from commonwatch.capabilities.detection.matching.index.hashing import Hashes, hash_column
from commonwatch.core.patterns.values import Kind, Value

_ROWS_MAPPED = 512  # rows looked at before their pages are given back whoever looks: fewer cost a first hunt more
_SCHEMA = pa.schema([("hash", pa.uint64()), ("entry", pa.int64()), ("kind", pa.uint8()), ("text", pa.large_string())])


class Row(NamedTuple):
    """An indicator's value and the caller's number for it."""

    entry: int
    value: Value


class Segment:
    """The rows of one family, as files say them."""

    def __init__(self, rows: pa.RecordBatch, words: bloom.Words, mapped: mmap.mmap | None = None) -> None:
        self.words = words
        self._mapped, self._looked_at = mapped, 0
        # Through Polars: pyarrow's own way imports pandas where that is installed, which takes a second.
        self.hashes: Hashes = pl.Series(rows["hash"]).to_numpy()
        self.entries: npt.NDArray[np.int64] = pl.Series(rows["entry"]).to_numpy()
        self.kinds: npt.NDArray[np.uint8] = pl.Series(rows["kind"]).to_numpy()
        self.texts: pa.LargeStringArray = rows["text"]
        self.rows = rows

    @classmethod
    def empty(cls) -> Segment:
        """Of a family of which nothing was there when the base was written."""
        return cls(pa.RecordBatch.from_pylist([], _SCHEMA), bloom.empty(0))

    @classmethod
    def open(cls, folder: Path, family: str) -> Segment:
        """Map the files; they may be removed afterwards."""
        with (folder / f"{family}.arrow").open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        rows = pa.ipc.open_file(pa.py_buffer(mapped)).get_batch(0)
        return cls(rows, np.fromfile(folder / f"{family}.filter", np.uint64), mapped)

    def __len__(self) -> int:
        return len(self.hashes)

    def looked_at(self, rows: int) -> None:
        """Rows were read: once there are enough, their pages are given back."""
        self._looked_at += rows
        if self._looked_at >= _ROWS_MAPPED:
            self.give_back()

    def give_back(self) -> None:
        """Let go of the pages of rows that were read. They stay in the system's cache."""
        if self._looked_at and self._mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
            self._mapped.madvise(mmap.MADV_DONTNEED)
        self._looked_at = 0

    def under(self, hashed: int) -> Iterator[Row]:
        """Rows with this hash."""
        place = int(np.searchsorted(self.hashes, np.uint64(hashed)))
        while place < len(self.hashes) and int(self.hashes[place]) == hashed:
            value = Value(KINDS[self.kinds[place]], self.texts[place].as_py())
            yield Row(int(self.entries[place]), value)
            place += 1

    def with_hashes(self, hashes: Hashes) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """For many hashes, which of them and the place of a row that has it, a pair for each row."""
        wanted = np.arange(len(hashes))
        places = np.searchsorted(self.hashes, hashes)
        found = []
        while True:
            there = places < len(self.hashes)
            wanted, places = wanted[there], places[there]
            same = self.hashes[places] == hashes[wanted]
            wanted, places = wanted[same], places[same]
            found.append((wanted, places))
            if not len(wanted):
                return np.concatenate([each for each, _ in found]), np.concatenate([each for _, each in found])
            places = places + 1

    def entries_of(self, kind: Kind) -> npt.NDArray[np.int64]:
        """Every entry with a value of this kind."""
        found: npt.NDArray[np.int64] = self.entries[self.kinds == KINDS.index(kind)]
        self.looked_at(len(self))
        return found


def write(folder: Path, family: str, rows: pl.DataFrame) -> None:
    """Write a family's rows (entry, kind, text; canonical) as a segment."""
    keys = keys_of(family, rows)
    hashed = rows.with_columns(pl.Series("hash", hash_column(keys))).sort("hash")
    words = bloom.empty(len(hashed))
    bloom.add(words, hashed["hash"].to_numpy())
    table: Any = hashed.select("hash", "entry", "kind", "text").to_arrow(compat_level=pl.CompatLevel.oldest())
    batch = table.cast(_SCHEMA).combine_chunks().to_batches()
    with pa.OSFile(str(folder / f"{family}.arrow"), "wb") as sink, pa.ipc.new_file(sink, _SCHEMA) as file:
        file.write_batch(batch[0] if batch else pa.RecordBatch.from_pylist([], _SCHEMA))
    words.tofile(folder / f"{family}.filter")


def keys_of(family: str, rows: pl.DataFrame) -> pl.Series:
    """`families.key_of` for a column: kinds whose key is not their text are few, URLs are many."""
    text = rows["text"]
    if family == URL:
        # What stands before :// is a scheme only if no slash stands in it.
        return text.str.replace(r"^[^/]*?://", "")
    endpoint = KINDS.index(Kind.ENDPOINT)
    if family == NAME or not (rows["kind"] == endpoint).any():
        return text
    bare = pl.col("text").str.replace(r":[0-9]+$", "").str.strip_chars("[]")
    return rows.select(pl.when(pl.col("kind") == endpoint).then(bare).otherwise(pl.col("text")).alias("key"))["key"]
