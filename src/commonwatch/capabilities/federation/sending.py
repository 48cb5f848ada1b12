"""Sending peers what is new for them: parcel after parcel, each kept as sent once the peer has acknowledged it.

1. A peer is looked at when the journal has grown since everything was sent, or after a failure when its time has come. 2. The
next parcel goes only after the answer to the one before: a slow peer slows its own exchange and nothing else. 3. The place is
kept with the answer's reasons, so that a break at any point repeats at most one parcel, which the peer takes for duplicates.
4. The receiver's word on what it has counts: each side tells it with everything it sends. Who was restored from an old backup
is sent again what it has lost.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from django.db import transaction
from django.db.models import F

from commonwatch.base.release.access import end_of_journal
from commonwatch.capabilities.federation.calling import call
from commonwatch.capabilities.federation.incoming import Verdict, note_skipped, take
from commonwatch.capabilities.federation.models import Peer, Sent, Skipped
from commonwatch.capabilities.federation.parcels import Parcel, next_parcel
from commonwatch.capabilities.federation.rules import retry_at
from commonwatch.capabilities.federation.transport import Transport
from commonwatch.core.errors import CommonwatchError, PeerError

MOST_PARCELS = 20  # to one peer before the others have their turn

FETCH_EVERY_US = 120_000_000  # a call and its answer are 1.5 KB: an idle pair costs under 1 KB a minute
_parcel = msgspec.json.Decoder(Parcel | None)
_verdict = msgspec.json.Decoder(Verdict)


def send_due(transport: Transport, now_us: int) -> bool:
    """Send to every peer that is due; whether anything was sent."""
    head = end_of_journal()
    due = Peer.objects.filter(paused=False, next_try_us__lte=now_us, looked_at__lt=head).exclude(url="")
    return any([send_to(peer, transport, head, now_us) > 0 for peer in due.select_related("member")])  # noqa: C419


def send_to(peer: Peer, transport: Transport, head: int, now_us: int) -> int:
    """Send one peer its next parcels; how many objects. A failure is kept with the peer, not raised."""
    sent = 0
    try:
        for _ in range(MOST_PARCELS):
            parcel = next_parcel(peer, dict(peer.places.values_list("slot", "pos")))
            if parcel is None:
                Peer.objects.filter(pk=peer.pk).update(
                    looked_at=head, failures=0, last_error="", last_ok_us=now_us, next_try_us=0
                )
                break
            sent += _deliver(peer, parcel, transport, now_us)
    except CommonwatchError as error:
        _failed(peer, error, now_us)
    return sent


def fetch_due(transport: Transport, now_us: int) -> bool:
    """Fetch from every peer that cannot call us and is due; whether anything came."""
    due = Peer.objects.filter(paused=False, fetch=True, next_try_us__lte=now_us, fetched_us__lt=now_us - FETCH_EVERY_US)
    return any([fetch_from(peer, transport, now_us) > 0 for peer in due.select_related("member", "source")])  # noqa: C419


def fetch_from(peer: Peer, transport: Transport, now_us: int) -> int:
    """Fetch what one peer has for us; how many objects. Asking for the next parcel acknowledges the one before."""
    taken = 0
    try:
        for _ in range(MOST_PARCELS):
            body = call(transport, peer.url, peer.key, "fetch", msgspec.json.encode({"places": peer.fetched}))
            parcel = _parcel.decode(body)
            if parcel is None:
                Peer.objects.filter(pk=peer.pk).update(fetched_us=now_us, failures=0, last_error="", last_ok_us=now_us)
                break
            if parcel.objects:
                take(peer, parcel.slot, parcel.pos, [bytes(one) for one in parcel.objects], now_us)
            peer.fetched = {**peer.fetched, str(parcel.slot): parcel.pos}
            Peer.objects.filter(pk=peer.pk).update(fetched=peer.fetched)
            acknowledge(peer, parcel.have)
            taken += len(parcel.objects)
    except (CommonwatchError, msgspec.MsgspecError) as error:
        _failed(peer, error, now_us)
    return taken


def _deliver(peer: Peer, parcel: Parcel, transport: Transport, now_us: int) -> int:
    if not parcel.objects:  # all of it came from the peer: nothing to tell it, until there is something for it
        Sent.objects.update_or_create(peer=peer, slot=parcel.slot, defaults={"pos": parcel.pos})
        return 0
    row, _ = Sent.objects.get_or_create(peer=peer, slot=parcel.slot, defaults={"pos": 0})
    parcel = msgspec.structs.replace(parcel, after=row.acknowledged)
    verdict = _read(call(transport, peer.url, peer.key, "objects", msgspec.json.encode(parcel)))
    if verdict.have.get(parcel.slot, 0) < parcel.after:
        acknowledge(peer, verdict.have)
        return len(parcel.objects)
    with transaction.atomic():
        note_skipped(peer, Skipped.Side.THERE, verdict.skipped, now_us)
        Sent.objects.filter(pk=row.pk).update(pos=parcel.pos, acknowledged=parcel.pos)
        Peer.objects.filter(pk=peer.pk).update(
            sent=F("sent") + len(parcel.objects), failures=0, last_error="", last_ok_us=now_us, next_try_us=0
        )
    return len(parcel.objects)


def acknowledge(peer: Peer, have: Mapping[int, int]) -> None:
    """Go by what a peer says it has: what it no longer has is sent again, what it has by another way is not."""
    for row in Sent.objects.filter(peer=peer):
        there = have.get(row.slot, 0)
        if there < row.acknowledged:
            Sent.objects.filter(pk=row.pk).update(pos=there, acknowledged=there)
            Peer.objects.filter(pk=peer.pk).update(looked_at=0)
        elif there > row.acknowledged:
            Sent.objects.filter(pk=row.pk).update(pos=max(row.pos, there), acknowledged=there)


def _read(body: bytes) -> Verdict:
    try:
        return _verdict.decode(body)
    except msgspec.ValidationError as error:
        raise PeerError("peer-broken", f"The peer's answer cannot be read: {error}.", retry=True) from None


def _failed(peer: Peer, error: Exception, now_us: int) -> None:
    failures = peer.failures + 1
    peer.failures = failures
    Peer.objects.filter(pk=peer.pk).update(
        failures=failures, last_error=str(error)[:1000], next_try_us=retry_at(now_us, failures, peer.key)
    )
