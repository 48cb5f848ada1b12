"""What commands are given: files, and who gives the command."""

from __future__ import annotations

import os
from pathlib import Path

from commonwatch.core.errors import InvalidInput


def read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidInput("file-unreadable", f"{file}: {error.strerror}.", "Give a readable file.") from None


def write(file: Path, raw: bytes) -> None:
    try:
        file.write_bytes(raw)
    except OSError as error:
        raise InvalidInput("file-unwritable", f"{file}: {error.strerror}.", "Choose another place.") from None


def actor() -> str:
    return os.environ.get("USER", "command line")
