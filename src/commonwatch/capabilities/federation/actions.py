"""What an operator does about peers: pause, resume, limit, offer a collection."""

from __future__ import annotations

from django.db import transaction

from commonwatch.base.audit.record import record
from commonwatch.base.parties.actions import By
from commonwatch.base.release.collections import CollectionView
from commonwatch.capabilities.federation.models import Peer
from commonwatch.core.errors import InvalidInput, NotFound


def peer_named(name: str) -> Peer:
    """The peer with this name; raises NotFound."""
    found = Peer.objects.select_related("member", "source").filter(name=name).first()
    if found is None:
        raise NotFound("peer-unknown", f"There is no peer {name}.", "See `commonwatch federation status`.")
    return found


def pause(name: str, *, paused: bool, by: By) -> None:
    """Stop or go on exchanging with a peer. What it sends is refused while it is paused."""
    peer = peer_named(name)
    with transaction.atomic():
        Peer.objects.filter(pk=peer.pk).update(paused=paused, next_try_us=0, looked_at=0)
        record(by.actor, "federation.pause" if paused else "federation.resume", name, "done", {}, now_us=by.now_us)


def limit(name: str, kib_per_second: int, by: By) -> None:
    """Bound what this node sends to a peer, or fetches from it, on average; 0 ends that."""
    peer = peer_named(name)
    if kib_per_second < 0:
        raise InvalidInput("limit-negative", "A limit is a number of KiB a second.", "0 means none.")
    with transaction.atomic():
        Peer.objects.filter(pk=peer.pk).update(bytes_per_second=kib_per_second * 1024, free_us=0)
        record(by.actor, "federation.limit", name, "done", {"kib_per_second": kib_per_second}, now_us=by.now_us)


def offer(name: str, view: CollectionView, by: By) -> None:
    """Offer a peer a further collection; release decides what of it the peer gets."""
    peer = peer_named(name)
    with transaction.atomic():
        offered = sorted({*peer.offered, view.slot})
        Peer.objects.filter(pk=peer.pk).update(offered=offered, looked_at=0)
        record(by.actor, "federation.offer", name, "done", {"collection": view.title}, now_us=by.now_us)
