"""Correlations on top of the hits of rules: which rules each stands on, and what it makes of a batch's hits.

1. A correlation finds its rules by id or name, first among those of its own text, then among all.
2. Rules in the same text as a correlation are told of by themselves only where it says `generate: true`; rules of other
   texts always are: nobody may silence another author's rule by sharing a correlation that names it.
3. A hit of an event without a time, or without a value in `group_by`, cannot be placed and does not count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from collections.abc import Sequence as AbstractSequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from commonwatch.capabilities.detection.matching.matcher import Memory
from commonwatch.capabilities.detection.matching.sigma.preparing import Fields
from commonwatch.core.patterns.sigma.rules import Correlation, Reading, Rule
from commonwatch.core.patterns.sigma.sequence import Group, Sequence

if TYPE_CHECKING:
    from commonwatch.capabilities.detection.matching.sigma.frame import Frame

# A correlation on a correlation on a correlation: deeper than anybody writes, and an end to circles.
_MAX_LEVELS = 5


class _Standing(NamedTuple):
    """A correlation that stands on the rule or correlation `node`, which it calls `name`."""

    place: int
    name: str


class Following:
    """All correlations of a matcher, with their state. Nodes are rule numbers, and after them correlations."""

    def __init__(self, readings: Iterable[tuple[int, Reading]], rules: AbstractSequence[tuple[int, Rule]]) -> None:
        found = [(entry, one) for entry, reading in readings for one in reading.correlations]
        self.correlations: list[tuple[int, Correlation]] = found
        self.sequences = [Sequence(one) for _, one in found]
        self.changed: set[int] = set()  # places of sequences that took a hit since they were stored
        self.offset = len(rules)
        nodes: list[tuple[int, Rule | Correlation]] = [*rules, *found]
        self.by_name: dict[str, list[int]] = defaultdict(list)
        for node, (_, named) in enumerate(nodes):
            for name in named.names:
                self.by_name[name].append(node)
        self.standing_on: dict[int, list[_Standing]] = defaultdict(list)
        self.bases: list[tuple[int, ...]] = []
        self.reasons: list[str] = []
        silent: set[int] = set()
        for place, (entry, one) in enumerate(found):
            bases = {name: self._node(name, entry, nodes) for name in one.rules}
            self.bases.append(tuple(node for node in bases.values() if node is not None))
            self.reasons.append(_reason(one, bases))
            if self.reasons[-1]:
                continue
            for name, base in bases.items():
                if base is not None:
                    self.standing_on[base].append(_Standing(place, name))
                    if not one.generate and nodes[base][0] == entry:
                        silent.add(base)
        self.silent = frozenset(silent)

    def take_over(self, before: Following) -> None:
        """Go on with the state of correlations that are still the same."""
        places = {_key(one): place for place, one in enumerate(before.correlations)}
        for place, one in enumerate(self.correlations):
            if (old := places.get(_key(one))) is not None:
                self.sequences[place] = before.sequences[old]
                if old in before.changed:
                    self.changed.add(place)

    def patterns(self) -> Iterator[tuple[int, str]]:
        """Entry and digest of every correlation."""
        for (entry, _), sequence in zip(self.correlations, self.sequences, strict=True):
            yield entry, sequence.name.hex()

    def memories(self) -> Iterator[Memory]:
        """What the sequences that changed remember."""
        for place in sorted(self.changed):
            yield Memory(
                self.correlations[place][0], self.sequences[place].name.hex(), self.sequences[place].snapshot()
            )

    def resume(self, memory: Memory) -> bool:
        """Go on with what was remembered; False where the correlation is not here. Raises InvalidInput where it is unfit."""
        for (entry, _), sequence in zip(self.correlations, self.sequences, strict=True):
            if entry == memory.entry and sequence.name.hex() == memory.name:
                sequence.restore(memory.state)
                return True
        return False

    def _node(self, name: str, entry: int, nodes: list[tuple[int, Rule | Correlation]]) -> int | None:
        named = self.by_name.get(name, [])
        return next((node for node in named if nodes[node][0] == entry), named[0] if named else None)

    def standing(self, lost: frozenset[int]) -> Iterator[tuple[int, str]]:
        """Each correlation's entry, and why it cannot fire where the rules `lost` cannot; "" where it can."""
        for (entry, one), reason, bases in zip(self.correlations, self.reasons, self.bases, strict=True):
            gone = [base for base in bases if base in lost]
            short = len(gone) == len(bases) or (one.kind.startswith("temporal") and len(bases) - len(gone) < one.needed)
            yield entry, reason or ("The rules that it stands on cannot match here." if short else "")

    def fields(self, one: Correlation) -> Iterator[str]:
        """Every field that a correlation groups by or counts."""
        yield from one.group_by
        yield from one.fields
        for names in one.aliases.values():
            yield from names.values()

    def follow(self, told: Iterable[tuple[int, int]], frame: Frame, fields: Fields) -> Iterator[tuple[int, int]]:
        """(row, entry) for each time that a correlation fires, from (row, rule) in the order of rows."""
        if not self.standing_on:
            return
        for row, node in dict.fromkeys(told):
            yield from self._tell(row, node, frame, fields, 0)

    def _tell(self, row: int, node: int, frame: Frame, fields: Fields, level: int) -> Iterator[tuple[int, int]]:
        for place, name in self.standing_on.get(node, ()):
            entry, one = self.correlations[place]
            group = _group(one, name, row, frame, fields)
            time = frame.time(row)
            if group is None or time is None:
                continue
            value = "\0".join(_first(frame, fields, field, row) for field in one.fields)
            self.changed.add(place)
            if self.sequences[place].hit(name, time, group, value):
                above = self.offset + place
                if above not in self.silent:
                    yield row, entry
                if level < _MAX_LEVELS:
                    yield from self._tell(row, above, frame, fields, level + 1)


def _key(entry_and_correlation: tuple[int, Correlation]) -> tuple[int, bytes]:
    entry, one = entry_and_correlation
    return entry, msgspec.json.encode(one)


def _reason(one: Correlation, bases: dict[str, int | None]) -> str:
    missing = [name for name, node in bases.items() if node is None]
    if one.unsupported:
        return f"The correlation cannot be executed: {one.unsupported}."
    return f"It stands on rules that are not here: {', '.join(missing)}." if missing else ""


def _group(one: Correlation, name: str, row: int, frame: Frame, fields: Fields) -> Group | None:
    values = [_first(frame, fields, one.aliases.get(field, {}).get(name, field), row) for field in one.group_by]
    return tuple(values) if all(values) else None


def _first(frame: Frame, fields: Fields, field: str, row: int) -> str:
    column = fields.column(field)
    texts = frame.texts(column, row) if column is not None else ()
    return texts[0].lower() if texts else ""
