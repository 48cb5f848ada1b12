"""All rules made ready for the events of one mapping: units, leaves by column, and what makes a unit worth a look.

1. A *unit* is one rule on one of its routes. It is looked at where one of its required leaves holds (`required`); which
   leaves those are is chosen by how often they hold in the events seen so far, and only decides how much work is done.
2. When rules change, a plan is made from the one before: what was made of a rule, compiled literals and experience are
   taken over, so that a thousand new rules cost what a thousand rules cost and not what all of them do.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from commonwatch.capabilities.detection.matching.sigma.columns import (
    MAX_REMEMBERED,
    MAX_REMEMBERED_LENGTH,
    Said,
    Scanner,
)
from commonwatch.capabilities.detection.matching.sigma.execution import Question, question
from commonwatch.capabilities.detection.matching.sigma.preparing import KEYWORDS, Fields, asks_keywords, names, prepared
from commonwatch.capabilities.detection.telemetry.batch import RECORD, TIME, Mapping
from commonwatch.core.patterns.sigma.required import guess, required
from commonwatch.core.patterns.sigma.rules import Rule
from commonwatch.core.patterns.sigma.tree import Absent, Text, Tree, leaves

# After so many rows the choice of required leaves is made again, by then with experience.
_RECONSIDER = (4_096, 65_536)
# So many scanners may serve one column before they are made one again.
_MAX_SCANNERS = 4
# So many plans may follow one another before leaves that no rule asks any more are cleared away.
MAX_AGE = 200


class Unit(NamedTuple):
    """One rule on one route."""

    rule: int  # its place in the list that the plan was made of
    where: int
    condition: Tree
    question: Question
    column: str  # the one column that it asks, or "" for several


class _Part(NamedTuple):
    """A unit before it has a place: what is kept of a rule from one plan to the next."""

    where: Tree
    condition: Tree
    question: Question
    column: str
    names: frozenset[str]
    keywords: bool


class _Made(NamedTuple):
    rule: Rule  # held, so that its identity stays its own
    parts: tuple[_Part, ...] | str


class Plan:
    """Every executable rule for events of one mapping."""

    def __init__(self, rules: Iterable[tuple[int, Rule]], mapping: Mapping, before: Plan | None = None) -> None:
        self.mapping = mapping
        self.fields = Fields(mapping)
        self.age: int = before.age + 1 if before else 0
        self.reasons: dict[int, str] = {}  # rule -> why it is not in here
        self.numbers: dict[Text | Absent, int] = dict(before.numbers) if before else {}
        self.made: dict[int, _Made] = {}
        self.units: list[Unit] = []
        wheres: dict[Tree, int] = {}
        asking: set[int] = set()
        self.names: set[str] = set()  # columns that some rule asks
        known = before.made if before else {}
        for number, rule in rules:
            made = self.made[id(rule)] = known.get(id(rule)) or _Made(rule, self._parts(rule))
            if isinstance(made.parts, str):
                self.reasons[number] = made.parts
                continue
            for part in made.parts:
                place = wheres.setdefault(part.where, len(wheres))
                self.units.append(Unit(number, place, part.condition, part.question, part.column))
                self.names |= part.names
                asking.update((place,) if part.keywords else ())
        self.wheres = list(wheres)
        self.keyword_wheres = frozenset(asking)
        self.routing = sorted({name for where in self.wheres for name in names(where)})
        # What no author of a keyword means: our own numbers, and texts taken from other columns once more.
        self.no_keywords = {TIME, RECORD} | {column.name for column in mapping.columns if column.take}
        self.absent: dict[str, int] = {}
        self.scanners: dict[str, tuple[Scanner, ...]] = {}
        self._listen(before)
        self.columns = sorted((self.scanners.keys() | self.absent.keys()) - {KEYWORDS})
        self.remembered: dict[str, dict[str, Said]] = defaultdict(dict)
        self.rows: int = before.rows if before else 0
        self.holding: Counter[int] = Counter(before.holding if before else ())
        self._required: dict[Tree, frozenset[Text] | None] = before._required if before else {}
        self.choose()

    def _parts(self, rule: Rule) -> tuple[_Part, ...] | str:
        pairs = prepared(rule, self.mapping, self.fields)
        return pairs if isinstance(pairs, str) else tuple(self._part(where, condition) for where, condition in pairs)

    def _part(self, where: Tree, condition: Tree) -> _Part:
        for leaf in leaves(condition):
            if isinstance(leaf, Text | Absent):
                self.numbers.setdefault(leaf, len(self.numbers))
        asked = frozenset(names(condition))
        column = next(iter(asked)) if len(asked) == 1 else ""
        ready = question(condition, self.numbers)
        return _Part(where, condition, ready, column, asked | set(names(where)), asks_keywords(condition))

    def _listen(self, before: Plan | None) -> None:
        """Scanners for the leaves of each column: those there were, and one more for new leaves."""
        if before is not None:
            self.scanners.update(before.scanners)
            self.absent.update(before.absent)
        added: dict[str, list[tuple[int, Text]]] = defaultdict(list)
        for leaf, number in self._leaves(len(before.numbers) if before else 0):
            if isinstance(leaf, Text):
                added[leaf.field].append((number, leaf))
            else:
                self.absent[leaf.field] = number
        crowded = {column for column in added if len(self.scanners.get(column, ())) >= _MAX_SCANNERS}
        for leaf, number in self._leaves(0) if crowded else ():
            if isinstance(leaf, Text) and leaf.field in crowded:
                added[leaf.field].append((number, leaf))
        for column, asked in added.items():
            standing = () if column in crowded else self.scanners.get(column, ())
            self.scanners[column] = (*standing, Scanner(dict(asked).items()))

    def _leaves(self, start: int) -> Iterator[tuple[Text | Absent, int]]:
        """Leaves and their numbers, in the order of their numbers."""
        return islice(self.numbers.items(), start, None)

    def choose(self) -> None:
        """Choose the leaves that make a unit worth a look."""
        self.looked: dict[int, list[int]] = defaultdict(list)  # leaf -> units
        self.always: dict[int, list[int]] = defaultdict(list)  # where -> units without any required leaf
        for position, unit in enumerate(self.units):
            asked = self._asked(unit.condition)
            if asked is None:
                self.always[unit.where].append(position)
            else:
                for leaf in asked:
                    self.looked[self.numbers[leaf]].append(position)
        self.remembered.clear()

    def _asked(self, condition: Tree) -> frozenset[Text] | None:
        """The required leaves, as chosen when they were last reconsidered."""
        if condition not in self._required:
            found = required(condition, self._share)
            self._required[condition] = found.leaves if found is not None else None
        return self._required[condition]

    def _share(self, leaf: Text) -> float:
        """The share of rows in which it held, as far as seen; a guess in the size of less than one row otherwise."""
        rows = max(self.rows, 1)
        return (self.holding[self.numbers[leaf]] + guess(leaf)) / rows

    def learned(self, rows: int) -> None:
        """Take note of so many rows, and choose again when that is worth it."""
        before, self.rows = self.rows, self.rows + rows
        if any(before < limit <= self.rows for limit in _RECONSIDER):
            self._required = {}
            self.choose()

    @property
    def learning(self) -> bool:
        """Whether it still counts."""
        return self.rows < _RECONSIDER[-1]

    def said(self, column: str, value: str) -> Said:
        """What one value of a column says; of column KEYWORDS, what it says to keywords wherever it stands."""
        known = self.remembered[column]
        answer = known.get(value)
        if answer is None:
            answer = self._with_units(frozenset().union(*(one.leaves(value) for one in self.scanners.get(column, ()))))
            if len(value) <= MAX_REMEMBERED_LENGTH:
                if len(known) >= MAX_REMEMBERED:
                    known.clear()
                known[value] = answer
        return answer

    def _with_units(self, held: frozenset[int]) -> Said:
        by_where: dict[int, set[int]] = defaultdict(set)
        for leaf in held & self.looked.keys():
            for position in self.looked[leaf]:
                by_where[self.units[position].where].add(position)
        return Said(held, {where: tuple(sorted(units)) for where, units in by_where.items()})
