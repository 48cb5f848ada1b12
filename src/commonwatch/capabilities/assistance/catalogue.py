"""What members can give, and how much of it is held by whom: a fold of a capability's thread. Pure.

Two members may take the same capacity at once, each on its own node. Both reservations stay. Until its owner decides, the one that counts
from earlier (`ordering.ordered`) holds what there is, and the other is contested: everybody who has both sees the same. What the owner
allots goes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from commonwatch.core.stix import ordering
from commonwatch.core.stix.ordering import Read, Unread
from commonwatch.core.stix.response import assistance as stix
from commonwatch.core.stix.times import parse_time

ALWAYS = (-(2**62), 2**62)


class Held(msgspec.Struct, frozen=True):
    """A reservation as it stands: `held`, `contested`, `allotted`, `released`, `refused`, `past`."""

    id: str
    author: str
    quantity: int
    begins: str
    ends: str
    standing: str
    why: str
    by: str = ""
    for_ref: str = ""
    at_us: int = 0


class CapabilityView(msgspec.Struct, frozen=True):
    """A capability with what is held of it."""

    id: str
    author: str
    content: stix.Capability
    marking: str
    made_us: int
    ended: bool  # its author took it back, or its time is over
    held: tuple[Held, ...]
    unread: tuple[Unread, ...]
    latest: tuple[str, ...]

    @property
    def contested(self) -> bool:
        """Whether its owner has to decide."""
        return any(one.standing == "contested" for one in self.held)

    def free(self, begins: str, ends: str) -> int:
        """How much of it nobody holds during this time; 0 where it is not there for all of it."""
        own, wanted = span(self.content.begins, self.content.ends), span(begins, ends)
        if self.ended or not _within(wanted, own):
            return 0
        spans = [
            (*span(one.begins, one.ends), one.quantity) for one in self.held if one.standing in ("held", "allotted")
        ]
        return max(self.content.quantity - _most(spans, wanted), 0)


@dataclass
class _Row:
    read: Read
    order_us: int
    standing: str = ""
    why: str = ""
    allotted_us: int | None = None


def fold(parts: Sequence[ordering.Part], now_us: int) -> CapabilityView | None:
    """The capability as it stands; None where its root is not there or cannot be read."""
    known, unread = ordering.read(parts, stix.CONTENTS)
    root = next((one for one in known if one.part.type == stix.CAPABILITY), None)
    if root is None:
        return None
    content: stix.Capability = root.content
    rows = _taken(root, [pair for pair in ordering.ordered(known) if pair[1].part.id != root.part.id])
    _settle(content, rows, now_us)
    return CapabilityView(
        id=root.part.id,
        author=root.part.author,
        content=content,
        marking=root.part.marking,
        made_us=root.part.created_us,
        ended=root.part.revoked or span("", content.ends)[1] <= now_us,
        held=tuple(_held(row) for row in rows),
        unread=tuple(unread),
        latest=tuple(row.read.part.id for row in rows[-1:]),
    )


def _taken(root: Read, acts: Sequence[tuple[int, Read]]) -> list[_Row]:
    rows: dict[str, _Row] = {}
    for order_us, one in acts:
        said: stix.Reservation = one.content
        if said.capability_ref != root.part.id:
            continue
        if said.act == "reserve":
            rows[one.part.id] = _Row(one, order_us)
            if one.part.revoked:
                rows[one.part.id].standing, rows[one.part.id].why = "released", "Its author took it back."
            continue
        row = rows.get(said.about_ref or "")
        if row is None or one.part.revoked:
            continue
        owner = one.part.author == root.part.author
        if said.act == "release" and (owner or one.part.author == row.read.part.author):
            row.standing = "refused" if owner and one.part.author != row.read.part.author else "released"
            row.why = said.reason
        elif said.act == "allot" and owner and row.standing != "released":
            row.standing, row.allotted_us, row.why = "", order_us, said.reason
    return list(rows.values())


def _settle(content: stix.Capability, rows: Sequence[_Row], now_us: int) -> None:
    """Allotted ones first, in the order of the decisions; then the others, in theirs."""
    taken: list[tuple[int, int, int]] = []
    own = span(content.begins, content.ends)
    waiting = [row for row in rows if not row.standing]
    order = sorted(
        waiting, key=lambda row: (row.allotted_us is None, row.allotted_us or row.order_us, row.read.part.id)
    )
    for row in order:
        said: stix.Reservation = row.read.content
        begins, ends = span(said.begins, said.ends)
        if ends <= now_us:
            row.standing = "past"
            continue
        left = content.quantity - _most(taken, (begins, ends))
        if not _within((begins, ends), own):
            row.standing, row.why = "contested", "It is not there for all of that time."
        elif row.allotted_us is not None:
            row.standing = "allotted"
            taken.append((begins, ends, said.quantity))
        elif said.quantity > left:
            row.standing = "contested"
            row.why = f"{max(left, 0)} of {content.quantity} were left when it was taken."
        else:
            row.standing = "held"
            taken.append((begins, ends, said.quantity))


def _held(row: _Row) -> Held:
    said: stix.Reservation = row.read.content
    return Held(
        id=row.read.part.id,
        author=row.read.part.author,
        quantity=said.quantity,
        begins=said.begins,
        ends=said.ends,
        standing=row.standing,
        why=row.why,
        by=said.by,
        for_ref=said.for_ref or "",
        at_us=row.read.part.created_us,
    )


def span(begins: str, ends: str) -> tuple[int, int]:
    """A time as a pair of microseconds; what is left out is open."""
    start, end = parse_time(begins) if begins else None, parse_time(ends) if ends else None
    return (start[0] if start else ALWAYS[0], end[0] if end else ALWAYS[1])


def _within(inner: tuple[int, int], outer: tuple[int, int]) -> bool:
    """Whether a time lies within another. One whose beginning or end is left open begins and ends with the other."""
    begins = outer[0] if inner[0] == ALWAYS[0] else inner[0]
    ends = outer[1] if inner[1] == ALWAYS[1] else inner[1]
    return outer[0] <= begins < ends <= outer[1]


def _most(spans: Sequence[tuple[int, int, int]], within: tuple[int, int]) -> int:
    """The most that is taken at any moment of a time."""
    changes: list[tuple[int, int]] = []
    for begins, ends, quantity in spans:
        first, last = max(begins, within[0]), min(ends, within[1])
        if first < last:
            changes += [(first, quantity), (last, -quantity)]
    most = level = 0
    for _, change in sorted(changes):
        level += change
        most = max(most, level)
    return most
