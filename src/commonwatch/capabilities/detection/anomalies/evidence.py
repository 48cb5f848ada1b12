"""From a member's own scores to evidence that members share: how rare such a score is among clean rows, in powers of ten.

1. Inside clean data: -log10 of the share of clean scores at or above.
2. Beyond the 98th percentile the clean scores are continued by an exponential tail of their own mean excess, so that two scores
   that no clean row reached are still told apart. It ends at `MOST`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

TAIL = 0.02
MOST = 40 / math.log(10)  # forty mean excesses


@dataclass(frozen=True)
class Evidence:
    """Clean scores of a member, in order."""

    clean: np.ndarray[Any, Any]

    def of(self, scores: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """How rare each score is."""
        import numpy as np

        size = len(self.clean)
        start = self.clean[int(size * (1 - TAIL))]
        excess = float(np.mean(self.clean[self.clean > start] - start)) if start < self.clean[-1] else 1.0
        above = size - np.searchsorted(self.clean, scores, side="left")
        inside = -np.log10((above + 0.5) / (size + 1))
        beyond = -math.log10(TAIL) + np.minimum(np.maximum(scores - start, 0) / excess / math.log(10), MOST)
        return np.asarray(np.where(scores > start, beyond, inside))
