"""What texts of a column were found to belong to: telemetry repeats itself, and what was decided need not be decided again.

A table of hashes, two slots for each, the latest wins, that grows with what it is told up to 16 MB a kind. The lowest bit of
a hash there says whether the text met anything; what it met stands apart, with a second hash, so that no two texts share a hit. The hashes
have seeds drawn for each process, so nobody can write a log that makes a bad value look like a clean one; by chance that
happens to one in 10^13 values. Additions to the index empty it, removals only take what texts met.
"""

from __future__ import annotations

from secrets import randbits

import numpy as np
import numpy.typing as npt
import polars as pl

from commonwatch.capabilities.detection.matching.index.found import Found
from commonwatch.capabilities.detection.matching.index.hashing import Hashes, hash_column

_FIRST_BITS, _MOST_BITS = 16, 21  # slots, as powers of two
_MOST_MET = 200_000  # texts of a kind that met something: then all is forgotten
_BAD = np.uint64(1)
_REST = ~_BAD
_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # odd, without a pattern: the second slot has nothing to do with the first
Rows = npt.NDArray[np.int64]


class Texts:
    """The memory of one kind of column. Texts that met something have a number, from 1; 0 stands for nothing."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Something was added to the index, or too much is remembered."""
        self._seed, self._check_seed = randbits(63), randbits(63)
        self._learnt = 0
        self._make(_FIRST_BITS)
        self.forget_met()

    def forget_met(self) -> None:
        """Something was removed from the index: what was clean stays so."""
        self._numbers: dict[int, int] = {}
        self._checks: Hashes = np.zeros(1, np.uint64)
        self._first: Rows = np.zeros(2, np.int64)  # where in entries and ports a number's begin; one more at the end
        self._entries: npt.NDArray[np.int64] = np.empty(0, np.int64)
        self._ports: npt.NDArray[np.int64] = np.empty(0, np.int64)

    @property
    def full(self) -> bool:
        """Whether it is time to forget."""
        return len(self._checks) > _MOST_MET

    def hashed(self, texts: pl.Series) -> Hashes:
        """The hash of every text, 0 of a null."""
        return hash_column(texts, self._seed)

    def not_clean(self, hashes: Hashes) -> tuple[Rows, npt.NDArray[np.bool_]]:
        """Places of texts that are not known to be clean, nulls left out; and of each, whether it may be a known bad one."""
        there = np.flatnonzero(self._slots.take(self._first_place(hashes)) ^ (hashes & _REST))
        there = there[hashes[there] != 0]
        some = hashes[there]
        first = self._slots.take(self._first_place(some)) ^ (some & _REST)
        second = self._slots.take(self._second_place(some)) ^ (some & _REST)
        unclean = second != 0
        return there[unclean], ((first == _BAD) | (second == _BAD))[unclean]

    def numbers(self, texts: pl.Series, hashes: Hashes) -> npt.NDArray[np.int64]:
        """The numbers of texts that may be known bad ones; 0 for those that are not."""
        found = np.fromiter((self._numbers.get(one, 0) for one in hashes.tolist()), np.int64, len(hashes))
        found[self._checks[found] != hash_column(texts, self._check_seed)] = 0
        return found

    def distinct(self, hashes: Hashes) -> npt.NDArray[np.bool_]:
        """Leaves out most repetitions, and never the only one of its kind."""
        places = self._first_place(hashes)
        self._last[places] = np.arange(len(hashes), dtype=np.int32)
        chosen = self._last[places]
        kept: npt.NDArray[np.bool_] = (hashes[chosen] != hashes) | (chosen == np.arange(len(hashes)))
        return kept

    def learn(self, texts: pl.Series, hashes: Hashes, met: Found) -> Rows:
        """These were decided; the numbers they have from now on, 0 for those that met nothing."""
        self._grow(len(hashes))
        order = np.argsort(met.places, kind="stable")
        bad, counts = np.unique(met.places, return_counts=True)
        marked = hashes & _REST
        marked[bad] |= _BAD
        self._put(marked)
        numbers = np.zeros(len(hashes), np.int64)
        if len(bad):
            numbers[bad] = np.arange(len(self._checks), len(self._checks) + len(bad))
            self._numbers.update(zip(hashes[bad].tolist(), numbers[bad].tolist(), strict=True))
            self._checks = np.concatenate([self._checks, hash_column(texts.gather(bad), self._check_seed)])
            self._first = np.concatenate([self._first, self._first[-1] + np.cumsum(counts)])
            self._entries = np.concatenate([self._entries, met.entries[order]])
            self._ports = np.concatenate([self._ports, met.ports[order]])
        return numbers

    def met(self, numbers: Rows) -> tuple[Rows, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """For numbers, which of them, the entry, and the port (-1 for any), a line for each that a text met."""
        first = self._first[numbers]
        counts = self._first[numbers + 1] - first
        which = np.repeat(np.arange(len(numbers)), counts)
        ends = np.cumsum(counts)
        at = np.arange(len(which)) + (first - ends + counts)[which]
        return which, self._entries[at], self._ports[at]

    def _first_place(self, hashes: Hashes) -> Rows:
        return (hashes >> self._shift).view(np.int64)

    def _second_place(self, hashes: Hashes) -> Rows:
        return ((hashes & _REST) * _SPREAD >> self._shift).view(np.int64)

    def _put(self, marked: Hashes) -> None:
        """Into the first slot where it is free, else into the second: what was there before is forgotten."""
        places = self._first_place(marked)
        free = np.flatnonzero(self._slots[places] <= _BAD)
        self._slots[places[free]] = marked[free]
        rest = marked[self._slots[places] != marked]
        self._slots[self._second_place(rest)] = rest

    def _make(self, bits: int) -> None:
        self._bits = bits
        self._shift = np.uint64(64 - bits)
        self._slots = np.zeros(1 << bits, np.uint64)
        self._last = np.zeros(1 << bits, np.int32)

    def _grow(self, more: int) -> None:
        """Make room when half of the slots may be taken."""
        self._learnt += more
        bits = min(_MOST_BITS, max(self._bits, self._learnt.bit_length() + 1))
        if bits > self._bits:
            kept = self._slots[self._slots > _BAD]
            self._make(bits)
            self._put(kept)
