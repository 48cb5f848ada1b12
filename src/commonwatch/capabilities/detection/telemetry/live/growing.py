"""A file that grows, followed from a position, through rotation by renaming and by truncation.

1. A file is known by its device and inode, and by a fingerprint of its beginning: inodes are used again.
2. A last line without its end waits until the end comes, or until the file was rotated away and grows no more.
3. Rotated by renaming: the old file is read to its end, then the new one from its start; also when that happened while nobody
   watched, if the old one still lies in the same folder. If it does not, the gap is counted as a fault.
4. Truncated, or written anew in place: it is read from its start.
"""

from __future__ import annotations

import hashlib
import io
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commonwatch.capabilities.detection.telemetry.batch import Batch
from commonwatch.capabilities.detection.telemetry.chunks import LONGEST, SHOWN
from commonwatch.capabilities.detection.telemetry.faults import Faults
from commonwatch.capabilities.detection.telemetry.live.decoding import Decoder
from commonwatch.capabilities.detection.telemetry.live.recent import Recent
from commonwatch.capabilities.detection.telemetry.live.source import PAUSE_SECONDS, Delivery, Position, batches_of
from commonwatch.capabilities.detection.telemetry.wanted import Wanted

BEGINNING = 1_024  # bytes of a file that tell it from another
READ = 1 << 20  # bytes of one look: some 3,000 events
SIBLINGS = 10_000  # files of a folder that are looked at for the one that was renamed


@dataclass(frozen=True)
class Identity:
    """Which file it is: device, inode, and so many bytes of its beginning by their digest."""

    device: int = 0
    inode: int = 0
    length: int = 0
    digest: str = ""

    @classmethod
    def of(cls, file: io.FileIO, upto: int) -> Identity:
        """The identity of an open file whose first `upto` bytes were read."""
        about = os.fstat(file.fileno())
        start = os.pread(file.fileno(), min(upto, BEGINNING), 0)
        return cls(about.st_dev, about.st_ino, len(start), hashlib.sha256(start).hexdigest())

    def is_of(self, file: io.FileIO) -> bool:
        """Whether an open file is the one."""
        about = os.fstat(file.fileno())
        if (about.st_dev, about.st_ino) != (self.device, self.inode):
            return False
        start = os.pread(file.fileno(), self.length, 0)
        return len(start) == self.length and hashlib.sha256(start).hexdigest() == self.digest


