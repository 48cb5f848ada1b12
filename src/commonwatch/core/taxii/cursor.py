"""The `next` cursor: a place, sealed to the reader and the question, so that no other can use it and nothing is stored.

It is the position of the last row served and a keyed digest over position, reader, collection, kind of resource and
filter. The same cursor always gives the page after that place: repeatable, stateless, safe across restarts.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b
from hmac import compare_digest

from commonwatch.core.errors import InvalidInput

_SEAL_BYTES = 12
_PERSON = b"taxii-next"


def seal(pos: int, bound_to: bytes, key: bytes) -> str:
    """The cursor for the page after `pos`."""
    place = pos.to_bytes(8, "big")
    return urlsafe_b64encode(place + _digest(place, bound_to, key)).decode().rstrip("=")


def unseal(text: str, bound_to: bytes, key: bytes) -> int:
    """The position; raises InvalidInput for a cursor that was not made for this reader and question."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raw = b""
    place, digest = raw[:8], raw[8:]
    if len(raw) != 8 + _SEAL_BYTES or not compare_digest(digest, _digest(place, bound_to, key)):
        raise InvalidInput(
            "next-invalid",
            "This value of next was not given out for this request.",
            "Repeat the request that gave it with the same filters, or start again without it.",
        )
    return int.from_bytes(place, "big")


def _digest(place: bytes, bound_to: bytes, key: bytes) -> bytes:
    return blake2b(place + bound_to, key=key[:64], digest_size=_SEAL_BYTES, person=_PERSON).digest()
