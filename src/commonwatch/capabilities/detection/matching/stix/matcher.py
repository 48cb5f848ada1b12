"""The matcher of STIX patterns: batches in, hits out, equal to the reference evaluation of the same rows.

1. A row is one observation at the time of its event; what objects it has says `layout`.
2. A pattern that one observation decides is stateless. For every other a `Machine` takes the rows that meet its brackets, in
   the order of time within a batch, across batches and mappings; the hit is the row that completes the pattern. A row
   without a time takes no part where time matters, and is counted.
3. A mapping is compiled when its first batch comes. Patterns are grouped by what they ask: the cost of a batch is one pass
   over each column that is asked for, plus what is hit.
4. A rule that a mapping gives no chance says which paths it misses; a pattern that cannot be executed at all, why.
5. `snapshot` and `restore` carry what the machines remember over a restart.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as AbstractMapping
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from commonwatch.capabilities.detection.matching.matcher import Unexecutable, hits_schema
from commonwatch.capabilities.detection.matching.stix.columns import NONE, Cells, Rows
from commonwatch.capabilities.detection.matching.stix.compiled import Compiled, Leaf
from commonwatch.capabilities.detection.matching.stix.whole import Timeless, bracket_rows, whole_rows
from commonwatch.capabilities.detection.telemetry.batch import RECORD, TIME, Batch, Mapping
from commonwatch.core.patterns.stix.bindings import Arrival
from commonwatch.core.patterns.stix.machine import Machine, Met
from commonwatch.core.patterns.stix.planning import Plan, plan
from commonwatch.core.patterns.stix.problems import Problem
from commonwatch.core.patterns.stix.syntax import Bracket, Pattern

LATENESS = 60 * 1_000_000  # how late an event may come and still count as in time
_PLACE = 1 << 40  # keys of observations: the number of the place, and the record in it


class Entry(NamedTuple):
    """A pattern under the caller's number, with the validity of its indicator in microseconds."""

    entry: int
    pattern: Pattern
    valid_from: int | None = None
    valid_until: int | None = None


class Origin(NamedTuple):
    """Where an observation of a match was read."""

    place: str
    record: int


class _Snapshot(msgspec.Struct, array_like=True):
    places: list[str]
    machines: dict[int, bytes]


class StixMatcher:
    """Patterns, compiled for each mapping that comes."""

    def __init__(self, entries: Iterable[Entry], generation: int = 0, lateness: int = LATENESS) -> None:
        self.generation = generation
        self.timeless = 0  # rows that time would have mattered for
        self.met: dict[tuple[int, int], Met] = {}  # (row, entry) of the last batch: how a stateful pattern was met
        self._plans: dict[int, Plan] = {}
        self._problems: dict[int, Problem] = {}
        self._machines: dict[int, Machine] = {}
        self._compiled: dict[str, Compiled] = {}
        self._places: dict[str, int] = {}
        for one in entries:
            self._add(one, lateness)

    def _add(self, one: Entry, lateness: int) -> None:
        made = plan(one.pattern)
        if isinstance(made, Problem):
            self._problems[one.entry] = made
            return
        self._plans[one.entry] = made
        if not made.stateless:
            self._machines[one.entry] = Machine(made, made.horizon(one.valid_from, one.valid_until), lateness)

    def match(self, batch: Batch) -> pa.RecordBatch:
        """Hits of a batch, in the order of rows, entries and columns."""
        compiled = self._for(batch.mapping)
        cells = Cells(batch.events)
        leaves = compiled.hit(cells)
        self.met = {}
        hits: list[tuple[Rows, int, str]] = []
        for entry, found in leaves.items():
            hits.extend(self._entry_hits(batch, entry, found))
        return _answer(hits)

    def _entry_hits(self, batch: Batch, entry: int, found: list[tuple[Leaf, Rows]]) -> list[tuple[Rows, int, str]]:
        made = self._plans[entry]
        if isinstance(made.pattern.root, Bracket):
            return [(rows, entry, leaf.column) for leaf, rows in found]
        rows_of = bracket_rows(found)
        times = Timeless(batch.events.column(TIME))
        if made.stateless:
            rows = whole_rows(made.pattern.root, rows_of, times)
            self.timeless += times.missed
            return [(rows, entry, "")]
        return [(self._fed(batch, entry, rows_of, times), entry, "")]

    def _fed(self, batch: Batch, entry: int, rows_of: AbstractMapping[int, Rows], times: Timeless) -> Rows:
        """Give a machine the rows that meet its brackets; the rows that complete the pattern."""
        rows = times.known(np.unique(np.concatenate(list(rows_of.values()))))
        self.timeless += times.missed
        met: dict[int, set[int]] = {}
        for bracket, those in rows_of.items():
            for row in those.tolist():
                met.setdefault(row, set()).add(bracket)
        moments = times.of(rows)
        base = self._places.setdefault(batch.place, len(self._places)) * _PLACE
        records = batch.events.column(RECORD).to_numpy(zero_copy_only=False)
        completed = []
        for number in np.argsort(moments, kind="stable").tolist():
            row, moment = int(rows[number]), int(moments[number])
            arrival = Arrival(base + int(records[row]), moment, moment, frozenset(met[row]))
            done = self._machines[entry].take(arrival)
            if done is not None:
                self.met[row, entry] = done
                completed.append(row)
        return np.asarray(sorted(completed), dtype=np.int64) if completed else NONE

    def origins(self, met: Met) -> tuple[Origin, ...]:
        """Where the observations of a match were read, in the order of the pattern."""
        places = list(self._places)
        return tuple(Origin(places[key // _PLACE], key % _PLACE) for key in met.keys)

    def unexecutable(self, mapping: Mapping) -> AbstractMapping[int, Unexecutable]:
        """Entries that can never match events of this mapping, each with its reason."""
        never = {entry: Unexecutable(entry, str(problem)) for entry, problem in self._problems.items()}
        compiled = self._for(mapping)
        for entry, reason in compiled.never.items():
            never[entry] = Unexecutable(entry, reason)
        return never

    def _for(self, mapping: Mapping) -> Compiled:
        if mapping.name not in self._compiled:
            self._compiled[mapping.name] = Compiled(mapping, self._plans)
        return self._compiled[mapping.name]

    def snapshot(self) -> bytes:
        """What the machines remember."""
        machines = {entry: machine.snapshot() for entry, machine in self._machines.items()}
        return msgspec.msgpack.encode(_Snapshot(list(self._places), machines))

    def restore(self, snapshot: bytes) -> None:
        """Go on from a snapshot; patterns that have come since begin afresh, those that have gone are left out."""
        read = msgspec.msgpack.decode(snapshot, type=_Snapshot)
        self._places = {place: number for number, place in enumerate(read.places)}
        for entry, saved in read.machines.items():
            if entry in self._machines:
                self._machines[entry].restore(saved)


def _answer(hits: list[tuple[Rows, int, str]]) -> pa.RecordBatch:
    found = [one for one in hits if len(one[0])]
    rows = np.concatenate([rows for rows, _, _ in found]) if found else NONE
    entries = np.repeat([entry for _, entry, _ in found], [len(rows) for rows, _, _ in found]).astype(np.int64)
    columns: Any = np.repeat(
        np.asarray([column for _, _, column in found], dtype=object), [len(r) for r, _, _ in found]
    )
    made = pa.RecordBatch.from_arrays(
        [pa.array(rows, pa.int32()), pa.array(entries, pa.int64()), pa.array(columns, pa.string())],
        schema=hits_schema(),
    )
    return made.sort_by([("row", "ascending"), ("entry", "ascending"), ("column", "ascending")])
