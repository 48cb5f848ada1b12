"""Plain indicators against a batch: the matcher of the index, for live telemetry, hunts and cluster drivers alike.

1. Columns that are read from the same fields are looked up together (`cells`). What is not known to be clean is made canonical,
   hashed, and put to the filter of its family; the few that pass are decided on text, as `IndicatorIndex.meeting` decides one.
2. Small batches take the same decision value by value from a dictionary, without the cost of starting column engines. Both
   ways give the same hits in the same order.
3. A host column meets hosts, domains above, and addresses where it holds one; an address column addresses, networks and,
   with the port that its mapping names, endpoints; a path column also the name at its end (`families.MEETS`).
4. A batch is matched in one generation. The matcher does not look for changes by itself: call `refresh` between batches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from commonwatch.capabilities.detection.matching import writing
from commonwatch.capabilities.detection.matching.cells import Cells, Form, Key, cells, text_of
from commonwatch.capabilities.detection.matching.index.families import (
    ADDRESS,
    FAMILIES,
    FILE_NAME,
    KINDS,
    MEETS,
    NAME,
    NETWORK,
    NUMBERS,
    URL,
)
from commonwatch.capabilities.detection.matching.index.found import Found, found, joined
from commonwatch.capabilities.detection.matching.index.hashing import Hashes
from commonwatch.capabilities.detection.matching.index.index import IndicatorIndex, port_of
from commonwatch.capabilities.detection.matching.matcher import Unexecutable, hits_schema
from commonwatch.capabilities.detection.matching.memory import Rows, Texts
from commonwatch.capabilities.detection.telemetry import batch as telemetry
from commonwatch.core.patterns.canonical import observed
from commonwatch.core.patterns.values import Kind

SMALL = 500  # events: below, a batch costs less value by value than as columns
_REMEMBERED = 200_000  # texts that were decided one at a time, with what they met
_BLOCK = 1 << 18  # values at a time: bounds memory
_FEW = 128  # texts: below, deciding one at a time costs less than starting column engines
_HELD: Mapping[Kind, tuple[Kind, ...]] = {Kind.HOST: (Kind.HOST, Kind.ADDRESS)}  # the forms that a column may hold


class _Met(NamedTuple):
    """An entry that a value belongs to, for an endpoint on this port only."""

    entry: int
    port: int | None


class _Hits(NamedTuple):
    """Entries that rows of a column belong to; a pair may come twice."""

    column: str
    rows: Rows
    entries: npt.NDArray[np.int64]


class IndexMatcher:
    """The index as a `Matcher`."""

    takes_codes = True

    def __init__(self, index: IndicatorIndex) -> None:
        self.index = index
        self._key = Key()
        self._texts: dict[Form, Texts] = {}
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
            columns = [one for one in batch.mapping.columns if one.kind and self.index.has(*MEETS[one.kind])]
            if batch.events.num_rows < SMALL:
                met = self._value_by_value(batch, columns)
            else:
                met = [hits for one in cells(batch, columns, SMALL) for hits in self._of_cells(one)]
            self.index.give_back()
            return _answer(met)

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
        for texts in self._texts.values():
            if additions != self.index.additions or texts.full:
                texts.forget()
            elif changes != self.index.changes:
                texts.forget_met()
        self._seen = (self.index.additions, self.index.changes)

    def _value_by_value(self, batch: telemetry.Batch, columns: Sequence[telemetry.Column]) -> list[_Hits]:
        of_columns = []
        for one in cells(batch, columns, SMALL):
            values = [field.values for field in one.fields]  # none come as codes
            rows = range(batch.events.num_rows) if one.rows is None else one.rows.tolist()
            for member in one.members:
                hits: set[tuple[int, int]] = set()
                for row, text in zip(rows, text_of(member, values), strict=True):
                    for entry, port in self._remember(member.kind, text) if text is not None else ():
                        if port is None or (member.ports is not None and member.ports[row] == port):
                            hits.add((row, entry))
                if hits:
                    pairs = np.array(list(hits), np.int64)
                    of_columns.append(_Hits(member.column.name, pairs[:, 0], pairs[:, 1]))
        return of_columns

    def _of_cells(self, of: Cells) -> Iterator[_Hits]:
        memory = self._texts.setdefault(of.form, Texts())
        there, numbers = self._numbered(of, memory)
        if of.codes is not None:
            of_texts = np.zeros(len(of.fields[0].values) + 1, np.int64)  # and of the null after the last
            of_texts[there] = numbers
            there = np.flatnonzero((of_texts > 0).take(of.codes))
            numbers = of_texts[of.codes[there]]
        met = memory.met(numbers)
        rows = there[met.which] if of.rows is None else of.rows[there[met.which]]
        for place, member in enumerate(of.members):
            kept = met.members == place
            if (met.ports[kept] >= 0).any():
                seen = np.full(len(rows), -1) if member.ports is None else member.ports.gather(rows).fill_null(-1)
                kept &= (met.ports < 0) | (met.ports == np.asarray(seen))
            if kept.any():
                yield _Hits(member.column.name, rows[kept], met.entries[kept])

    def _numbered(self, of: Cells, memory: Texts) -> tuple[Rows, Rows]:
        """Cells that belong to an entry, and the numbers under which the memory says to which."""
        hashes = of.hashes(self._key)
        there, numbers = memory.not_clean(hashes)
        unknown = np.flatnonzero(numbers == 0)
        for first in range(0, len(unknown), _BLOCK):
            some = unknown[first : first + _BLOCK]
            numbers[some] = self._decided(of, there[some], hashes[there[some]], memory)
        met = numbers > 0
        return there[met], numbers[met]

    def _decided(self, of: Cells, at: Rows, hashes: Hashes, memory: Texts) -> Rows:
        """The numbers of cells that the memory does not know, 0 for those that belong to nothing."""
        kept = np.flatnonzero(memory.distinct(hashes))
        values, once = of.values(at[kept]), hashes[kept]
        met = [self._meet_some(member.kind, text_of(member, values)) for member in of.members]
        numbers = memory.learn(once, met)
        bad = np.flatnonzero(numbers)
        if not len(bad):
            return np.zeros(len(hashes), np.int64)
        bad = bad[np.argsort(once[bad])]
        found = np.searchsorted(once[bad], hashes).clip(max=len(bad) - 1)
        return np.where(once[bad[found]] == hashes, numbers[bad[found]], 0)

    def _meet_some(self, kind: Kind, texts: pl.Series) -> Found:
        """What texts of a column belong to, some of which may be absent."""
        if not texts.null_count():
            return self._meet(kind, texts)
        there = np.flatnonzero(texts.is_not_null().to_numpy())
        return self._meet(kind, texts.gather(there)).at(there)

    def _meet(self, kind: Kind, texts: pl.Series) -> Found:
        """What texts of a column belong to: those in their final form at once, the odd ones by themselves."""
        odd, parts = np.arange(len(texts)), []
        for form in _HELD.get(kind, (kind,)) if len(texts) >= _FEW else ():
            written, sure = writing.written(form, texts.gather(odd))
            known = sure.to_numpy()
            parts.append(self._canonical_meet(form, written.filter(sure)).at(odd[known]))
            odd = odd[~known]
            if not len(odd):
                break
        alone = [
            (place, entry, port, 0)
            for place, text in zip(odd.tolist(), texts.gather(odd), strict=True)
            for entry, port in self._remember(kind, text)
        ]
        return joined([*parts, found(alone)])

    def _canonical_meet(self, kind: Kind, texts: pl.Series) -> Found:
        """What values belong to: `IndicatorIndex.meeting` for many."""
        index = self.index
        if kind is Kind.ADDRESS:
            return joined([index.under_many(ADDRESS, texts), self._networks_around(texts)])
        if kind is Kind.HOST:
            return joined([index.under_many(NAME, texts), *self._domains_above(texts)])
        if kind is Kind.URL:
            return index.under_many(URL, writing.keys(texts), writing.schemes(texts))
        there = index.under_many(FAMILIES[kind], texts)
        if kind is Kind.FILE_PATH:
            there = joined([there, index.under_many(FILE_NAME, writing.last_parts(texts))])
        return there

    def _domains_above(self, names: pl.Series) -> Iterator[Found]:
        places = np.arange(len(names))
        while True:
            names = writing.parents(names)
            longer = names.is_not_null()
            names, places = names.filter(longer), places[longer.to_numpy()]
            if not len(names):
                return
            above = self.index.under_many(NAME, names)
            yield above.only(above.kinds == NUMBERS[Kind.DOMAIN]).at(places)

    def _networks_around(self, addresses: pl.Series) -> Found:
        maybe = np.flatnonzero(self._may_lie_in_network(addresses))
        return found(
            [
                (place, row.entry, None, NUMBERS[Kind.NETWORK])
                for place, address in zip(maybe.tolist(), addresses.gather(maybe), strict=True)
                for network in self.index.networks.around(address)
                for row in self.index.under(NETWORK, network)
            ]
        )

    def _may_lie_in_network(self, addresses: pl.Series) -> npt.NDArray[np.bool_]:
        networks = self.index.networks
        maybe = np.zeros(len(addresses), np.bool_)
        if not networks:
            return maybe
        longer = addresses.str.contains(":", literal=True)
        if networks.has_ipv6:
            maybe |= longer.to_numpy()
        if networks.has_ipv4:
            maybe[~longer.to_numpy()] = networks.perhaps(writing.numbers(addresses.filter(~longer)))
        return maybe

    def _remember(self, kind: Kind, text: str) -> tuple[_Met, ...]:
        """What one text of a column belongs to."""
        known = self._remembered.get((kind, text))
        if known is None:
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            value = observed(kind, text)
            rows = self.index.meeting(value) if value is not None else ()
            known = self._remembered[kind, text] = tuple(_Met(row.entry, port_of(row.value)) for row in rows)
        return known


def _answer(of_columns: list[_Hits]) -> pa.RecordBatch:
    """Hits of all columns, each once, by row, then entry, then column."""
    names = sorted({hits.column for hits in of_columns})
    rows = np.concatenate([np.empty(0, np.int64), *(hits.rows for hits in of_columns)])
    entries = np.concatenate([np.empty(0, np.int64), *(hits.entries for hits in of_columns)])
    columns = np.repeat([names.index(hits.column) for hits in of_columns], [len(hits.rows) for hits in of_columns])
    order = np.lexsort((columns, entries, rows)) if of_columns else np.empty(0, np.int64)
    rows, entries, columns = rows[order], entries[order], columns[order]
    fresh = np.ones(len(rows), np.bool_)
    fresh[1:] = (rows[1:] != rows[:-1]) | (entries[1:] != entries[:-1]) | (columns[1:] != columns[:-1])
    named = pa.array(names, pa.string()).take(pa.array(columns[fresh], pa.int64()))
    return pa.RecordBatch.from_arrays(
        [pa.array(rows[fresh], pa.int32()), pa.array(entries[fresh], pa.int64()), named], schema=hits_schema()
    )
