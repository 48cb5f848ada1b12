"""What was wrong with lines that could not be read: counted by reason, a few of each kept to look at. Never fatal.

A fault names the place and the record, and shows the first bytes. A fault that costs only a field leaves its event in.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

SAMPLES = 5  # of each reason: enough to see what writes them
REASONS = 100  # distinct reasons; hostile input must not grow the list
SHOWN = 120  # bytes of a line: enough to recognise it, too little to copy a log


@dataclass(frozen=True)
class Fault:
    """One line that could not be read as a whole."""

    place: str
    record: int
    reason: str
    start: bytes


@dataclass
class Faults:
    """Faults of one reading, or of one source over its life; and how many records it saw, good and bad."""

    records: int = 0
    count: int = 0
    by_reason: Counter[str] = field(default_factory=Counter)
    samples: list[Fault] = field(default_factory=list)

    def add(self, place: str, record: int, reason: str, line: bytes) -> None:
        """Count a fault; keep it as a sample while its reason has few."""
        self.count += 1
        if reason not in self.by_reason and len(self.by_reason) >= REASONS:
            reason = "further reasons"
        self.by_reason[reason] += 1
        if self.by_reason[reason] <= SAMPLES:
            self.samples.append(Fault(place, record, reason, bytes(line[:SHOWN])))
