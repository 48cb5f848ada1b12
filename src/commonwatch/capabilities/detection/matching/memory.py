"""Texts that were looked up and belonged to no entry: telemetry repeats itself, and what was clean need not be tried again.

A table of hashes, one slot each, the latest wins: 2 MB a kind, so a look-up stays in the processor's cache. The hash has a
seed drawn for each process, so nobody can write a log that makes a bad value look like a clean one; by chance that happens
to one in 10^13 values. Additions to the index empty it.
"""

from __future__ import annotations

from secrets import randbits

import numpy as np
import numpy.typing as npt
import polars as pl

from commonwatch.capabilities.detection.matching.index.hashing import Hashes, hash_column

_SLOT_BITS = 18
_SHIFT = np.uint64(64 - _SLOT_BITS)
Rows = npt.NDArray[np.int64]


class CleanTexts:
    """The memory of one kind of column."""

    def __init__(self) -> None:
        self._seed = randbits(63)
        self._slots = np.zeros(1 << _SLOT_BITS, np.uint64)
        self._first = np.zeros(1 << _SLOT_BITS, np.int32)

    def forget(self) -> None:
        """Something was added to the index."""
        self._slots.fill(0)

    def unknown(self, texts: pl.Series) -> tuple[Rows, Hashes]:
        """Places of the texts that are not known to be clean, and the hash of every text (0 of a null: never unknown)."""
        hashes = hash_column(texts, self._seed)
        return np.flatnonzero(self._slots[hashes >> _SHIFT] != hashes), hashes

    def distinct(self, hashes: Hashes) -> npt.NDArray[np.bool_]:
        """Leaves out most repetitions, and never the only one of its kind."""
        slots = hashes >> _SHIFT
        self._first[slots[::-1]] = np.arange(len(hashes) - 1, -1, -1, dtype=np.int32)
        first = self._first[slots]
        kept: npt.NDArray[np.bool_] = (hashes[first] != hashes) | (first == np.arange(len(hashes)))
        return kept

    def learn(self, hashes: Hashes) -> None:
        """These belonged to no entry."""
        self._slots[hashes >> _SHIFT] = hashes
