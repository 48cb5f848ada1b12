"""Plain indicators against a batch: the matcher of the index, for live telemetry, hunts and cluster drivers alike.

1. Every column of a kind is looked up on its own. What is not known to be clean is made canonical, hashed, and put to the
   filter of its family; the few that pass are decided on text, one at a time, by `IndicatorIndex.meeting`.
2. Small batches take the same decision value by value from a dictionary, without the cost of starting column engines. Both
   ways give the same hits in the same order.
3. A host column meets hosts, domains above, and addresses where it holds one; an address column addresses, networks and,
   with the port that its mapping names, endpoints; a path column also the name at its end (`families.MEETS`).
4. A batch is matched in one generation. The matcher does not look for changes by itself: call `refresh` between batches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from commonwatch.capabilities.detection.matching import writing
from commonwatch.capabilities.detection.matching.index.families import (
    ADDRESS,
    FAMILIES,
    FILE_NAME,
    KINDS,
    MEETS,
    NAME,
    URL,
)
from commonwatch.capabilities.detection.matching.index.index import IndicatorIndex
from commonwatch.capabilities.detection.matching.matcher import Unexecutable, hits_schema
from commonwatch.capabilities.detection.matching.memory import CleanTexts, Rows
from commonwatch.capabilities.detection.telemetry import batch as telemetry
from commonwatch.core.patterns.canonical import observed, split_endpoint
from commonwatch.core.patterns.values import Kind, Value

SMALL = 500  # events: below, a batch costs less value by value than as columns
_REMEMBERED = 200_000  # texts that were decided one at a time, with what they met
_BLOCK = 1 << 17  # values at a time: bounds memory, and keeps columns in the processor's cache
_HELD: Mapping[Kind, tuple[Kind, ...]] = {Kind.HOST: (Kind.HOST, Kind.ADDRESS)}  # the forms that a column may hold
_CANDIDATE = pl.Schema({"text": pl.String, "entry": pl.Int64, "wanted": pl.Int64})
_HITS = pl.Schema({"row": pl.Int32, "entry": pl.Int64, "column": pl.String})


class _Met(NamedTuple):
    """An entry that a value belongs to, for an endpoint on this port only."""

    entry: int
    port: int | None


class _Column(NamedTuple):
    """One column of a batch: texts and the rows they stand in (None: each in its own)."""

    name: str
    kind: Kind
    texts: pl.Series
    rows: Rows | None
    ports: pl.Series | None


class IndexMatcher:
    """The index as a `Matcher`."""

    def __init__(self, index: IndicatorIndex) -> None:
        self.index = index
        self._clean: dict[Kind, CleanTexts] = {}
        self._remembered: dict[tuple[Kind, str], tuple[_Met, ...]] = {}
        self._seen = (index.additions, index.changes)

    @property
    def generation(self) -> int:
        """The journal entry up to which it knows what is in force."""
        return self.index.generation

    def refresh(self) -> bool:
        """Learn what other processes changed in the index; whether anything did."""
        return self.index.refresh()

    def columns(self, mapping: telemetry.Mapping) -> list[str]:
        """The columns of events that some indicator may meet, with the ports that endpoints need."""
        met = [column for column in mapping.columns if column.kind is not None and self.index.has(*MEETS[column.kind])]
        ports = {column.port for column in met if column.port} if self.index.has(Kind.ENDPOINT) else set()
        return [column.name for column in mapping.columns if column in met or column.name in ports]

    def match(self, batch: telemetry.Batch) -> pa.RecordBatch:
        """Hits, by row, then entry, then column."""
        with self.index.guard:
            self._keep_up()
            if batch.events.num_rows < SMALL:
                return _answer(self._value_by_value(batch))
            return _answer(self._by_column(batch))

    def unexecutable(self, mapping: telemetry.Mapping) -> Mapping[int, Unexecutable]:
        """Entries of kinds for which the mapping has no column."""
        met = {kind for column in mapping.kinds().values() for kind in MEETS[column]}
        return {
            int(entry): Unexecutable(int(entry), f"{mapping.name} has no field that holds the kind {kind}")
            for kind in KINDS
            if kind not in met
            for entry in self.index.entries_of(kind)
        }

    def _keep_up(self) -> None:
        """Forget what changes of the index have made doubtful."""
        additions, changes = self._seen
        if changes != self.index.changes:
            self._remembered.clear()
        if additions != self.index.additions:
            for clean in self._clean.values():
                clean.forget()
        self._seen = (self.index.additions, self.index.changes)

    def _value_by_value(self, batch: telemetry.Batch) -> pl.DataFrame:
        hits: set[tuple[int, int, str]] = set()
        for column in self._columns(batch):
            rows = range(len(column.texts)) if column.rows is None else column.rows.tolist()
            for place, (row, text) in enumerate(zip(rows, column.texts, strict=True)):
                for entry, port in self._remember(column.kind, text) if text is not None else ():
                    if port is None or (column.ports is not None and column.ports[place] == port):
                        hits.add((row, entry, column.name))
        return pl.DataFrame(list(hits), _HITS, orient="row")

    def _by_column(self, batch: telemetry.Batch) -> pl.DataFrame:
        parts = [pl.DataFrame(schema=_HITS)]
        for column in self._columns(batch):
            for first in range(0, len(column.texts), _BLOCK):
                found = self._block(column, first)
                if found is not None:
                    parts.append(found)
        return pl.concat(parts).unique()

    def _columns(self, batch: telemetry.Batch) -> Iterator[_Column]:
        """Columns that some indicator may meet."""
        ports = {column.name: column.port for column in batch.mapping.columns}
        present = set(batch.events.schema.names)
        for name, kind in batch.mapping.kinds().items():
            if name not in present or not self.index.has(*MEETS[kind]):
                continue
            array, rows = batch.events[name], None
            if pa.types.is_list(array.type) or pa.types.is_large_list(array.type):
                rows, array = pc.list_parent_indices(array).to_numpy(), pc.list_flatten(array)
            texts = pl.Series(name, array)
            port = pl.Series(batch.events[ports[name]]) if ports[name] in present else None
            if port is not None and rows is not None:
                port = port.gather(rows)
            if texts.dtype != pl.Null:
                yield _Column(name, kind, texts.cast(pl.String), rows, port)

    def _block(self, column: _Column, first: int) -> pl.DataFrame | None:
        """Hits of up to `_BLOCK` values from a place on."""
        texts = column.texts.slice(first, _BLOCK)
        clean = self._clean.setdefault(column.kind, CleanTexts())
        unknown, hashes = clean.unknown(texts)
        if not len(unknown):
            return None
        hashes = hashes[unknown]
        some = pl.DataFrame([texts.gather(unknown).alias("text"), pl.Series("place", unknown + first)])
        kept = clean.distinct(hashes)
        tried = some["text"].filter(pl.Series(kept))
        met = self._meet(column.kind, tried)
        bad = met["text"].unique()
        if len(bad):
            clean.learn(hashes[kept][~tried.is_in(bad.implode()).fill_null(False).to_numpy()])
        else:
            clean.learn(hashes[kept])
            return None
        return _located(column, some.join(met, on="text"))

    def _meet(self, kind: Kind, texts: pl.Series) -> pl.DataFrame:
        """What texts of a column belong to: text, entry, and for endpoints the port wanted."""
        found = [
            (text, entry, port)
            for text in self._candidates(kind, texts.drop_nulls())
            for entry, port in self._remember(kind, text)
        ]
        return pl.DataFrame(found, _CANDIDATE, orient="row").unique()

    def _candidates(self, kind: Kind, texts: pl.Series) -> pl.Series:
        """Texts that may belong to an entry: odd ones, and those the filters let through."""
        maybe = np.ones(len(texts), np.bool_)
        for form in _HELD.get(kind, (kind,)):
            odd = np.flatnonzero(maybe)
            rest = texts if len(odd) == len(texts) else texts.gather(odd)
            written, plain = writing.written(form, rest)
            known = odd[plain.to_numpy()]
            if len(known):
                maybe[known] = False
                maybe[known[self._may_meet(form, written.filter(plain))]] = True
                if len(known) == len(odd):
                    break
        return texts.filter(pl.Series(maybe))

    def _may_meet(self, kind: Kind, texts: pl.Series) -> npt.NDArray[np.bool_]:
        """For canonical texts, whether filters let them through."""
        index = self.index
        if kind is Kind.ADDRESS:
            return index.may_hold(ADDRESS, texts) | self._may_lie_in_network(texts)
        if kind is Kind.HOST:
            return self._may_lie_below(texts)
        if kind is Kind.URL:
            return index.may_hold(URL, writing.keys(texts))
        found = index.may_hold(FAMILIES[kind], texts)
        if kind is Kind.FILE_PATH:
            found |= index.may_hold(FILE_NAME, writing.last_parts(texts))
        return found

    def _may_lie_below(self, names: pl.Series) -> npt.NDArray[np.bool_]:
        """Whether the name or one above it may be there."""
        found = self.index.may_hold(NAME, names)
        places = np.arange(len(names))
        while True:
            names = writing.parents(names)
            longer = names.is_not_null()
            names, places = names.filter(longer), places[longer.to_numpy()]
            if not len(names):
                return found
            found[places[self.index.may_hold(NAME, names)]] = True

    def _may_lie_in_network(self, addresses: pl.Series) -> npt.NDArray[np.bool_]:
        networks = self.index.networks
        found = np.zeros(len(addresses), np.bool_)
        if not networks:
            return found
        longer = addresses.str.contains(":", literal=True)
        if networks.has_ipv6:
            found |= longer.to_numpy()
        if networks.has_ipv4:
            found[~longer.to_numpy()] = networks.perhaps(writing.numbers(addresses.filter(~longer)).to_numpy())
        return found

    def _remember(self, kind: Kind, text: str) -> tuple[_Met, ...]:
        known = self._remembered.get((kind, text))
        if known is None:
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            known = self._remembered[kind, text] = tuple(self._met(kind, text))
        return known

    def _met(self, kind: Kind, text: str) -> Iterator[_Met]:
        """What one text of a column belongs to."""
        value = observed(kind, text)
        if value is not None:
            for row in self.index.meeting(value):
                yield _Met(row.entry, _port(row.value))


def _port(indicator: Value) -> int | None:
    return int(split_endpoint(indicator.text)[1]) if indicator.kind is Kind.ENDPOINT else None


def _located(column: _Column, met: pl.DataFrame) -> pl.DataFrame:
    """Hits in rows, those of endpoints only where the port is theirs."""
    places = met["place"]
    if column.ports is None:
        met = met.filter(pl.col("wanted").is_null())
    else:
        met = met.with_columns(column.ports.gather(places).alias("port"))
        met = met.filter(pl.col("wanted").is_null() | (pl.col("wanted") == pl.col("port")))
    rows = met["place"].to_numpy() if column.rows is None else column.rows[met["place"].to_numpy()]
    return pl.DataFrame(
        {
            "row": pl.Series(rows, dtype=pl.Int32),
            "entry": met["entry"],
            "column": pl.Series([column.name]).new_from_index(0, len(met)),
        },
        _HITS,
    )


def _answer(hits: pl.DataFrame) -> pa.RecordBatch:
    table = hits.sort("row", "entry", "column").to_arrow(compat_level=pl.CompatLevel.oldest()).cast(hits_schema())
    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], hits_schema())
