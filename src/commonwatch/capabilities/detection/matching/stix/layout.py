"""Which STIX objects a row of a mapping is, and which columns their properties come from.

1. Every path that a column names (`Column.stix`) is a property of an object. Paths of one type belong to one object, until a
   second column names a path that is taken: then the next object of that type begins (source and destination address).
2. A path through a reference (`process:image_ref.name`) is also a property of the object that it refers to (`file:name`).
   What type that is, the reference says; for addresses the text does: IPv4, IPv6, else a domain name.
3. `ipv4-addr:value` is there only for text that is an IPv4 address, `ipv6-addr:value` likewise.
4. A column of texts is the list where its path says `[*]`; otherwise each text is an object of its own. Columns that share a
   path with `[*]` are one list.
5. `row_objects` builds these objects for one row: the reference evaluation of a row, and what an alert shows.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from commonwatch.capabilities.detection.telemetry.batch import Column
from commonwatch.capabilities.detection.telemetry.batch import Mapping as Columns
from commonwatch.core.patterns.stix.graph import Objects
from commonwatch.core.patterns.stix.reading import parse
from commonwatch.core.patterns.stix.syntax import EVERY, Comparison, Path, Step, steps_text
from commonwatch.core.stix.times import format_time

BY_TEXT = "address"  # the type of an object whose text says what it is
_REFERRED = {
    "src_ref": BY_TEXT,
    "dst_ref": BY_TEXT,
    "resolves_to_refs": BY_TEXT,
    "image_ref": "file",
    "binary_ref": "file",
    "opened_file_refs": "file",
    "service_dll_refs": "file",
    "body_raw_ref": "file",
    "parent_ref": "process",
    "child_refs": "process",
    "creator_user_ref": "user-account",
    "belongs_to_ref": "user-account",
    "parent_directory_ref": "directory",
    "content_ref": "artifact",
    "raw_email_ref": "artifact",
    "src_payload_ref": "artifact",
    "dst_payload_ref": "artifact",
    "opened_connection_refs": "network-traffic",
    "from_ref": "email-addr",
    "sender_ref": "email-addr",
    "to_refs": "email-addr",
    "cc_refs": "email-addr",
    "bcc_refs": "email-addr",
}
_FAMILIES = {"ipv4-addr": 4, "ipv6-addr": 6}
_EACH = "each "  # how the numbers of objects begin of which a row holds one for each text of a list
BY_TEXT_TYPES = ("ipv4-addr", "ipv6-addr", "domain-name")


@dataclass(frozen=True)
class Property:
    """A property of an object, and the column that holds it."""

    steps: tuple[Step, ...]
    column: str
    kind: str = ""  # only where the text is of this object type
    is_type: bool = False  # what is read is not the text but the object type that it has
    time: bool = False  # the column holds microseconds, the property is a timestamp
    listed: bool = False  # the column holds a list


@dataclass(frozen=True)
class Thing:
    """An object that rows of a mapping hold. `spread`: one for each text of its one list column."""

    type: str
    properties: tuple[Property, ...]
    spread: bool = False


@lru_cache(maxsize=65536)
def type_of_text(text: str) -> str:
    """The object type of a text that is an address or else a name."""
    try:
        return "ipv4-addr" if ipaddress.ip_address(text).version == 4 else "ipv6-addr"
    except ValueError:
        return "domain-name"


def path_of(text: str) -> Path | None:
    """A path as a mapping writes it; None if it is none."""
    pattern = parse(f"[EXISTS {text}]").pattern
    test = pattern.brackets[0].test if pattern is not None else None
    return test.path if isinstance(test, Comparison) else None


@dataclass(frozen=True)
class _Root:
    """A path of a column, and which object of its type it belongs to."""

    path: Path
    number: str
    column: Column


def _roots(mapping: Columns) -> Iterator[_Root]:
    taken: dict[str, int] = {}
    for column in mapping.columns:
        for text in column.stix:
            path = path_of(text)
            if path is None:
                continue
            if EVERY in path.steps:
                yield _Root(path, "0", column)
            elif column.type == "texts":
                yield _Root(path, f"{_EACH}{column.name} {text}", column)
            else:
                yield _Root(path, str(taken.get(text, 0)), column)
                taken[text] = taken.get(text, 0) + 1


def things(mapping: Columns) -> tuple[Thing, ...]:
    """The objects of a mapping's rows, each with its properties."""
    found: dict[tuple[str, str, str], list[Property]] = {}
    for root in _roots(mapping):
        for key, part in _properties(root):
            found.setdefault(key, []).append(part)
    return tuple(Thing(key[0], tuple(parts), key[1].startswith(_EACH)) for key, parts in found.items())


