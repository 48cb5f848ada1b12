"""Hashes of an RFC 6962 tree (section 2.1), and which of them a proof is made of. Nothing here is stored or fetched.

A complete subtree is named by `Node(level, number)`: the leaves from `number * 2^level` on, 2^level of them. Every hash that a
proof needs is folded from a few of these.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

HASH_LENGTH = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
MAX_SIZE = 2**63 - 1
TILE_HEIGHT = 8


class Node(NamedTuple):
    """A complete subtree."""

    level: int
    number: int


Read: TypeAlias = Callable[[Sequence[Node]], Sequence[bytes]]
"""Gives the hashes of these complete subtrees, in their order."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees side by side."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def pair_hash(both: bytes) -> bytes:
    """The same of two hashes that stand one after the other, as in tiles."""
    return hashlib.sha256(b"\x01" + both).digest()


def folded(hashes: Sequence[bytes]) -> bytes:
    """The root over complete subtrees that stand side by side, largest first."""
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def covering(start: int, end: int) -> list[Node]:
    """The complete subtrees that make up the leaves from `start` to before `end`, largest first.

    `start` must be a multiple of every power of two that fits into the range, as it is for all ranges in proofs.
    """
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append(Node(level, start >> level))
        start += 1 << level
    return found


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """The ranges of leaves whose roots are the audit path of a leaf, from the leaf up (section 2.1.1)."""
    start, end = 0, size
    found = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start = middle
    return found[::-1]


def consistency_ranges(old: int, new: int) -> list[tuple[int, int]]:
    """The ranges of leaves whose roots prove that a tree of `new` leaves begins with one of `old` (section 2.1.2)."""
    if old in (0, new):
        return []
    start, end, whole = 0, new, True
    found = []
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start, whole = middle, False
    return [*([] if whole else [(start, end)]), *found[::-1]]


def hashes_of(ranges: Iterable[tuple[int, int]], read: Read) -> list[bytes]:
    """The roots of these ranges of leaves, with one call of `read`."""
    parts = [covering(start, end) for start, end in ranges]
    hashes = iter(read([node for part in parts for node in part]))
    return [folded([next(hashes) for _ in part]) for part in parts]


def root_of(size: int, read: Read) -> bytes:
    """The root of the first `size` leaves."""
    return folded(read(covering(0, size))) if size else EMPTY_ROOT


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


@dataclass(frozen=True)
class Edge:
    """The right edge of a tree: all that is needed to go on. `hashes` belong to `covering(0, size)`."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    @property
    def root(self) -> bytes:
        """The root of the tree."""
        return folded(self.hashes) if self.size else EMPTY_ROOT

    def extended(self, leaves: Iterable[bytes]) -> tuple[Edge, dict[int, list[bytes]]]:
        """The edge after these leaf hashes, and the new hashes for each level of tiles (every eighth of the tree)."""
        levels = [node.level for node in covering(0, self.size)]
        hashes = list(self.hashes)
        made: dict[int, list[bytes]] = {}
        size = self.size
        for current in leaves:
            level = 0
            made.setdefault(0, []).append(current)
            while levels and levels[-1] == level:
                levels.pop()
                current = node_hash(hashes.pop(), current)
                level += 1
                if level % TILE_HEIGHT == 0:
                    made.setdefault(level // TILE_HEIGHT, []).append(current)
            levels.append(level)
            hashes.append(current)
            size += 1
        return Edge(size, tuple(hashes)), made
