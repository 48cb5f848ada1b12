"""An isolation forest whose scores are explained: how soon random cuts part a row from clean ones (Liu, Ting and Zhou, 2008).

Trees are fitted by scikit-learn and kept as plain arrays. A node's value is the mean depth at which clean rows below it are
isolated; going down a tree, each cut moves the value, and that move is its feature's. So the shares of a row's features add up to how
much sooner it is isolated than clean rows are on average.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from commonwatch.capabilities.detection.anomalies.tables import Coding, Table

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

TREES = 300
MOST_DEPTH = 64  # of a tree that was read from a file: it may hold circles
_EULER = 0.5772156649
WIDE = 1_000.0  # a number that reaches this among clean rows is cut on a logarithmic scale


@dataclass(frozen=True)
class Forest:
    """Nodes of all trees in one row; a leaf's children are itself. `owner` is the feature of a column."""

    roots: Array
    column: Array
    cut: Array
    left: Array
    right: Array
    value: Array
    wide: Array
    owner: Array
    coding: Coding

    @classmethod
    def fitted(cls, clean: Table, coding: Coding, seed: int) -> Forest:
        """From clean rows."""
        import numpy as np
        from sklearn.ensemble import IsolationForest

        wide = clean.numbers.max(0) >= WIDE
        grown = IsolationForest(n_estimators=TREES, random_state=seed).fit(columns(clean, coding, wide))
        roots, parts, size = [], [], 0
        for estimator in grown.estimators_:
            tree = estimator.tree_
            own = np.arange(tree.node_count)
            leaf = tree.children_left < 0
            left, right = (np.where(leaf, own, side) + size for side in (tree.children_left, tree.children_right))
            parts.append((np.maximum(tree.feature, 0), tree.threshold, left, right, _values(tree)))
            roots.append(size)
            size += tree.node_count
        column, cut, left, right, value = (np.concatenate(part) for part in zip(*parts, strict=True))
        return cls(np.array(roots), column, cut, left, right, value, wide, owners(clean, coding), coding)

    def scores(self, rows: Table) -> Array:
        """How much sooner than clean rows, in cuts."""
        import numpy as np

        return np.asarray(self.shares(rows).sum(1))

    def shares(self, rows: Table) -> Array:
        """Each feature's part."""
        import numpy as np

        given = columns(rows, self.coding, self.wide)
        every = np.arange(len(rows))
        shares = np.zeros((len(rows), len(rows.names)))
        for root in self.roots:
            node = np.full(len(rows), root)
            for _ in range(MOST_DEPTH):
                column = self.column[node]
                # The fit cut at 32-bit numbers: what is compared must be rounded alike.
                below = np.where(given[every, column] <= self.cut[node], self.left[node], self.right[node])
                if (below == node).all():
                    break
                shares[every, self.owner[column]] += self.value[node] - self.value[below]
                node = below
        return shares / len(self.roots)

    def arrays(self) -> dict[str, Array]:
        """As they are saved."""
        names = ("roots", "column", "cut", "left", "right", "value", "wide", "owner")
        return {f"forest_{name}": getattr(self, name) for name in names}

    def fits(self, features: int) -> bool:
        """Whether every place in it is one: of a file, anything may be claimed."""
        size, width = len(self.cut), len(self.owner)
        nodes = (self.column, self.left, self.right, self.value)
        return (
            all(part.shape == (size,) for part in (*nodes, self.cut))
            and len(self.roots) > 0
            and all(_within(part, size) for part in (self.roots, self.left, self.right))
            and _within(self.column, width)
            and _within(self.owner, features)
            and self.wide.shape == (features - len(self.coding.known),)
            and width == len(self.wide) + sum(map(len, self.coding.known))
        )


def restored(arrays: dict[str, Array], coding: Coding) -> Forest:
    """From what was saved; raises KeyError where a part is missing."""
    whole = [arrays[f"forest_{name}"].astype(int) for name in ("roots", "column", "left", "right", "owner")]
    roots, column, left, right, owner = whole
    cut, value = (arrays[f"forest_{name}"].astype(float) for name in ("cut", "value"))
    return Forest(roots, column, cut, left, right, value, arrays["forest_wide"].astype(bool), owner, coding)


def columns(rows: Table, coding: Coding, wide: Array) -> Array:
    """Numbers, wide ones by their logarithm, and a column of 0 and 1 for each known word."""
    import numpy as np

    numbers = np.where(wide, np.sign(rows.numbers) * np.log1p(np.abs(rows.numbers)), rows.numbers)
    codes = coding.codes(rows.words)
    each = [(codes[:, [at]] == np.arange(len(known))) for at, known in enumerate(coding.known)]
    return np.hstack([numbers, *each]).astype(np.float32)


def owners(rows: Table, coding: Coding) -> Array:
    """The feature of every column."""
    import numpy as np

    numbers = rows.numbers.shape[1]
    words = [np.full(len(known), numbers + at) for at, known in enumerate(coding.known)]
    return np.concatenate([np.arange(numbers), *words])


def _within(places: Array, size: int) -> bool:
    return places.ndim == 1 and bool((places >= 0).all() and (places < size).all())


def _values(tree: Any) -> Array:
    """The mean depth at which clean rows below a node end; children come after their parents."""
    import numpy as np

    depth, value = np.zeros(tree.node_count), np.zeros(tree.node_count)
    for node in range(tree.node_count):
        for child in (tree.children_left[node], tree.children_right[node]):
            if child >= 0:
                depth[child] = depth[node] + 1
    for node in reversed(range(tree.node_count)):
        left, right, count = tree.children_left[node], tree.children_right[node], tree.n_node_samples[node]
        if left < 0:
            value[node] = depth[node] + _unresolved(count)
        else:
            value[node] = sum(value[side] * tree.n_node_samples[side] for side in (left, right)) / count
    return value


def _unresolved(count: int) -> float:
    """The mean further depth of so many rows that were not parted."""
    if count <= 1:
        return 0.0
    return 1.0 if count == 2 else 2 * (math.log(count - 1) + _EULER) - 2 * (count - 1) / count
