"""A blocked Bloom filter over 64-bit hashes: one word and five bits a key, so a look-up is one read of memory.

At 16 bits a key some 0.5 keys in a thousand pass that are not there; none is ever held back that is. The high half of a
hash chooses the word, the low thirty bits choose the bits.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from commonwatch.capabilities.detection.matching.index.hashing import Hashes

BITS_A_KEY = 16
SPARE_KEYS = 400_000  # room for the changes that come before the next merge
_BLOCK = 1 << 16  # look-ups at a time: what lies between two steps stays in the processor's cache
_SHIFTS = tuple(np.uint64(shift) for shift in (6, 12, 18, 24))
_ONE, _SIX, _HALF = np.uint64(1), np.uint64(63), np.uint64(32)

Words = npt.NDArray[np.uint64]


def empty(keys: int) -> Words:
    """Words for so many keys and the changes to come."""
    return np.zeros((keys + SPARE_KEYS) * BITS_A_KEY // 64, np.uint64)


def add(words: Words, hashes: Hashes) -> None:
    """Set the bits of these keys."""
    for first in range(0, len(hashes), _BLOCK):
        part = hashes[first : first + _BLOCK]
        np.bitwise_or.at(words, _places(words, part), _masks(part))


def holds(words: Words, hashes: Hashes) -> npt.NDArray[np.bool_]:
    """For each key whether it may be there."""
    found = np.empty(len(hashes), np.bool_)
    for first in range(0, len(hashes), _BLOCK):
        part = hashes[first : first + _BLOCK]
        masks = _masks(part)
        found[first : first + _BLOCK] = words[_places(words, part)] & masks == masks
    return found


def holds_one(words: Words, hashed: int) -> bool:
    """The same for one key."""
    mask = 1 << (hashed & 63)
    for shift in (6, 12, 18, 24):
        mask |= 1 << (hashed >> shift & 63)
    return int(words[(hashed >> 32) * len(words) >> 32]) & mask == mask


def _places(words: Words, hashes: Hashes) -> npt.NDArray[np.uint64]:
    places: npt.NDArray[np.uint64] = (hashes >> _HALF) * np.uint64(len(words)) >> _HALF
    return places


def _masks(hashes: Hashes) -> Words:
    masks: Words = _ONE << (hashes & _SIX)
    for shift in _SHIFTS:
        masks |= _ONE << (hashes >> shift & _SIX)
    return masks
