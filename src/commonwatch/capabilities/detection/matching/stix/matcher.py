"""The matcher of STIX patterns: batches in, hits out, equal to the reference evaluation of the same rows.

1. A row is one observation at the time of its event; what objects it has says `layout`.
2. A pattern that one observation decides is stateless. For every other a `Machine` takes the rows that meet its brackets, in
   the order of time within a batch, across batches and mappings; the hit is the row that completes the pattern. A row
   without a time takes no part where time matters, and is counted.
3. A mapping is compiled when its first batch comes. Patterns are grouped by what they ask: the cost of a batch is one pass
   over each column that is asked for, plus what is hit.
4. A rule that a mapping gives no chance says which paths it misses; a pattern that cannot be executed at all, why.
5. What a machine remembers is carried over a restart pattern by pattern (`memories`, `resume`), and into a matcher of other
   patterns (`before`) wherever the pattern's text is the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as AbstractMapping
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from commonwatch.capabilities.detection.matching.matcher import Follow, Memory, Step, Unexecutable, hits_schema
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
_PLACES = 1 << 23  # a place's number is a hash, so that it is the same after a restart; keys stay below 2^63


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


class StixMatcher:
    """Patterns, compiled for each mapping that comes."""

    def __init__(
        self,
        entries: Iterable[Entry],
        generation: int = 0,
        lateness: int = LATENESS,
        before: StixMatcher | None = None,
    ) -> None:
        self.generation = generation
        self.timeless = 0  # rows that time would have mattered for
        self.met: dict[tuple[int, int], Met] = {}  # (row, entry) of the last batch: how a stateful pattern was met
        self._plans: dict[int, Plan] = {}
        self._problems: dict[int, Problem] = {}
        self._machines: dict[int, Machine] = {}
        self._compiled: dict[str, Compiled] = {}
        self._places: dict[int, str] = {}
        self._changed: set[int] = set()
        self._steps: list[Step] | None = None  # where steps go that are not to be taken now
        for one in entries:
            self._add(one, lateness)
        if before is not None:
            self._go_on(before)

    def _go_on(self, before: StixMatcher) -> None:
        """Take over what was remembered of patterns that are still the same; `before` is not to be used any more."""
        self._places = before._places
        self._changed = before._changed & self._machines.keys()
        for entry, machine in self._machines.items():
            old = before._machines.get(entry)
            if old is None or old.name != machine.name:
                self._changed.discard(entry)
            elif old.horizon == machine.horizon:
                self._machines[entry] = old
            else:
                machine.restore(old.snapshot())

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

    def parted(self, batch: Batch) -> tuple[pa.RecordBatch, list[Step]]:
        """The hits of one event each, and the steps of stateful patterns, not taken."""
        steps: list[Step] = []
        self._steps = steps
        try:
            return self.match(batch), steps
        finally:
            self._steps = None

    def follower(self, batch: Batch) -> Follow:
        """Takes steps of the batch's rows."""
        moments = batch.events.column(TIME).to_numpy(zero_copy_only=False)
        records = batch.events.column(RECORD).to_numpy(zero_copy_only=False)
        base = self._place(batch.place) * _PLACE

        def follow(step: Step) -> tuple[int, ...]:
            moment = int(moments[step.row])
            arrival = Arrival(base + int(records[step.row]), moment, moment, frozenset(step.brackets))
            return (step.node,) if self._machines[step.node].take(arrival) is not None else ()

        return follow

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
        met, kinds = _kinds(rows, rows_of)
        if self._steps is not None:
            brackets = [tuple(sorted(one)) for one in met]
            self._steps += (
                Step(row, entry, brackets[kind]) for row, kind in zip(rows.tolist(), kinds.tolist(), strict=True)
            )
            return NONE
        moments = times.of(rows)
        base = self._place(batch.place) * _PLACE
        self._changed.add(entry)
        records = batch.events.column(RECORD).to_numpy(zero_copy_only=False)[rows]
        order = np.argsort(moments, kind="stable")
        take = self._machines[entry].take
        completed = []
        columns = (rows, moments, records, kinds)
        for row, moment, record, kind in zip(*(one[order].tolist() for one in columns), strict=True):
            done = take(Arrival(base + record, moment, moment, met[kind]))
            if done is not None:
                self.met[row, entry] = done
                completed.append(row)
        return np.asarray(sorted(completed), dtype=np.int64) if completed else NONE

    def origins(self, met: Met) -> tuple[Origin, ...]:
        """Where the observations of a match were read, in the order of the pattern; "" for a place before the restart."""
        return tuple(Origin(self._places.get(key // _PLACE, ""), key % _PLACE) for key in met.keys)

    def _place(self, place: str) -> int:
        number = int.from_bytes(blake2b(place.encode("utf-8", "replace"), digest_size=8).digest()) % _PLACES
        self._places[number] = place
        return number

    def unexecutable(self, mapping: Mapping) -> AbstractMapping[int, Unexecutable]:
        """Entries that can never match events of this mapping, each with its reason."""
        never = {entry: Unexecutable(entry, str(problem)) for entry, problem in self._problems.items()}
        compiled = self._for(mapping)
        for entry, reason in compiled.never.items():
            never[entry] = Unexecutable(entry, reason)
        return never

    def columns(self, mapping: Mapping) -> frozenset[str]:
        """The columns that some pattern asks."""
        return frozenset(self._for(mapping).columns)

    def _for(self, mapping: Mapping) -> Compiled:
        if mapping.name not in self._compiled:
            self._compiled[mapping.name] = Compiled(mapping, self._plans)
        return self._compiled[mapping.name]

    def patterns(self) -> Iterator[tuple[int, str]]:
        """Entry and digest of every pattern that needs a machine."""
        yield from ((entry, machine.name.hex()) for entry, machine in self._machines.items())

    def memories(self) -> Iterator[Memory]:
        """What the machines remember that took something since `kept`."""
        for entry in sorted(self._changed):
            machine = self._machines[entry]
            yield Memory(entry, machine.name.hex(), machine.snapshot())

    def kept(self) -> None:
        """All of `memories` is stored."""
        self._changed.clear()

    def resume(self, memory: Memory) -> bool:
        """Go on with what was remembered; False where the pattern is not here. Raises InvalidInput where it is unfit."""
        machine = self._machines.get(memory.entry)
        if machine is None or machine.name.hex() != memory.name:
            return False
        machine.restore(memory.state)
        return True


def _kinds(rows: Rows, rows_of: AbstractMapping[int, Rows]) -> tuple[list[frozenset[int]], Rows]:
    """The sets of brackets that rows meet, and for each row the number of its set."""
    sets: list[frozenset[int]] = [frozenset()]
    kinds = np.zeros(len(rows), dtype=np.int64)
    for bracket, those in rows_of.items():
        now, kinds = np.unique(kinds * 2 + np.isin(rows, those, assume_unique=True), return_inverse=True)
        sets = [sets[one >> 1] | {bracket} if one & 1 else sets[one >> 1] for one in now.tolist()]
    return sets, kinds


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
