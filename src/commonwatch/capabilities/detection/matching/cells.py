"""What is looked up together: the columns of a batch that are read from the same fields, whose texts need be hashed once.

1. `answers` is matched as names and as addresses; a referrer as a URL, and for its host. Both are one lookup in the memory.
2. A column that a reader left to be taken from others (`Wanted.left`) is looked up by what it is taken from: most URLs of a log
   are known to be clean, and are never put together.
3. Cells are rows, values of lists, or the distinct texts of a column that comes as codes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from secrets import randbits
from typing import NamedTuple, TypeAlias

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from commonwatch.capabilities.detection.matching.index.hashing import Hashes, hash_column
from commonwatch.capabilities.detection.matching.memory import Rows
from commonwatch.capabilities.detection.telemetry import batch as telemetry
from commonwatch.capabilities.detection.telemetry.codes import is_coded, places, plain
from commonwatch.capabilities.detection.telemetry.taking import taken
from commonwatch.core.patterns.values import Kind

Form: TypeAlias = tuple[tuple[Kind, str], ...]  # of each column: what it holds, and how it is taken


class Key:
    """A hash of cells that nobody outside this process can foresee."""

    def __init__(self) -> None:
        self._seed, self._factor = randbits(63), np.uint64(randbits(64) | 1)

    def of(self, field: pl.Series) -> Hashes:
        """Of one field: 0 for a null of a text."""
        if field.dtype == pl.String:
            return hash_column(field, self._seed)
        return field.cast(pl.Int64).fill_null(-1).to_numpy().view(np.uint64)

    def joined(self, fields: Sequence[Hashes]) -> Hashes:
        """Of several fields together."""
        if len(fields) == 1:
            return fields[0]
        whole = fields[0] * self._factor
        for field in fields[1:]:
            whole += field
            whole *= self._factor
        return whole


class Field:
    """One column as a reader gave it: a value for each row, or distinct texts and the code of each row."""

    def __init__(self, values: pl.Series, codes: Rows | None = None) -> None:
        self.values, self.codes = values, codes
        self._hashes: Hashes | None = None

    def hashes(self, key: Key) -> Hashes:
        """Of the values, computed once, as the matcher has one key."""
        if self._hashes is None:
            self._hashes = key.of(self.values)
        return self._hashes

    def hashes_of_rows(self, key: Key) -> Hashes:
        """Of each row."""
        return self.hashes(key) if self.codes is None else np.append(self.hashes(key), np.uint64(0)).take(self.codes)

    def at(self, rows: Rows) -> pl.Series:
        """The values of some rows."""
        if self.codes is None:
            return self.values.gather(rows)
        codes = pl.Series(self.codes.take(rows))
        return self.values.gather(codes.set(codes == len(self.values), None))


class Member(NamedTuple):
    """A column that cells are matched as; `column.take` says how its text is taken from them, where it is left to be taken."""

    column: telemetry.Column
    kind: Kind
    taken: bool
    ports: pl.Series | None


@dataclass(frozen=True)
class Cells:
    """Fields that are looked up as one, and the columns that are read or taken from them."""

    members: tuple[Member, ...]
    fields: tuple[Field, ...]
    rows: Rows | None = None  # of the cells; None: each in its own

    @cached_property
    def form(self) -> Form:
        """What decides to what the same values belong."""
        return tuple((one.kind, one.column.take if one.taken else "") for one in self.members)

    @property
    def codes(self) -> Rows | None:
        """The cell of each row, where cells are distinct texts; one more than there are for a null."""
        return self.fields[0].codes if len(self.fields) == 1 else None

    def hashes(self, key: Key) -> Hashes:
        """Of every cell; 0 where it is a null."""
        if len(self.fields) == 1:
            return self.fields[0].hashes(key)
        return key.joined([field.hashes_of_rows(key) for field in self.fields])

    def values(self, at: Rows) -> list[pl.Series]:
        """The fields of some cells."""
        if len(self.fields) == 1:
            return [self.fields[0].values.gather(at)]
        return [field.at(at) for field in self.fields]


def text_of(member: Member, values: Sequence[pl.Series]) -> pl.Series:
    """The texts of a column, null where it has none."""
    if not member.taken:
        return values[0]
    names = member.column.of
    frame = pl.DataFrame([one.alias(name) for one, name in zip(values, names, strict=True)])
    return frame.select(taken(member.column, names)).to_series()


def cells(batch: telemetry.Batch, columns: Sequence[telemetry.Column], least: int) -> Iterator[Cells]:
    """The cells of these columns. Texts come as codes to those that have rows enough, and no more texts than rows."""
    events, left = batch.events, batch.unfinished.left if batch.unfinished else ()
    present = set(events.schema.names)
    groups: dict[tuple[object, ...], list[Member]] = {}
    sources: dict[tuple[object, ...], tuple[str, ...]] = {}
    for column in columns:
        names = column.of if column in left else (column.name,)
        if column.kind is None or not present.issuperset(names):
            continue
        ports = pl.Series(events[column.port]) if column.port in present else None
        key = tuple(_memory(events[name]) for name in names)
        groups.setdefault(key, []).append(Member(column, column.kind, column in left, ports))
        sources.setdefault(key, names)
    fields: dict[tuple[str, bool], Field] = {}
    for of, members in groups.items():
        first = events[sources[of][0]]
        if pa.types.is_list(first.type) or pa.types.is_large_list(first.type):
            yield Cells(
                tuple(members), (Field(_texts(pc.list_flatten(first))),), pc.list_parent_indices(first).to_numpy()
            )
            continue
        some = []
        for name in sources[of]:
            number = len(sources[of]) > 1 and pa.types.is_integer(events[name].type)
            if (name, number) not in fields:
                fields[name, number] = Field(pl.Series(events[name])) if number else _field(events[name], least)
            some.append(fields[name, number])
        yield Cells(tuple(members), tuple(some))


def _memory(array: pa.Array) -> tuple[object, ...]:
    """Tells whether two columns are the same: a reader gives two names to what it read once."""
    return len(array), array.offset, array.type, *(part.address if part else 0 for part in array.buffers())


def _field(array: pa.Array, least: int) -> Field:
    if is_coded(array):
        if len(array.dictionary) <= len(array) >= least:
            return Field(_texts(array.dictionary), places(array))
        return Field(_texts(plain(array)))
    return Field(_texts(array))


def _texts(values: pa.Array | pl.Series) -> pl.Series:
    return pl.Series(values).cast(pl.String)
