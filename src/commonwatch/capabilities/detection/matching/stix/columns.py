"""Atoms evaluated on a batch: which rows each holds for.

Look-ups: one pass over a column answers every equality on it. Everything else is decided once for each distinct value of a
column, by the very predicate that the reference evaluation uses, after a literal that the expression needs has been found.
Results are sorted arrays of row numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

import numpy as np
import polars as pl

from commonwatch.capabilities.detection.matching.stix.formulas import Atom, Every, Formula, Lacks, value_test
from commonwatch.capabilities.detection.matching.stix.literals import literal
from commonwatch.core.patterns.stix.comparing import expression_text
from commonwatch.core.patterns.stix.syntax import Comparison, Operator

if TYPE_CHECKING:
    import pyarrow as pa

Rows = np.ndarray[Any, np.dtype[np.int64]]
_LITERAL = frozenset({Operator.LIKE, Operator.MATCHES, Operator.SUBSET})
NONE: Rows = np.empty(0, dtype=np.int64)
_INT64 = range(-(1 << 63), 1 << 63)


class Lookup:
    """All equalities on one column: constants to the atoms that they make true."""

    def __init__(self, column: str, asked: Iterable[Atom]) -> None:
        self.column = column
        self.texts: dict[str, list[Atom]] = {}
        self.numbers: dict[float, list[Atom]] = {}
        for atom in asked:
            for constant in dict.fromkeys(atom.constants or ()):
                if isinstance(constant, str):
                    self.texts.setdefault(constant, []).append(atom)
                else:
                    self.numbers.setdefault(constant, []).append(atom)  # 1 and 1.0 are one key, and equal

    @cached_property
    def _text_series(self) -> pl.Series:
        return pl.Series("value", list(self.texts), dtype=pl.String)

    @cached_property
    def _integer_series(self) -> pl.Series:
        whole = [int(one) for one in self.numbers if one == int(one) and int(one) in _INT64]
        return pl.Series("value", whole, dtype=pl.Int64)

    @cached_property
    def _float_series(self) -> pl.Series:
        return pl.Series("value", [float(one) for one in self.numbers], dtype=pl.Float64)

    def hits(self, cells: pl.DataFrame) -> dict[Atom, list[Rows]]:
        """For each atom that holds somewhere, the rows, given the cells of the column."""
        wanted, known = self._wanted(cells["value"].dtype)
        if wanted is None or not len(wanted):
            return {}
        found = cells.filter(pl.col("value").is_in(wanted.implode()))
        hits: dict[Atom, list[Rows]] = {}
        for value, rows in found.group_by("value").agg("row").iter_rows():
            for atom in known[value]:
                hits.setdefault(atom, []).append(np.asarray(rows, dtype=np.int64))
        return hits

    def _wanted(self, kind: pl.DataType) -> tuple[pl.Series | None, Any]:
        if kind == pl.String:
            return self._text_series, self.texts
        if kind == pl.Int64:
            return self._integer_series, self.numbers
        return (self._float_series, self.numbers) if kind == pl.Float64 else (None, {})


class Cells:
    """The columns of one batch, and what atoms hold on them; every answer is kept until the batch is done."""

    def __init__(self, events: pa.RecordBatch) -> None:
        self.events = events
        self._cells: dict[str, pl.DataFrame] = {}
        self._distinct: dict[str, tuple[pl.Series, Rows, Rows]] = {}
        self._lists: dict[str, list[Any]] = {}
        self._found: dict[Atom, Rows] = {}

    def cells(self, column: str) -> pl.DataFrame:
        """The values of a column that are there, with their rows; lists entry by entry."""
        if column not in self._cells:
            series = pl.Series("value", self.events.column(column))
            frame = pl.DataFrame({"row": np.arange(len(series)), "value": series})
            if isinstance(series.dtype, pl.List):
                frame = frame.explode("value")
            if frame["value"].dtype.is_integer():
                frame = frame.with_columns(pl.col("value").cast(pl.Int64))
            elif frame["value"].dtype.is_float():
                frame = frame.with_columns(pl.col("value").cast(pl.Float64))
            self._cells[column] = frame.drop_nulls("value")
        return self._cells[column]

    def has(self, column: str) -> bool:
        """Whether the batch has the column at all."""
        return column in self.events.schema.names

    def look_up(self, lookup: Lookup) -> list[Atom]:
        """Answer all equalities of a column; the atoms that hold somewhere."""
        if not self.has(lookup.column):
            return []
        hits = lookup.hits(self.cells(lookup.column))
        for atom, rows in hits.items():
            self._found[atom] = np.unique(np.concatenate(rows))
        return list(hits)

    def rows(self, one: Formula) -> Rows:
        """The rows for which a formula holds. Look-ups have been answered before."""
        if isinstance(one, Atom):
            return self._atom(one)
        if isinstance(one, Lacks):
            return np.setdiff1d(self._union(one.present), self._union(one.absent), assume_unique=True)
        if not isinstance(one, Every):
            return self._union(one.parts)
        found: Rows | None = None
        for part in sorted(one.parts, key=_cost):  # look-ups first: where they find nothing, nothing else is tried
            rows = self.rows(part)
            found = rows if found is None else np.intersect1d(found, rows, assume_unique=True)
            if not len(found):
                return NONE
        return NONE if found is None else found

    def _union(self, parts: tuple[Formula, ...]) -> Rows:
        found = [rows for part in parts if len(rows := self.rows(part))]
        return NONE if not found else found[0] if len(found) == 1 else np.unique(np.concatenate(found))

    def _atom(self, atom: Atom) -> Rows:
        if atom.constants is not None or not self.has(atom.part.column):
            return self._found.get(atom, NONE)
        if atom not in self._found:
            self._found[atom] = self._evaluated(atom)
        return self._found[atom]

    def _evaluated(self, atom: Atom) -> Rows:
        distinct, codes, rows = self._distinct_values(atom.part.column)
        met = _like(atom, distinct)
        if met is None:
            met = np.zeros(len(distinct), dtype=bool)
            values, holds = self._listed(atom.part.column), value_test(atom)
            for number in self._candidates(atom, values):
                met[number] = holds(values[number])
        return np.unique(rows[met[codes]]) if met.any() else NONE

    def _listed(self, column: str) -> list[Any]:
        if column not in self._lists:
            self._lists[column] = self._distinct_values(column)[0].to_list()
        return self._lists[column]

    def _distinct_values(self, column: str) -> tuple[pl.Series, Rows, Rows]:
        if column not in self._distinct:
            frame = self.cells(column)
            distinct = frame["value"].unique(maintain_order=True)
            numbered = pl.DataFrame({"value": distinct, "code": np.arange(len(distinct))})
            codes = frame.join(numbered, on="value", how="left", maintain_order="left", nulls_equal=True)["code"]
            self._distinct[column] = (distinct, codes.to_numpy(), frame["row"].to_numpy())
        return self._distinct[column]

    def _candidates(self, atom: Atom, values: list[Any]) -> Iterable[int]:
        wanted = _wanted_literal(atom)
        if not wanted:
            return range(len(values))
        return [
            number
            for number, value in enumerate(values)
            if isinstance(value, str) and wanted in (value if value.isascii() else normalize("NFC", value))
        ]


def _like(atom: Atom, distinct: pl.Series) -> np.ndarray[Any, np.dtype[np.bool_]] | None:
    """LIKE on all values at once; None where it has to be decided one by one.

    Polars' regular expressions are linear as well, and mean the same as long as they consist of literals and wildcards.
    """
    test = atom.test
    plain = isinstance(test, Comparison) and test.operator is Operator.LIKE and _as_it_is(atom) and not atom.part.kind
    if not plain or not isinstance(test, Comparison) or distinct.dtype != pl.String:
        return None
    try:
        found = distinct.str.normalize("NFC").str.contains("(?s)" + expression_text(test))
    except pl.exceptions.ComputeError:  # too large for its automaton
        return None
    return found.to_numpy() ^ test.negated


def _as_it_is(atom: Atom) -> bool:
    """Whether what the property holds is the very text of the column."""
    return not (atom.part.is_type or atom.part.time or str(atom.part.steps[-1]).endswith(("_hex", "_bin")))


def _wanted_literal(atom: Atom) -> str:
    """What a text of the column must contain for the atom to hold; empty where that is not known."""
    test = atom.test
    if not _as_it_is(atom) or not isinstance(test, Comparison) or test.negated or test.operator not in _LITERAL:
        return ""
    return literal(test)


def _cost(one: Formula) -> int:
    return 0 if isinstance(one, Atom) and one.constants is not None else 1