def _properties(root: _Root) -> Iterator[tuple[tuple[str, str, str], Property]]:
    """A column's property of the object at the root of its path, and of each object on the way."""
    kind, steps = root.path.type, root.path.steps
    listed, time = root.column.type == "texts", root.column.type == "time"
    place = ""
    while True:
        number = f"{_EACH}{root.column.name} {root.path.text}" if place and listed else root.number
        for name in BY_TEXT_TYPES if kind == BY_TEXT else (kind,):
            own = name if name in _FAMILIES or kind == BY_TEXT else ""
            yield (name, number, place), Property(steps, root.column.name, own, False, time, listed)
        cut = next(_cuts(steps), None)
        if cut is None:
            return
        if _REFERRED.get(_name(steps[:cut])) == BY_TEXT and kind != BY_TEXT:
            typed = (*steps[:cut], "type")
            yield (kind, number, place), Property(typed, root.column.name, "", True, False, listed)
        kind = _REFERRED.get(_name(steps[:cut]), "")
        place += "." + steps_text(steps[:cut])
        steps = steps[cut:]
        if not kind:
            return


def _cuts(steps: tuple[Step, ...]) -> Iterator[int]:
    """Where a path goes on in another object."""
    for number, step in enumerate(steps[:-1], 1):
        if isinstance(step, str) and step.endswith("_ref"):
            yield number
        if isinstance(step, str) and step.endswith("_refs") and number + 1 < len(steps):
            yield number + 1


def _name(steps: tuple[Step, ...]) -> str:
    return next((step for step in reversed(steps) if isinstance(step, str)), "")


def property_value(part: Property, value: Any) -> Any:
    """What a property holds, given the value of a column (of a list: one entry); None for nothing."""
    if part.time and isinstance(value, int):
        return format_time(value, 6)
    if part.is_type:
        return type_of_text(value) if isinstance(value, str) else None
    if part.kind and (not isinstance(value, str) or type_of_text(value) != part.kind):
        return None
    return value


def row_objects(layout: tuple[Thing, ...], row: Mapping[str, Any]) -> Objects:
    """The objects of one row. A property behind a reference stands in the object as well as in what it refers to."""
    objects: dict[str, dict[str, Any]] = {}
    for number, thing in enumerate(layout):
        entries = row.get(thing.properties[0].column) or () if thing.spread else (None,)
        for place, entry in enumerate(entries):
            built = _Building(f"{number}.{place}", thing.type, objects)
            for part in thing.properties:
                value = entry if thing.spread else row.get(part.column)
                several = value if isinstance(value, list) else [value]
                for one in several:
                    made = None if one is None else property_value(part, one)
                    if made is not None:
                        built.put(part.steps, made)
    return objects


class _Building:
    """An object in the making, with what it refers to."""

    def __init__(self, key: str, kind: str, objects: dict[str, dict[str, Any]]) -> None:
        self.key, self.kind, self.objects = key, kind, objects

    def put(self, steps: tuple[Step, ...], value: Any) -> None:
        """Set a property; what lies behind a reference becomes an object without a type, reached only from here."""
        holder = self.objects.setdefault(self.key, {"type": self.kind})
        place = self.key
        cut = next(_cuts(steps), None)
        while cut is not None:
            place = f"{place}/{steps_text(steps[:cut])}" + (f"#{len(self.objects)}" if EVERY in steps[:cut] else "")
            _set(holder, steps[:cut], place)
            holder = self.objects.setdefault(place, {})
            steps = steps[cut:]
            cut = next(_cuts(steps), None)
        _set(holder, steps, value)


def _set(holder: dict[str, Any], steps: tuple[Step, ...], value: Any) -> None:
    """Set a value at a path of names and `[*]`; a `[*]` adds an entry to its list."""
    inner: Any = holder
    for step, after in zip(steps, (*steps[1:], None), strict=True):
        last = after is None
        if isinstance(step, str):
            fresh: Any = [] if after == EVERY else {}
            inner = inner.__setitem__(step, value) if last else inner.setdefault(step, fresh)
        else:
            inner.append(value if last else {})
            inner = inner[-1]
