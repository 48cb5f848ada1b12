"""The journal read in order: what followers see, and what any reader may rely on.

An entry that is visible has only visible entries before it: a transaction's entries become visible together, and each
transaction draws its places, under the sequencer's lock, after all those of the one before.
"""

from __future__ import annotations

import heapq
import uuid

from django.db import connection

from commonwatch.base.journal.appending import same_content
from commonwatch.base.journal.schema import seq_to_us
from commonwatch.base.journal.values import Act, Admission, Entry
from commonwatch.core.errors import NotFound

_ADMISSION = (
    "SELECT v.seq, t.name, v.uid, v.version, v.spec, v.source, v.class, v.raw FROM journal_version v "
    "JOIN journal_type t ON t.id = v.type"
)


def entries(after: int, limit: int) -> list[Entry]:
    """Up to `limit` entries after `after`, in order: admissions and acts merged."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_ADMISSION} WHERE v.seq > %s ORDER BY v.seq LIMIT %s", [after, limit])
        admissions: list[Entry] = [_admission(row) for row in cursor.fetchall()]
        cursor.execute(
            "SELECT seq, kind, target, slot, actor, reason, detail FROM journal_act WHERE seq > %s ORDER BY seq LIMIT %s",
            [after, limit],
        )
        acts: list[Entry] = [Act(*row) for row in cursor.fetchall()]
    return list(heapq.merge(admissions, acts, key=lambda entry: entry.seq))[:limit]


def admission(seq: int) -> Admission:
    """One admitted object version; raises NotFound."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_ADMISSION} WHERE v.seq = %s", [seq])
        row = cursor.fetchone()
    if row is None:
        raise NotFound("entry-unknown", f"There is no object version at entry {seq}.")
    return _admission(row)


def held_since(uid: bytes, version: int, raw: bytes) -> int | None:
    """Since when an object version of the same content is held, in microseconds since 1970; None where none is."""
    key = uid if connection.vendor == "sqlite" else uuid.UUID(bytes=uid)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq, raw FROM journal_version WHERE uid = %s AND version = %s ORDER BY seq", [key, version]
        )
        for seq, stored in cursor.fetchall():
            if stored and (bytes(stored) == raw or same_content(bytes(stored), raw)):
                return seq_to_us(seq)
    return None


def versions_of(uid: bytes) -> list[int]:
    """The entries that are versions of an object, in their order."""
    key = uid if connection.vendor == "sqlite" else uuid.UUID(bytes=uid)
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq FROM journal_version WHERE uid = %s ORDER BY seq", [key])
        return [int(seq) for (seq,) in cursor.fetchall()]


def last_seq() -> int:
    """The journal's last entry, 0 for an empty one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(seq) FROM journal_version UNION ALL SELECT max(seq) FROM journal_act")
        return max(seq or 0 for (seq,) in cursor.fetchall())


def head() -> int:
    """The end of the last window that entries were drawn from: every later entry comes after it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_seq FROM journal_head")
        return int(cursor.fetchone()[0])


def _admission(row: tuple[int, str, bytes | uuid.UUID, int, int, int, int, bytes]) -> Admission:
    seq, kind, uid, version, spec, source, release_class, raw = row
    plain = uid.bytes if isinstance(uid, uuid.UUID) else bytes(uid)
    return Admission(seq, kind, plain, version, 21 if spec else 20, source, release_class, bytes(raw))
