"""Backup while running, and restore that proves itself.

A backup is a folder: the database, every `*.key`, `commonwatch.toml`, and `manifest.json` with a SHA-256 of each file,
the counts and the end of the last window as they were. SQLite is copied by its online backup, page by page under one snapshot.
PostgreSQL is written table by table as COPY text in one repeatable-read transaction, so no outside program is needed.
What a room keeps beside the database (`Beside`) goes along where it is asked for, in a folder of its own.
"""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
from collections.abc import Callable, Collection, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from django.core.management import call_command
from django.db import connection, transaction

from commonwatch import __version__
from commonwatch.base.clock import now_us
from commonwatch.base.config import NodeSettings
from commonwatch.base.keys.files import SUFFIX
from commonwatch.core.errors import Conflict, NodeUnable, NotFound
from commonwatch.core.stix.times import format_time

DATABASE = "commonwatch.db"
MANIFEST = "manifest.json"
LAST = "last_backup.json"  # in the data folder: when and where the last one was written
_SETTINGS = "commonwatch.toml"
_COUNTED = {
    "versions": "journal_version",
    "placements": "journal_placement",
    "acts": "journal_act",
    "quarantine": "journal_quarantine",
}


class Beside(Protocol):
    """What a room keeps beside the database, and can be large."""

    def save(self, folder: Path) -> dict[str, int]:
        """Write all of it into a new folder; for the manifest, how many `pieces` and `bytes` that are."""

    def load(self, folder: Path, saved: dict[str, int]) -> None:
        """Put it back; raises NodeUnable where it is not what was saved."""


beside: dict[str, Beside] = {}  # by the name of the folder; rooms add theirs
# What rooms set right in a restored database: what was done after the backup is not in it.
afterwards: list[Callable[[], None]] = []
Advance = Callable[[int, int], None]  # told after each step: how many are done, of how many


