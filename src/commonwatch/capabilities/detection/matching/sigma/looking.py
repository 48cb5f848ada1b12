"""One batch against one plan: which rows each unit must look at, and for which its condition holds.

The answer is that of the reference evaluator (`core.patterns.sigma.evaluate`) on every row; the tests hold it to that.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from commonwatch.capabilities.detection.matching.sigma.columns import Said
from commonwatch.capabilities.detection.matching.sigma.execution import Row
from commonwatch.capabilities.detection.matching.sigma.frame import Codes, Encoded, Flags, Frame
from commonwatch.capabilities.detection.matching.sigma.plan import Plan
from commonwatch.capabilities.detection.matching.sigma.preparing import KEYWORDS
from commonwatch.core.patterns.sigma.evaluate import matches
from commonwatch.core.patterns.sigma.tree import Leaf


class _Heard(NamedTuple):
    """A column and what each of its codes said; the last entry is for absent values, whose code is -1."""

    codes: Codes
    said: list[Said]


class Look:
    """One batch being matched."""

    def __init__(self, plan: Plan, frame: Frame, answers: dict[tuple[Leaf, str], bool]) -> None:
        self.plan, self.frame, self.answers = plan, frame, answers
        self.kinds, self.kind_of = self._kinds()
        self.heard: list[_Heard] = []
        self.silent: set[int] = set()  # leaves that hold for every row, since the batch has no such column
        self.worth: dict[int, set[int]] = defaultdict(set)  # row -> units

    def hits(self) -> Iterator[tuple[int, int]]:
        """(row, unit) for every condition that holds, by row and unit."""
        self._hear()
        self._always()
        units = self.plan.units
        rows = sorted(self.worth)
        for row, leaves in zip(rows, self._leaves(rows), strict=True):
            event = Row(leaves, partial(self._values, row), self.answers)
            for position in sorted(self.worth[row]):
                if units[position].question(event):
                    yield row, position

    def _kinds(self) -> tuple[list[frozenset[int]], Codes]:
        """The distinct sets of `where` conditions that rows meet, and which of them each row meets."""
        keys = np.zeros(self.frame.rows, dtype=np.int64)
        columns = [(name, self.frame.column(name)) for name in self.plan.routing]
        for _, column in columns:
            if column is not None:
                keys = np.unique(keys * (len(column.values) + 1) + column.codes + 1, return_inverse=True)[1]
        _, firsts, kind_of = np.unique(keys, return_index=True, return_inverse=True)
        kinds = [self._met({name: self.frame.texts(name, row) for name, _ in columns}) for row in firsts.tolist()]
        return kinds, kind_of.astype(np.int32, copy=False)

    def _met(self, event: dict[str, tuple[str, ...]]) -> frozenset[int]:
        return frozenset(place for place, where in enumerate(self.plan.wheres) if matches(where, event))

    def _hear(self) -> None:
        """Ask every column that some rule asks, and note which rows are worth a look."""
        plan = self.plan
        relevant = np.array([bool(kind) for kind in self.kinds], dtype=bool)[self.kind_of]
        for name in plan.columns:
            column = self.frame.column(name)
            absent = plan.absent.get(name)
            if column is None:
                self.silent.update(() if absent is None else (absent,))
                continue
            self._add(name, column, relevant, absent)
        if plan.keyword_wheres:
            asked = np.array([bool(kind & plan.keyword_wheres) for kind in self.kinds], dtype=bool)[self.kind_of]
            if asked.any():
                for name in sorted(self.frame.names - plan.no_keywords):
                    column = self.frame.column(name)
                    if column is not None:
                        self._add(KEYWORDS, column, asked, None)

    def _add(self, name: str, column: Encoded, relevant: Flags, absent: int | None) -> None:
        plan = self.plan
        said = [_NOTHING] * len(column.values)
        counts = np.bincount(column.codes[relevant] + 1, minlength=len(column.values) + 1)[1:]
        for code in np.flatnonzero(counts).tolist():
            texts = column.values[code]
            said[code] = plan.said(name, texts[0]) if len(texts) == 1 else _merged([plan.said(name, t) for t in texts])
        if plan.learning:
            holding: Counter[int] = Counter()
            for code in np.flatnonzero(counts).tolist():
                holding.update(dict.fromkeys(said[code].leaves, int(counts[code])))
            plan.holding.update(holding)
        self._note_rows(column.codes, said, relevant)
        said.append(Said(frozenset(() if absent is None else (absent,)), {}))
        self.heard.append(_Heard(column.codes, said))

    def _note_rows(self, codes: Codes, said: list[Said], relevant: Flags) -> None:
        looked = np.array([bool(one.units) for one in said] + [False], dtype=bool)
        rows = np.flatnonzero(looked[codes] & relevant)
        chosen: dict[tuple[int, int], tuple[int, ...]] = {}
        for row, code, kind in zip(rows.tolist(), codes[rows].tolist(), self.kind_of[rows].tolist(), strict=True):
            units = chosen.get((code, kind))
            if units is None:
                met = self.kinds[kind]
                units = tuple(u for where, found in said[code].units.items() if where in met for u in found)
                chosen[code, kind] = units
            if units:
                self.worth[row].update(units)

    def _always(self) -> None:
        """Units without any literal look at every row that they are about."""
        for kind, met in enumerate(self.kinds):
            units = [position for where in met for position in self.plan.always.get(where, ())]
            if units:
                for row in np.flatnonzero(self.kind_of == kind).tolist():
                    self.worth[row].update(units)

    def _leaves(self, rows: list[int]) -> Iterator[frozenset[int]]:
        """For each row the leaves that hold; most columns say nothing about most rows."""
        found: list[list[frozenset[int]]] = [[] for _ in rows]
        for codes, said in self.heard:
            spoke = np.array([bool(one.leaves) for one in said], dtype=bool)
            here = codes[rows]
            for place in np.flatnonzero(spoke[here]).tolist():
                found[place].append(said[here[place]].leaves)
        silent = frozenset(self.silent)
        return (silent.union(*leaves) for leaves in found)

    def _values(self, row: int, column: str) -> tuple[str, ...]:
        return self.frame.texts(column, row)


_NOTHING = Said(frozenset(), {})


def _merged(parts: list[Said]) -> Said:
    units: dict[int, set[int]] = defaultdict(set)
    for part in parts:
        for where, found in part.units.items():
            units[where].update(found)
    return Said(
        frozenset().union(*(part.leaves for part in parts)),
        {where: tuple(sorted(found)) for where, found in units.items()},
    )
