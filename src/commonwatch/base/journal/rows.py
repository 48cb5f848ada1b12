"""The rows of one transaction, written the fastest way each database has: `executemany`, or binary COPY."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db import connection

from commonwatch.base.journal.copying import PlacementRow, VersionRow, binary_placements, binary_versions
from commonwatch.base.journal.driver import copy_in, execute, execute_many, fetch
from commonwatch.base.journal.schema import SEQ_MASK, SLOT_SHIFT, position
from commonwatch.core.parts import parts
from commonwatch.core.policy.classes import ClassAttributes, decode_class

_MOST_PARAMETERS = 1000  # of one statement
_SIX, _TEN = ",".join(["%s"] * 6), ",".join(["%s"] * 10)


class HeldCopy(NamedTuple):
    """One stored copy of an object version, without its bytes."""

    uid: bytes
    type: int
    version: int
    spec: int
    seq: int
    source: int
    marks: int
    release_class: int


def last_seq_for_update() -> int:
    """The end of the journal's last window; on PostgreSQL this takes the sequencer's lock to the end of the transaction."""
    lock = " FOR UPDATE" if connection.vendor == "postgresql" else ""
    return int(fetch(f"SELECT last_seq FROM journal_head{lock}", [])[0][0])


def set_last_seq(seq: int) -> None:
    """Record the end of the journal's last window."""
    execute("UPDATE journal_head SET last_seq = %s", [seq])


def copies_of(uids: Sequence[bytes]) -> list[HeldCopy]:
    """Every stored copy of objects with these UUIDs (of any type). One look-up for all of them."""
    columns = "SELECT uid, type, version, spec, seq, source, marks, class FROM journal_version"
    if connection.vendor == "postgresql":
        # One index probe for each id. As `uid = ANY(...)`, a planner without fresh statistics reads the whole table.
        probe = f"SELECT v.* FROM unnest(%s::uuid[]) AS u(wanted) CROSS JOIN LATERAL ({columns} WHERE uid = wanted OFFSET 0) v"
        found = fetch(probe, [[uuid.UUID(bytes=uid) for uid in uids]])
        return [HeldCopy(row[0].bytes, *row[1:]) for row in found]
    copies: list[HeldCopy] = []
    for chunk in parts(uids, _MOST_PARAMETERS):
        condition = f"INDEXED BY journal_version_id WHERE uid IN ({','.join(['%s'] * len(chunk))})"
        copies += map(HeldCopy._make, fetch(f"{columns} {condition}", chunk))
    return copies


def insert(versions: Sequence[VersionRow], placements: Sequence[PlacementRow]) -> None:
    """Add the rows."""
    if connection.vendor == "sqlite":
        execute_many(f"INSERT INTO journal_version VALUES ({_TEN})", versions)
        execute_many(f"INSERT INTO journal_placement VALUES ({_SIX})", placements)
        return
    columns = "(seq, version, type, source, class, spec, marks, uid, findings, raw)"
    copy_in(f"COPY journal_version {columns} FROM STDIN (FORMAT BINARY)", binary_versions(versions))
    copy_in(
        "COPY journal_placement (pos, seq, type, version, flags, class) FROM STDIN (FORMAT BINARY)",
        binary_placements(placements),
    )


def raws_of(seqs: Sequence[int]) -> dict[int, bytes]:
    """The bytes of these entries."""
    return {seq: bytes(raw) for seq, raw in _by_numbers("SELECT seq, raw FROM journal_version WHERE seq IN", seqs)}


def uids_of(seqs: Sequence[int]) -> dict[int, bytes]:
    """The UUIDs of the objects of these entries."""
    uid = "uid" if connection.vendor == "sqlite" else "uuid_send(uid)"
    return {seq: bytes(own) for seq, own in _by_numbers(f"SELECT seq, {uid} FROM journal_version WHERE seq IN", seqs)}


def classes_of(numbers: Sequence[int]) -> dict[int, ClassAttributes]:
    """What is behind the numbers of these release classes."""
    found = _by_numbers("SELECT id, attributes FROM journal_class WHERE id IN", numbers)
    return {number: decode_class(attributes) for number, attributes in found}


def set_class(klass: int, seq: int, places: Sequence[int]) -> None:
    """Give an entry, with its placements, another release class."""
    execute("UPDATE journal_version SET class = %s WHERE seq = %s", [klass, seq])
    execute_many("UPDATE journal_placement SET class = %s WHERE pos = %s", [(klass, pos) for pos in places])


def slots() -> range:
    """The slots of every collection that holds anything."""
    return range(int(fetch("SELECT coalesce(max(pos), 0) FROM journal_placement", [])[0][0] >> SLOT_SHIFT) + 1)


def placements_of(seqs: Sequence[int], slots: Sequence[int]) -> list[tuple[int, int, int]]:
    """(pos, seq, flags) of these entries in the collections with these slots."""
    places = [position(slot, seq) for slot in slots for seq in seqs]
    found = _by_numbers("SELECT pos, seq, flags FROM journal_placement WHERE pos IN", places)
    moved = "SELECT pos, seq, flags FROM journal_placement WHERE (pos & 2251799813685247) <> seq AND seq IN"
    wanted = set(slots)
    # The first query also finds entries that were moved to the place of another one of ours; those come from the second.
    return [row for row in found if row[0] & SEQ_MASK == row[1]] + [
        row for row in _by_numbers(moved, seqs) if row[0] >> SLOT_SHIFT in wanted
    ]


def _by_numbers(query: str, numbers: Sequence[int]) -> list[Any]:
    rows: list[Any] = []
    for chunk in parts(numbers, _MOST_PARAMETERS):
        rows += fetch(f"{query} ({','.join(['%s'] * len(chunk))})", chunk)
    return rows


def sources_of(seqs: Sequence[int]) -> list[tuple[int, int]]:
    """(seq, source): who brought these entries first."""
    return [tuple(row) for row in _by_numbers("SELECT seq, source FROM journal_version WHERE seq IN", seqs)]


def vouchers_of(seqs: Sequence[int]) -> list[tuple[int, int, int]]:
    """(seq, source, microseconds) of the further sources that brought the same content, in order of time."""
    found = _by_numbers("SELECT seq, source, first_us FROM journal_voucher WHERE seq IN", seqs)
    return sorted((tuple(row) for row in found), key=lambda row: row[2])


def add_vouchers(vouchers: Sequence[tuple[int, int, int]]) -> None:
    """Record (seq, source, microseconds) that a further source brought the same content; nothing if it did before."""
    execute_many(
        "INSERT INTO journal_voucher (seq, source, first_us) VALUES (%s,%s,%s) ON CONFLICT DO NOTHING", vouchers
    )


def add_marks(marks: Sequence[tuple[int, int]]) -> None:
    """Set further marks, (marks, seq), on stored copies."""
    execute_many("UPDATE journal_version SET marks = marks | %s WHERE seq = %s", marks)


def add_act(seq: int, kind: str, target: int, slot: int | None, actor: str, reason: str, detail: str) -> None:
    """Record an act as an entry of its own."""
    execute(
        "INSERT INTO journal_act (seq, kind, target, slot, actor, reason, detail) VALUES (%s,%s,%s,%s,%s,%s,%s)",
        [seq, kind, target, slot, actor, reason, detail],
    )


def set_flags(changes: Iterable[tuple[int, int]]) -> None:
    """(flags, pos) pairs."""
    execute_many("UPDATE journal_placement SET flags = %s WHERE pos = %s", list(changes))
