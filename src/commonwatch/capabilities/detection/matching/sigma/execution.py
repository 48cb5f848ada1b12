"""A rule's condition as functions of one row: sets of leaf numbers for texts, and questions asked late for the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from commonwatch.core.patterns.sigma.evaluate import same, value_holds
from commonwatch.core.patterns.sigma.tree import Absent, All, Any, Leaf, Not, SameAs, Text, Tree, Unsupported

_MAX_ANSWERS = 200_000


class Row:
    """One event of a batch: the leaves that its values satisfy, and the values of columns that are asked for."""

    __slots__ = ("answers", "leaves", "values")

    def __init__(
        self,
        leaves: frozenset[int],
        values: Callable[[str], tuple[str, ...]],
        answers: dict[tuple[Leaf, str], bool],
    ) -> None:
        self.leaves, self.values, self.answers = leaves, values, answers

    def asks(self, leaf: Leaf) -> bool:
        """Whether a leaf that no set answers holds; the answer for a value is remembered over batches."""
        return any(self._answer(leaf, value) for value in self.values(leaf.field))

    def _answer(self, leaf: Leaf, value: str) -> bool:
        held = self.answers.get((leaf, value))
        if held is None:
            if len(self.answers) >= _MAX_ANSWERS:
                self.answers.clear()
            held = self.answers[leaf, value] = value_holds(leaf, value)
        return held


Question: TypeAlias = Callable[[Row], bool]


def question(tree: Tree, numbers: Mapping[Text | Absent, int]) -> Question:
    """The condition as one function. `numbers` are those of the leaves that rows answer by sets."""
    if isinstance(tree, All | Any):
        return _joined(tree, numbers)
    if isinstance(tree, Not):
        inner = question(tree.part, numbers)
        return lambda row: not inner(row)
    if isinstance(tree, Text | Absent):
        number = numbers[tree]
        return lambda row: number in row.leaves
    if isinstance(tree, SameAs):
        return lambda row: same(tree, row.values(tree.field), row.values(tree.other))
    if isinstance(tree, Unsupported):
        return lambda row: False
    return lambda row: row.asks(tree)


def _joined(tree: All | Any, numbers: Mapping[Text | Absent, int]) -> Question:
    quick = frozenset(numbers[part] for part in tree.parts if isinstance(part, Text | Absent))
    late = tuple(question(part, numbers) for part in _late_last(tree.parts))
    if isinstance(tree, All):
        if not late:
            return lambda row: quick <= row.leaves
        return lambda row: quick <= row.leaves and all(part(row) for part in late)
    if not late:
        return lambda row: not quick.isdisjoint(row.leaves)
    return lambda row: not quick.isdisjoint(row.leaves) or any(part(row) for part in late)


def _late_last(parts: tuple[Tree, ...]) -> list[Tree]:
    """The parts that are no set, those that cost most at the end."""
    rest = [part for part in parts if not isinstance(part, Text | Absent)]
    return sorted(rest, key=lambda part: not isinstance(part, All | Any | Not))
