"""What a fold of a thread stands on, whatever the thread is about.

1. Acts are put in order by what their authors had seen, then by their time, then by their id: the same parts in any order give the same
order on every node, and a clock that is slow puts no delivery before its acceptance.
2. What cannot be read, or refers to what this reader does not have, is named with its reason and never dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

Contents = Mapping[str, type[msgspec.Struct]]  # of the room that reads, by type
# Properties by which a part names what comes before it.
_BEFORE = ("about_ref", "request_ref", "capability_ref", "contact_ref", "ping_ref")


class Part(Protocol):
    """One object of a thread, as this reader has it."""

    @property
    def id(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def value(self) -> Mapping[str, Any]: ...
    @property
    def author(self) -> str: ...
    @property
    def created_us(self) -> int: ...
    @property
    def modified_us(self) -> int: ...
    @property
    def revoked(self) -> bool: ...
    @property
    def marking(self) -> str: ...


class Unread(msgspec.Struct, frozen=True):
    """A part that says nothing to us, and why."""

    id: str
    author: str
    sentence: str


class Read(NamedTuple):
    """A part with its content."""

    part: Part
    content: Any


def read(parts: Sequence[Part], contents: Contents) -> tuple[list[Read], list[Unread]]:
    """The parts whose content can be read, the same one once, and those that cannot."""
    newest: dict[str, Part] = {}
    for part in parts:
        held = newest.get(part.id)
        if held is None or (part.modified_us, part.author) > (held.modified_us, held.author):
            newest[part.id] = part
    known, unread = [], []
    for part in sorted(newest.values(), key=lambda one: one.id):
        content = content_of(part, contents)
        if isinstance(content, Unread):
            unread.append(content)
        else:
            known.append(Read(part, content))
    return known, unread


def content_of(part: Part, contents: Contents) -> Any:
    """The content by its type, or why it cannot be read."""
    kind = contents.get(part.type)
    if kind is None:
        return Unread(part.id, part.author, f"The type {part.type} says nothing here.")
    try:
        return msgspec.convert(part.value, kind)
    except msgspec.ValidationError as error:
        return Unread(part.id, part.author, f"It cannot be read: {error}.")


def ordered(found: Sequence[Read]) -> list[tuple[int, Read]]:
    """Each with the time that it counts from: its own, or just after what its author had seen."""
    by_id = {one.part.id: one for one in found}
    when: dict[str, int] = {}
    for one in found:
        _settle(one.part.id, by_id, when)
    return sorted(((when[one.part.id], one) for one in found), key=lambda pair: (pair[0], pair[1].part.id))


def _settle(start: str, by_id: Mapping[str, Read], when: dict[str, int]) -> None:
    """Without recursion: others write these references. One that leads back to itself counts for nothing."""
    trail, open_ones = [start], {start}
    while trail:
        current = trail[-1]
        before = _before(by_id[current], by_id)
        waiting = [name for name in before if name not in when and name not in open_ones]
        if current not in when and waiting:
            trail.append(waiting[0])
            open_ones.add(waiting[0])
            continue
        trail.pop()
        if current not in when:
            seen = [when[name] + 1 for name in before if name in when]
            when[current] = max([by_id[current].part.created_us, *seen])


def _before(one: Read, by_id: Mapping[str, Read]) -> list[str]:
    content = one.content
    named = [*getattr(content, "follows_refs", ()), *(getattr(content, name, None) for name in _BEFORE)]
    return sorted({name for name in named if name in by_id and name != one.part.id})
