"""What changed between two versions of an object, field by field.

1. A field is named by its JSON pointer (RFC 6901). Objects inside are gone into.
2. Lists of STIX are sets in all but name: of a list, members that came and members that went are told, by content. A list
   with the same members in another order is told as such.
3. `modified` always differs and is told all the same: nothing is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from commonwatch.core.stix.ids import canonical


class FieldChange(msgspec.Struct, frozen=True):
    """One field. `came` and `went`: members of a list; `old` and `new`: the values of anything else."""

    field: str
    kind: Literal["added", "removed", "changed", "members", "order"]
    old: Any = None
    new: Any = None
    came: tuple[Any, ...] = ()
    went: tuple[Any, ...] = ()


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    """Every field in which the two differ, in the order of their names."""
    return tuple(_objects("", old, new))


def _objects(place: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[FieldChange]:
    for name in sorted({*old, *new}):
        field = f"{place}/{name.replace('~', '~0').replace('/', '~1')}"
        if name not in old:
            yield FieldChange(field, "added", new=new[name])
        elif name not in new:
            yield FieldChange(field, "removed", old=old[name])
        else:
            yield from _values(field, old[name], new[name])


def _values(field: str, old: Any, new: Any) -> Iterator[FieldChange]:
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _objects(field, old, new)
    elif canonical(old) == canonical(new):
        return
    elif isinstance(old, list) and isinstance(new, list):
        came, went = _without(new, old), _without(old, new)
        yield FieldChange(field, "members" if came or went else "order", came=came, went=went)
    else:
        yield FieldChange(field, "changed", old, new)


def _without(these: Sequence[Any], those: Sequence[Any]) -> tuple[Any, ...]:
    """Members of the first that the second lacks; of equal ones, as many as there are more."""
    left: dict[bytes, int] = {}
    for one in those:
        key = canonical(one)
        left[key] = left.get(key, 0) + 1
    found = []
    for one in these:
        key = canonical(one)
        if left.get(key):
            left[key] -= 1
        else:
            found.append(one)
    return tuple(found)
