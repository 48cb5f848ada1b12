"""Whether single entries may be seen by a reader, for what finds them by an index of its own: search, and the console by it.

1. An entry is seen where it stands in a collection that the reader may read and its class is granted to the reader: the same
   grants as for pages (`plan`). Who runs the node sees what stands in any collection.
2. That is asked inside the query that looks, of the tables that serve: what was erased, withdrawn, narrowed or recalled is gone
   at that moment, however far behind an index is.
3. `code` is how the reader gets it (`schema`). Where it is not 0 the reader gets a derived object, under an id of its own: an
   index must not be asked for words of the original then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
from django.db import connection

from commonwatch.base.journal import rows, schema
from commonwatch.base.journal.driver import fetch_timed
from commonwatch.base.release.access import Access, access_of
from commonwatch.base.release.collections import visible_collections
from commonwatch.base.release.pages import class_behind, derived
from commonwatch.base.release.reader import Reader
from commonwatch.base.release.served import record
from commonwatch.base.release.serving import guarding
from commonwatch.base.release.types import type_name
from commonwatch.core.parts import parts
from commonwatch.core.policy.classes import ClassAttributes
from commonwatch.core.policy.uids import derived_uid, original_uid
from commonwatch.core.stix.ids import format_id
from commonwatch.core.taxii.filters import ObjectFilter

_MOST_PARAMETERS = 1_000


class Sight(msgspec.Struct, frozen=True, gc=False):
    """What a reader sees by: its access, and the slots of the collections it may read."""

    access: Access
    slots: tuple[int, ...]


class Seen(NamedTuple):
    """SQL that lets through the entries that are seen: what to join after the entry's table, the condition, and the code."""

    join: str
    where: str
    code: str


class Given(msgspec.Struct, frozen=True, gc=False):
    """An entry as its reader has it; `raw` is derived where it gets no more."""

    seq: int
    id: str
    original: bytes  # the UUID under which the journal knows the object
    version_us: int
    digits: int
    revoked: bool
    signed: bool  # its author's signature held
    derived: bool
    attributes: ClassAttributes
    raw: bytes


def sight_of(reader: Reader) -> Sight:
    """What a reader sees by, now."""
    return Sight(access_of(reader), tuple(view.slot for view in visible_collections(reader) if view.can_read))


def seen(sight: Sight, entry: str, alias: str = "g", *, current: bool = True) -> Seen:
    """For entries that the expression `entry` names. `current`: as the current version of their object where they stand."""
    if not sight.slots:
        return Seen("", "1 = 0", "0")
    klass = _class_of(sight, entry, alias, current=current)
    recipient = sight.access.recipient
    if recipient is None:
        return Seen("", f"{klass} IS NOT NULL", "0")
    if connection.vendor == "sqlite":
        join = f" CROSS JOIN release_grant {alias} ON {alias}.recipient = {recipient} AND {alias}.class = {klass}"
        return Seen(join, "1 = 1", f"{alias}.code")
    # As a value, not as a join: the rows stay in the order of the walk, which then ends with its limit.
    code = f"SELECT {alias}h.code FROM release_grant {alias}h WHERE {alias}h.recipient = {recipient} AND {alias}h.class = {klass}"
    return Seen(
        f" CROSS JOIN LATERAL (SELECT ({code}) AS code OFFSET 0) AS {alias}",
        f"{alias}.code IS NOT NULL",
        f"{alias}.code",
    )


def seen_by_grants(sight: Sight) -> str:
    """For who sees little: a query of `seq` and `code` of every current entry that it sees."""
    hint = " INDEXED BY journal_placement_class" if connection.vendor == "sqlite" else ""
    slots = ",".join(map(str, sight.slots)) or "-1"
    return (
        f"SELECT DISTINCT p.seq AS seq, g.code AS code FROM release_grant g CROSS JOIN journal_placement p{hint} "
        f"WHERE p.class = g.class AND g.recipient = {sight.access.recipient} AND (p.flags & {schema.LAST}) <> 0 "
        f"AND (p.pos >> {schema.SLOT_SHIFT}) IN ({slots})"
    )


def look(sight: Sight, query: str, values: Sequence[Any], seconds: float, *, bitmaps: bool = False) -> list[Any]:
    """The rows of a query made with `seen`, guarded by row security as pages are; raises TimeUp."""
    local = guarding(sight.access.recipient)
    if bitmaps and connection.vendor == "postgresql":
        local["enable_bitmapscan"] = "on"
    return fetch_timed(seconds, local, query, values)


