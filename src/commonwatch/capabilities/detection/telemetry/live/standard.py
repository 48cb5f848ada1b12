"""Standard input, or any pipe: lines as they come. It cannot be gone back in, so its position only counts."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Sequence

from commonwatch.capabilities.detection.telemetry.batch import Batch
from commonwatch.capabilities.detection.telemetry.chunks import LONGEST, SHOWN
from commonwatch.capabilities.detection.telemetry.faults import Faults
from commonwatch.capabilities.detection.telemetry.live.decoding import Decoder
from commonwatch.capabilities.detection.telemetry.live.recent import Recent
from commonwatch.capabilities.detection.telemetry.live.source import Delivery, Position, batches_of
from commonwatch.capabilities.detection.telemetry.wanted import Wanted

READ = 1 << 20
GATHER_SECONDS = 0.01  # after the first bytes: what is written in one go comes as one batch


class Pipe:
    """A file descriptor that is read until it ends (`ended`)."""

    def __init__(self, descriptor: int, want: Wanted, place: str = "standard input") -> None:
        self.descriptor, self.want, self.place = descriptor, want, place
        self.faults = Faults()
        self.recent = Recent()
        self.decoder = Decoder(want, place, self.faults)
        self.partial = b""
        self.dropping = False
        self.ended = False

    def poll(self, seconds: float) -> Sequence[Delivery]:
        """What has come; waits so long for the first byte."""
        data = self._gathered(seconds)
        if not data and not self.ended:
            return []
        whole, end, rest = (self.partial + data).rpartition(b"\n")
        if self.ended:
            whole, end, rest = whole + end + rest, b"", b""
        if self.dropping and (whole or end):
            self.dropping = False
            whole = whole.partition(b"\n")[2]
        self.partial = self._bounded(rest)
        return self._delivered(whole + end) if whole.strip() else []

    def position(self) -> Position:
        """How many records came."""
        return {"decoder": self.decoder.state()}

    def handled(self) -> None:
        """Nothing to do."""

    def record_text(self, place: str, record: int) -> str | None:
        """The line of an event that came lately."""
        return self.recent.text(place, record)

    def close(self) -> None:
        """Nothing to do: the descriptor is the caller's."""

    def _gathered(self, seconds: float) -> bytes:
        found: list[bytes] = []
        size = 0
        until = time.monotonic() + seconds
        while size < READ and not self.ended:
            wait = max(until - time.monotonic(), 0)
            if not select.select([self.descriptor], [], [], wait)[0]:
                break
            if not found:
                until = time.monotonic() + GATHER_SECONDS
            data = os.read(self.descriptor, READ)
            self.ended = not data
            found.append(data)
            size += len(data)
        return b"".join(found)

    def _bounded(self, rest: bytes) -> bytes:
        """The beginning of a line, unless it is too long."""
        if len(rest) <= LONGEST and not self.dropping:
            return rest
        if not self.dropping:
            self.decoder.records += 1
            self.faults.add(self.place, self.decoder.records, f"longer than {LONGEST:,} bytes", rest[:SHOWN])
        self.dropping = True
        return b""

    def _delivered(self, whole: bytes) -> list[Delivery]:
        self.recent.add(self.place, self.decoder.records + 1, whole)
        before = self.position()
        batches = self.decoder.batches(whole)
        found: list[Delivery] = []
        for events in batches:
            found += batches_of(Batch(events, self.want.mapping, self.place), before, self.position())
        return found
