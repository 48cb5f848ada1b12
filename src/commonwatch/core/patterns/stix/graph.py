"""Where object paths lead (9.7), and whether a bracket holds for an observation.

1. A path starts at an object of its type. A name leads to a property or dictionary key; on a list, `[n]` leads to one entry,
   `[*]` to each: the comparison holds if it holds for any.
2. A step after a property in `_ref` or `_refs` goes on in the object that it names, if the observation holds it (9.7.4). A
   path that ends there leads to the identifier itself.
3. Properties in `_hex` and `_bin` are octets (9.6.3); such text that is none leads nowhere.
4. A path that leads nowhere makes its comparison false, whatever the operator; EXISTS asks only that, NOT EXISTS turns it.
5. A bracket holds for an observation if one object of it, as the root of all its paths, makes the test true.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from commonwatch.core.patterns.stix.comparing import predicate
from commonwatch.core.patterns.stix.syntax import EVERY, AllOf, Comparison, Operator, Step, Test, comparisons

Objects: TypeAlias = Mapping[str, Mapping[str, Any]]
Rooted: TypeAlias = Callable[[Mapping[str, Any], Objects], bool]
_OCTETS = ("_hex", "_bin")


def values_at(steps: tuple[Step, ...], root: Mapping[str, Any], objects: Objects) -> list[Any]:
    """Every value that the steps lead to from one object."""
    values: list[Any] = [root]
    refers = False  # the last name was that of a reference
    for step in steps:
        if isinstance(step, int):
            values = _entries(values, step)
            continue
        if refers:
            values = [objects[value] for value in values if isinstance(value, str) and value in objects]
        values = [value[step] for value in values if isinstance(value, Mapping) and step in value]
        refers = step.endswith(("_ref", "_refs"))
    last = steps[-1]
    return _as_octets(values, last) if isinstance(last, str) and last.endswith(_OCTETS) else values


def _entries(values: list[Any], index: int) -> list[Any]:
    lists = [value for value in values if isinstance(value, list)]
    if index == EVERY:
        return [entry for value in lists for entry in value]
    return [value[index] for value in lists if index < len(value)]


def _as_octets(values: list[Any], name: str) -> list[bytes]:
    decoded = (decoded_octets(value, name) for value in values)
    return [value for value in decoded if value is not None]


def decoded_octets(value: object, name: str) -> bytes | None:
    """The octets that a property in `_hex` or `_bin` writes, or None."""
    try:
        if isinstance(value, str):
            return bytes.fromhex(value) if name.endswith("_hex") else base64.b64decode(value, validate=True)
    except (ValueError, binascii.Error):
        pass
    return None


def rooted(test: Test) -> Rooted:
    """A test as a function of a root object and the objects around it."""
    if isinstance(test, Comparison):
        return _comparison(test)
    parts = [rooted(part) for part in test.tests]
    decisive = not isinstance(test, AllOf)  # the answer of a part that settles it

    def holds(root: Mapping[str, Any], objects: Objects) -> bool:
        for part in parts:  # a generator takes twice as long
            if part(root, objects) is decisive:
                return decisive
        return not decisive

    return holds


def _comparison(comparison: Comparison) -> Rooted:
    kind, steps = comparison.path.type, comparison.path.steps
    holds = predicate(comparison)
    absent = comparison.operator is Operator.EXISTS and comparison.negated
    name = str(steps[0])  # the first step is never an index

    def own(root: Mapping[str, Any], objects: Objects) -> bool:
        return root.get("type") == kind and ((name in root) is not absent) and (absent or holds(root[name]))

    def test(root: Mapping[str, Any], objects: Objects) -> bool:
        if root.get("type") != kind:
            return False
        values = values_at(steps, root, objects)
        return not values if absent else any(map(holds, values))

    # Most paths lead to a property of the root itself.
    return own if len(steps) == 1 and not name.endswith(_OCTETS) else test


def holder(test: Test) -> Callable[[Objects], bool]:
    """A bracket's test as a function of an observation's objects."""
    on_root = rooted(test)
    kinds = tuple({comparison.path.type for comparison in comparisons(test)})  # a type in data may be unhashable

    def holds(objects: Objects) -> bool:
        for root in objects.values():  # noqa: SIM110 - a generator takes twice as long
            if root.get("type") in kinds and on_root(root, objects):
                return True
        return False

    return holds
