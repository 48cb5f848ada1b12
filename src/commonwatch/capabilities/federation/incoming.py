"""Taking in what a peer sends: judged as from any source, its member the voucher, what was skipped kept with its reason."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from django.db.models import F

from commonwatch.base.intake.receive import Channel, Report, Result, receive
from commonwatch.base.journal.driver import execute_many
from commonwatch.base.journal.schema import SLOT_SHIFT
from commonwatch.base.journal.values import Transaction
from commonwatch.base.release import handovers
from commonwatch.capabilities.federation.models import Peer, Received, Sent, Skipped
from commonwatch.capabilities.federation.recalling import show_again
from commonwatch.capabilities.federation.rules import digest_of
from commonwatch.core.stix.values import Piece

_BROUGHT = (
    "INSERT INTO federation_received (peer_id, digest, pos) VALUES (%s, %s, %s) "
    "ON CONFLICT (peer_id, digest) DO UPDATE SET pos = excluded.pos"
)


class Skip(msgspec.Struct, frozen=True):
    """One object that did not go in, and why."""

    object: str
    version: str
    code: str
    sentence: str


class Verdict(msgspec.Struct, frozen=True):
    """What became of what was sent. `have`: how far this node now has what the sender offers, by the sender's slots."""

    admitted: int
    duplicate: int
    skipped: tuple[Skip, ...] = ()
    have: dict[int, int] = {}


def take(peer: Peer, slot: int, pos: int, raws: Sequence[bytes], now_us: int) -> Verdict:
    """Take a parcel in; durable, with its place, when this returns. Raises NodeUnable where it could not be stored."""
    show_again(peer, raws)
    before = places(peer)
    have = {**before, slot: max(pos, before.get(slot, 0))}  # a bundle may have brought it further
    channel = Channel(
        peer.source_id, peer.source.default_marking, peer.member.identity, f"peer:{peer.name}", (peer.into_id,)
    )

    def on_record(report: Report, transaction: Transaction) -> None:
        execute_many(_BROUGHT, [(peer.pk, digest_of(raw), pos) for raw in raws])
        note_skipped(peer, Skipped.Side.HERE, _skips(report.results), now_us)
        after = places(peer).get(slot, 0)
        handovers.put_on_record(
            peer.member.identity, outgoing=False, slot=slot, after=after, pos=pos, raws=raws, now_us=now_us
        )
        Peer.objects.filter(pk=peer.pk).update(
            received=F("received") + len(raws), last_heard_us=now_us, fetched={str(key): have[key] for key in have}
        )

    pieces = [Piece(raw, str(number)) for number, raw in enumerate(raws)]
    report = receive(pieces, channel, now_us, on_record).result()
    tally = report.tally()
    return Verdict(tally["admitted"], tally["duplicate"], tuple(_skips(report.results)), have)


def greeted(peer: Peer, slot: int, after: int) -> None:
    """A peer has started, and says how far it knows us to have come in one of its collections.

    Where we have come further, an answer was lost, or the peer was restored from an old backup: what it sent beyond is lost to it
    then, and is sent back.
    """
    after = max(after, slot << SLOT_SHIFT)
    beyond = Received.objects.filter(peer=peer, pos__gt=after, pos__lt=(slot + 1) << SLOT_SHIFT)
    if beyond.delete()[0]:
        Sent.objects.filter(peer=peer).update(pos=F("acknowledged"))
        Peer.objects.filter(pk=peer.pk).update(looked_at=0)


def places(peer: Peer) -> dict[int, int]:
    """How far we have what a peer offers: its positions by its slots."""
    return {int(slot): pos for slot, pos in peer.fetched.items()}


def note_skipped(peer: Peer, side: str, skips: Sequence[Skip], now_us: int) -> None:
    """Keep why objects did not go in: the latest word on each."""
    for skip in skips:
        Skipped.objects.update_or_create(
            peer=peer,
            side=side,
            object=skip.object[:300],
            version=skip.version[:40],
            defaults={"code": skip.code[:64], "sentence": skip.sentence, "at_us": now_us},
        )


def _skips(results: Sequence[Result]) -> list[Skip]:
    return [
        Skip(one.object_id, one.version, one.findings[0].code, one.findings[0].sentence)
        for one in results
        if not one.is_in
    ]
