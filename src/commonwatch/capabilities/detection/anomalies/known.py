"""Boosted trees that tell clean rows from labelled attacks, where there are any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from commonwatch.capabilities.detection.anomalies.tables import Coding, Table, encoded

if TYPE_CHECKING:
    import lightgbm
    import numpy as np

    Array = np.ndarray[Any, Any]

TREES = 200
TREE_SETTINGS: Mapping[str, object] = {
    "objective": "binary",
    "num_leaves": 15,
    "learning_rate": 0.05,
    "min_child_samples": 20,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 5,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}


@dataclass(frozen=True)
class Trees:
    """Boosted trees."""

    booster: lightgbm.Booster
    coding: Coding

    @classmethod
    def fitted(cls, clean: Table, other: Table, coding: Coding, seed: int) -> Trees:
        """Trees that tell clean rows from others."""
        import lightgbm
        import numpy as np

        rows = np.vstack([encoded(clean, coding), encoded(other, coding)])
        labels = np.repeat([0.0, 1.0], [len(clean), len(other)])
        words = list(range(clean.numbers.shape[1], rows.shape[1]))
        data = lightgbm.Dataset(rows, labels, categorical_feature=words, params={"verbose": -1})
        return cls(lightgbm.train({**TREE_SETTINGS, "seed": seed}, data, TREES), coding)

    def scores(self, rows: Table) -> Array:
        """Log odds."""
        import numpy as np

        return np.asarray(self.booster.predict(encoded(rows, self.coding), raw_score=True))

    def shares(self, rows: Table) -> Array:
        """Each feature's part of the log odds (Lundberg and Lee's values for trees)."""
        import numpy as np

        return np.asarray(self.booster.predict(encoded(rows, self.coding), pred_contrib=True))[:, :-1]
