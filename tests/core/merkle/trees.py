"""Small logs in memory, and the definitions of RFC 6962 written down word for word to compare with."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from commonwatch.core.merkle.checkpoints import Checkpoint
from commonwatch.core.merkle.hashing import Edge, Node, Read, leaf_hash
from commonwatch.core.merkle.notes import ED25519, Note, VerifierKey, sign_note, verifier_key
from commonwatch.core.merkle.tiles import ENTRIES, Tile, encode_bundle, reading
from commonwatch.core.signing.keys import SigningKey

ORIGIN = "log.example/one"
LOG = SigningKey(b"\x01" * 32)
LOG_KEY: VerifierKey = verifier_key(ORIGIN, ED25519, LOG.public.raw)


def entry(number: int) -> bytes:
    return f"entry {number}".encode()


def mth(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962, section 2.1."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    k = split(len(leaves))
    return hashlib.sha256(b"\1" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """RFC 6962, section 2.1.1."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    return [*path(m, leaves[:k]), mth(leaves[k:])] if m < k else [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: Sequence[bytes], whole: bool) -> list[bytes]:
    """RFC 6962, section 2.1.2."""
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


class Log:
    """A log in memory, cut into tiles as a real one is."""

    def __init__(self, entries: Sequence[bytes], signing: SigningKey = LOG, origin: str = ORIGIN) -> None:
        self.entries = list(entries)
        self.edge, made = Edge().extended(map(leaf_hash, entries))
        self.rows = {level: b"".join(hashes) for level, hashes in made.items()}
        self._signing = signing
        self.origin = origin

    def tile(self, tile: Tile) -> bytes:
        if tile.level == ENTRIES:
            return encode_bundle(self.entries[tile.number * 256 : tile.number * 256 + tile.width])
        start = tile.number * 256 * 32
        return self.rows[tile.level][start : start + tile.width * 32]

    def read(self, size: int = 0) -> Read:
        return reading(size or self.edge.size, self.tile)

    def checkpoint(self) -> Checkpoint:
        return Checkpoint(self.origin, self.edge.size, self.edge.root)

    def note(self) -> Note:
        text = self.checkpoint().text
        return Note(text, (sign_note(text, self.origin, self._signing),))


def log(size: int) -> Log:
    return Log([entry(number) for number in range(size)])


def nodes(leaves: Sequence[bytes]) -> Read:
    """Reads subtrees by the definition."""

    def read(wanted: Sequence[Node]) -> list[bytes]:
        return [mth(leaves[one.number << one.level : (one.number + 1) << one.level]) for one in wanted]

    return read
