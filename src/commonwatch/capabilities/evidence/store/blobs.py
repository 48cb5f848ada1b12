"""What a store of sealed content is: pieces of bytes under their SHA-256, put once, never changed.

1. A piece is bounded (`sealing.SEGMENT` and what age adds), so that whoever handles one needs little memory. 2. Putting the same
again does nothing: what broke off is simply done again. 3. What comes out is compared with its name before anybody uses it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Protocol

from commonwatch.core.errors import IntegrityError

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Store(Protocol):
    """A place for pieces. Digests are SHA-256, hexadecimal."""

    @property
    def place(self) -> str:
        """Where it is, for people."""

    def size(self, digest: str) -> int | None:
        """How many bytes a piece has; None where it is not there."""

    def put(self, digest: str, raw: bytes) -> None:
        """Keep a piece; when it returns, the piece outlives a power cut."""

    def get(self, digest: str) -> bytes:
        """The bytes of a piece as they lie there; raises NotFound."""

    def digests(self) -> Iterator[str]:
        """Every piece, by the order of its name."""


def digest_of(raw: bytes) -> str:
    """The name of a piece."""
    return hashlib.sha256(raw).hexdigest()


def is_digest(text: str) -> bool:
    """Whether it is such a name: what comes from outside becomes part of a path."""
    return _DIGEST.fullmatch(text) is not None


def fetched(store: Store, digest: str) -> bytes:
    """A piece that is what its name says; raises NotFound, or IntegrityError where it was altered."""
    raw = store.get(digest)
    if digest_of(raw) != digest:
        raise IntegrityError(
            "piece-altered",
            f"The piece {digest[:16]} in {store.place} is not what was put there.",
            "Restore it from a backup, or have it handed over again.",
            data={"digest": digest},
        )
    return raw
