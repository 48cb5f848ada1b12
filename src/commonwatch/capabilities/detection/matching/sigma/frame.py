"""One batch, column by column: each row's code for its value, and each distinct value once, as rules read it."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from commonwatch.capabilities.detection.telemetry.batch import TIME
from commonwatch.core.patterns.sigma.evaluate import texts_of

Codes: TypeAlias = "npt.NDArray[np.int32]"
Flags: TypeAlias = "npt.NDArray[np.bool_]"


class Encoded(NamedTuple):
    """A column: codes of rows (-1 for an absent value), and the texts that each code stands for."""

    codes: Codes
    values: list[tuple[str, ...]]


class Frame:
    """The columns of a batch, encoded when they are first asked for."""

    def __init__(self, events: pa.RecordBatch) -> None:
        self.events = events
        self.rows: int = events.num_rows
        self.names = frozenset(events.schema.names)
        self._encoded: dict[str, Encoded | None] = {}

    def column(self, name: str) -> Encoded | None:
        """The column; None where no row has a value."""
        if name not in self._encoded:
            self._encoded[name] = self._encode(name) if name in self.names else None
        return self._encoded[name]

    def texts(self, name: str, row: int) -> tuple[str, ...]:
        """The values of one row in a column."""
        column = self.column(name)
        code = -1 if column is None else int(column.codes[row])
        return () if column is None or code < 0 else column.values[code]

    def time(self, row: int) -> int | None:
        """The event's time in microseconds."""
        time: int | None = self.events.column(TIME)[row].as_py() if TIME in self.names else None
        return time

    def _encode(self, name: str) -> Encoded | None:
        column = self.events.column(name)
        if column.null_count == self.rows:
            return None
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if pa.types.is_nested(column.type):
            return _encode_lists(column)
        encoded = column.dictionary_encode()
        codes: Any = encoded.indices
        plain = codes.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
        return _without_empty(plain, [texts_of(value) for value in encoded.dictionary.to_pylist()])


def _encode_lists(column: pa.Array) -> Encoded | None:
    """Lists have few rows in telemetry: they are told apart one by one."""
    known: dict[tuple[str, ...], int] = {}
    codes = [known.setdefault(texts, len(known)) if (texts := texts_of(value)) else -1 for value in column.to_pylist()]
    return Encoded(np.array(codes, dtype=np.int32), list(known)) if known else None


def _without_empty(codes: Codes, values: list[tuple[str, ...]]) -> Encoded:
    """The same, with empty texts as absent values."""
    empty = [code for code, texts in enumerate(values) if not texts]
    if empty:
        codes = np.where(np.isin(codes, empty), np.int32(-1), codes)
    return Encoded(codes, values)
