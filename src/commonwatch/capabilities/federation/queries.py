"""How the exchange with each peer goes."""

from __future__ import annotations

import msgspec
from django.conf import settings
from django.db.models import Count, QuerySet

from commonwatch.base.journal.examine import Examined
from commonwatch.base.release.access import end_of_journal
from commonwatch.capabilities.federation.actions import peer_named
from commonwatch.capabilities.federation.models import Invitation, NodeKey, Peer, Skipped


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
    waiting_seconds: int  # how long something has waited for it; 0: nothing does
    late: bool  # longer than the setting peer_behind_minutes allows
    bytes_per_second: int
    heard_us: int  # when it last answered or called; 0: never


class Invited(msgspec.Struct, frozen=True):
    """A code that waits to be used. The code itself is not known here."""

    name: str
    kind: str
    country: str
    collection: str
    expires_us: int


class OwnNodeKey(msgspec.Struct, frozen=True):
    """A key by which peers know or knew this node."""

    key: str
    since_us: int
    until_us: int | None
    reason: str


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


def state(name: str, now_us: int) -> PeerState:
    """One peer; raises NotFound."""
    peer = peer_named(name)
    peer.many = peer.skipped.count()  # type: ignore[attr-defined]
    return _state(peer, end_of_journal(), now_us)


def skipped(name: str) -> list[SkippedObject]:
    """What did not go in there or here, newest first."""
    rows = skipped_rows(name).order_by("-at_us", "-pk")
    return [SkippedObject(row.side, row.object, row.version, row.code, row.sentence) for row in rows]


def skipped_rows(name: str) -> QuerySet[Skipped]:
    """The same, to be paged; raises NotFound."""
    return Skipped.objects.filter(peer=peer_named(name))


def invitations(now_us: int) -> list[Invited]:
    """Codes that are out and count."""
    rows = Invitation.objects.filter(used_us=None, expires_us__gt=now_us).order_by("expires_us")
    return [Invited(row.name, row.kind, row.country, row.into, row.expires_us) for row in rows]


def node_keys() -> list[OwnNodeKey]:
    """The keys by which peers know or knew this node, oldest first; none before anybody asked for one."""
    rows = NodeKey.objects.order_by("pk")
    return [OwnNodeKey(row.key, row.since_us, row.until_us, row.reason) for row in rows]


def _state(peer: Peer, head: int, now_us: int) -> PeerState:
    behind = max(head - peer.looked_at, 0) / 1e6 if peer.url else 0.0
    waiting = waiting_us(peer, head, now_us)
    heard_us = max(peer.last_ok_us or 0, peer.last_heard_us or 0)
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
        _ago(heard_us, now_us),
        peer.last_error,
        max(0, (peer.next_try_us - now_us) // 1_000_000),
        waiting // 1_000_000,
        is_late(peer, head, now_us),
        peer.bytes_per_second,
        heard_us,
    )


def waiting_us(peer: Peer, head: int, now_us: int) -> int:
    """How long something has waited for a peer. For one that asks us, since it last did; by files, nothing waits."""
    since = peer.behind_since_us
    if since is None and not peer.url and 0 < peer.looked_at < head:
        since = max(peer.last_heard_us or 0, peer.joined_us)
    return max(now_us - since, 0) if since is not None and not peer.paused else 0


def is_late(peer: Peer, head: int, now_us: int) -> bool:
    """Whether a peer has fallen behind by more than the setting allows."""
    return waiting_us(peer, head, now_us) > settings.COMMONWATCH.peer_behind_minutes * 60_000_000


def examined(now_us: int) -> list[Examined]:
    """For `doctor`: peers that have fallen behind."""
    found = []
    for one in states(now_us):
        if one.late:
            sentence = (
                f"The peer {one.name} has been behind for {_long(one.waiting_seconds)}: {one.trouble or 'too slow'}."
            )
            found.append(Examined("peers", False, sentence, "See `commonwatch federation status`."))
    return found or [Examined("peers", True, "No peer is behind.")]


def _long(seconds: int) -> str:
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min" if seconds < 7_200 else f"{seconds // 3_600} h"


def _ago(then: int, now_us: int) -> str:
    if not then:
        return "never"
    return f"{_long((now_us - then) // 1_000_000)} ago"
