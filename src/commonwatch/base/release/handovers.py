"""What goes from node to node, on record at both ends in the same words: so that either can show what the other had.

A parcel that goes out is on record before it is sent, one that comes in together with its objects.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from commonwatch.base.journal.driver import execute
from commonwatch.core.merkle.hashing import Edge, leaf_hash

_NOTE = (
    "INSERT INTO release_handover (at_us, member, outgoing, slot, after, pos, count, root) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"  # what is sent again stays as it was noted first
)


def put_on_record(
    member: str, *, outgoing: bool, slot: int, after: int, pos: int, raws: Sequence[bytes], now_us: int
) -> None:
    """Note a parcel that goes to this member's node or came from it; nothing where it holds no objects."""
    if not raws:
        return
    root = Edge().extended(map(leaf_hash, raws))[0].root.hex()
    with transaction.atomic():
        execute(_NOTE, [now_us, member, outgoing, slot, after, pos, len(raws), root])
