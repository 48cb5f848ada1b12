"""The condition of a Sigma rule as a tree of plain values, which any engine can execute and JSON can carry.

1. Leaves ask one field of an event; `field` is the rule's own name for it, "" for a keyword (any field of the event).
2. Comparisons ignore case unless `cased` (Sigma specification 2.1, "Detection"); a list of values asks for any of them.
3. `All(())` holds always and `Any(())` never: what simplification leaves of a condition that no field can change.
4. `Unsupported` marks what nobody can execute, with the reason; a rule that contains one is not executed at all, since the
   other half of a condition is not what its author wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

import msgspec

# In the tokens of a text: any run of characters (`*`), any one character (`?`).
RUN = 0
ONE = 1
Tokens: TypeAlias = tuple[str | int, ...]
Order: TypeAlias = Literal["lt", "lte", "gt", "gte", "neq"]
Unit: TypeAlias = Literal["minute", "hour", "day", "week", "month", "year"]


class Text(msgspec.Struct, frozen=True, tag="text"):
    """The whole value reads like this; `contains` and its like are tokens with runs at the ends."""

    field: str
    tokens: Tokens
    cased: bool = False


class Regular(msgspec.Struct, frozen=True, tag="re"):
    """A part of the value matches this PCRE; `flags` are of i, m and s."""

    field: str
    pattern: str
    flags: str = ""


class Network(msgspec.Struct, frozen=True, tag="cidr"):
    """The value is an address inside the network."""

    field: str
    network: str


class Compare(msgspec.Struct, frozen=True, tag="compare"):
    """The value is a number that stands in this order to the given one."""

    field: str
    order: Order
    number: float


class Absent(msgspec.Struct, frozen=True, tag="absent"):
    """The event has no such field, or an empty one."""

    field: str


class Clock(msgspec.Struct, frozen=True, tag="clock"):
    """The value is a timestamp whose minute, hour, day, week, month or year (UTC) is this number."""

    field: str
    unit: Unit
    number: int


class SameAs(msgspec.Struct, frozen=True, tag="same"):
    """The value is, starts with or ends with (or, with both, contains) the value of another field."""

    field: str
    other: str
    starts: bool = False
    ends: bool = False


class Unsupported(msgspec.Struct, frozen=True, tag="unsupported"):
    """Something that cannot be executed, and why."""

    reason: str


class All(msgspec.Struct, frozen=True, tag="all"):
    """Every part holds."""

    parts: tuple[Tree, ...]


class Any(msgspec.Struct, frozen=True, tag="any"):
    """At least one part holds."""

    parts: tuple[Tree, ...]


class Not(msgspec.Struct, frozen=True, tag="not"):
    """The part does not hold."""

    part: Tree


Leaf: TypeAlias = Text | Regular | Network | Compare | Absent | Clock
Tree: TypeAlias = Text | Regular | Network | Compare | Absent | Clock | SameAs | Unsupported | All | Any | Not
ALWAYS = All(())
NEVER = Any(())


def leaves(tree: Tree) -> Iterator[Leaf | SameAs | Unsupported]:
    """Every leaf, from left to right. Needs no recursion, so that no depth can hurt it."""
    waiting: list[Tree] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, All | Any):
            waiting.extend(reversed(node.parts))
        elif isinstance(node, Not):
            waiting.append(node.part)
        else:
            yield node


def join(kind: type[All | Any], parts: list[Tree]) -> Tree:
    """All or any of the parts, flattened; what decides alone decides, what decides nothing is left out."""
    deciding, idle = (NEVER, ALWAYS) if kind is All else (ALWAYS, NEVER)
    kept: dict[Tree, None] = {}
    for part in parts:
        if part == deciding:
            return deciding
        kept.update(dict.fromkeys(part.parts if isinstance(part, kind) else () if part == idle else (part,)))
    return next(iter(kept)) if len(kept) == 1 else kind(tuple(kept))


def negate(part: Tree) -> Tree:
    """The opposite."""
    if part == ALWAYS:
        return NEVER
    if part == NEVER:
        return ALWAYS
    return part.part if isinstance(part, Not) else Not(part)


def without_fields(tree: Tree, missing: frozenset[str]) -> Tree:
    """What is left of a condition where events never have the missing fields."""
    if isinstance(tree, All | Any):
        return join(type(tree), [without_fields(part, missing) for part in tree.parts])
    if isinstance(tree, Not):
        return negate(without_fields(tree.part, missing))
    if isinstance(tree, Unsupported):
        return tree
    if isinstance(tree, SameAs):
        return NEVER if {tree.field, tree.other} & missing else tree
    if tree.field not in missing:
        return tree
    return ALWAYS if isinstance(tree, Absent) else NEVER
