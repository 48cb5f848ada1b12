"""What is next for a peer: objects of the collections it is offered, from where it acknowledged, without its own.

The one read path gives the pages (`base.release.pages`), so a peer gets exactly what its member would get over TAXII: late
objects, derived ones, notices of recall. Cost grows with what is new for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from commonwatch.base.journal.driver import fetch
from commonwatch.base.release import handovers
from commonwatch.base.release.access import Access, access_for
from commonwatch.base.release.collections import visible_collections
from commonwatch.base.release.pages import objects_page
from commonwatch.base.release.reader import Reader
from commonwatch.capabilities.federation.incoming import places
from commonwatch.capabilities.federation.models import Peer
from commonwatch.capabilities.federation.rules import PARCEL, digest_of, parcel_size
from commonwatch.core.stix.split import split
from commonwatch.core.taxii.filters import ObjectFilter

MAX_BYTES = 16 * 2**20  # of one parcel, unless a single object is larger
_EVERYTHING = ObjectFilter(last=False, every=True, specs=(20, 21))


class Parcel(msgspec.Struct, frozen=True):
    """Objects of one collection between the places `after` and `pos`. `have`: what the sender has of the receiver."""

    slot: int
    after: int
    pos: int
    objects: tuple[msgspec.Raw, ...]
    have: dict[int, int] = {}


@dataclass(frozen=True)
class Made:
    """A parcel, and how to make it again: the page of so many objects behind this place."""

    parcel: Parcel
    begins: int | None
    count: int


class Place(NamedTuple):
    """How far a peer has been sent one of our collections, and how far it has acknowledged it."""

    pos: int
    acknowledged: int


def sent_places(peer: Peer) -> dict[int, Place]:
    """How far the peer has come, by slot."""
    rows = fetch("SELECT slot, pos, acknowledged FROM federation_sent WHERE peer_id = %s", [peer.pk])
    return {slot: Place(pos, acknowledged) for slot, pos, acknowledged in rows}


def next_parcel(peer: Peer, sent: Mapping[int, int], most: int = PARCEL) -> Made | None:
    """The next objects for a peer beyond `sent` (position by slot); None where there are none.

    A parcel may be empty: then only its place is new, because everything there came from the peer itself.
    """
    limit = parcel_size(most, peer.failures, peer.bytes_per_second)
    access = access_for(peer.member_id, reader=f"peer {peer.name}")
    for slot in _slots(peer):
        if (made := _made(peer, access, slot, sent.get(slot), limit)) is not None:
            return made
    return None


def parcel_again(peer: Peer, slot: int, begins: int | None, count: int) -> Made | None:
    """The same parcel once more, as far as release lets the peer have it now; None where there is nothing of it left."""
    if slot not in _slots(peer):
        return None
    return _made(peer, access_for(peer.member_id, reader=f"peer {peer.name}"), slot, begins, count)


def put_on_record(peer: Peer, parcel: Parcel, now_us: int) -> None:
    """Note that this parcel goes to the peer, before it does."""
    handovers.put_on_record(
        peer.member.identity,
        outgoing=True,
        slot=parcel.slot,
        after=parcel.after,
        pos=parcel.pos,
        raws=[bytes(one) for one in parcel.objects],
        now_us=now_us,
    )


def _slots(peer: Peer) -> list[int]:
    communal = {view.slot for view in visible_collections(_reader(peer)) if view.can_read}
    return sorted(communal | set(peer.offered))


def _made(peer: Peer, access: Access, slot: int, after: int | None, limit: int) -> Made | None:
    page = objects_page(access, slot, _EVERYTHING, limit, after)
    while len(page.body) > MAX_BYTES and page.count > 1:
        page = objects_page(access, slot, _EVERYTHING, page.count // 2, after)
    if not page.count:
        return None
    raws = [piece.raw for piece in split(b'{"objects":[' + page.body + b"]}").pieces]
    digests = [digest_of(raw) for raw in raws]
    own = _brought(peer, digests)
    kept = tuple(msgspec.Raw(raw) for raw, digest in zip(raws, digests, strict=True) if digest not in own)
    return Made(Parcel(slot, after or 0, page.last_pos, kept, places(peer)), after, page.count)


def _brought(peer: Peer, digests: Sequence[int]) -> set[int]:
    """Those of these that came from the peer itself. By the driver, like all that is asked anew for each parcel: the ORM cost more
    than everything else about a small one.
    """
    query = (
        f"SELECT digest FROM federation_received WHERE peer_id = %s AND digest IN ({','.join(['%s'] * len(digests))})"
    )
    return {digest for (digest,) in fetch(query, [peer.pk, *digests])}


def _reader(peer: Peer) -> Reader:
    query = "SELECT community_id FROM parties_membership WHERE member_id = %s AND until_us IS NULL"
    inside = frozenset(community for (community,) in fetch(query, [peer.member_id]))
    return Reader(0, f"peer {peer.name}", peer.member_id, inside, sees_all=False, may_write=False)
