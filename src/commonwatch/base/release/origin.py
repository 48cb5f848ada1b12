"""What stands in collections because of one member: what it wrote, and what it brought. For taking all of it back at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import msgspec

from commonwatch.base.journal.driver import fetch
from commonwatch.base.journal.rows import copies_of
from commonwatch.base.parties.models import HOME, Member
from commonwatch.base.release.grants import all_classes
from commonwatch.base.release.models import Recipient
from commonwatch.base.release.types import type_name
from commonwatch.core.parts import parts
from commonwatch.core.policy.facts import DEFAULT_PURPOSE
from commonwatch.core.stix.ids import format_id


class Originated(msgspec.Struct, frozen=True, gc=False):
    """An object of a member's. `sources`: every one that brought it, in whatever version."""

    kind: str
    uid: bytes
    authored: bool
    sources: tuple[int, ...]
    classes: tuple[int, ...]
    slots: tuple[int, ...]

    @property
    def id(self) -> str:
        """Its STIX id."""
        return format_id(self.kind, self.uid)


def originated(member: Member) -> list[Originated]:
    """Every object in a collection that the member wrote or brought. Cost grows with their number."""
    authored, mine = _classes(member.identity)
    found: dict[tuple[int, bytes], tuple[set[int], set[int]]] = {}
    for klass, slot, kind, uid in _placed(mine):
        classes, slots = found.setdefault((kind, uid), (set(), set()))
        classes.add(klass)
        slots.add(slot)
    vouchers = _vouchers([uid for _, uid in found])
    return [
        Originated(
            type_name(kind),
            uid,
            not classes.isdisjoint(authored),
            tuple(sorted(vouchers.get((kind, uid), ()))),
            tuple(sorted(classes)),
            tuple(sorted(slots)),
        )
        for (kind, uid), (classes, slots) in found.items()
    ]


def holders(objects: Iterable[Originated], origin: Member) -> Mapping[str, int]:
    """To how many of these objects each other member that was ever served has access now, by name: they would be sent recalls."""
    numbers = {
        one.pk: one.member.name
        for one in Recipient.objects.select_related("member").filter(
            purpose=DEFAULT_PURPOSE, member__isnull=False, served_us__isnull=False
        )
        if one.member is not None and one.member.name not in (HOME, origin.name)
    }
    granted: dict[int, set[int]] = {}
    objects = list(objects)
    for klass, recipient in _in("SELECT class, recipient FROM release_grant WHERE class IN", _all_classes(objects)):
        if recipient in numbers:
            granted.setdefault(klass, set()).add(recipient)
    counts: Counter[str] = Counter()
    for one in objects:
        counts.update(numbers[number] for number in set().union(*(granted.get(klass, ()) for klass in one.classes)))
    return dict(sorted(counts.items()))


def _all_classes(objects: Iterable[Originated]) -> list[int]:
    return sorted({klass for one in objects for klass in one.classes})


def _classes(identity: str) -> tuple[set[int], list[int]]:
    """Classes that name the member as author, and those that name it at all."""
    authored, mine = set(), []
    for number, attributes in all_classes().items():
        parts = attributes.parts()
        if any(part.author == identity for part in parts):
            authored.add(number)
        if any(identity in (part.author, part.voucher) for part in parts):
            mine.append(number)
    return authored, mine


def _placed(classes: list[int]) -> list[tuple[int, int, int, bytes]]:
    """Class, slot, type number and UUID of what stands in a collection with one of these classes."""
    query = (
        "SELECT p.class, p.pos >> 51, v.type, v.uid FROM journal_placement p "
        "JOIN journal_version v ON v.seq = p.seq WHERE p.class IN"
    )
    return [(klass, slot, kind, _plain(uid)) for klass, slot, kind, uid in _in(query, classes)]


def _vouchers(uids: list[bytes]) -> dict[tuple[int, bytes], set[int]]:
    """The sources that brought each object, in whatever version."""
    copies = {copy.seq: copy for copy in copies_of(uids)} if uids else {}
    found: dict[tuple[int, bytes], set[int]] = {}
    for copy in copies.values():
        found.setdefault((copy.type, _plain(copy.uid)), set()).add(copy.source)
    for seq, source in _in("SELECT seq, source FROM journal_voucher WHERE seq IN", sorted(copies)):
        found[copies[seq].type, _plain(copies[seq].uid)].add(source)
    return found


def _in(query: str, numbers: list[int]) -> list[Any]:
    rows: list[Any] = []
    for chunk in parts(numbers):
        rows += fetch(f"{query} ({','.join(['%s'] * len(chunk))})", chunk)
    return rows


def _plain(uid: Any) -> bytes:
    return uid.bytes if isinstance(uid, UUID) else bytes(uid)
