"""Pieces as files: `ab/abcdef...`, readable by the node's user only."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

from commonwatch.capabilities.evidence.store.blobs import is_digest
from commonwatch.core.errors import NodeUnable, NotFound


class FolderStore:
    """A folder, made when the first piece is put."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def place(self) -> str:
        return str(self._folder)

    def size(self, digest: str) -> int | None:
        try:
            return self._path(digest).stat().st_size
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unable(error) from None

    def put(self, digest: str, raw: bytes) -> None:
        path = self._path(digest)
        if self.size(digest) == len(raw):
            return
        part = path.with_name(f".{digest}.{os.getpid()}.{threading.get_native_id()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb", buffering=0) as file:
                left = memoryview(raw)
                while left:
                    left = left[file.write(left) :]
                os.fsync(file.fileno())
            part.replace(path)
            _sync(path.parent)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise self._unable(error) from None

    def get(self, digest: str) -> bytes:
        try:
            return self._path(digest).read_bytes()
        except FileNotFoundError:
            raise NotFound(
                "piece-missing", f"The piece {digest[:16]} is not in {self.place}.", "Restore it from a backup."
            ) from None
        except OSError as error:
            raise self._unable(error) from None

    def digests(self) -> Iterator[str]:
        if not self._folder.is_dir():
            return
        for shelf in sorted(self._folder.iterdir()):
            if len(shelf.name) == 2 and shelf.is_dir():
                yield from (file.name for file in sorted(shelf.iterdir()) if is_digest(file.name))

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest

    def _unable(self, error: OSError) -> NodeUnable:
        return NodeUnable(
            "evidence-store",
            f"The store of evidence at {self.place} cannot be used: {error.strerror}.",
            "Make room, or make it writable for the node's user.",
        )


def _sync(folder: Path) -> None:
    """A new name is there after a power cut, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
