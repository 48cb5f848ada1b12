"""Verifying that a leaf is in a tree, and that a tree only grew (RFC 9162, sections 2.1.3.2 and 2.1.4.2).

Inclusion: 1. the index lies below the size; 2. the path has exactly as many hashes as index and size ask for; 3. folding it
gives the root.

Consistency: 1. the old size is not above the new; 2. from nothing, and to itself, the proof is empty; 3. of the same size, the
roots are equal; of nothing, the root is the hash of the empty string; 4. the proof has exactly as many hashes as the sizes
ask for; 5. folding it gives both roots.
"""

from __future__ import annotations

from collections.abc import Sequence

from commonwatch.core.merkle.broken import Broken
from commonwatch.core.merkle.hashing import (
    EMPTY_ROOT,
    HASH_LENGTH,
    Read,
    consistency_ranges,
    hashes_of,
    inclusion_ranges,
    node_hash,
)


def inclusion_proof(index: int, size: int, read: Read) -> list[bytes]:
    """The audit path of leaf `index` in the tree of `size` leaves."""
    return hashes_of(inclusion_ranges(index, size), read)


def consistency_proof(old: int, new: int, read: Read) -> list[bytes]:
    """That the tree of `new` leaves begins with the one of `old`."""
    return hashes_of(consistency_ranges(old, new), read)


def prefix_proof(old: int, new: int, read: Read) -> list[bytes]:
    """What root the first `old` leaves of a tree of `new` leaves have (0 < old < new), for `prefix_root`."""
    return hashes_of(_prefix_ranges(old, new), read)


def prefix_root(old: int, new: int, new_root: bytes, proof: Sequence[bytes]) -> bytes | None:
    """The root that the first `old` leaves have in the tree of `new` leaves with this root; None where this does not prove it.

    Unlike a proof of consistency it needs no belief in the old root: with another one it proves that the log was rewritten.
    """
    if not 0 < old < new:
        return None
    ranges = _prefix_ranges(old, new)
    if len(proof) != len(ranges) or any(len(one) != HASH_LENGTH for one in proof):
        return None
    first, second = _roots(old, b"", ranges, proof)
    return first if second == new_root else None


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> Broken | None:
    """None where the leaf with this hash is at `index` of the tree of `size` leaves with this root."""
    if not 0 <= index < size:
        return Broken("index-beyond", f"There is no leaf {index} in a tree of {size}.")
    ranges = inclusion_ranges(index, size)
    if len(path) != len(ranges) or any(len(one) != HASH_LENGTH for one in path):
        return Broken("proof-length", f"The proof must have {len(ranges)} hashes of {HASH_LENGTH} bytes.")
    current = leaf
    for (start, _), other in zip(ranges, path, strict=True):
        current = node_hash(current, other) if index < start else node_hash(other, current)
    return None if current == root else Broken("not-included", "The proof leads to another root.")


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> Broken | None:
    """None where the tree of `new` leaves with this root begins with the one of `old` leaves with that root."""
    if not 0 <= old <= new:
        return Broken("shrunk", f"A log of {old} leaves cannot become one of {new}.")
    ranges = consistency_ranges(old, new)
    if len(proof) != len(ranges) or any(len(one) != HASH_LENGTH for one in proof):
        return Broken("proof-length", f"The proof must have {len(ranges)} hashes of {HASH_LENGTH} bytes.")
    if old == 0 and old_root != EMPTY_ROOT:
        return Broken("not-empty", "The root of an empty tree is the hash of nothing.")
    if old in (0, new):
        same = old == 0 < new or old_root == new_root
        return None if same else Broken("fork", f"Two trees of {new} leaves have different roots.")
    first, second = _roots(old, old_root, ranges, proof)
    if first != old_root or second != new_root:
        return Broken("not-consistent", "The proof leads to other roots.")
    return None


def _prefix_ranges(old: int, new: int) -> list[tuple[int, int]]:
    """Those of a proof of consistency, always beginning with a range that ends at `old`."""
    ranges = consistency_ranges(old, new)
    return ranges if ranges[0][1] == old else [(0, old), *ranges]


def _roots(old: int, old_root: bytes, ranges: Sequence[tuple[int, int]], proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Both roots that the proof leads to."""
    # Where the old tree is a complete part of the new one, its root is not in the proof: the verifier has it.
    begins_with_seed = ranges[0][1] == old
    first = second = proof[0] if begins_with_seed else old_root
    for (start, _), other in list(zip(ranges, proof, strict=True))[1 if begins_with_seed else 0 :]:
        if start >= old:
            second = node_hash(second, other)
        else:
            first, second = node_hash(other, first), node_hash(other, second)
    return first, second
