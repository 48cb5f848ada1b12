"""The members of the batch model: three ways of not being like clean rows, each with a share of its score for every feature.

1. `Shape`: Mahalanobis distance of features brought to normal scores: rows whose features do not go together as usual. Clean rows only.
2. `Contrast`: trees that tell clean rows from the same rows with some features replaced by other rows' or extreme values.
   Clean rows only: what they learn is where clean rows are not.
3. `Known`: trees that tell clean rows from labelled attacks, where there are any.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from commonwatch.capabilities.detection.anomalies.tables import Table

if TYPE_CHECKING:
    import lightgbm
    import numpy as np

    Array = np.ndarray[Any, Any]

GRID = 1_000  # quantiles that a number is brought to normal scores by
RIDGE = 0.01  # of the covariance, so that constant features have a distance as well
MOST_REPLACED = 0.5  # of the features of a contrast row
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
class Coding:
    """Words by their place in each feature's list of known ones; -1 is any other."""

    known: Sequence[Sequence[str]]

    def codes(self, words: Array) -> Array:
        """Rows of places."""
        import numpy as np

        found = np.full(words.shape, -1, dtype=float)
        for column, known in enumerate(self.known):
            for place, word in enumerate(known):
                found[words[:, column] == word, column] = place
        return found


@dataclass(frozen=True)
class Shape:
    """Distance from the centre of clean rows, in the directions in which they hardly vary."""

    quantiles: Array  # GRID by number features
    centre: Array
    precision: Array
    coding: Coding

    @classmethod
    def fitted(cls, clean: Table, coding: Coding) -> Shape:
        """From clean rows."""
        import numpy as np

        quantiles = np.quantile(clean.numbers, np.linspace(0, 1, GRID), axis=0)
        bare = cls(quantiles, np.zeros(0), np.zeros((0, 0)), coding)
        placed = bare.placed(clean)
        spread = np.cov(placed.T) + RIDGE * np.eye(placed.shape[1])
        return cls(quantiles, placed.mean(0), np.linalg.inv(spread), coding)

    def scores(self, rows: Table) -> Array:
        """The distance's logarithm."""
        import numpy as np

        return np.asarray(np.log(np.maximum(self._terms(rows).sum(1), 1e-12)))

    def shares(self, rows: Table) -> Array:
        """Each feature's part of the squared distance; the words' columns are summed to one a feature."""
        import numpy as np

        terms, numbers = self._terms(rows), rows.numbers.shape[1]
        columns, at = [terms[:, :numbers]], numbers
        for known in self.coding.known:
            columns.append(terms[:, at : at + len(known)].sum(1, keepdims=True))
            at += len(known)
        return np.hstack(columns)

    def _terms(self, rows: Table) -> Array:
        away = self.placed(rows) - self.centre
        terms: Array = away * (away @ self.precision)
        return terms

    def placed(self, rows: Table) -> Array:
        """Numbers as half their normal score among clean rows, words as columns of 0 and 1."""
        import numpy as np

        ladder = np.linspace(0, 1, GRID)
        levels = np.clip(ladder, 1e-7, 1 - 1e-7)
        normal = np.array([NormalDist().inv_cdf(float(level)) for level in levels])
        columns = []
        for column in range(rows.numbers.shape[1]):
            values, steps = rows.numbers[:, column], self.quantiles[:, column]
            # Many clean values are equal: the middle of their stretch, from both ends.
            middle = (np.interp(values, steps, ladder) - np.interp(-values, -steps[::-1], -ladder[::-1])) / 2
            columns.append(np.interp(middle, ladder, normal) / 2)
        codes = self.coding.codes(rows.words)
        for column, known in enumerate(self.coding.known):
            columns += [(codes[:, column] == place).astype(float) for place in range(len(known))]
        return np.column_stack(columns)


@dataclass(frozen=True)
class Trees:
    """Boosted trees, as contrast or on known attacks."""

    booster: lightgbm.Booster
    coding: Coding

    @classmethod
    def fitted(cls, clean: Table, other: Table, coding: Coding, seed: int) -> Trees:
        """Trees that tell clean rows from others."""
        import lightgbm
        import numpy as np

        rows = np.vstack([_encoded(clean, coding), _encoded(other, coding)])
        labels = np.repeat([0.0, 1.0], [len(clean), len(other)])
        words = list(range(clean.numbers.shape[1], rows.shape[1]))
        data = lightgbm.Dataset(rows, labels, categorical_feature=words, params={"verbose": -1})
        return cls(lightgbm.train({**TREE_SETTINGS, "seed": seed}, data, TREES), coding)

    def scores(self, rows: Table) -> Array:
        """Log odds."""
        import numpy as np

        return np.asarray(self.booster.predict(_encoded(rows, self.coding), raw_score=True))

    def shares(self, rows: Table) -> Array:
        """Each feature's part of the log odds (Lundberg and Lee's values for trees)."""
        import numpy as np

        return np.asarray(self.booster.predict(_encoded(rows, self.coding), pred_contrib=True))[:, :-1]


def contrast(clean: Table, coding: Coding, seed: int) -> Table:
    """As many rows as there are clean ones, each with up to half of its features replaced.

    Half of the replaced numbers are another row's, a quarter each the smallest and the largest that clean rows have.
    """
    import numpy as np

    chance = np.random.default_rng(seed)
    size = len(clean)
    base, other = clean.rows(chance.integers(0, size, size)), clean.rows(chance.integers(0, size, size))
    share = chance.random((size, 1)) * MOST_REPLACED
    ends = np.where(chance.random(base.numbers.shape) < 0.5, clean.numbers.max(0), clean.numbers.min(0))
    offered = np.where(chance.random(base.numbers.shape) < 0.5, ends, other.numbers)
    numbers = np.where(chance.random(base.numbers.shape) < share, offered, base.numbers)
    words = base.words.copy()
    for column, known in enumerate(coding.known):
        replaced = chance.random(size) < share[:, 0]
        words[replaced, column] = np.array(known)[chance.integers(0, len(known), int(replaced.sum()))]
    return Table(clean.number_names, clean.word_names, numbers, words)


def _encoded(rows: Table, coding: Coding) -> Array:
    import numpy as np

    return np.hstack([rows.numbers, coding.codes(rows.words)])
