"""What cells were found to belong to: telemetry repeats itself, and what was decided need not be decided again.

A table of hashes, two slots for each (what is in the way moves to its other slot, a few times over), that grows with what it is told
up to 16 MB a form. The lowest bit of a hash there says whether the cell met anything; what it met stands apart. The hashes
have keys drawn for each process (`cells.Key`), so nobody can write a log that makes a bad value look like a clean one; by chance one in
10^13 values is taken for another. Additions to the index empty it, removals only take what cells met.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from commonwatch.capabilities.detection.matching.index.found import Found, joined
from commonwatch.capabilities.detection.matching.index.hashing import Hashes

_FIRST_BITS, _MOST_BITS = 16, 21  # slots, as powers of two
_MOST_MET = 200_000  # cells of a form that met something: then all is forgotten
_BAD = np.uint64(1)
_REST = ~_BAD
_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # odd, without a pattern: the second slot has nothing to do with the first
_MOVES = 12  # times that hashes make room for others; at half the slots taken hardly any is then lost
_BLOCK = 1 << 15  # hashes at a time: what lies between two steps stays in the processor's cache
Rows = npt.NDArray[np.int64]


class Met(NamedTuple):
    """What cells met, a line for each: which cell, the entry, the port (-1 for any), and as which of its columns."""

    which: Rows
    entries: npt.NDArray[np.int64]
    ports: npt.NDArray[np.int64]
    members: npt.NDArray[np.int64]


class Texts:
    """The memory of one form of cells. Those that met something have a number, from 1; 0 stands for nothing."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Something was added to the index, or too much is remembered."""
        self._learnt = 0
        self._make(_FIRST_BITS)
        self.forget_met()

    def forget_met(self) -> None:
        """Something was removed from the index: what was clean stays so."""
        self._numbers[:] = 0
        self._first: Rows = np.zeros(2, np.int64)  # where in entries and ports a number's begin; one more at the end
        self._entries: npt.NDArray[np.int64] = np.empty(0, np.int64)
        self._ports: npt.NDArray[np.int64] = np.empty(0, np.int64)
        self._members: npt.NDArray[np.int64] = np.empty(0, np.int64)

    @property
    def full(self) -> bool:
        """Whether it is time to forget."""
        return len(self._first) > _MOST_MET

    def not_clean(self, hashes: Hashes) -> tuple[Rows, Rows]:
        """Places of cells that are not known to be clean, nulls left out, and the numbers of those that met something, else 0."""
        blocks = [
            np.flatnonzero(self._slots.take(self._first_place(block), mode="clip") != (block & _REST)) + first
            for first in range(0, len(hashes), _BLOCK)
            for block in [hashes[first : first + _BLOCK]]
        ]
        there = np.concatenate(blocks) if blocks else np.empty(0, np.int64)
        some = hashes.take(there)
        there, some = there[some != 0], some[some != 0]
        firsts, seconds = self._first_place(some), self._second_place(some)
        other = self._slots.take(seconds) ^ (some & _REST)
        unclean = np.flatnonzero(other)
        there, some, other = there[unclean], some[unclean], other[unclean]
        firsts, seconds = firsts[unclean], seconds[unclean]
        numbers = np.zeros(len(there), np.int64)
        bad = np.flatnonzero((self._slots.take(firsts) ^ (some & _REST)) == _BAD)
        numbers[bad] = self._numbers[firsts[bad]]
        bad = np.flatnonzero(other == _BAD)
        numbers[bad] = self._numbers[seconds[bad]]
        return there, numbers

    def distinct(self, hashes: Hashes) -> npt.NDArray[np.bool_]:
        """Leaves out most repetitions, and never the only one of its kind."""
        places = self._first_place(hashes)
        self._last[places] = np.arange(len(hashes), dtype=np.int32)
        chosen = self._last[places]
        kept: npt.NDArray[np.bool_] = (hashes[chosen] != hashes) | (chosen == np.arange(len(hashes)))
        return kept

    def learn(self, hashes: Hashes, met: Sequence[Found]) -> Rows:
        """These were decided, as each of their columns; the numbers they have from now on, 0 for those that met nothing."""
        self._grow(len(hashes))
        members = np.repeat(np.arange(len(met)), [len(one.places) for one in met])
        whole = joined(met)
        order = np.argsort(whole.places, kind="stable")
        bad, counts = np.unique(whole.places, return_counts=True)
        marked = hashes & _REST
        marked[bad] |= _BAD
        numbers = np.zeros(len(hashes), np.int64)
        numbers[bad] = np.arange(len(self._first) - 1, len(self._first) - 1 + len(bad))
        self._put(marked, numbers.astype(np.int32))
        if len(bad):
            self._first = np.concatenate([self._first, self._first[-1] + np.cumsum(counts)])
            self._entries = np.concatenate([self._entries, whole.entries[order]])
            self._ports = np.concatenate([self._ports, whole.ports[order]])
            self._members = np.concatenate([self._members, members[order]])
        return numbers

    def met(self, numbers: Rows) -> Met:
        """What the cells of these numbers met."""
        first = self._first[numbers]
        counts = self._first[numbers + 1] - first
        which = np.repeat(np.arange(len(numbers)), counts)
        ends = np.cumsum(counts)
        at = np.arange(len(which)) + (first - ends + counts)[which]
        return Met(which, self._entries[at], self._ports[at], self._members[at])

    def _first_place(self, hashes: Hashes) -> Rows:
        return (hashes >> self._shift).view(np.int64)

    def _second_place(self, hashes: Hashes) -> Rows:
        return ((hashes & _REST) * _SPREAD >> self._shift).view(np.int64)

    def _put(self, marked: Hashes, numbers: npt.NDArray[np.int32]) -> None:
        """Into their slots. What finds no room after some moves is forgotten."""
        places = self._first_place(marked)
        taken = self._slots[places] > _BAD
        places[taken] = self._second_place(marked[taken])
        for _ in range(_MOVES):
            moved, moved_numbers = self._slots[places], self._numbers[places]
            self._slots[places], self._numbers[places] = marked, numbers
            lost = np.flatnonzero(self._slots[places] != marked)  # to others of these
            out = np.flatnonzero((moved > _BAD) & ((moved ^ marked) > _BAD))
            out = out[np.unique(places[out], return_index=True)[1]]
            marked, numbers, places = (
                np.concatenate([mine[lost], before[out]])
                for mine, before in ((marked, moved), (numbers, moved_numbers), (places, places))
            )
            if not len(marked):
                return
            places ^= self._first_place(marked) ^ self._second_place(marked)

    def _make(self, bits: int) -> None:
        self._bits = bits
        self._shift = np.uint64(64 - bits)
        self._slots = np.zeros(1 << bits, np.uint64)
        self._numbers = np.zeros(1 << bits, np.int32)
        self._last = np.zeros(1 << bits, np.int32)

    def _grow(self, more: int) -> None:
        """Make room when half of the slots may be taken."""
        self._learnt += more
        bits = min(_MOST_BITS, max(self._bits, self._learnt.bit_length() + 1))
        if bits > self._bits:
            there = np.flatnonzero(self._slots > _BAD)
            kept = self._slots[there], self._numbers[there]
            self._make(bits)
            self._put(*kept)
