"""A folder of telemetry, watched: every file in it followed, new ones as they appear, packed ones read once.

Files are known by inode, so a log that is renamed is the same log and is not read twice. A packed file whose name is that of
a log that was followed, with an ending more, is that log and is passed over.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from commonwatch.capabilities.detection.telemetry.batch import Mapping
from commonwatch.capabilities.detection.telemetry.faults import Faults
from commonwatch.capabilities.detection.telemetry.live.growing import Growing
from commonwatch.capabilities.detection.telemetry.live.recent import Recent
from commonwatch.capabilities.detection.telemetry.live.source import PAUSE_SECONDS, Delivery, Position, batches_of
from commonwatch.capabilities.detection.telemetry.opening import GZIP, ZIP, ZSTD
from commonwatch.capabilities.detection.telemetry.reading import read
from commonwatch.capabilities.detection.telemetry.recognising import EVTX, PARQUET, recognise
from commonwatch.capabilities.detection.telemetry.wanted import wanted

SCAN_SECONDS = 1.0
FILES = 10_000
ONCE = (GZIP, ZSTD, ZIP, EVTX, PARQUET)  # beginnings of files that do not grow by lines


class Folder:
    """Every file below a folder."""

    def __init__(
        self,
        folder: Path,
        known: Collection[Mapping],
        mapping: Mapping | None = None,
        columns: Collection[str] | None = None,
        position: Position | None = None,
    ) -> None:
        self.folder, self.known, self.mapping, self.columns = folder, known, mapping, columns
        self.faults = Faults()
        self.recent = Recent()
        self.following: dict[int, Growing] = {}  # by inode
        self.done: dict[int, str] = {}  # files that are read once, and those that nothing recognises
        self.stored: dict[str, Any] = dict(position or {})
        self.done.update({int(inode): name for inode, name in self.stored.get("done", {}).items()})
        self.scanned = 0.0

    def poll(self, seconds: float) -> Sequence[Delivery]:
        """What was written to any of them; waits so long when nothing was."""
        until = time.monotonic() + seconds
        while True:
            came = self._look()
            left = until - time.monotonic()
            if came or left <= 0:
                return came
            time.sleep(min(PAUSE_SECONDS, left))

    def position(self) -> Position:
        """The positions of all files that are followed."""
        files = {str(inode): {"path": str(one.path), **one.position()} for inode, one in self.following.items()}
        waiting = {inode: one for inode, one in self.stored.get("files", {}).items() if inode not in files}
        return {"files": waiting | files, "done": {str(inode): name for inode, name in self.done.items()}}

    def handled(self) -> None:
        """Nothing to do: the position is the caller's to store."""

    def record_text(self, place: str, record: int) -> str | None:
        """The line of an event that came lately."""
        return self.recent.text(place, record)

    def close(self) -> None:
        """Let go of all files."""
        for one in self.following.values():
            one.close()
        self.following.clear()

    def _look(self) -> list[Delivery]:
        came: list[Delivery] = []
        if time.monotonic() - self.scanned >= SCAN_SECONDS:
            came += self._scan()
        for one in self.following.values():
            for delivery in one.poll(0):
                came.append(Delivery(delivery.batch, self.position()))
        return came

    def _scan(self) -> list[Delivery]:
        self.scanned = time.monotonic()
        came: list[Delivery] = []
        seen = set()
        for path, inode in self._files():
            seen.add(inode)
            one = self.following.get(inode)
            if one is not None:
                one.path = path
            elif self.done.get(inode) != path.name:
                came += self._appeared(path, inode)
        for inode in self.following.keys() - seen:
            self.following.pop(inode).close()
        for inode in self.done.keys() - seen:
            del self.done[inode]
        return came

    def _files(self) -> Iterator[tuple[Path, int]]:
        paths = sorted(path for path in self.folder.rglob("*") if path.is_file() and not path.is_symlink())
        for path in paths[:FILES]:
            try:
                about = path.stat()
            except OSError:
                continue
            if about.st_size:
                yield path, about.st_ino

    def _appeared(self, path: Path, inode: int) -> list[Delivery]:
        mapping = self.mapping or recognise(path, self.known)
        if not isinstance(mapping, Mapping):
            if _settled(path):
                self.done[inode] = path.name
                self.faults.add(str(path), 0, mapping.reason, b"")
            return []
        start = _start(path)
        if start.startswith(ONCE):
            return self._once(path, inode, mapping)
        stored = self.stored.get("files", {}).get(str(inode))
        one = Growing(path, wanted(mapping, self.columns), stored, self.recent, rotates=False)
        one.faults = one.decoder.faults = self.faults
        self.following[inode] = one
        return []

    def _once(self, path: Path, inode: int, mapping: Mapping) -> list[Delivery]:
        """A file that is whole when it no longer changes."""
        if not _settled(path):
            return []
        before = self.position()
        self.done[inode] = path.name
        logs = {one.path.name for one in self.following.values()}
        if path.stem in logs:
            return []
        came: list[Delivery] = []
        for batch in read(path, mapping, columns=self.columns, faults=self.faults):
            came += batches_of(batch, before, before)
        return [*came[:-1], Delivery(came[-1].batch, self.position())] if came else []


def _settled(path: Path) -> bool:
    """Whether nothing was written for two looks: half a copy is no file."""
    return time.time_ns() - path.stat().st_mtime_ns > 2 * SCAN_SECONDS * 1e9


def _start(path: Path) -> bytes:
    with path.open("rb", buffering=0) as file:
        return os.read(file.fileno(), 8)
