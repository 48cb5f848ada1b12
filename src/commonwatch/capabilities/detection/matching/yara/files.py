"""YARA rules against files of a folder: what a hunt for malicious files runs.

1. Only regular files are read, links are not followed, and nothing is written, opened for execution or unpacked.
2. A file above the size, or one that cannot be read, is told of with the reason; the hunt goes on.
3. The order is that of the sorted paths, so that two runs over the same folder tell the same.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from commonwatch.capabilities.detection.matching.yara.scanning import Found, Scanning
from commonwatch.core.patterns.yara.reading import YaraReading

TIMEOUT_SECONDS = 20  # of one file
MAX_BYTES = 128 * 1024 * 1024


class Scanned(NamedTuple):
    """One file: what matched, or why it was not scanned."""

    path: Path
    found: tuple[Found, ...] = ()
    problem: str = ""


class FileScanner:
    """Rules of many entries, for files."""

    def __init__(self, pairs: Iterable[tuple[int, YaraReading]], max_bytes: int = MAX_BYTES) -> None:
        self.scanning = Scanning(pairs, TIMEOUT_SECONDS)
        self.max_bytes = max_bytes

    def folder(self, folder: Path) -> Iterator[Scanned]:
        """Every regular file below the folder."""
        for place, names, files in os.walk(folder):
            names.sort()
            for name in sorted(files):
                yield self.file(Path(place) / name)

    def file(self, path: Path) -> Scanned:
        """One file."""
        try:
            data = self._bytes(path)
        except OSError as error:
            return Scanned(path, problem=f"It cannot be read: {error.strerror}.")
        if isinstance(data, str):
            return Scanned(path, problem=data)
        names = {"filename": path.name, "filepath": str(path), "extension": path.suffix.lower()}
        return Scanned(path, tuple(self.scanning.scan(data, names)))

    def _bytes(self, path: Path) -> bytes | str:
        """The content; or the reason why not."""
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(handle, "rb") as file:  # noqa: PTH123
            about = os.fstat(handle)
            if not stat.S_ISREG(about.st_mode):
                return "It is no regular file."
            if about.st_size > self.max_bytes:
                return f"It has {about.st_size:,} bytes; at most {self.max_bytes:,} are scanned."
            return file.read(self.max_bytes)
