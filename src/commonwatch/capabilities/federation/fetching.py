"""Fetching from peers that cannot call us: parcel after parcel, each asked for with the places we have come to.

An answer that breaks off is not lost: its head, which the peer has signed, says by which digest the whole is known, so what came
is kept under that, and the rest is asked for by it. The peer keeps what it gave last until it is asked for the next. What came is
believed once all of it is there and the digest holds.
"""

from __future__ import annotations

import zlib

import msgspec

from commonwatch.base.clock import now_us as clock
from commonwatch.capabilities.federation.calling import Called, call_counted
from commonwatch.capabilities.federation.incoming import take
from commonwatch.capabilities.federation.models import Begun, Peer
from commonwatch.capabilities.federation.parcels import Parcel
from commonwatch.capabilities.federation.sending import acknowledge, failed, parcels_at_once, used, waits
from commonwatch.capabilities.federation.transport import MAX_ANSWER_BYTES, CutOff, Transport
from commonwatch.capabilities.federation.wire import REST, content_digest, digest_of_cut
from commonwatch.core.errors import CommonwatchError, PeerError

FETCH_EVERY_US = 120_000_000  # a call and its answer are 1.5 KB: an idle pair costs under 1 KB a minute
_parcel = msgspec.json.Decoder(Parcel | None)


def fetch_due(transport: Transport, now_us: int) -> bool:
    """Fetch from every peer that cannot call us and is due; whether anything came."""
    due = Peer.objects.filter(paused=False, fetch=True, next_try_us__lte=now_us, free_us__lte=now_us)
    due = due.filter(fetched_us__lt=now_us - FETCH_EVERY_US)
    return any([fetch_from(peer, transport, now_us) > 0 for peer in due.select_related("member", "source")])  # noqa: C419


def fetch_from(peer: Peer, transport: Transport, now_us: int) -> int:
    """Fetch what one peer has for us; how many objects. Asking for the next parcel acknowledges the one before."""
    taken = 0
    try:
        for _ in range(parcels_at_once(peer)):
            parcel = _parcel.decode(_plain(_whole(peer, transport, now_us)))
            if parcel is None:
                Peer.objects.filter(pk=peer.pk).update(
                    fetched_us=now_us, failures=0, last_error="", last_ok_us=now_us, behind_since_us=None
                )
                break
            if parcel.objects:
                take(peer, parcel.slot, parcel.pos, [bytes(one) for one in parcel.objects], now_us)
            peer.fetched = {**peer.fetched, str(parcel.slot): parcel.pos}
            Peer.objects.filter(pk=peer.pk).update(fetched=peer.fetched)
            acknowledge(peer, parcel.have)
            taken += len(parcel.objects)
        else:
            waits(peer, now_us)
    except CutOff as error:
        peer.failures = 0 if error.answer.body else peer.failures  # it comes on: try again soon
        failed(peer, error, now_us)
    except (CommonwatchError, msgspec.MsgspecError) as error:
        failed(peer, error, now_us)
    return taken


def _whole(peer: Peer, transport: Transport, now_us: int) -> bytes:
    """The body of the next parcel, together with what came of it before; raises CutOff once what came now is kept."""
    begun = Begun.objects.filter(peer=peer).first()
    before = bytes(begun.body) if begun is not None else b""
    rest = {"rest_of": begun.digest, "after": len(before)} if begun is not None else {}
    asked = msgspec.json.encode({"places": peer.fetched, **rest})
    try:
        called = call_counted(transport, peer.url, peer.key, "fetch", asked)
    except CutOff as error:
        _keep(peer, before, error)
        used(peer, len(error.answer.body), now_us)
        raise
    used(peer, called.size, now_us)
    Begun.objects.filter(peer=peer).delete()
    return _joined(before, begun.digest, called) if begun is not None and called.is_rest else called.body


def _keep(peer: Peer, before: bytes, cut: CutOff) -> None:
    """Keep what came of an answer, under the digest of the whole: of the rest of a parcel, after what was there."""
    answer = cut.answer
    digest = digest_of_cut(answer, peer.key, clock())
    came = answer.body[:MAX_ANSWER_BYTES]
    if answer.status_code == REST:
        Begun.objects.filter(peer=peer).update(body=before + came)
    elif answer.status_code == 200 and came:
        Begun.objects.update_or_create(peer=peer, defaults={"digest": digest, "body": came})


def _joined(before: bytes, digest: str, called: Called) -> bytes:
    whole = before + called.body
    if content_digest(whole) != digest:
        raise PeerError(
            "peer-broken", "The parts of a parcel do not make the whole.", "It is fetched anew.", retry=True
        )
    return whole


def _plain(packed: bytes) -> bytes:
    """A parcel unpacked, within the limit whatever it claims; raises PeerError."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(packed, MAX_ANSWER_BYTES + 1)
    except zlib.error as error:
        raise PeerError("peer-broken", f"The peer's parcel cannot be unpacked: {error}.", retry=True) from None
    if len(plain) > MAX_ANSWER_BYTES or not unpacker.eof:
        raise PeerError("peer-broken", "The peer's parcel is too large, or was cut.", retry=True)
    return plain
