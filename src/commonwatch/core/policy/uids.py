"""Ids of derived objects: a secret permutation of UUIDs for each recipient.

A balanced Feistel network over the 122 bits that are free in a UUID; version and variant stay, so that the result is a UUID
of the same kind. The same object gets the same id for the same recipient, two recipients cannot match theirs, and who has
the key finds back to the original without a table.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

_ROUNDS = 8  # four suffice against chosen ids (Luby and Rackoff); the rest is margin
_HALF = (1 << 61) - 1
_LOW = (1 << 62) - 1  # behind the two bits of the variant
_MIDDLE = (1 << 12) - 1  # between version and variant
_FIXED = 0xF << 76 | 0x3 << 62


def derived_uid(uid: bytes, key: bytes) -> bytes:
    """The UUID under which the recipient with this key knows the object."""
    return _permuted(uid, key, range(_ROUNDS), swapped=False)


def original_uid(uid: bytes, key: bytes) -> bytes:
    """The inverse of `derived_uid`."""
    return _permuted(uid, key, range(_ROUNDS - 1, -1, -1), swapped=True)


def _permuted(uid: bytes, key: bytes, rounds: Iterable[int], *, swapped: bool) -> bytes:
    whole = int.from_bytes(uid, "big")
    fixed = whole & _FIXED
    free = (whole >> 80) << 74 | (whole >> 64 & _MIDDLE) << 62 | whole & _LOW
    left, right = free >> 61, free & _HALF
    if swapped:
        left, right = right, left
    for step in rounds:
        left, right = right, left ^ _round(right, step, fixed, key)
    if swapped:
        left, right = right, left
    free = left << 61 | right
    return ((free >> 74) << 80 | (free >> 62 & _MIDDLE) << 64 | free & _LOW | fixed).to_bytes(16, "big")


def _round(half: int, step: int, fixed: int, key: bytes) -> int:
    said = half.to_bytes(8, "big") + bytes((step,)) + fixed.to_bytes(16, "big")
    return int.from_bytes(blake2b(said, digest_size=8, key=key, person=b"uid").digest(), "big") & _HALF