class Growing:
    """One path, whatever file stands there over time."""

    def __init__(
        self,
        path: Path,
        want: Wanted,
        position: Position | None = None,
        recent: Recent | None = None,
        *,
        rotates: bool = True,
    ) -> None:
        self.path, self.want, self.rotates = path, want, rotates
        self.faults = Faults()
        self.recent = recent if recent is not None else Recent()
        stored: dict[str, Any] = dict(position or {})
        self.decoder = Decoder(want, str(path), self.faults, stored.get("decoder"))
        self.identity = Identity(**stored["identity"]) if "identity" in stored else Identity()
        self.offset = int(stored.get("offset", 0))  # after the last whole line that was delivered
        self.file: io.FileIO | None = None
        self.partial = b""
        self.dropping = False  # the rest of an overlong line

    def poll(self, seconds: float) -> Sequence[Delivery]:
        """What was written since; waits so long when nothing was."""
        until = time.monotonic() + seconds
        while True:
            came = self._look()
            left = until - time.monotonic()
            if came or left <= 0:
                return came
            time.sleep(min(PAUSE_SECONDS, left))

    def position(self) -> Position:
        """The file and the place in it after what was delivered."""
        return {"identity": vars(self.identity), "offset": self.offset, "decoder": self.decoder.state()}

    def handled(self) -> None:
        """Nothing to do: the position is the caller's to store."""

    def record_text(self, place: str, record: int) -> str | None:
        """The line of an event that came lately."""
        return self.recent.text(place, record)

    def close(self) -> None:
        """Let go of the file."""
        if self.file is not None:
            self.file.close()
            self.file = None

    def _look(self) -> list[Delivery]:
        if self.file is None and not self._open():
            return []
        file = self.file
        if file is None:
            return []
        if self._begun_anew(file):
            self._again("cut off by truncation")
        data = os.pread(file.fileno(), READ, self.offset + len(self.partial))
        if data:
            return self._taken(data)
        if self.rotates and self._replaced(file):
            came = self._rest()
            self.close()
            self._again("")
            return came
        return []

    def _open(self) -> bool:
        """Open the path, or first the renamed file that a position is in the midst of."""
        file = _opened(self.path)
        if self.identity.inode == 0 or (file is not None and self.identity.is_of(file)):
            self.file = file
            return file is not None
        old = self._renamed()
        if old is not None:
            if file is not None:
                file.close()
            self.file = old
            return True
        if file is None:
            return False
        if self.offset:
            self.faults.add(str(self.path), self.decoder.records, "rotated away before its end was read", b"")
        self._again("")
        self.file = file
        return True

    def _renamed(self) -> io.FileIO | None:
        for number, entry in enumerate(os.scandir(self.path.parent)):
            if number >= SIBLINGS:
                break
            if entry.inode() == self.identity.inode and entry.is_file(follow_symlinks=False):
                file = _opened(Path(entry.path))
                if file is not None and self.identity.is_of(file):
                    return file
                if file is not None:
                    file.close()
        return None

    def _begun_anew(self, file: io.FileIO) -> bool:
        if self.identity.inode == 0:
            self.identity = Identity.of(file, 0)
            return False
        return os.fstat(file.fileno()).st_size < self.offset + len(self.partial) or not self.identity.is_of(file)

    def _replaced(self, file: io.FileIO) -> bool:
        """Whether another file stands at the path; not while there is none, as the writer may still write to the old one."""
        try:
            there = self.path.stat()
        except OSError:
            return False
        about = os.fstat(file.fileno())
        return (there.st_dev, there.st_ino) != (about.st_dev, about.st_ino)

    def _again(self, reason: str) -> None:
        """From the start of a file."""
        if self.partial and reason:
            self.faults.add(str(self.path), self.decoder.records + 1, reason, self.partial)
        self.offset, self.partial, self.dropping, self.identity = 0, b"", False, Identity()
        self.decoder.again()
        if self.file is not None:
            self.identity = Identity.of(self.file, 0)

    def _taken(self, data: bytes) -> list[Delivery]:
        """Whole lines delivered, the rest kept."""
        whole, _, rest = (self.partial + data).rpartition(b"\n")
        size = len(self.partial) + len(data) - len(rest)
        if not size:
            return self._long(rest)
        before = self.position()
        whole = self._undropped(whole + b"\n")
        self.partial = rest
        return self._delivered(whole, size, before)

    def _undropped(self, whole: bytes) -> bytes:
        """Lines without the end of one whose beginning was dropped."""
        if self.dropping:
            self.dropping = False
            return whole[whole.find(b"\n") + 1 :]
        return whole

    def _long(self, rest: bytes) -> list[Delivery]:
        """No line end yet: wait for it, or drop a line that is too long."""
        if len(rest) <= LONGEST:
            self.partial = rest
            return []
        if not self.dropping:
            self.decoder.records += 1
            self.faults.add(str(self.path), self.decoder.records, f"longer than {LONGEST:,} bytes", rest[:SHOWN])
        self.dropping = True
        self.offset += len(rest)
        self.partial = b""
        return []

    def _delivered(self, whole: bytes, size: int, before: Position) -> list[Delivery]:
        self.recent.add(str(self.path), self.decoder.records + 1, whole)
        batches = self.decoder.batches(whole)
        self.offset += size
        if self.file is not None:
            self.identity = Identity.of(self.file, self.offset)
        found: list[Delivery] = []
        for number, events in enumerate(batches, 1):
            after = self.position() if number == len(batches) else before
            found += batches_of(Batch(events, self.want.mapping, str(self.path)), before, after)
        return found

    def _rest(self) -> list[Delivery]:
        """The last line of a file that was rotated away without its line end."""
        if not self.partial:
            return []
        whole, self.partial = self._undropped(self.partial + b"\n"), b""
        return self._delivered(whole, len(whole) - 1, self.position())


def _opened(path: Path) -> io.FileIO | None:
    try:
        return io.FileIO(path, "r")
    except OSError:
        return None
