"""How the exchange behaves, without any input or output.

1. A peer that does not answer is tried again after 2 s, 4 s, 8 s ... at most a quarter of an hour, each a little early or
   late by the peer's own key, so that nodes that went down together do not come back together.
2. What a peer sent is not sent back to it, whichever way it went meanwhile: that alone keeps every topology free of loops,
   because a version that is held already makes no new entry.
3. A recall hides an object until the peer that recalled it sends it again itself: a copy that comes late by another way
   does not bring it back.
"""

from __future__ import annotations

from hashlib import blake2b

FIRST_DELAY_US = 2_000_000
LONGEST_DELAY_US = 900_000_000
_SPREAD = 4  # of a delay's quarter


def retry_at(now_us: int, failures: int, key: str) -> int:
    """When to try a peer again after so many failures in a row (1 or more)."""
    delay = min(FIRST_DELAY_US << min(failures - 1, 20), LONGEST_DELAY_US)
    share = int.from_bytes(blake2b(f"{key}{failures}".encode(), digest_size=2).digest(), "big") / 65_536
    return now_us + delay + int((share - 0.5) * delay / _SPREAD)


def digest_of(raw: bytes) -> int:
    """Bytes of an object as a number that both databases hold."""
    return int.from_bytes(blake2b(raw, digest_size=8).digest(), "big", signed=True)
