"""What a leaf says: commitments that prove without telling.

1. A leaf is the RFC 8785 form of `{"at", "c", "p", "t", "v"}`: seconds since 1970, commitments (base64), SHA-256 of the policies in
force, kind, and 1. It holds no name, no indicator, and no digest that somebody could guess the content of.
2. A commitment is HMAC-SHA-256, under 32 secret random bytes (the nonce), of `ctn/1`, a newline, the kind, a newline, and the RFC 8785
form of the statement. Who has nonce and statement (the opening) can prove what was logged; who has not learns nothing.
3. Erasing destroys nonce and statement. The tree stays as it is.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias, TypeVar

import msgspec
import orjson

from commonwatch.core.errors import InvalidInput
from commonwatch.core.merkle.broken import Broken
from commonwatch.core.signing.canonical import admitted

NONCE_LENGTH = 32
VERSION = 1
Value: TypeAlias = str | int | bool | None
Body: TypeAlias = Mapping[str, Value]
T = TypeVar("T")


@dataclass(frozen=True)
class Opening:
    """What a commitment stands for. Keys of the body are ASCII and its numbers integers: sorted JSON then is RFC 8785."""

    kind: str
    nonce: bytes
    body: Body

    @cached_property
    def statement(self) -> bytes:
        """The body in the form that is committed to."""
        return _sorted(dict(self.body))

    @property
    def commitment(self) -> bytes:
        """The 32 bytes that the leaf holds."""
        return hmac.digest(self.nonce, b"ctn/1\n" + self.kind.encode() + b"\n" + self.statement, "sha256")

    def encode(self) -> bytes:
        """As it is handed over with a proof."""
        nonce = base64.b64encode(self.nonce).decode()
        return _sorted({"body": dict(self.body), "kind": self.kind, "nonce": nonce})

    def opens(self, entry: bytes) -> Broken | None:
        """None where the leaf with this entry holds the commitment."""
        leaf = decode_leaf(entry)
        if leaf.t != self.kind or base64.b64encode(self.commitment).decode() not in leaf.c:
            return Broken("other-statement", "The leaf holds no commitment to that statement.")
        return None


class Leaf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A leaf, read."""

    at: int
    c: tuple[str, ...]
    p: str
    t: str
    v: int


class _Handed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    body: dict[str, Value]
    kind: str
    nonce: str


def encode_leaf(opening: Opening, at: int, policies: str) -> bytes:
    """The entry of the log for a statement."""
    commitment = base64.b64encode(opening.commitment).decode()
    return _sorted({"at": at, "c": [commitment], "p": policies, "t": opening.kind, "v": VERSION})


def decode_leaf(entry: bytes) -> Leaf:
    """A leaf from outside; raises InvalidInput."""
    return _converted(entry, Leaf)


def decode_opening(raw: bytes) -> Opening:
    """An opening that was handed over; raises InvalidInput."""
    handed = _converted(raw, _Handed)
    try:
        nonce = base64.b64decode(handed.nonce, validate=True)
    except ValueError:
        nonce = b""
    if len(nonce) != NONCE_LENGTH or not all(name.isascii() for name in handed.body):
        raise _malformed("its nonce or a name in it cannot be read")
    opening = Opening(handed.kind, nonce, handed.body)
    if opening.encode() != raw:  # one spelling: a byte that was changed is a change, also where it means the same
        raise _malformed("it is not in its canonical form")
    return opening


def _sorted(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _converted(raw: bytes, kind: type[T]) -> T:
    value = admitted(raw)
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise _malformed(str(error)) from None


def _malformed(what: str) -> InvalidInput:
    return InvalidInput("leaf-malformed", f"It is no leaf or opening of this record: {what}.", "Ask for it again.")
