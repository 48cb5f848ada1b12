"""How the exchange behaves, without any input or output.

1. A peer that does not answer is tried again after 2 s, 4 s, 8 s ... at most a quarter of an hour, each a little early or
   late by the peer's own key, so that nodes that went down together do not come back together.
2. What a peer sent is not sent back to it, whichever way it went meanwhile: that alone keeps every topology free of loops,
   because a version that is held already makes no new entry.
3. A recall hides an object until the peer that recalled it sends it again itself: a copy that comes late by another way
   does not bring it back.
4. A parcel holds less where the line is slow or breaks: half as much after each failure in a row, and under a limit no more than
takes some ten seconds. 5. One that broke off all the same goes on in pieces, half as large after each failure in a row.
"""

from __future__ import annotations

from hashlib import blake2b

from commonwatch.core.policy.classes import ClassAttributes, together
from commonwatch.core.stix.markings import TLP2

FIRST_DELAY_US = 2_000_000
LONGEST_DELAY_US = 900_000_000
_SPREAD = 4  # of a delay's quarter
PARCEL = 500  # objects
SMALLEST_PARCEL = 10
WORTH_KEEPING = (
    4_096  # bytes of a parcel: of a smaller one that broke off, asking again costs no more than asking for the rest
)
PIECE = 65_536  # bytes: on a line that carries so much in one go it costs 2 % more than the parcel whole
SMALLEST_PIECE = 4_096
_SECONDS = 10  # of a parcel under a limit
_PACKED = 200  # bytes of an object in a small parcel, packed (bench/README.md)
_NOBODY = ClassAttributes(markings=(TLP2["TLP:RED"],))  # written by nobody, named for nobody


def retry_at(now_us: int, failures: int, key: str) -> int:
    """When to try a peer again after so many failures in a row (1 or more)."""
    delay = min(FIRST_DELAY_US << min(failures - 1, 20), LONGEST_DELAY_US)
    share = int.from_bytes(blake2b(f"{key}{failures}".encode(), digest_size=2).digest(), "big") / 65_536
    return now_us + delay + int((share - 0.5) * delay / _SPREAD)


def parcel_size(most: int, failures: int, bytes_per_second: int) -> int:
    """How many objects the next parcel may hold."""
    size = most >> min(failures, 10)
    if bytes_per_second:
        size = min(size, bytes_per_second * _SECONDS // _PACKED)
    return max(min(size, most), min(SMALLEST_PARCEL, most))


def piece_size(failures: int) -> int:
    """How many bytes of a parcel that broke off go at once, after so many failures in a row."""
    return max(PIECE >> min(failures, 10), SMALLEST_PIECE)


def free_at(now_us: int, size: int, bytes_per_second: int) -> int:
    """When so many bytes have used up their share of a limit; 0 without one."""
    return now_us + size * 1_000_000 // bytes_per_second if bytes_per_second else 0


def digest_of(raw: bytes) -> int:
    """Bytes of an object as a number that both databases hold."""
    return int.from_bytes(blake2b(raw, digest_size=8).digest(), "big", signed=True)


def hidden(attributes: ClassAttributes) -> ClassAttributes:
    """The release class of something hidden: it lets nobody but this node's own member through."""
    return together([attributes, _NOBODY])


def is_hidden(attributes: ClassAttributes) -> bool:
    """Whether that is the release class of something hidden."""
    return _NOBODY in attributes.parts()


def shown(attributes: ClassAttributes) -> ClassAttributes:
    """The release class of something that is hidden no longer."""
    left = [part for part in attributes.parts() if part != _NOBODY]
    return together(left) if left else attributes
