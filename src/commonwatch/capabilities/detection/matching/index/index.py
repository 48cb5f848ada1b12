"""The indicator index: values to entries, in generations, shared by the processes of a node through its files.

1. One base, immutable and memory-mapped, a segment for each family; behind it a log of changes, which every process holds
   in memory. A change is in force in the process that applies it when `apply` returns, elsewhere at the next `refresh`.
2. `generation` is the journal entry up to which the index knows. It is stored with every change, so a follower that starts
   goes on from `generation`; applying a change twice alters nothing.
3. An entry is the caller's number for an indicator; it may have several values, and a value several entries. Removing an
   entry removes all its values; removal comes before addition, so re-marking is both in one change.
4. A merge makes base and changes a new base beside the old one, while matching and changes go on.
5. One process applies at a time (`lock`), one merges (`merging`); reading needs no lock. Inside a process `guard` keeps a
   batch and a change apart, so that a batch is matched in one generation.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from commonwatch.capabilities.detection.matching.index import filter as bloom
from commonwatch.capabilities.detection.matching.index import segment
from commonwatch.capabilities.detection.matching.index.changes import Change, ChangeLog
from commonwatch.capabilities.detection.matching.index.delta import Delta
from commonwatch.capabilities.detection.matching.index.families import (
    ADDRESS,
    FAMILIES,
    FILE_NAME,
    NAME,
    NETWORK,
    NUMBERS,
    URL,
    agrees,
)
from commonwatch.capabilities.detection.matching.index.found import ANY_PORT, Found, found, joined
from commonwatch.capabilities.detection.matching.index.hashing import hash_column, hash_one
from commonwatch.capabilities.detection.matching.index.networks import Networks
from commonwatch.capabilities.detection.matching.index.segment import Row, Segment
from commonwatch.capabilities.detection.matching.index.store import CHANGES, Store, damaged
from commonwatch.core.errors import Conflict
from commonwatch.core.patterns.canonical import split_endpoint, without_scheme
from commonwatch.core.patterns.values import Kind, Value

if TYPE_CHECKING:
    import pyarrow as pa

MERGE_AFTER = 200_000  # changes: some 30 MB of memory in each process
_ATTEMPTS = 10  # of opening a base that a merge may take away between two steps
_KIND_NUMBERS: Mapping[str, int] = {kind.value: number for kind, number in NUMBERS.items()}


class IndicatorIndex:
    """An open index. Make one with `open` or `build`."""

    generation: int
    additions: int  # rises with every change that may make a value match that did not before
    changes: int  # rises with every change

    def __init__(self, folder: Path) -> None:
        self._store = Store(folder)
        self.additions = self.changes = 0
        self.guard = threading.RLock()
        self._load()

    @classmethod
    def open(cls, folder: Path) -> IndicatorIndex:
        """Open the index in a folder; an empty one of generation 0 is made where there is none."""
        store = Store(folder)
        if store.stamp() is None:
            with store.lock("merging"), store.lock():
                if store.stamp() is None:
                    _write_base(store, {}, 0)
        return cls(folder)

    @classmethod
    def build(cls, folder: Path, batches: Iterable[pa.RecordBatch], generation: int) -> IndicatorIndex:
        """Write the index anew from batches of entry (int64), kind and text (canonical), and open it."""
        store = Store(folder)
        gathered: dict[str, list[pl.DataFrame]] = {}
        for batch in batches:
            rows = pl.DataFrame(batch)
            for (kind,), part in rows.group_by("kind"):
                numbered = part.select(
                    pl.col("entry").cast(pl.Int64), pl.lit(_KIND_NUMBERS[str(kind)], pl.UInt8).alias("kind"), "text"
                )
                gathered.setdefault(FAMILIES[Kind(str(kind))], []).append(numbered)
        with store.lock("merging"), store.lock():
            _write_base(store, {family: pl.concat(parts) for family, parts in gathered.items()}, generation)
        return cls(folder)

    def apply(self, added: Iterable[tuple[int, Value]], removed: Iterable[int], generation: int) -> None:
        """Put changes in force, removals first. Values are canonical; `generation` never falls."""
        with self.guard, self._store.lock():
            self.refresh()
            if generation < self.generation:
                raise Conflict(
                    "index-ahead",
                    f"The index knows the journal up to {self.generation} already.",
                    f"Go on from there, not from {generation}.",
                )
            plain = [(entry, NUMBERS[value.kind], value.text) for entry, value in added]
            record = Change(generation, list(removed), plain)
            self._log.append(record)
            self._take(record)

    def refresh(self) -> bool:
        """Learn what other processes changed; whether anything did. Cheap enough for every batch."""
        with self.guard:
            if self._store.stamp() != self._stamp:
                self._load()
                return True
            before = self.changes
            if self._log.grown():
                for record in self._log.read():
                    self._take(record)
            return self.changes > before

    @property
    def merge_due(self) -> bool:
        """Whether so much changed that a merge pays."""
        return self._delta.size >= MERGE_AFTER

    def merge(self) -> None:
        """Make base and changes a new base. Takes seconds for millions; matching and changes go on meanwhile."""
        with self._store.lock("merging"):
            with self.guard:
                self.refresh()
                families = {*self._segments, *self._delta.families()}
                tables = {family: self._table(family) for family in families}
                generation, end = self.generation, self._log.end
            number, folder = self._store.new_base()
            rows = _write_segments(folder, tables)
            with self.guard, self._store.lock():
                self.refresh()
                (folder / CHANGES).write_bytes(self._log.behind(end))
                self._store.publish(number, generation, rows)
                self._load()

    def verify(self) -> None:
        """Read the whole base and compare its checksums."""
        self._store.verify(self._manifest)

    def __len__(self) -> int:
        """Rows in the base and added since; removed ones count until the next merge."""
        fresh = sum(1 for family in self._delta.families() for _ in self._delta.added(family))
        return sum(map(len, self._segments.values())) + fresh

    def lookup(self, value: Value, port: int | None = None) -> tuple[int, ...]:
        """Entries that an observed value belongs to, by itself or with its port, in order."""
        with self.guard:
            return tuple(sorted({row.entry for row in self.meeting(value) if port_of(row.value) in (None, port)}))

    def meeting(self, value: Value) -> Iterator[Row]:
        """Rows that an observed canonical value belongs to; endpoints whatever their port."""
        kind, text = value
        if kind is Kind.ADDRESS:
            yield from self.under(ADDRESS, text)
            if self.networks:
                for network in self.networks.around(text):
                    yield from self.under(NETWORK, network)
        elif kind is Kind.HOST:
            yield from self.under(NAME, text)
            yield from self._above(text)
        elif kind is Kind.URL:
            scheme, key = without_scheme(text)
            yield from self.under(URL, key, scheme)
        else:
            yield from self.under(FAMILIES[kind], text)
            if kind is Kind.FILE_PATH:
                yield from self.under(FILE_NAME, text.replace("\\", "/").rpartition("/")[2].strip())

    def under(self, family: str, key: str, scheme: str = "") -> list[Row]:
        """Rows in force under one key of a family."""
        base = self._segments.get(family)
        if base is None:
            return []
        hashed = hash_one(key)
        if not bloom.holds_one(base.words, hashed):
            return []
        dead = self._delta.dead
        found = [row for row in base.under(hashed) if row.entry not in dead]
        base.looked_at(1)
        found += self._delta.under(family, key)
        return [row for row in found if agrees(row.value, key, scheme)]

    def under_many(self, family: str, keys: pl.Series, schemes: pl.Series | None = None) -> Found:
        """The same for a column of keys without nulls."""
        base = self._segments.get(family)
        if base is None or not len(keys):
            return found(())
        hashes = hash_column(keys)
        maybe = np.flatnonzero(bloom.holds(base.words, hashes))
        if not len(maybe):
            return found(())
        which, at = base.with_hashes(hashes[maybe])
        places = maybe[which]
        rows = pl.DataFrame({"kind": base.kinds[at], "text": pl.Series(base.texts.take(pl.Series(at).to_arrow()))})
        agree = (segment.keys_of(family, rows) == keys.gather(places)).to_numpy()
        if schemes is not None:
            agree &= _schemes_agree(rows["text"], schemes.gather(places))
        if self._delta.dead:
            agree &= np.array([entry not in self._delta.dead for entry in base.entries[at].tolist()], np.bool_)
        kept = np.flatnonzero(agree)
        stored = Found(places[kept], base.entries[at[kept]], _ports(rows[kept]), base.kinds[at[kept]].astype(np.int64))
        base.looked_at(len(maybe))
        added = [
            (place, row.entry, port_of(row.value), NUMBERS[row.value.kind])
            for place in (maybe.tolist() if family in self._delta.families() else ())
            for row in self._delta.under(family, keys[place])
            if agrees(row.value, keys[place], "" if schemes is None else schemes[place])
        ]
        return joined([stored, found(added)]) if added else stored

    def give_back(self) -> None:
        """Let go of the pages of the base that were looked at."""
        for base in self._segments.values():
            base.give_back()

    def has(self, *kinds: Kind) -> bool:
        """Whether there may be an indicator of one of these kinds."""
        return any(FAMILIES[kind] in self._segments for kind in kinds)

    def entries_of(self, kind: Kind) -> npt.NDArray[np.int64]:
        """Entries in force with a value of this kind."""
        family = FAMILIES[kind]
        base = self._segments[family].entries_of(kind) if family in self._segments else np.empty(0, np.int64)
        alive = [int(entry) for entry in base if int(entry) not in self._delta.dead] if self._delta.dead else base
        fresh = [row.entry for row in self._delta.added(family) if row.value.kind is kind]
        return np.unique(np.concatenate([np.asarray(alive, np.int64), np.asarray(fresh, np.int64)]))

    def _above(self, name: str) -> Iterator[Row]:
        """Domains that a name lies below."""
        while name := name.partition(".")[2]:
            for row in self.under(NAME, name):
                if row.value.kind is Kind.DOMAIN:
                    yield row

    def _load(self) -> None:
        """Open the base that counts, and take the changes since."""
        for attempt in range(_ATTEMPTS):
            try:
                stamp, manifest = self._store.stamp(), self._store.manifest()
                folder = self._store.base(manifest.number)
                segments = {family: Segment.open(folder, family) for family in manifest.rows}
                log = ChangeLog(folder / CHANGES)
            except FileNotFoundError as error:
                if attempt == _ATTEMPTS - 1:
                    raise damaged(Path(error.filename), "is not there") from error
                continue
            break
        self._stamp, self._manifest, self._log = stamp, manifest, log
        self._segments, self._delta, self.networks = segments, Delta(), Networks()
        if NETWORK in segments:
            self.networks.extend(pl.Series(segments[NETWORK].rows["text"]))
        self.generation = manifest.generation
        self.additions += 1
        self.changes += 1
        for record in log.read():
            self._take(record)

    def _take(self, record: Change) -> None:
        for family, keys in self._delta.take(record.removed, record.added).items():
            if family not in self._segments:
                self._segments[family] = Segment.empty()
            bloom.add(self._segments[family].words, np.array([hash_one(key) for key in keys], np.uint64))
            if family == NETWORK:
                for key in keys:
                    self.networks.add(key)
        self.generation = record.generation
        self.additions += bool(record.added)
        self.changes += 1

    def _table(self, family: str) -> pl.DataFrame:
        """A family's rows in force: for a new base."""
        fresh = list(self._delta.added(family))
        added = pl.DataFrame(
            {
                "entry": [row.entry for row in fresh],
                "kind": [NUMBERS[row.value.kind] for row in fresh],
                "text": [row.value.text for row in fresh],
            },
            {"entry": pl.Int64, "kind": pl.UInt8, "text": pl.String},
        )
        base = pl.DataFrame(self._segments[family].rows.drop_columns("hash"))
        if self._delta.dead:
            base = base.filter(~pl.col("entry").is_in(list(self._delta.dead)))
        return pl.concat([base, added])


