"""Sending peers what is new for them: parcel after parcel, each kept as sent once the peer has acknowledged it.

1. A peer is looked at when the journal has grown since everything was sent, or after a failure when its time has come. 2. The
next parcel goes only after the answer to the one before: a slow peer slows its own exchange and nothing else. 3. The place is
kept with the answer's reasons, so that a break at any point repeats at most a piece of one parcel (`resuming`).
4. The receiver's word on what it has counts: each side tells it with everything it sends. Who was restored from an old backup
is sent again what it has lost. 5. Under a limit one parcel goes at a time, and the next when its bytes have had their time.
6. A node that starts greets its peers with an empty parcel: it may have been restored from an old backup, and what it has lost
of its own is sent back to it. 7. Since when something waits for a peer is kept: `watching` goes by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import msgspec
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from commonwatch.base.release.access import end_of_journal
from commonwatch.capabilities.federation import resuming
from commonwatch.capabilities.federation.calling import call_counted
from commonwatch.capabilities.federation.incoming import Verdict, note_skipped, places
from commonwatch.capabilities.federation.models import Outgoing, Peer, Sent, Skipped
from commonwatch.capabilities.federation.parcels import Made, Parcel, next_parcel, put_on_record, sent_places
from commonwatch.capabilities.federation.resuming import Delivered
from commonwatch.capabilities.federation.rules import free_at, retry_at
from commonwatch.capabilities.federation.transport import Transport
from commonwatch.core.errors import CommonwatchError, PeerError

MOST_PARCELS = 20  # to one peer before the others have their turn
_verdict = msgspec.json.Decoder(Verdict)


def send_due(transport: Transport, now_us: int) -> bool:
    """Send to every peer that is due; whether anything was sent."""
    head = end_of_journal()
    due = Peer.objects.filter(paused=False, next_try_us__lte=now_us, free_us__lte=now_us).exclude(url="")
    due = due.filter(Q(looked_at__lt=head) | Q(greeted=False))
    peers = list(due.select_related("member"))
    broken = {row.peer_id: row for row in Outgoing.objects.all()} if peers else {}
    return any([send_to(peer, broken.get(peer.pk), transport, head, now_us) > 0 for peer in peers])  # noqa: C419


def send_to(peer: Peer, broken: Outgoing | None, transport: Transport, head: int, now_us: int) -> int:
    """Send one peer its next parcels, the one that broke off first; how many objects. A failure is kept with it, not raised."""
    sent = 0
    try:
        if not peer.greeted:
            sent += _greet(peer, transport)
        for _ in range(parcels_at_once(peer)):
            made = _next(peer, broken)
            if made is None:
                Peer.objects.filter(pk=peer.pk).update(
                    looked_at=head, failures=0, last_error="", last_ok_us=now_us, next_try_us=0, behind_since_us=None
                )
                break
            sent += _deliver(peer, made, broken, transport, now_us)
            broken = None
        else:
            waits(peer, now_us)
    except CommonwatchError as error:
        failed(peer, error, now_us)
    return sent


def _greet(peer: Peer, transport: Transport) -> int:
    """Rule 6; in how many collections the two did not agree on how far the peer has come."""
    rows = list(peer.places.all()) or [Sent(slot=slot, acknowledged=0) for slot in peer.offered]
    differing = 0
    for row in rows:
        empty = Parcel(row.slot, row.acknowledged, row.acknowledged, (), places(peer))
        have = _read(call_counted(transport, peer.url, peer.key, "objects", msgspec.json.encode(empty)).body).have
        differing += have.get(row.slot, 0) != row.acknowledged
        acknowledge(peer, have)
    Peer.objects.filter(pk=peer.pk).update(greeted=True)
    return differing


def _next(peer: Peer, broken: Outgoing | None) -> Made | None:
    """The parcel that broke off, where it can be made again, or the next one; after what the peer has acknowledged."""
    places = sent_places(peer)
    at = {slot: place.pos for slot, place in places.items()}
    made = resuming.made_again(peer, broken, at) if broken is not None else None
    made = made or next_parcel(peer, at)
    if made is None or (place := places.get(made.parcel.slot)) is None:
        return made
    return replace(made, parcel=msgspec.structs.replace(made.parcel, after=place.acknowledged))


def _deliver(peer: Peer, made: Made, broken: Outgoing | None, transport: Transport, now_us: int) -> int:
    parcel = made.parcel
    if not parcel.objects:  # all of it came from the peer: nothing to tell it, until there is something for it
        _note_place(Sent(peer=peer, slot=parcel.slot, pos=parcel.pos), ["pos"])
        return 0
    verdict, size = _delivered(peer, made, broken, transport, now_us)
    used(peer, size, now_us)
    if broken is not None:
        resuming.end(peer)
    if verdict.have.get(parcel.slot, 0) < parcel.after:
        acknowledge(peer, verdict.have)
        return len(parcel.objects)
    with transaction.atomic():
        note_skipped(peer, Skipped.Side.THERE, verdict.skipped, now_us)
        place = Sent(peer=peer, slot=parcel.slot, pos=parcel.pos, acknowledged=parcel.pos)
        _note_place(place, ["pos", "acknowledged"])
        Peer.objects.filter(pk=peer.pk).update(
            sent=F("sent") + len(parcel.objects), failures=0, last_error="", last_ok_us=now_us, next_try_us=0
        )
    if verdict.have.get(parcel.slot, 0) > parcel.pos:  # it has more by another way: a bundle, or answers that were lost
        acknowledge(peer, verdict.have)
    return len(parcel.objects)


def _delivered(peer: Peer, made: Made, broken: Outgoing | None, transport: Transport, now_us: int) -> Delivered:
    """Send a parcel whole, or what is missing of the one that broke off; raises PeerError."""
    parcel = made.parcel
    if broken is not None and resuming.is_same(broken, parcel):
        return resuming.send_rest(peer, parcel, transport)
    put_on_record(peer, parcel, now_us)
    try:
        called = call_counted(transport, peer.url, peer.key, "objects", msgspec.json.encode(parcel))
    except PeerError as error:
        resuming.broke_off(peer, made, error)
        raise
    return Delivered(_read(called.body), called.size)


def _note_place(place: Sent, changed: list[str]) -> None:
    Sent.objects.bulk_create([place], update_conflicts=True, unique_fields=["peer", "slot"], update_fields=changed)


def acknowledge(peer: Peer, have: Mapping[int, int]) -> None:
    """Go by what a peer says it has: what it no longer has is sent again, what it has by another way is not."""
    for slot, (pos, acknowledged) in sent_places(peer).items():
        there, row = have.get(slot, 0), Sent.objects.filter(peer=peer, slot=slot)
        if there < acknowledged:
            row.update(pos=there, acknowledged=there)
            Peer.objects.filter(pk=peer.pk).update(looked_at=0)
        elif there > acknowledged:
            row.update(pos=max(pos, there), acknowledged=there)


def waits(peer: Peer, now_us: int) -> None:
    """Something waits for this peer, since now unless it has waited before."""
    Peer.objects.filter(pk=peer.pk).update(behind_since_us=Coalesce(F("behind_since_us"), now_us))


def parcels_at_once(peer: Peer) -> int:
    """How many parcels before others have their turn."""
    return 1 if peer.bytes_per_second else MOST_PARCELS


def used(peer: Peer, size: int, now_us: int) -> None:
    """Under a limit: note when so many bytes have had their time."""
    if peer.bytes_per_second:
        Peer.objects.filter(pk=peer.pk).update(free_us=free_at(now_us, size, peer.bytes_per_second))


def _read(body: bytes) -> Verdict:
    try:
        return _verdict.decode(body)
    except msgspec.ValidationError as error:
        raise PeerError("peer-broken", f"The peer's answer cannot be read: {error}.", retry=True) from None


def failed(peer: Peer, error: Exception, now_us: int) -> None:
    """Keep why, and when to try again."""
    failures = peer.failures + 1
    peer.failures = failures
    Peer.objects.filter(pk=peer.pk).update(
        failures=failures, last_error=str(error)[:1000], next_try_us=retry_at(now_us, failures, peer.key)
    )
    waits(peer, now_us)
