"""Sending on where the line broke: the parcel is made again, and goes in pieces behind what the peer has of it already.

1. A parcel goes whole as long as lines hold. One that broke off is noted: from which place how many objects. 2. At the next try it is
made again from the same place, by what release says now: if it is another one then, it begins anew, and nothing of the old goes out.
3. The peer says how far it has it; each piece is a signed request of its own, and its answer says how far it has come. So a break costs
one piece. 4. A peer that takes no pieces gets it whole again, with fewer objects (`rules.parcel_size`).
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from commonwatch.capabilities.federation.arriving import Piece, Progress
from commonwatch.capabilities.federation.calling import call_counted
from commonwatch.capabilities.federation.incoming import Verdict, places
from commonwatch.capabilities.federation.models import Outgoing, Peer
from commonwatch.capabilities.federation.parcels import Made, Parcel, parcel_again
from commonwatch.capabilities.federation.rules import WORTH_KEEPING, piece_size
from commonwatch.capabilities.federation.transport import CutOff, LineBroke, Transport
from commonwatch.capabilities.federation.wire import content_digest
from commonwatch.core.errors import PeerError

_progress = msgspec.json.Decoder(Progress)


class Delivered(NamedTuple):
    """What the peer made of a parcel, and how many bytes that cost on the line."""

    verdict: Verdict
    size: int


def made_again(peer: Peer, broken: Outgoing, sent: Mapping[int, int]) -> Made | None:
    """The parcel whose sending broke off, where the peer is still at its beginning; None where nothing of it is left."""
    if sent.get(broken.slot, 0) == (broken.begins or 0):
        made = parcel_again(peer, broken.slot, broken.begins, broken.count)
        if made is not None and made.parcel.objects:
            return made
    end(peer)
    return None


def is_same(broken: Outgoing, parcel: Parcel) -> bool:
    """Whether it is this very parcel that broke off."""
    return broken.digest == content_digest(_packed(parcel))


def broke_off(peer: Peer, made: Made, error: PeerError) -> None:
    """Note that the line broke under this parcel, where going on is worth it."""
    parcel = made.parcel
    packed = _packed(parcel)
    if not isinstance(error, (LineBroke, CutOff)) or len(packed) <= WORTH_KEEPING:
        return
    place = {"slot": parcel.slot, "begins": made.begins, "count": made.count, "digest": content_digest(packed)}
    Outgoing.objects.update_or_create(peer=peer, defaults=place)


def send_rest(peer: Peer, parcel: Parcel, transport: Transport) -> Delivered:
    """Send what the peer lacks of a parcel that broke off; raises PeerError."""
    packed, size, cost = _packed(parcel), piece_size(peer.failures), 0
    whole = content_digest(packed)

    def told(begins: int, ends: int) -> Progress:
        nonlocal cost
        piece = Piece(whole, len(packed), begins, packed[begins:ends], places(peer))
        called = call_counted(transport, peer.url, peer.key, "piece", msgspec.json.encode(piece))
        cost += called.size
        return _read(called.body)

    try:
        progress = told(0, 0)
        while progress.verdict is None and progress.have.get(parcel.slot, 0) < parcel.pos:
            before = progress.come
            progress = told(before, before + size)
            if progress.verdict is None and progress.come <= before:
                raise PeerError("peer-broken", "The peer keeps no pieces.", "It is sent anew.", retry=True)
            peer.failures = 0  # it comes on: should the line break now, it is tried again soon
    except PeerError as error:
        if error.code == "peer-broken" or not error.retry:  # else the line, or a pause: what has come stays there
            end(peer)
        raise
    return Delivered(progress.verdict or Verdict(0, 0, have=progress.have), cost)


def end(peer: Peer) -> None:
    """The parcel is with the peer, or begins anew."""
    Outgoing.objects.filter(peer=peer).delete()


def _packed(parcel: Parcel) -> bytes:
    """As it goes in pieces: without what changes from try to try."""
    return gzip.compress(msgspec.json.encode(msgspec.structs.replace(parcel, have={})), 6, mtime=0)


def _read(body: bytes) -> Progress:
    try:
        return _progress.decode(body)
    except msgspec.MsgspecError as error:
        raise PeerError("peer-broken", f"The peer's answer cannot be read: {error}.", retry=True) from None
