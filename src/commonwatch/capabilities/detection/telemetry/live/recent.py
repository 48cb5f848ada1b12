"""The lines that came last, by record number, so that an alert can show the original without reading a log again."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque

LARGEST = 32 << 20  # bytes held: some ten seconds at 10,000 events a second


class Recent:
    """Pieces of whole lines, the oldest let go first."""

    def __init__(self, largest: int = LARGEST) -> None:
        self.largest = largest
        self.size = 0
        self.pieces: deque[tuple[str, int, bytes]] = deque()  # place, record of the first line, lines

    def add(self, place: str, first: int, data: bytes) -> None:
        """Hold lines whose first one has that record."""
        self.pieces.append((place, first, data))
        self.size += len(data)
        while self.size > self.largest and len(self.pieces) > 1:
            self.size -= len(self.pieces.popleft()[2])

    def text(self, place: str, record: int) -> str | None:
        """The line of a record, if it is still held."""
        here = [(first, data) for where, first, data in self.pieces if where == place]
        found = bisect_right([first for first, _ in here], record) - 1
        if found < 0:
            return None
        first, data = here[found]
        lines = [line for line in data.split(b"\n") if line and not line.isspace()]
        return lines[record - first].decode("utf-8", "replace").rstrip("\r") if record - first < len(lines) else None
