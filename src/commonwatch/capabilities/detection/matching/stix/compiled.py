"""Patterns compiled for one mapping: formulas for each bracket and object, found by what they need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from commonwatch.capabilities.detection.matching.stix.columns import Cells, Lookup, Rows
from commonwatch.capabilities.detection.matching.stix.formulas import Atom, Formula, atoms, formula, needs
from commonwatch.capabilities.detection.matching.stix.layout import Thing, things
from commonwatch.capabilities.detection.telemetry.batch import Mapping as Columns
from commonwatch.core.patterns.stix.comparing import network
from commonwatch.core.patterns.stix.planning import Plan
from commonwatch.core.patterns.stix.syntax import (
    Bracket,
    Comparison,
    Either,
    Expression,
    Operator,
    Together,
    comparisons,
)
from commonwatch.core.patterns.stix.syntax import Sequence as InOrder


@dataclass(frozen=True)
class Leaf:
    """One bracket of one pattern on one object of the mapping."""

    entry: int
    bracket: int
    formula: Formula
    column: str  # the only column that takes part, or empty


class Compiled:
    """All patterns for one mapping."""

    def __init__(self, mapping: Columns, plans: Mapping[int, Plan]) -> None:
        self.never: dict[int, str] = {}
        self._layout = things(mapping)
        self._by_need: dict[Atom, list[Leaf]] = {}
        self._always: list[Leaf] = []
        self.columns: set[str] = set()  # that any pattern asks
        lookups: dict[str, dict[Atom, None]] = {}
        kinds: dict[str, list[Thing]] = {}
        for thing in self._layout:
            kinds.setdefault(thing.type, []).append(thing)
        for entry, plan in plans.items():
            leaves = list(_leaves(entry, plan, kinds))
            if not _has_chance(plan, {leaf.bracket for leaf in leaves}):
                self.never[entry] = _why_never(mapping, plan, self._layout)
                continue
            for leaf in leaves:
                self._file(leaf)
                for atom in atoms(leaf.formula):
                    self.columns.add(atom.part.column)
                    if atom.constants is not None:
                        lookups.setdefault(atom.part.column, {})[atom] = None
        self._lookups = [Lookup(column, asked) for column, asked in lookups.items()]

    def _file(self, leaf: Leaf) -> None:
        needed = needs(leaf.formula)
        if needed is None:
            self._always.append(leaf)
        else:
            for atom in needed:
                self._by_need.setdefault(atom, []).append(leaf)

    def hit(self, cells: Cells) -> dict[int, list[tuple[Leaf, Rows]]]:
        """The leaves that hold for rows of a batch, by entry."""
        tried: dict[int, Leaf] = {id(leaf): leaf for leaf in self._always}
        for lookup in self._lookups:
            for atom in cells.look_up(lookup):
                tried.update((id(leaf), leaf) for leaf in self._by_need.get(atom, ()))
        found: dict[int, list[tuple[Leaf, Rows]]] = {}
        for leaf in tried.values():
            rows = cells.rows(leaf.formula)
            if len(rows):
                found.setdefault(leaf.entry, []).append((leaf, rows))
        return found


def _leaves(entry: int, plan: Plan, kinds: Mapping[str, list[Thing]]) -> Iterator[Leaf]:
    for bracket in plan.pattern.brackets:
        asked = dict.fromkeys(comparison.path.type for comparison in comparisons(bracket.test))
        made = [
            one for kind in asked for thing in kinds.get(kind, ()) if (one := formula(bracket.test, thing)) is not None
        ]
        for one in dict.fromkeys(made):
            if isinstance(one, Atom) and one.constants == ():  # an equality with what the column never holds
                continue
            columns = {atom.part.column for atom in atoms(one)}
            yield Leaf(entry, bracket.number, one, columns.pop() if len(columns) == 1 else "")


def _has_chance(plan: Plan, possible: set[int]) -> bool:
    """Whether the mapping can add to a match: of a stateful pattern other mappings may meet the other brackets."""
    return bool(possible) if not plan.stateless else _satisfiable(plan.pattern.root, possible)


def _satisfiable(expression: Expression, possible: set[int]) -> bool:
    if isinstance(expression, Bracket):
        return expression.number in possible
    if isinstance(expression, Either | Together | InOrder):
        return any(_satisfiable(part, possible) for part in expression.parts)
    return _satisfiable(expression.part, possible)


def _why_never(mapping: Columns, plan: Plan, layout: tuple[Thing, ...]) -> str:
    known = {(thing.type, part.steps) for thing in layout for part in thing.properties}
    asked = [one for bracket in plan.pattern.brackets for one in comparisons(bracket.test)]
    missing = dict.fromkeys(one.path.text for one in asked if (one.path.type, one.path.steps) not in known)
    if missing:
        return f"{mapping.name} has no {', '.join(missing)}"
    if all(map(_names_a_network, asked)):
        return "an equality with a network is true only of observations that name the network: write ISSUBSET"
    return f"{mapping.name} has the paths, but never in one object as the pattern asks"


def _names_a_network(comparison: Comparison) -> bool:
    """Whether an equality is with a network of several addresses: no log of single addresses ever meets it."""
    if comparison.operator is not Operator.EQUAL or comparison.path.text not in ("ipv4-addr:value", "ipv6-addr:value"):
        return False
    read = network(comparison.constants[0])
    return read is not None and read.num_addresses > 1
