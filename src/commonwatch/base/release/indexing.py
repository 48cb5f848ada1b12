"""What an index of the whole journal is made from: every current copy, its class, and what anybody may have of it.

Nothing leaves by this. An index made from it is asked through `sight`, which lets through what its reader may have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from commonwatch.base.journal import rows, schema
from commonwatch.base.release.deciding import definitions_of, granular_of
from commonwatch.base.release.types import type_name
from commonwatch.core.policy.classes import ClassAttributes
from commonwatch.core.policy.handling import handling
from commonwatch.core.policy.uids import derived_uid
from commonwatch.core.policy.variants import Derivation, derive
from commonwatch.core.stix.ids import format_id, parse_id

_KEY = bytes(32)  # of derived objects that are looked at and given to nobody


class Copy(NamedTuple):
    """One stored copy of an object. `current`: it is the current version in some collection."""

    seq: int
    uid: bytes
    type: int
    version: int
    spec: int
    marks: int
    klass: int
    current: bool

    @property
    def revoked(self) -> bool:
        """Whether this copy revokes the object."""
        return bool(self.marks & schema.REVOKED)


def copies(uids: Iterable[bytes]) -> list[Copy]:
    """Every copy of the objects with these UUIDs that has not been erased."""
    held = [one for one in rows.copies_of(list(uids)) if not one.marks & schema.ERASED]
    placed = rows.placements_of([one.seq for one in held], rows.slots())
    current = {seq for _, seq, flags in placed if flags & schema.LAST}
    return [
        Copy(one.seq, one.uid, one.type, one.version, one.spec, one.marks, one.release_class, one.seq in current)
        for one in held
    ]


def objects_of(entries: Sequence[int]) -> set[bytes]:
    """The UUIDs of the objects of these entries, erased ones among them."""
    return set(rows.uids_of(entries).values())


def bodies(entries: Sequence[int]) -> dict[int, bytes]:
    """The bytes of these entries."""
    return rows.raws_of(entries)


def attributes_of(classes: Iterable[int]) -> dict[int, ClassAttributes]:
    """What is behind the numbers of these classes."""
    return rows.classes_of(sorted(set(classes)))


def may_be_derived(attributes: ClassAttributes) -> bool:
    """Whether somebody might get another object than the one received."""
    return any(part.personal or part.secrecy for part in attributes.parts()) or bool(granular_of(attributes))


def least(raw: bytes, attributes: ClassAttributes) -> bytes:
    """What everybody gets who gets the object at all: no personal data, no secret, no part under a marking of its own."""
    return derive(raw, Derivation("stripped", frozenset(granular_of(attributes)), _KEY))


def levels_of(classes: Mapping[int, ClassAttributes]) -> dict[int, int]:
    """The TLP level of each class as a whole: 0 CLEAR, 1 GREEN, 2 AMBER, 3 AMBER+STRICT, 4 RED."""
    definitions = definitions_of(classes.values())
    return {
        klass: max(handling(part.markings, definitions, part.default).tlp for part in attributes.parts())
        for klass, attributes in classes.items()
    }


def names_of_types(numbers: Iterable[int]) -> dict[int, str]:
    """The names behind the journal's numbers of types."""
    return {number: type_name(number) for number in set(numbers)}


def id_in_least(identity: str) -> str:
    """What `least` calls an object of which it may only give the derived id."""
    named = parse_id(identity)
    return identity if named is None else format_id(named[0], derived_uid(named[1], _KEY))
