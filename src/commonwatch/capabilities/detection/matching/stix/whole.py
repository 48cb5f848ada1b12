"""From the rows of brackets to the rows of a stateless pattern, and the times of rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from commonwatch.capabilities.detection.matching.stix.columns import NONE, Rows
from commonwatch.capabilities.detection.matching.stix.compiled import Leaf
from commonwatch.core.patterns.stix.syntax import Between, Bracket, Expression, Repeats, Within

if TYPE_CHECKING:
    import pyarrow as pa


class Timeless:
    """The times of a batch's rows, and how many of the rows asked for had none."""

    def __init__(self, times: pa.Array) -> None:
        self._there = times.is_valid().to_numpy(zero_copy_only=False)
        self._times: Rows = times.fill_null(0).to_numpy(zero_copy_only=False)
        self.missed = 0

    def known(self, rows: Rows) -> Rows:
        """Those rows that have a time."""
        there: Rows = rows[self._there[rows]]
        self.missed += len(rows) - len(there)
        return there

    def of(self, rows: Rows) -> Rows:
        """The times of rows that have one."""
        found: Rows = self._times[rows]
        return found


def bracket_rows(found: list[tuple[Leaf, Rows]]) -> dict[int, Rows]:
    """The rows that meet each bracket, whichever object they meet it with."""
    rows: dict[int, list[Rows]] = {}
    for leaf, those in found:
        rows.setdefault(leaf.bracket, []).append(those)
    return {bracket: np.unique(np.concatenate(those)) for bracket, those in rows.items()}


def whole_rows(expression: Expression, rows_of: Mapping[int, Rows], times: Timeless) -> Rows:
    """The rows that meet a stateless pattern."""
    if isinstance(expression, Bracket):
        return rows_of.get(expression.number, NONE)
    if isinstance(expression, Between):
        rows = times.known(whole_rows(expression.part, rows_of, times))
        moments = times.of(rows)
        return rows[(moments >= expression.start) & (moments < expression.stop)]
    if isinstance(expression, Within | Repeats):  # one observation is in every window, and once is once
        return whole_rows(expression.part, rows_of, times)
    found = [whole_rows(part, rows_of, times) for part in expression.parts]  # only OR joins what one row can meet
    return np.unique(np.concatenate(found))
