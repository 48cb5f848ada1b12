"""All rules made ready for the events of one mapping: units, leaves by column, and what makes a unit worth a look.

A *unit* is one rule on one of its routes. A unit is looked at where one of its required leaves holds (`required`); which
leaves those are is chosen by how often they hold in the events seen so far, and only decides how much work is done.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as AbstractMapping
from typing import NamedTuple

from commonwatch.capabilities.detection.matching.sigma.columns import (
    MAX_REMEMBERED,
    MAX_REMEMBERED_LENGTH,
    Said,
    Scanner,
)
from commonwatch.capabilities.detection.matching.sigma.execution import Question, question
from commonwatch.capabilities.detection.matching.sigma.logsources import routes
from commonwatch.capabilities.detection.telemetry.batch import RECORD, TIME, Mapping
from commonwatch.core.patterns.sigma.required import guess, required
from commonwatch.core.patterns.sigma.rules import Rule
from commonwatch.core.patterns.sigma.tree import (
    NEVER,
    Absent,
    All,
    Any,
    Not,
    SameAs,
    Text,
    Tree,
    Unsupported,
    leaves,
    without_fields,
)

# After so many rows the choice of required leaves is made again, by then with experience.
_RECONSIDER = (4_096, 65_536)


# The column of leaves that any column answers.
KEYWORDS = ""


class Unit(NamedTuple):
    """One rule on one route."""

    rule: int  # its place in the list that the plan was made of
    where: int
    condition: Tree
    question: Question
    column: str  # the one column that it asks, or "" for several


class Fields:
    """The columns that a mapping's events have for a rule's fields."""

    def __init__(self, mapping: Mapping) -> None:
        self.open = mapping.open
        self.known: dict[str, str] = {}
        read = [column for column in mapping.columns if column.source]  # others are taken from them
        for column in read:  # the first that can be meant; a full name goes before a tail of one
            self.known.setdefault(column.source.rpartition(".")[2].lower(), column.name)
        for column in read:
            self.known[column.source.lower()] = column.name
        for column in mapping.columns:
            self.known[column.name.lower()] = column.name

    def column(self, field: str) -> str | None:
        """The column's name; None where events of the mapping can have none."""
        return self.known.get(field.lower()) or (field.replace(".", "_") if self.open else None)


def prepared(rule: Rule, mapping: Mapping, fields: Fields) -> list[tuple[Tree, Tree]] | str:
    """The rule's (where, condition) in terms of columns, one a route; or the reason why it can never match."""
    for leaf in leaves(rule.condition):
        if isinstance(leaf, Unsupported):
            return f"The rule {leaf.reason}."
    found = routes(rule.logsource, mapping)
    if isinstance(found, str):
        return f"{found}."
    pairs: list[tuple[Tree, Tree]] = []
    missing: set[str] = set()
    for route in found:
        named = _renamed(rule.condition, route.fields)
        absent = frozenset(name for name in _names(named) if fields.column(name) is None)
        missing |= absent
        where, condition = without_fields(route.where, _absent(route.where, fields)), without_fields(named, absent)
        if NEVER not in (where, condition):
            pairs.append((_in_columns(where, fields), _in_columns(condition, fields)))
    if pairs:
        return pairs
    if missing:
        return f"{mapping.name} has no field {', '.join(sorted(missing)[:5])}."
    return "Its condition can never hold."


def _names(tree: Tree) -> Iterator[str]:
    for leaf in leaves(tree):
        if isinstance(leaf, SameAs):
            yield leaf.other
        if not isinstance(leaf, Unsupported) and leaf.field:
            yield leaf.field


def _asks_keywords(tree: Tree) -> bool:
    return any(isinstance(leaf, Text) and leaf.field == KEYWORDS for leaf in leaves(tree))


def _absent(tree: Tree, fields: Fields) -> frozenset[str]:
    return frozenset(name for name in _names(tree) if fields.column(name) is None)


