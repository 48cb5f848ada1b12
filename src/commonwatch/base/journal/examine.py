"""What `doctor` looks at: each finding says what was seen and, where it is not as it should be, what to do."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable

import msgspec
from django.db import connection

from commonwatch.base.config import NodeSettings
from commonwatch.base.journal import followers, reading, rows, schema
from commonwatch.base.journal.models import QuarantineEntry
from commonwatch.base.journal.placing import Copy, flags_of

LOW_DISK_BYTES = 1 << 30
SAMPLE = 1000
_LAG_US = 60 * 1_000_000


class Examined(msgspec.Struct, frozen=True):
    """One thing looked at."""

    name: str
    fine: bool
    sentence: str
    remedy: str = ""


Look = Callable[[NodeSettings], list[Examined]]
further: list[Look] = []  # what stands above this room adds its own
thorough: list[Look] = []  # the same, of what takes longer the more the node holds


def examine(settings: NodeSettings) -> list[Examined]:
    """Everything, in order; cost grows with the database's size because its integrity is checked whole."""
    looks: list[Look] = [_integrity, _order, _flags, *thorough]
    return [*(finding for look in looks for finding in look(settings)), *glance(settings)]


def glance(settings: NodeSettings) -> list[Examined]:
    """What costs the same however much the node holds."""
    looks: list[Look] = [_followers, _quarantine, _disk, _permissions, *further]
    return [finding for look in looks for finding in look(settings)]


def _integrity(settings: NodeSettings) -> list[Examined]:
    if connection.vendor != "sqlite":
        return [Examined("integrity", True, "PostgreSQL answers.")]
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check")
        answer = str(cursor.fetchone()[0])
    fine = answer == "ok"
    return [
        Examined(
            "integrity",
            fine,
            "The database file is sound." if fine else f"The database is damaged: {answer}.",
            "" if fine else "Stop the node and restore the last backup.",
        )
    ]


def _order(settings: NodeSettings) -> list[Examined]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM journal_version")
        count = cursor.fetchone()[0]
        cursor.execute(
            "SELECT count(*) FROM journal_placement p LEFT JOIN journal_version v ON v.seq = p.seq WHERE v.seq IS NULL"
        )
        astray = cursor.fetchone()[0]
    fine = reading.last_seq() <= reading.head()
    found = [
        Examined(
            "entries",
            fine,
            f"The journal holds {count:,} object versions.",
            "" if fine else "Its head lies behind its last entry: restore the last backup.",
        )
    ]
    if astray:
        found.append(Examined("placements", False, f"{astray} placements have no object.", "Restore the last backup."))
    return found


def _flags(settings: NodeSettings) -> list[Examined]:
    """Recompute the flags of objects that have several copies, for the newest such objects."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT uid, type FROM journal_version GROUP BY uid, type HAVING count(*) > 1 ORDER BY max(seq) DESC LIMIT %s",
            [SAMPLE],
        )
        several = cursor.fetchall()
        cursor.execute("SELECT coalesce(max(pos), 0) FROM journal_placement")
        slots = range(1, (cursor.fetchone()[0] >> schema.SLOT_SHIFT) + 1)
    wrong = 0
    for uid, kind in several:
        plain = uid.bytes if hasattr(uid, "bytes") else bytes(uid)
        copies = {copy.seq: copy for copy in rows.copies_of([plain]) if copy.type == kind}
        for slot in slots:
            placed = rows.placements_of(list(copies), [slot])
            keys = [
                Copy(copies[seq].version, copies[seq].spec, bool(copies[seq].marks & schema.REVOKED))
                for _, seq, _ in placed
            ]
            wrong += bool(placed) and flags_of(keys) != [flags for _, _, flags in placed]
    fine = wrong == 0
    return [
        Examined(
            "current versions",
            fine,
            f"Of {len(several)} objects with several versions, {len(several) - wrong} have the right current one.",
            "" if fine else "Report this as a fault; readers may see an old version as the current one.",
        )
    ]


def _followers(settings: NodeSettings) -> list[Examined]:
    last = reading.last_seq()
    found = []
    for state in followers.states():
        if state.failed_at is not None:
            found.append(
                Examined(
                    f"follower {state.name}",
                    False,
                    f"{state.name} stopped at entry {state.failed_at}: {state.failure}.",
                    f"Mend the cause, then `commonwatch follower resume {state.name}`, or skip the entry.",
                )
            )
        else:
            behind = last - state.cursor
            fine = behind < _LAG_US or state.cursor == last
            found.append(
                Examined(
                    f"follower {state.name}",
                    fine,
                    f"{state.name} is up to date." if state.cursor == last else f"{state.name} is behind.",
                    "" if fine else "Is the node running? `commonwatch serve` runs the followers.",
                )
            )
    return found


def _quarantine(settings: NodeSettings) -> list[Examined]:
    held = QuarantineEntry.objects.filter(state=QuarantineEntry.State.HELD).count()
    return [Examined("quarantine", True, f"{held:,} objects are held in quarantine.")]


def _disk(settings: NodeSettings) -> list[Examined]:
    free = shutil.disk_usage(settings.data).free
    fine = free > LOW_DISK_BYTES
    return [Examined("disk", fine, f"{free / 1e9:,.1f} GB are free.", "" if fine else "Make room before it is full.")]


def _permissions(settings: NodeSettings) -> list[Examined]:
    open_to_others = [
        path
        for path in (settings.data, settings.data / "secret.key")
        if path.exists() and path.stat().st_mode & stat.S_IRWXO
    ]
    if not open_to_others:
        return [Examined("permissions", True, "The data folder is closed to other users.")]
    names = ", ".join(map(str, open_to_others))
    return [Examined("permissions", False, f"Other users can read {names}.", f"chmod o-rwx {names}")]
