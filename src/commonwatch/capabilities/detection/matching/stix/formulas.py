"""A bracket on the columns of a mapping: atoms over single columns, joined by AND and OR for each object that it may start from.

1. An atom is one comparison on one column. Equalities with texts and numbers are kept apart: all of a column are answered by
   one look-up. Atoms are shared: a thousand patterns that ask the same have one.
2. AND holds where one object has all of it (`Thing`), so a bracket becomes one formula for each object of its type; of an
   object that a list has many of, each text is judged by itself.
3. A path that an object of the mapping never has makes its comparison impossible; NOT EXISTS of it as well, since what
   telemetry does not record is not known to be absent. Only here is the answer narrower than for the objects of `layout`.
4. `needs` are atoms of look-ups one of which must hold for the formula to hold, if there are such: then nothing is evaluated
   for the rows and patterns that none of them hits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from commonwatch.capabilities.detection.matching.stix.layout import Property, Thing, property_value, type_of_text
from commonwatch.core.patterns.stix.comparing import predicate
from commonwatch.core.patterns.stix.graph import decoded_octets
from commonwatch.core.patterns.stix.syntax import AllOf, AnyOf, Comparison, Constant, Operator, Path, Test


@dataclass(frozen=True)
class Atom:
    """One test on one column. `constants` is not None where a look-up answers it."""

    part: Property
    test: Test
    constants: tuple[str | int | float, ...] | None = None


@dataclass(frozen=True)
class Every:
    """All parts hold."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True)
class Some:
    """A part holds."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True)
class Lacks:
    """The object is there, but none of these properties."""

    present: tuple[Atom, ...]
    absent: tuple[Atom, ...]


Formula: TypeAlias = Atom | Every | Some | Lacks


def formula(test: Test, thing: Thing) -> Formula | None:
    """A bracket's test for one object; None if it can never hold."""
    if thing.spread:
        return _spread(test, thing)
    if isinstance(test, Comparison):
        return _comparison(test, thing) if test.path.type == thing.type else None
    parts = [formula(part, thing) for part in test.tests]
    known = tuple(part for part in parts if part is not None)
    if isinstance(test, AllOf):
        return Every(known) if len(known) == len(parts) else None
    return None if not known else known[0] if len(known) == 1 else Some(known)


def _comparison(comparison: Comparison, thing: Thing) -> Formula | None:
    parts = [part for part in thing.properties if _leads(comparison, part)]
    if not parts:
        return None
    if comparison.operator is Operator.EXISTS:
        exists = _exists(parts, comparison)
        if not comparison.negated:
            return exists[0] if len(exists) == 1 else Some(exists)
        return Lacks(_exists(list(thing.properties), comparison), exists)
    atoms = tuple(Atom(part, comparison, _constants(comparison, part)) for part in parts)
    return atoms[0] if len(atoms) == 1 else Some(atoms)


def _leads(comparison: Comparison, part: Property) -> bool:
    steps = comparison.path.steps
    return part.steps == steps or (comparison.operator is Operator.EXISTS and part.steps[: len(steps)] == steps)


def _exists(parts: list[Property], comparison: Comparison) -> tuple[Atom, ...]:
    kind = comparison.path.type
    return tuple(Atom(part, Comparison(Path(kind, part.steps), Operator.EXISTS)) for part in parts)


def _spread(test: Test, thing: Thing) -> Formula | None:
    part = thing.properties[0]
    possible = _possible(test, thing.type, part)
    return None if possible is None else Atom(part, possible, _constants(possible, part))


def _possible(test: Test, kind: str, part: Property) -> Test | None:
    """What of a test can hold for an object that has only this property."""
    if isinstance(test, Comparison):
        absent = test.operator is Operator.EXISTS and test.negated
        return test if test.path.type == kind and _leads(test, part) and not absent else None
    parts = [_possible(one, kind, part) for one in test.tests]
    known = tuple(one for one in parts if one is not None)
    if isinstance(test, AllOf):
        return AllOf(known) if len(known) == len(parts) else None
    return None if not known else known[0] if len(known) == 1 else AnyOf(known)


def _constants(test: Test, part: Property) -> tuple[str | int | float, ...] | None:
    """The constants of an equality that a look-up answers; None for every other test."""
    if not isinstance(test, Comparison) or test.negated or test.operator not in (Operator.EQUAL, Operator.IN):
        return None
    last = part.steps[-1]
    if part.is_type or part.time or (isinstance(last, str) and last.endswith(("_hex", "_bin"))):
        return None
    if not all(type(constant) in (str, int, float) for constant in test.constants):
        return None
    return tuple(one for one in test.constants if _of_kind(one, part))  # type: ignore[misc]


def _of_kind(constant: Constant, part: Property) -> bool:
    return not part.kind or (isinstance(constant, str) and type_of_text(constant) == part.kind)


def value_test(atom: Atom) -> Callable[[Any], bool]:
    """An atom as a function of one value of its column."""
    part, holds = atom.part, _on_value(atom.test)
    last = part.steps[-1]
    octets = isinstance(last, str) and last.endswith(("_hex", "_bin"))

    def test(value: Any) -> bool:
        read = property_value(part, value)
        if octets and isinstance(last, str):
            read = decoded_octets(read, last)
        return read is not None and holds(read)

    return test


def _on_value(test: Test) -> Callable[[object], bool]:
    """A test as a function of what a property holds: all its comparisons lead to that property."""
    if isinstance(test, Comparison):
        return predicate(test)
    parts = [_on_value(one) for one in test.tests]
    if isinstance(test, AnyOf):
        return lambda value: any(holds(value) for holds in parts)
    return lambda value: all(holds(value) for holds in parts)


def atoms(one: Formula) -> Iterator[Atom]:
    """Every atom of a formula."""
    if isinstance(one, Atom):
        yield one
    elif isinstance(one, Lacks):
        yield from (*one.present, *one.absent)
    else:
        for part in one.parts:
            yield from atoms(part)


def needs(one: Formula) -> frozenset[Atom] | None:
    """Look-up atoms one of which must hold; None if the formula can hold without any."""
    if isinstance(one, Atom):
        return frozenset({one}) if one.constants is not None else None
    if isinstance(one, Lacks):
        return None
    parts = [needs(part) for part in one.parts]
    if isinstance(one, Every):
        return min((part for part in parts if part is not None), key=len, default=None)
    return None if None in parts else frozenset().union(*(part for part in parts if part is not None))