def _renamed(tree: Tree, names: AbstractMapping[str, str]) -> Tree:
    if not names:
        return tree
    if isinstance(tree, All | Any):
        return type(tree)(tuple(_renamed(part, names) for part in tree.parts))
    if isinstance(tree, Not):
        return Not(_renamed(tree.part, names))
    if isinstance(tree, Unsupported):
        return tree
    changes = {"field": names.get(tree.field, tree.field)}
    if isinstance(tree, SameAs):
        changes["other"] = names.get(tree.other, tree.other)
    return _replaced(tree, changes)


def _replaced(leaf: Tree, changes: AbstractMapping[str, str]) -> Tree:
    import msgspec

    return msgspec.structs.replace(leaf, **changes)


def _in_columns(tree: Tree, fields: Fields) -> Tree:
    return _renamed(tree, {name: column for name in _names(tree) if (column := fields.column(name)) is not None})


class Plan:
    """Every executable rule for events of one mapping."""

    def __init__(self, rules: Iterable[tuple[int, Rule]], mapping: Mapping) -> None:
        self.mapping = mapping
        self.reasons: dict[int, str] = {}  # rule -> why it is not in here
        self.numbers: dict[Text | Absent, int] = {}
        self.wheres: list[Tree] = []
        self.units: list[Unit] = []
        self.fields = Fields(mapping)
        self._read(rules)
        by_column: dict[str, list[tuple[int, Text]]] = defaultdict(list)
        self.absent: dict[str, int] = {}
        for leaf, number in self.numbers.items():
            if isinstance(leaf, Text):
                by_column[leaf.field].append((number, leaf))
            else:
                self.absent[leaf.field] = number
        self.scanners = {column: Scanner(asked) for column, asked in by_column.items()}
        self.columns = sorted((self.scanners.keys() | self.absent.keys()) - {KEYWORDS})
        # What no author of a keyword means: our own numbers, and texts taken from other columns once more.
        self.no_keywords = {TIME, RECORD} | {column.name for column in mapping.columns if column.take}
        self.keyword_wheres = frozenset(unit.where for unit in self.units if _asks_keywords(unit.condition))
        self.routing = sorted({name for where in self.wheres for name in _names(where)})
        self.remembered: dict[str, dict[str, Said]] = defaultdict(dict)
        self.rows = 0
        self.holding: Counter[int] = Counter()
        self.choose()

    def _read(self, rules: Iterable[tuple[int, Rule]]) -> None:
        wheres: dict[Tree, int] = {}
        for number, rule in rules:
            pairs = prepared(rule, self.mapping, self.fields)
            if isinstance(pairs, str):
                self.reasons[number] = pairs
                continue
            for where, condition in pairs:
                for leaf in leaves(condition):
                    if isinstance(leaf, Text | Absent):
                        self.numbers.setdefault(leaf, len(self.numbers))
                columns = set(_names(condition))
                one = columns.pop() if len(columns) == 1 else ""
                place = wheres.setdefault(where, len(wheres))
                self.units.append(Unit(number, place, condition, question(condition, self.numbers), one))
        self.wheres = list(wheres)
        asked = [*self.wheres, *(unit.condition for unit in self.units)]
        self.names = {name for tree in asked for name in _names(tree)}

    def choose(self) -> None:
        """Choose the leaves that make a unit worth a look."""
        self.looked: dict[int, list[int]] = defaultdict(list)  # leaf -> units
        self.always: dict[int, list[int]] = defaultdict(list)  # where -> units without any required leaf
        for position, unit in enumerate(self.units):
            found = required(unit.condition, self._share)
            if found is None:
                self.always[unit.where].append(position)
            else:
                for leaf in found.leaves:
                    self.looked[self.numbers[leaf]].append(position)
        self.remembered.clear()

    def _share(self, leaf: Text) -> float:
        """The share of rows in which it held, as far as seen; a guess in the size of less than one row otherwise."""
        rows = max(self.rows, 1)
        return (self.holding[self.numbers[leaf]] + guess(leaf)) / rows

    def learned(self, rows: int) -> None:
        """Take note of so many rows, and choose again when that is worth it."""
        before, self.rows = self.rows, self.rows + rows
        if any(before < limit <= self.rows for limit in _RECONSIDER):
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
            scanner = self.scanners.get(column)
            held = scanner.leaves(value) if scanner is not None else frozenset()
            answer = self._with_units(held)
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
