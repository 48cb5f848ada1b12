"""How the exchange with each peer goes."""

from __future__ import annotations

import msgspec
from django.db.models import Count

from commonwatch.base.release.access import end_of_journal
from commonwatch.capabilities.federation.actions import peer_named
from commonwatch.capabilities.federation.models import Peer


class PeerState(msgspec.Struct, frozen=True):
    """One peer, for a person: `lag` in words."""

    name: str
    key: str
    way: str
    lag: str
    behind_seconds: float
    sent: int
    received: int
    skipped: int
    heard: str
    trouble: str
    next_try_seconds: int


class SkippedObject(msgspec.Struct, frozen=True):
    """An object that did not go in, and why."""

    side: str
    object: str
    version: str
    code: str
    sentence: str


def states(now_us: int) -> list[PeerState]:
    """Every peer, by name."""
    head = end_of_journal()
    return [_state(peer, head, now_us) for peer in Peer.objects.annotate(many=Count("skipped")).order_by("name")]


def skipped(name: str) -> list[SkippedObject]:
    """What did not go in there or here, newest first."""
    rows = peer_named(name).skipped.order_by("-at_us", "-pk")
    return [SkippedObject(row.side, row.object, row.version, row.code, row.sentence) for row in rows]


def _state(peer: Peer, head: int, now_us: int) -> PeerState:
    behind = max(head - peer.looked_at, 0) / 1e6 if peer.url else 0.0
    lag = "up to date" if not behind else f"{behind:,.1f} s of entries" if peer.looked_at else "everything"
    way = "paused" if peer.paused else "fetches from it" if peer.fetch else "sends" if peer.url else "waits to be asked"
    return PeerState(
        peer.name,
        peer.key,
        way,
        lag if peer.url else "",
        behind,
        peer.sent,
        peer.received,
        int(getattr(peer, "many", 0)),
        _ago(max(peer.last_ok_us or 0, peer.last_heard_us or 0), now_us),
        peer.last_error,
        max(0, (peer.next_try_us - now_us) // 1_000_000),
    )


def _ago(then: int, now_us: int) -> str:
    if not then:
        return "never"
    seconds = (now_us - then) // 1_000_000
    return f"{seconds} s ago" if seconds < 120 else f"{seconds // 60} min ago"
