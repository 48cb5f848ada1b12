"""What a run over telemetry has done so far: for progress, for the result, and for the status of a source."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from commonwatch.capabilities.detection.alerts.recording import Recorded


@dataclass
class Meter:
    """Counts up; `left_out` says why whole files were not read."""

    events: int = 0
    hits: int = 0
    dirty: int = 0
    files: int = 0
    last_event_us: int | None = None
    raised: list[int] = field(default_factory=list)
    suppressed: list[int] = field(default_factory=list)
    grown: set[int] = field(default_factory=set)
    reasons: Counter[str] = field(default_factory=Counter)  # of dirty lines
    left_out: dict[str, str] = field(default_factory=dict)

    def add(self, recorded: Recorded) -> None:
        """Count what became of a run of hits."""
        self.hits += recorded.counted
        self.raised += recorded.raised
        self.suppressed += recorded.suppressed
        self.grown |= set(recorded.grown)

    def data(self) -> dict[str, Any]:
        """For machines."""
        return {
            "events": self.events,
            "hits": self.hits,
            "files": self.files,
            "raised": len(self.raised),
            "suppressed": len(self.suppressed),
            "grown": len(self.grown - set(self.raised) - set(self.suppressed)),
            "dirty": self.dirty,
            "reasons": dict(self.reasons.most_common()),
            "left_out": self.left_out,
        }
