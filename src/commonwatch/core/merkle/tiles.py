"""Tiles and entry bundles (C2SP tlog-tiles): how a tree is cut into files that never change.

1. A tile of level L holds the hashes of level 8L of the tree, 256 when full. What lies between is hashed again by the reader.
2. `tile/<L>/<N>[.p/<W>]`, for entries `tile/entries/<N>[.p/<W>]`; N in groups of three digits, all but the last with `x`.
3. A partial tile has 1 to 255 hashes and is no part of a tile above. 4. A bundle is entries, each with its length in two bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from commonwatch.core.errors import InvalidInput
from commonwatch.core.merkle.hashing import HASH_LENGTH, TILE_HEIGHT, Node, Read, pair_hash

WIDTH = 256
MAX_ENTRY_BYTES = 65_535
ENTRIES = -1  # the level of entry bundles
_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*)([0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)
_PAIR = 2 * HASH_LENGTH
_MOST_GROUPS = 7  # 21 digits: more than any tree has


class Tile(NamedTuple):
    """One tile or bundle; `level` ENTRIES is a bundle."""

    level: int
    number: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Where it is served, below the log's address."""
        digits = f"{self.number:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        number = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{'entries' if self.level == ENTRIES else self.level}/{number}{partial}"


def parse_path(path: str) -> Tile | None:
    """The tile that a path names; None for a path that names none, or not in its one spelling."""
    found = _PATH.fullmatch(path) if len(path) < 100 else None
    if found is None or found[2].count("x") >= _MOST_GROUPS:
        return None
    level = ENTRIES if found[1] == "entries" else int(found[1])
    made = Tile(level, int(re.sub("[x/]", "", found[2]) + found[3]), int(found[4] or WIDTH))
    return made if made.path == path and level <= 63 else None


def width_at(size: int, level: int, index: int) -> int:
    """How many hashes or entries this tile has in a tree of that size; 0 if it has none."""
    row = size >> TILE_HEIGHT * max(level, 0)
    return max(0, min(WIDTH, row - index * WIDTH))


def tiles_between(old: int, new: int) -> list[Tile]:
    """The tiles that a tree of `new` leaves has and one of `old` had not, bundles apart."""
    found, level = [], 0
    while new >> TILE_HEIGHT * level:
        first, last = (old >> TILE_HEIGHT * level) // WIDTH, ((new >> TILE_HEIGHT * level) - 1) // WIDTH
        for index in range(first, last + 1):
            width = width_at(new, level, index)
            if width != width_at(old, level, index):
                found.append(Tile(level, index, width))
        level += 1
    return found


def tile_of(node: Node, size: int) -> Tile:
    """The tile that a subtree's hash is computed from, in a tree of `size` leaves."""
    level, up = divmod(node.level, TILE_HEIGHT)
    number = (node.number << up) // WIDTH
    return Tile(level, number, width_at(size, level, number))


def reading(size: int, fetch: Callable[[Tile], bytes]) -> Read:
    """Reads subtrees of a tree of `size` leaves out of its tiles; each tile is fetched once.

    What is fetched is believed: a proof made of it shows whether it was right.
    """
    known: dict[Tile, bytes] = {}

    def read(nodes: Sequence[Node]) -> list[bytes]:
        return [_from_tile(node) for node in nodes]

    def _from_tile(node: Node) -> bytes:
        up = node.level % TILE_HEIGHT
        tile, slot = tile_of(node, size), (node.number << up) % WIDTH
        if tile not in known:
            raw = fetch(tile)
            if len(raw) != tile.width * HASH_LENGTH:
                raise InvalidInput("tile-length", f"{tile.path} has {len(raw)} bytes.", "The log is damaged.")
            known[tile] = raw
        return _joined(known[tile][slot * HASH_LENGTH : (slot + (1 << up)) * HASH_LENGTH])

    return read


def _joined(raw: bytes) -> bytes:
    """The root over hashes whose number is a power of two."""
    while len(raw) > HASH_LENGTH:
        raw = b"".join([pair_hash(raw[at : at + _PAIR]) for at in range(0, len(raw), _PAIR)])
    return raw


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Entries, each after its length; raises InvalidInput for one that is too long to be an entry."""
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise InvalidInput("entry-too-long", f"An entry has at most {MAX_ENTRY_BYTES:,} bytes.", "Log its digest.")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def decode_bundle(raw: bytes, width: int) -> list[bytes]:
    """The entries of a bundle; raises InvalidInput unless there are `width` of them and nothing more."""
    found, at = [], 0
    while at < len(raw):
        length = int.from_bytes(raw[at : at + 2], "big")
        found.append(raw[at + 2 : at + 2 + length])
        at += 2 + length
    if at != len(raw) or len(found) != width:
        raise InvalidInput("bundle-malformed", f"It is no bundle of {width} entries.", "Fetch it again.")
    return found
