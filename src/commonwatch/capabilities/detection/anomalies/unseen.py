"""Words that no clean row has: a forest cannot cut where clean rows do not differ, so these are counted by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from commonwatch.capabilities.detection.anomalies.tables import Coding, Table

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Unseen:
    """How many words of a row are new."""

    coding: Coding

    def scores(self, rows: Table) -> Array:
        """Their number."""
        import numpy as np

        return np.asarray(self.shares(rows).sum(1))

    def shares(self, rows: Table) -> Array:
        """One for each feature whose word is new."""
        import numpy as np

        new = (self.coding.codes(rows.words) < 0).astype(float)
        return np.hstack([np.zeros(rows.numbers.shape), new])