def given(sight: Sight, entries: Iterable[int], kind: str, *, current: bool = True) -> dict[int, Given]:
    """These entries as the reader has them, by entry; what it does not see is left out. What is given is on record."""
    wanted = list(dict.fromkeys(entries))
    found: dict[int, Given] = {}
    uid = "v.uid" if connection.vendor == "sqlite" else "uuid_send(v.uid)"
    which = seen(sight, "v.seq", current=current)
    head = (
        f"SELECT v.seq, v.type, {uid}, v.version, v.marks, v.class, v.raw, {which.code} FROM journal_version v{which.join} "
        f"WHERE {which.where} AND v.seq IN "
    )
    for chunk in parts(wanted, _MOST_PARAMETERS):
        for row in look(sight, f"{head}({','.join(['%s'] * len(chunk))})", chunk, 60):
            found[row[0]] = _given(sight, row)
    if found:
        ids = tuple((one.id.rpartition("--")[0], one.original) for one in found.values())
        record(sight.access, kind, 0, ObjectFilter(ids=ids), min(found), max(found), len(found))
    return found


def known_as(sight: Sight, kind: str, uid: bytes, code: int) -> str:
    """The id under which the reader knows an object that it gets with this code."""
    return format_id(kind, derived_uid(uid, sight.access.key) if code else uid)


def meant(sight: Sight, uid: bytes) -> tuple[tuple[bytes, bool], ...]:
    """The objects that a UUID may stand for with this reader: the one itself, and that of which it knows a derived form."""
    plain = ((uid, False),)
    return (*plain, (original_uid(uid, sight.access.key), True)) if sight.access.coded else plain


def versions_seen(sight: Sight, kind: str, uid: bytes, seconds: float) -> list[tuple[int, int]]:
    """Entry and code of every version of an object that the reader sees, latest first."""
    key: Any = uid
    if connection.vendor == "postgresql":
        from uuid import UUID

        key = UUID(bytes=uid)
    which = seen(sight, "v.seq", current=False)
    text = (
        f"SELECT v.seq, {which.code} FROM journal_version v{which.join} WHERE {which.where} AND v.uid = %s "
        "AND v.type = (SELECT t.id FROM journal_type t WHERE t.name = %s) ORDER BY v.version DESC, v.spec DESC, v.seq DESC"
    )
    return [(seq, code) for seq, code in look(sight, text, [key, kind], seconds)]


def vouchers_of(entries: Sequence[int]) -> dict[int, list[tuple[int, int]]]:
    """Who brought these entries: sources with microseconds since 1970, the first one first."""
    found: dict[int, list[tuple[int, int]]] = {}
    for seq, source in rows.sources_of(entries):
        found[seq] = [(source, schema.seq_to_us(seq))]
    for seq, source, at_us in rows.vouchers_of(entries):
        found[seq].append((source, at_us))
    return found


def _class_of(sight: Sight, entry: str, alias: str, *, current: bool) -> str:
    """The class of an entry that stands in one of the collections; NULL of any other."""
    q = f"{alias}q"
    flags = f" AND ({q}.flags & {schema.LAST}) <> 0" if current else ""
    places = ", ".join(f"{schema.position(slot, 0)} + {entry}" for slot in sight.slots)
    slots = ",".join(map(str, sight.slots))
    hint = " INDEXED BY journal_placement_moved" if connection.vendor == "sqlite" else ""
    own = (
        f"SELECT {q}.class FROM journal_placement {q} WHERE {q}.pos IN ({places}) AND {q}.seq = {entry}{flags} LIMIT 1"
    )
    moved = (
        f"SELECT {q}.class FROM journal_placement {q}{hint} WHERE {q}.seq = {entry} AND ({q}.pos & {schema.SEQ_MASK}) <> {q}.seq "
        f"AND ({q}.pos >> {schema.SLOT_SHIFT}) IN ({slots}){flags} LIMIT 1"
    )
    return f"coalesce(({own}), ({moved}))"


def _given(sight: Sight, row: Sequence[Any]) -> Given:
    seq, kind, uid, version, marks, klass, raw, code = row
    body = derived(sight.access, bytes(raw), klass, code) if code else bytes(raw)
    return Given(
        seq,
        known_as(sight, type_name(kind), bytes(uid), code),
        bytes(uid),
        version,
        min(marks & schema.DIGITS, 6),
        bool(marks & schema.REVOKED),
        bool(marks & schema.SIGNED),
        bool(code),
        class_behind(klass),
        body,
    )
