"""A backup that somebody asks for from a page: made by the worker in the folder for backups, on the node's machine.

It is never sent to a browser: it holds the keys by which partners know this node.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings
from django.db import transaction

from commonwatch.base.audit.record import record
from commonwatch.base.clock import now_us as clock
from commonwatch.base.jobs.models import Job
from commonwatch.base.jobs.queue import Handler, enqueue, report
from commonwatch.base.journal.backup import MANIFEST, database_bytes, make_backup
from commonwatch.core.errors import Conflict
from commonwatch.core.stix.times import format_time

BACKUP = "journal.backup"
_ROOM = 1.1  # times the database: with it go the keys, the settings and what is written meanwhile


def folder() -> Path:
    """Where they are made."""
    configured = settings.COMMONWATCH
    return Path(configured.backup_folder) if configured.backup_folder else Path(configured.data) / "backups"


def ask_backup(*, reason: str, actor: str, now_us: int) -> Job:
    """Ask the worker for one; raises Conflict where there is no room for it, or one is being made."""
    place = folder()
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    needed, free = int(database_bytes() * _ROOM), shutil.disk_usage(place).free
    if free < needed:
        raise Conflict(
            "backup-no-room",
            f"A backup takes about {needed:,} bytes; {place} has {free:,} free.",
            "Make room, or set backup_folder to another disk.",
        )
    name = format_time(now_us, 0).replace(":", "")
    with transaction.atomic():
        if Job.objects.filter(kind=BACKUP, finished_us=None).exists():
            raise Conflict("backup-waits", "A backup is asked for already.", "Wait for that one: see the jobs.")
        payload = {"folder": str(place / name), "actor": actor, "reason": reason}
        job = enqueue(BACKUP, name, payload, run_at_us=now_us)
        record(actor, "backup.ask", str(place / name), "done", {"reason": reason}, now_us=now_us)
    return job


def backups() -> list[dict[str, Any]]:
    """The finished ones in the folder, the last first."""
    found = []
    for path in sorted(folder().glob(f"*/{MANIFEST}"), reverse=True):
        try:
            manifest = msgspec.json.decode(path.read_bytes())
        except (OSError, msgspec.DecodeError):
            continue  # no backup, whatever it is
        found.append({"folder": str(path.parent), "made": manifest.get("made"), "versions": manifest.get("versions")})
    return found


def _back_up(job: Job) -> None:
    target = Path(job.payload["folder"])
    if target.exists() and not (target / MANIFEST).exists():
        shutil.rmtree(target)  # of an attempt that was cut off: the manifest comes last
    if target.exists():
        return
    manifest = make_backup(settings.COMMONWATCH, target, lambda done, total: report(job, done, total, clock()))
    Job.objects.filter(pk=job.pk).update(payload={**job.payload, "versions": manifest["versions"]})


HANDLERS: dict[str, Handler] = {BACKUP: _back_up}
