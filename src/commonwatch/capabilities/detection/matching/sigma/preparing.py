"""One rule for the events of one mapping: its fields as columns, its routes, and why it can never match, where it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as AbstractMapping

import msgspec

from commonwatch.capabilities.detection.matching.sigma.logsources import routes
from commonwatch.capabilities.detection.telemetry.batch import Mapping
from commonwatch.core.patterns.sigma.rules import Rule
from commonwatch.core.patterns.sigma.tree import (
    NEVER,
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

# The column of leaves that any column answers.
KEYWORDS = ""


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
        absent = frozenset(name for name in names(named) if fields.column(name) is None)
        missing |= absent
        where, condition = without_fields(route.where, _absent(route.where, fields)), without_fields(named, absent)
        if NEVER not in (where, condition):
            pairs.append((_in_columns(where, fields), _in_columns(condition, fields)))
    if pairs:
        return pairs
    if missing:
        return f"{mapping.name} has no field {', '.join(sorted(missing)[:5])}."
    return "Its condition can never hold."


def names(tree: Tree) -> Iterator[str]:
    """The fields that a condition asks; keywords, which ask all, are not among them."""
    for leaf in leaves(tree):
        if isinstance(leaf, SameAs):
            yield leaf.other
        if not isinstance(leaf, Unsupported) and leaf.field:
            yield leaf.field


def asks_keywords(tree: Tree) -> bool:
    """Whether a keyword is in it."""
    return any(isinstance(leaf, Text) and leaf.field == KEYWORDS for leaf in leaves(tree))


def _absent(tree: Tree, fields: Fields) -> frozenset[str]:
    return frozenset(name for name in names(tree) if fields.column(name) is None)


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
    return msgspec.structs.replace(leaf, **changes)


def _in_columns(tree: Tree, fields: Fields) -> Tree:
    return _renamed(tree, {name: column for name in names(tree) if (column := fields.column(name)) is not None})