def port_of(indicator: Value) -> int | None:
    """The port that an endpoint is meant on; everything else is meant on any."""
    return int(split_endpoint(indicator.text)[1]) if indicator.kind is Kind.ENDPOINT else None


def _ports(rows: pl.DataFrame) -> npt.NDArray[np.int64]:
    """`port_of` for rows of kind and text."""
    ends = rows["kind"] == NUMBERS[Kind.ENDPOINT]
    if not ends.any():
        return np.full(len(rows), ANY_PORT)
    ports = rows.select(pl.when(ends).then(pl.col("text").str.extract(r":([0-9]+)$").cast(pl.Int64)))
    return ports.to_series().fill_null(ANY_PORT).to_numpy()


def _schemes_agree(urls: pl.Series, seen: pl.Series) -> npt.NDArray[np.bool_]:
    """Whether URLs and values that share a key have one scheme, or one of them has none."""
    wanted = urls.str.extract(r"^([^/]*?)://").fill_null("")
    return ((wanted == "") | (seen == "") | (wanted == seen)).to_numpy()


def _write_base(store: Store, tables: Mapping[str, pl.DataFrame], generation: int) -> None:
    number, folder = store.new_base()
    rows = _write_segments(folder, tables)
    (folder / CHANGES).touch()
    store.publish(number, generation, rows)


def _write_segments(folder: Path, tables: Mapping[str, pl.DataFrame]) -> dict[str, int]:
    """Write every family that has rows; how many it has."""
    filled = {family: table for family, table in tables.items() if len(table)}
    for family, table in filled.items():
        segment.write(folder, family, table)
    return {family: len(table) for family, table in filled.items()}
