"""Ed25519 keys (RFC 8032): read with every check that the signature itself leaves open, and named by their thumbprint.

A public key is taken only if
1. it is 32 bytes, 2. its y is below the field's prime: no second spelling of the same point, 3. a point with that y exists,
4. the point is not of small order: under such a key, one signature verifies for many messages.

The key id is the JWK thumbprint (RFC 7638 over RFC 8037's members): the same that HTTP signatures and JOSE name a key by.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from commonwatch.core.errors import InvalidInput

LENGTH = 32
SIGNATURE_LENGTH = 64
_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
_Y_OF_ORDER_8 = int.from_bytes(
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
)
# The y of every point whose order divides 8: order 4, identity, order 2, and the four of order 8 by twos.
_SMALL_ORDER = frozenset({0, 1, _P - 1, _Y_OF_ORDER_8, _P - _Y_OF_ORDER_8})


@dataclass(frozen=True)
class PublicKey:
    """A key that passed the checks above; made by `public_key` only."""

    raw: bytes

    @property
    def id(self) -> str:
        """Its thumbprint, base64url without padding."""
        return _thumbprint(self.raw)

    @property
    def text(self) -> str:
        """The 32 bytes, base64url without padding."""
        return base64url(self.raw)

    def holds(self, signature: bytes, message: bytes) -> bool:
        """Whether the signature is this key's over the message."""
        try:
            _loaded(self.raw).verify(signature, message)
        except InvalidSignature:
            return False
        return True


class SigningKey:
    """The secret half. It is made from 32 secret bytes that the caller drew or read."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != LENGTH:
            raise InvalidInput(
                "key-malformed", f"A secret key has {LENGTH} bytes, this has {len(seed)}.", "Give the whole key."
            )
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = public_key(self._key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes over the message."""
        return self._key.sign(message)


def public_key(raw: bytes) -> PublicKey:
    """The key of these bytes; raises InvalidInput naming the rule it breaks."""
    if len(raw) != LENGTH:
        raise _refused("key-malformed", f"A public key has {LENGTH} bytes, this has {len(raw)}.")
    y = int.from_bytes(raw, "little") & (1 << 255) - 1
    if y >= _P:
        raise _refused("key-malformed", "Its number is not below the field's prime.")
    if y in _SMALL_ORDER:
        raise _refused("key-small-order", "It is of small order: one signature would hold for many messages.")
    if not _is_on_curve(y):
        raise _refused("key-malformed", "It is no point of the curve.")
    return PublicKey(raw)


def public_key_of(text: str) -> PublicKey:
    """The key written as base64url; raises InvalidInput."""
    return public_key(unbase64url(text))


def unbase64url(text: str) -> bytes:
    """The bytes of base64url without padding, in its one spelling; raises InvalidInput."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not raw or base64url(raw) != text:
        raise InvalidInput("not-base64url", "It is not base64url without padding.", "Write it as RFC 4648, section 5.")
    return raw


@lru_cache(maxsize=4096)  # two powers of 255 bits: the same keys come again and again
def _is_on_curve(y: int) -> bool:
    """Whether x^2 = (y^2 - 1) / (d y^2 + 1) has a solution (Euler's criterion); the divisor is never 0."""
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    return pow(square, (_P - 1) // 2, _P) == 1


def _refused(code: str, sentence: str) -> InvalidInput:
    return InvalidInput(code, sentence, "Have its holder make a new key and send it again.")


def base64url(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@lru_cache(maxsize=4096)
def _thumbprint(raw: bytes) -> str:
    jwk = f'{{"crv":"Ed25519","kty":"OKP","x":"{base64url(raw)}"}}'
    return base64url(hashlib.sha256(jwk.encode()).digest())


@lru_cache(maxsize=4096)
def _loaded(raw: bytes) -> Ed25519PublicKey:
    """Kept: a feed has one author and many objects."""
    return Ed25519PublicKey.from_public_bytes(raw)
