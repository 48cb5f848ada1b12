"""The tree of a STIX pattern: object paths, constants, comparisons, brackets, and what joins brackets in time.

1. AND and OR of equal rank are one node with all their parts, so that a tree is never deeper than its parentheses.
2. FOLLOWEDBY is left-associative: in `Sequence(a, b, c)` everything in c is at or after everything in a and b (9.5.2).
3. Every qualifier is a node around what it binds to: the nearest expression before it (9.5.1).
4. Times are microseconds since 1970, UTC.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple, TypeAlias

EVERY: Final = -1  # the step `[*]`: any entry of a list
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


class Instant(NamedTuple):
    """A timestamp constant: compared as a moment, however it is written."""

    microseconds: int


Constant: TypeAlias = str | int | float | bool | bytes | Instant
Step: TypeAlias = str | int  # a property or dictionary key, or an index of a list


@dataclass(frozen=True)
class Path:
    """An object path (9.7): `network-traffic:dst_ref.value`."""

    type: str
    steps: tuple[Step, ...]

    @cached_property
    def text(self) -> str:
        """The path in its one way of writing: names are quoted only where they must be."""
        return f"{self.type}:{steps_text(self.steps)}"


def steps_text(steps: tuple[Step, ...]) -> str:
    """The part of a path after the colon."""
    written = [_step_text(step) for step in steps]
    return "".join(written).removeprefix(".")


def _step_text(step: Step) -> str:
    if isinstance(step, int):
        return "[*]" if step == EVERY else f"[{step}]"
    if _BARE.fullmatch(step):
        return f".{step}"
    return ".'" + step.replace("\\", "\\\\").replace("'", "\\'") + "'"


class Operator(enum.StrEnum):
    """Comparison operators (9.6.1); `==` and `<>` are read as `=` and `!=`."""

    EQUAL = "="
    UNEQUAL = "!="
    LESS = "<"
    GREATER = ">"
    AT_MOST = "<="
    AT_LEAST = ">="
    IN = "IN"
    LIKE = "LIKE"
    MATCHES = "MATCHES"
    SUBSET = "ISSUBSET"
    SUPERSET = "ISSUPERSET"
    EXISTS = "EXISTS"


@dataclass(frozen=True)
class Comparison:
    """One comparison: `constants` holds one constant, the list of IN, or nothing for EXISTS."""

    path: Path
    operator: Operator
    constants: tuple[Constant, ...] = ()
    negated: bool = False
    place: int = 0


@dataclass(frozen=True)
class AllOf:
    """AND inside a bracket: all parts hold for the same root object."""

    tests: tuple[Test, ...]


@dataclass(frozen=True)
class AnyOf:
    """OR inside a bracket."""

    tests: tuple[Test, ...]


Test: TypeAlias = Comparison | AllOf | AnyOf


@dataclass(frozen=True)
class Bracket:
    """An observation expression in square brackets; `number` counts them from 0, from left to right."""

    number: int
    test: Test


@dataclass(frozen=True)
class Together:
    """AND between observations: all parts, each on observations of its own."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class Either:
    """OR between observations."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class Sequence:
    """FOLLOWEDBY: each part at or after all parts before it."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class Repeats:
    """REPEATS n TIMES: n matches on different observations."""

    part: Expression
    times: int


@dataclass(frozen=True)
class Within:
    """WITHIN x SECONDS: all observations inside one window; its end is not part of it."""

    part: Expression
    microseconds: int


@dataclass(frozen=True)
class Between:
    """START .. STOP ..: all observations from start on and before stop."""

    part: Expression
    start: int
    stop: int


Expression: TypeAlias = Bracket | Together | Either | Sequence | Repeats | Within | Between


@dataclass(frozen=True)
class Pattern:
    """A whole pattern, read. `text` is what was read, after repairs."""

    text: str
    root: Expression
    brackets: tuple[Bracket, ...]


def comparisons(test: Test) -> list[Comparison]:
    """Every comparison of a bracket's test, from left to right."""
    found: list[Comparison] = []
    waiting: list[Test] = [test]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Comparison):
            found.append(one)
        else:
            waiting.extend(reversed(one.tests))
    return found