def database_bytes() -> int:
    """How large the database is; a backup of PostgreSQL is compressed and takes less."""
    if connection.vendor == "sqlite":
        return Path(connection.settings_dict["NAME"]).stat().st_size
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def make_backup(
    settings: NodeSettings,
    target: Path,
    advance: Advance = lambda done, total: None,
    *,
    also: Collection[str] = (),
) -> dict[str, Any]:
    """Write a backup into a new folder and return its manifest. Its steps: the database, and each file's digest.

    `also`: what else goes along, by its name in `beside`. It is copied after the database, so that what the database names is in it.
    """
    if target.exists() and any(target.iterdir()):
        raise Conflict("backup-exists", f"{target} is not empty.", "Give a new folder for each backup.")
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    along = [name for name in sorted(path.name for path in settings.data.iterdir()) if _goes_along(name)]
    advance(0, 2 + len(along))
    if connection.vendor == "sqlite":
        counts = _copy_sqlite(Path(connection.settings_dict["NAME"]), target / DATABASE)
    else:
        counts = _copy_postgresql(target)
    for name in along:
        shutil.copy2(settings.data / name, target / name)
    files: dict[str, str] = {}
    for path in sorted(target.iterdir()):
        advance(1 + len(files), 1 + len(list(target.iterdir())))
        files[path.name] = _digest(path)
    saved = {name: beside[name].save(target / name) for name in also}
    manifest = {
        "format": 1,
        "commonwatch": __version__,
        "database": connection.vendor,
        "made": format_time(now_us(), 6),
        **counts,
        "files": files,
        **({"beside": saved} if saved else {}),
    }
    (target / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    (settings.data / LAST).write_text(json.dumps({"folder": str(target.absolute()), **manifest}), encoding="utf-8")
    return manifest


def last_backup(settings: NodeSettings) -> dict[str, Any] | None:
    """The manifest of the last backup of this node, with the `folder` it was written to; None where there was none.

    Whether it is still there, nobody knows: it should be kept apart from the node.
    """
    try:
        found: dict[str, Any] = json.loads((settings.data / LAST).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return found


def restore_backup(source: Path, settings: NodeSettings) -> dict[str, Any]:
    """Make a node in an empty data folder (and, for PostgreSQL, an empty database), then verify it against the manifest."""
    manifest = _checked_manifest(source)
    if settings.data.exists() and any(settings.data.iterdir()):
        raise Conflict(
            "data-folder-used", f"{settings.data} is not empty.", "Restore into a new folder: --data NEW_FOLDER."
        )
    if manifest["database"] != connection.vendor:
        raise Conflict(
            "database-differs",
            f"The backup is of {manifest['database']}, this node is set to {connection.vendor}.",
            "Set database_url to match.",
        )
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in filter(_goes_along, manifest["files"]):
        shutil.copy2(source / name, settings.data / name)
    if connection.vendor == "sqlite":
        shutil.copy2(source / DATABASE, settings.data / DATABASE)
    else:
        _load_postgresql(source)
    _verify(manifest)
    for name, saved in manifest.get("beside", {}).items():
        beside[name].load(source / name, saved)
    for set_right in afterwards:
        set_right()
    return manifest


def _goes_along(name: str) -> bool:
    """What goes along with the database. Without its keys a node is a stranger to its peers and witnesses."""
    return name == _SETTINGS or (name.endswith(SUFFIX) and not name.startswith(".") and "/" not in name)


def _checked_manifest(source: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((source / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFound("no-backup", f"{source} holds no {MANIFEST}.", "Give the folder that `backup` wrote.") from None
    for name, digest in manifest["files"].items():
        if not (source / name).exists() or _digest(source / name) != digest:
            raise NodeUnable(
                "backup-damaged",
                f"{name} in the backup is not what was written.",
                "Use another backup; nothing was changed.",
            )
    for name, saved in manifest.get("beside", {}).items():
        if name not in beside or (saved["pieces"] and not (source / name).is_dir()):
            raise NodeUnable(
                "backup-damaged", f"{name} is not in the backup.", "Use another backup; nothing was changed."
            )
    return manifest


def _verify(manifest: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA integrity_check")
            if (answer := cursor.fetchone()[0]) != "ok":
                raise NodeUnable(
                    "restore-damaged", f"The restored database is damaged: {answer}.", "Use another backup."
                )
        found = _counts(cursor)
    for name, number in found.items():
        if manifest[name] != number:
            raise NodeUnable(
                "restore-incomplete",
                f"The restored node has {number} for {name}, the backup had {manifest[name]}.",
                "Empty the data folder and restore again, or use another backup.",
            )


def _copy_sqlite(origin: Path, target: Path) -> dict[str, int]:
    source = sqlite3.connect(f"file:{origin}?mode=ro", uri=True)
    copy = sqlite3.connect(target)
    try:
        # All pages in one step: a copy in several would start over at every write of the running node.
        source.backup(copy, pages=-1)
        return _counts(copy.cursor())
    finally:
        copy.close()
        source.close()


def _counts(cursor: Any) -> dict[str, int]:
    counts = {}
    for name, table in _COUNTED.items():
        cursor.execute(f"SELECT count(*) FROM {table}")
        counts[name] = int(cursor.fetchone()[0])
    cursor.execute("SELECT last_seq FROM journal_head")
    return {**counts, "last_seq": int(cursor.fetchone()[0])}


def _tables(cursor: Any) -> list[str]:
    return sorted(connection.introspection.table_names(cursor))


def _copy_postgresql(target: Path) -> dict[str, int]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        for table in _tables(cursor):
            with gzip.open(target / f"{table}.copy.gz", "wb", compresslevel=3) as file:
                for chunk in _copied(cursor, table):
                    file.write(chunk)
        return _counts(cursor)


def _copied(cursor: Any, table: str) -> Iterator[bytes]:
    with cursor.copy(f"COPY {table} TO STDOUT") as copy:
        for chunk in copy:
            yield bytes(chunk)


def _load_postgresql(source: Path) -> None:
    with connection.cursor() as cursor:
        if "journal_version" in _tables(cursor):
            raise Conflict("database-used", "The database is not empty.", "Restore into a new, empty database.")
    call_command("migrate", verbosity=0, interactive=False)
    with transaction.atomic(), connection.cursor() as cursor:
        tables = _tables(cursor)
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
        for table in tables:
            with gzip.open(source / f"{table}.copy.gz", "rb") as file, cursor.copy(f"COPY {table} FROM STDIN") as copy:
                while chunk := file.read(1 << 20):
                    copy.write(chunk)
        for sequence in connection.introspection.sequence_list():
            table, column = sequence["table"], sequence["column"]
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), "
                f"coalesce((SELECT max({column}) FROM {table}), 0) + 1, false)"
            )


def _digest(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
