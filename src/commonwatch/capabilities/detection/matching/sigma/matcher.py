"""The matcher of Sigma rules: batches in, hits out, correlations among them.

`SigmaMatcher(pairs, generation)` takes what `core.patterns.sigma.reading.read` (or `cache.readings`) made of each entry's
text. Rules are made ready for a mapping when its first batch comes. A matcher with correlations remembers, within bounds,
what it has seen: hand it the batches of one stream in their order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as AbstractMapping
from typing import TYPE_CHECKING

from commonwatch.capabilities.detection.matching.matcher import Follow, Memory, Step, Unexecutable, hits_schema
from commonwatch.capabilities.detection.matching.sigma.following import Following
from commonwatch.capabilities.detection.matching.sigma.plan import MAX_AGE, Plan
from commonwatch.capabilities.detection.matching.sigma.preparing import Fields
from commonwatch.capabilities.detection.telemetry.batch import Batch, Mapping
from commonwatch.core.patterns.sigma.rules import Reading, Rule
from commonwatch.core.patterns.sigma.tree import Leaf

if TYPE_CHECKING:
    import pyarrow as pa


class SigmaMatcher:
    """Rules and correlations of many entries."""

    def __init__(self, pairs: Iterable[tuple[int, Reading]], generation: int) -> None:
        self.generation = generation
        readings = list(pairs)
        self.rules: list[tuple[int, Rule]] = [(entry, rule) for entry, reading in readings for rule in reading.rules]
        self.following = Following(readings, self.rules)
        self.entries = frozenset(entry for entry, reading in readings if reading.rules or reading.correlations)
        self._plans: dict[str, Plan] = {}
        self._answers: dict[tuple[Leaf, str], bool] = {}
        self._before: dict[str, Plan] = {}

    def renewed(self, pairs: Iterable[tuple[int, Reading]], generation: int) -> SigmaMatcher:
        """A matcher of these entries, made from this one: hand in the same readings for entries that did not change.

        Takes over the state of correlations, so this one is not to be used any more.
        """
        new = SigmaMatcher(pairs, generation)
        new.following.take_over(self.following)
        new._before = {name: plan for name, plan in {**self._before, **self._plans}.items() if plan.age < MAX_AGE}
        new._answers = self._answers
        return new

    def match(self, batch: Batch) -> pa.RecordBatch:
        """Hits by row, entry and column."""
        return self._match(batch, None)

    def parted(self, batch: Batch) -> tuple[pa.RecordBatch, list[Step]]:
        """The hits of rules, and those that correlations stand on as steps, not taken."""
        steps: list[Step] = []
        return self._match(batch, steps), steps

    def follower(self, batch: Batch) -> Follow:
        """Takes hits of the batch's rows."""
        from commonwatch.capabilities.detection.matching.sigma.frame import Frame

        frame, fields = Frame(batch.events), Fields(batch.mapping)
        return lambda step: {entry for _, entry in self.following.follow([(step.row, step.node)], frame, fields)}

    def _match(self, batch: Batch, steps: list[Step] | None) -> pa.RecordBatch:
        from commonwatch.capabilities.detection.matching.sigma.frame import Frame
        from commonwatch.capabilities.detection.matching.sigma.looking import Look

        plan = self._plan(batch.mapping)
        if not plan.units or not batch.events.num_rows:
            return _answer({})
        frame = Frame(batch.events)
        columns: dict[tuple[int, int], set[str]] = defaultdict(set)
        told: list[tuple[int, int]] = []
        for row, position in Look(plan, frame, self._answers).hits():
            unit = plan.units[position]
            told.append((row, unit.rule))
            if unit.rule not in self.following.silent:
                columns[row, self.rules[unit.rule][0]].add(unit.column)
        plan.learned(batch.events.num_rows)
        if steps is not None:
            standing = self.following.standing_on
            timed = ((row, node) for row, node in dict.fromkeys(told) if frame.time(row) is not None)
            steps += (Step(row, node) for row, node in timed if node in standing)
            told = []
        for row, entry in self.following.follow(told, frame, plan.fields):
            columns[row, entry].add("")
        return _answer({key: names.pop() if len(names) == 1 else "" for key, names in columns.items()})

    def unexecutable(self, mapping: Mapping) -> AbstractMapping[int, Unexecutable]:
        """Entries of which no rule can match events of this mapping, each with the reason of its first."""
        reasons: dict[int, str] = {}
        alive: set[int] = set()
        plan = self._plan(mapping)
        for number, (entry, _) in enumerate(self.rules):
            if number in plan.reasons:
                reasons.setdefault(entry, plan.reasons[number])
            elif number not in self.following.silent:
                alive.add(entry)
        for entry, reason in self.following.standing(frozenset(plan.reasons)):
            if reason:
                reasons.setdefault(entry, reason)
            else:
                alive.add(entry)
        return {entry: Unexecutable(entry, reason) for entry, reason in reasons.items() if entry not in alive}

    def patterns(self) -> Iterator[tuple[int, str]]:
        """Entry and digest of every correlation."""
        return self.following.patterns()

    def memories(self) -> Iterator[Memory]:
        """What correlations remember that took a hit since `kept`."""
        return self.following.memories()

    def kept(self) -> None:
        """All of `memories` is stored."""
        self.following.changed.clear()

    def resume(self, memory: Memory) -> bool:
        """Go on with what was remembered; False where the correlation is not here. Raises InvalidInput where it is unfit."""
        return self.following.resume(memory)

    def columns(self, mapping: Mapping) -> frozenset[str] | None:
        """The columns that a reader has to give for these rules; None for all, which keywords ask for."""
        plan = self._plan(mapping)
        if plan.keyword_wheres:
            return None
        grouping = {field for _, one in self.following.correlations for field in self.following.fields(one)}
        named = {column for field in grouping if (column := plan.fields.column(field)) is not None}
        return frozenset(plan.names | named)

    def _plan(self, mapping: Mapping) -> Plan:
        plan = self._plans.get(mapping.name)
        if plan is None or plan.mapping != mapping:
            before = self._before.pop(mapping.name, None)
            usable = before if before is not None and before.mapping == mapping else None
            plan = self._plans[mapping.name] = Plan(enumerate(rule for _, rule in self.rules), mapping, usable)
        return plan


def _answer(found: AbstractMapping[tuple[int, int], str]) -> pa.RecordBatch:
    import pyarrow as pa

    ordered = sorted((row, entry, column) for (row, entry), column in found.items())
    columns = list(zip(*ordered, strict=True)) or [(), (), ()]
    schema = hits_schema()
    return pa.RecordBatch.from_arrays(
        [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema
    )
