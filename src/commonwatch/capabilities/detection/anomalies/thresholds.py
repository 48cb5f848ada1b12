"""Thresholds from clean data of the node's own: which score is beyond what normal traffic shows at a wanted rate. Pure.

1. The threshold is the k-th smallest of n clean scores, k = ceil((n + 1)(1 - rate)) (split conformal prediction): a further
   clean score exceeds it with a probability of at most `rate`, whatever the scores' distribution, as long as what comes is
   like what was. It says nothing of attacks.
2. Fewer clean scores than 1 / rate - 1 cannot show such a rate: that is said, never guessed.
3. `ScoreCounts` does the same over a stream, in constant memory and with half-life, on steps of a fixed width.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from commonwatch.core.errors import InvalidInput

STEP = 0.05
STEPS = 2_000  # scores up to 100; what is beyond counts as 100


def threshold(clean: Sequence[float], rate: float) -> float:
    """The score that a clean one exceeds at most at this rate; raises InvalidInput where there are too few to say."""
    check_rate(rate)
    place = math.ceil((len(clean) + 1) * (1 - rate))
    if place > len(clean):
        raise InvalidInput(
            "clean-data-too-little",
            f"{len(clean):,} clean events cannot show a false-alarm rate of {rate:g}.",
            f"Give at least {math.ceil(1 / rate):,}, or allow more false alarms.",
        )
    return float(sorted(clean)[place - 1])


def check_rate(rate: float) -> None:
    """Raise InvalidInput for what is no rate."""
    if not 0 < rate < 1:
        raise InvalidInput(
            "rate-malformed", f"{rate:g} is no false-alarm rate.", "Give one between 0 and 1, such as 0.001."
        )


@dataclass
class ScoreCounts:
    """How often each score occurred; older ones count half after every `half_life` scores."""

    half_life: int = 1_000_000
    counts: list[float] = field(default_factory=lambda: [0.0] * (STEPS + 1))
    total: float = 0.0
    since_halving: int = 0
    highest: int = 0  # no step above it was ever counted

    def add(self, score: float) -> None:
        """Count one."""
        step = min(max(math.ceil(score / STEP), 0), STEPS)
        self.counts[step] += 1
        self.highest = max(self.highest, step)
        self.total += 1
        self.since_halving += 1
        if self.since_halving >= self.half_life:
            self.counts = [count / 2 for count in self.counts]
            self.total, self.since_halving = self.total / 2, 0

    def threshold(self, rate: float) -> float | None:
        """As `threshold`, rounded up to a step; None while too few were counted."""
        allowed = self.total - (self.total + 1) * (1 - rate)
        if allowed < 0:
            return None
        above = 0.0
        for step in range(self.highest, -1, -1):
            above += self.counts[step]
            if above > allowed:
                return step * STEP
        return 0.0
