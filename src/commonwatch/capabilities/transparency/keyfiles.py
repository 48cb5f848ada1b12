"""The node's secret keys of the record: one file each in the data folder, made at first use, readable by its owner only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from django.conf import settings

from commonwatch.core.errors import NodeUnable
from commonwatch.core.signing.keys import LENGTH, SigningKey

LOG = "log.key"
WITNESS = "witness.key"  # another key: an Ed25519 cosignature does not name who made it


def signing_key(name: str) -> SigningKey:
    """The key of this file, made now if there is none; raises NodeUnable for a file that is not one."""
    path = _path(name)
    if not path.exists():
        _write(path, os.O_EXCL)
    try:
        return SigningKey(bytes.fromhex(path.read_text(encoding="ascii").strip()))
    except (OSError, ValueError) as error:
        raise NodeUnable("key-file", f"{path} holds no key: {error}.", "Restore it from a backup.") from None


def new_key(name: str) -> SigningKey:
    """Put a new key in place of the one in this file; the old secret is gone."""
    fresh = _path(name).with_suffix(".new")
    fresh.unlink(missing_ok=True)
    _write(fresh, os.O_EXCL)
    fresh.replace(_path(name))
    return signing_key(name)


def _write(path: Path, how: int) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600)
    except FileExistsError:
        return  # another process was faster
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(LENGTH) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _path(name: str) -> Path:
    folder: Path = settings.COMMONWATCH.data
    return folder / name
