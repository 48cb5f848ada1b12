"""Key statements: what a member says about its keys, signed, numbered and chained, so that nothing of it can be lost or bent.

1. A member's statements are numbered from 1, and each names the SHA-256 of the one before.
2. `introduce` brings a key where none is valid: the first, or after every key was revoked. Signed by the new key, which proves
   that its holder has it; the partnership vouches for it, which says whose it is.
3. `add` brings a further key (a second node), `rotate` one in place of another, which ends at that moment: signed by the new
   key and by a valid one (for `rotate`, the one that ends).
4. `retire` ends a key without blame: signed by a valid key, itself or another.
5. `revoke` says that a key is not to be trusted from `since` on, which may lie in the past: signed by any valid key of the
   member or by the key itself; or the partnership vouches for it.

`core.signing.history` applies them. For which the partnership vouches is given by the caller (`Vouched`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from commonwatch.core.errors import InvalidInput
from commonwatch.core.signing.canonical import admitted, canonical
from commonwatch.core.signing.keys import PublicKey, SigningKey, base64url, unbase64url

Act: TypeAlias = Literal["introduce", "add", "rotate", "retire", "revoke"]
BRINGS: frozenset[Act] = frozenset({"introduce", "add", "rotate"})
CONTEXT = b"commonwatch/key-statement/v1\n"
MAX_SIGNATURES = 64
MAX_BYTES = 65_536

_IdentityId = Annotated[str, msgspec.Meta(pattern=r"^identity--[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
_KeyId = Annotated[str, msgspec.Meta(pattern=r"^([A-Za-z0-9_-]{43})?$")]
_Sha256 = Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{64})?$")]
_Micros = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One act. `key` is the public key that it brings; `ends` the id of the key that it ends or revokes."""

    member: _IdentityId
    number: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    previous: _Sha256  # of the canonical form of the statement before; empty in the first
    act: Act
    at_us: _Micros
    key: _KeyId = ""
    ends: _KeyId = ""
    since_us: _Micros | None = None  # revoke: from when on the key is not trusted
    reason: Annotated[str, msgspec.Meta(max_length=1_000)] = ""

    def body(self) -> bytes:
        """The canonical form: what is signed and what the next statement names."""
        return canonical(msgspec.to_builtins(self))

    def digest(self) -> str:
        """SHA-256 of it, hexadecimal."""
        return hashlib.sha256(self.body()).hexdigest()


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One signature under a statement."""

    key_id: str
    signature: str  # base64url


class SignedStatement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A statement with all its signatures; their order says nothing."""

    statement: Statement
    signatures: Annotated[tuple[Signature, ...], msgspec.Meta(min_length=1, max_length=MAX_SIGNATURES)]

    def signed_by(self, keys: Mapping[str, PublicKey]) -> frozenset[str]:
        """The ids of those of these keys whose signature is there and holds."""
        message = CONTEXT + self.statement.body()
        return frozenset(
            one.key_id
            for one in self.signatures
            if one.key_id in keys and keys[one.key_id].holds(_bytes(one.signature), message)
        )


@dataclass(frozen=True)
class Vouched:
    """For which statements those speak who may say whose a key is: a partnership's register, or whoever runs the node."""

    digests: frozenset[str] = frozenset()

    def vouches(self, signed: SignedStatement) -> bool:
        """Whether they do for this one."""
        return signed.statement.digest() in self.digests


def sign_statement(statement: Statement, keys: Sequence[SigningKey]) -> SignedStatement:
    """The statement with these keys' signatures."""
    message = CONTEXT + statement.body()
    return SignedStatement(statement, tuple(Signature(key.public.id, base64url(key.sign(message))) for key in keys))


def encode_statement(signed: SignedStatement) -> bytes:
    """The canonical form of statement and signatures: what is stored and sent."""
    return canonical(msgspec.to_builtins(signed))


def decode_statement(raw: bytes) -> SignedStatement:
    """A statement from outside; raises InvalidInput with the place that cannot be read."""
    if len(raw) > MAX_BYTES:
        raise InvalidInput("statement-too-large", f"It is larger than {MAX_BYTES:,} bytes.", "Send one statement.")
    value: Any = admitted(raw)
    try:
        return msgspec.convert(value, SignedStatement)
    except msgspec.ValidationError as error:
        raise InvalidInput(
            "statement-malformed", f"It is no key statement: {error}.", "Send it as its maker wrote it."
        ) from None


def _bytes(signature: str) -> bytes:
    try:
        return unbase64url(signature)
    except InvalidInput:
        return b""  # holds for no key
