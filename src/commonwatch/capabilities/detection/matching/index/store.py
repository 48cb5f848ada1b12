"""The index's folder: numbered bases, and the manifest that says which one counts. Safe at every moment of a crash.

`manifest.json` is replaced by renaming, after everything that it names was forced to disk. Who finds a base's folder gone
read an old manifest and reads it again. Folders that no manifest names are what a crash left; the next writer removes them.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import xxhash

from commonwatch.core.errors import NodeUnable

FORMAT = 1
CHANGES = "changes.log"
_CHUNK = 1 << 22


class FileFacts(msgspec.Struct, frozen=True):
    """What a file has to be."""

    size: int
    xxh3: str


class Manifest(msgspec.Struct, frozen=True):
    """The base that counts."""

    number: int
    generation: int  # the journal entry up to which the base knows
    rows: dict[str, int]  # of each family
    files: dict[str, FileFacts]
    format: int = FORMAT


class Store:
    """Files and nothing of what they mean."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "manifest.json"

    @contextmanager
    def lock(self, name: str = "lock") -> Iterator[None]:
        """One process at a time."""
        with (self.folder / name).open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def stamp(self) -> tuple[int, int] | None:
        """Differs when the manifest was replaced; None without one."""
        try:
            state = self._path.stat()
        except FileNotFoundError:
            return None
        return state.st_ino, state.st_mtime_ns

    def manifest(self) -> Manifest:
        """The manifest, checked against the sizes of its files."""
        try:
            manifest = msgspec.json.decode(self._path.read_bytes(), type=Manifest)
        except msgspec.DecodeError as error:
            raise damaged(self._path, "is not readable") from error
        if manifest.format != FORMAT:
            raise damaged(self._path, f"has format {manifest.format}, and this version reads {FORMAT}")
        base = self.base(manifest.number)
        for name, facts in manifest.files.items():
            if (base / name).stat().st_size != facts.size:
                raise damaged(base / name, "has not the size it was written with")
        return manifest

    def verify(self, manifest: Manifest) -> None:
        """Read every file and compare its checksum."""
        for name, facts in manifest.files.items():
            path = self.base(manifest.number) / name
            if _facts(path) != facts:
                raise damaged(path, "is not what was written")

    def base(self, number: int) -> Path:
        """Its folder."""
        return self.folder / f"{number:09d}"

    def new_base(self) -> tuple[int, Path]:
        """A folder for the next base. The caller holds the lock `merging`, so nobody else is writing one."""
        current = self.manifest().number if self.stamp() else 0
        for left in self.folder.glob("[0-9]" * 9):
            if int(left.name) != current:
                shutil.rmtree(left, ignore_errors=True)
        folder = self.base(current + 1)
        folder.mkdir()
        return current + 1, folder

    def publish(self, number: int, generation: int, rows: dict[str, int]) -> None:
        """Make a base the one that counts. The caller holds the lock."""
        base = self.base(number)
        names = [path.name for path in sorted(base.iterdir()) if path.name != CHANGES]
        manifest = Manifest(number, generation, rows, {name: _facts(base / name) for name in names})
        fresh = self._path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
        for path in (*base.iterdir(), base, fresh):
            _force(path)
        fresh.replace(self._path)
        _force(self.folder)
        for old in self.folder.glob("[0-9]" * 9):
            if int(old.name) != number:
                shutil.rmtree(old, ignore_errors=True)


def damaged(path: Path, what: str) -> NodeUnable:
    """The index is a copy of what the journal says, so it is thrown away rather than mended."""
    return NodeUnable(
        "index-damaged",
        f"The indicator index is damaged: {path.name} {what}.",
        f"Remove the folder {path.parent}: the index is built again from the journal.",
    )


def _facts(path: Path) -> FileFacts:
    digest, size = xxhash.xxh3_128(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return FileFacts(size, digest.hexdigest())


def _force(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
