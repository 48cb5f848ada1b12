"""Recalls addressed to this node's member: what is named is hidden and recalled from whoever got it here, then answered.

1. The follower notes what a recall names; the worker carries it out, because acts of the journal are not a follower's.
2. Only the member that vouches for an object here, or wrote it, may recall it: its own peer's recall counts, nobody else's.
3. Hidden means: its release class lets nobody but this node's own member through, and it is in no collection any more. Who had
it here is sent a recall in turn, so a recall goes on as far as the object went.
4. That something is kept is said only of what this peer is known to have sent us: else a recall of a guessed id would
tell what we have from others. 5. What comes late by another way is hidden as well (`rules`). What the recalling peer sends again itself is shown again,
and where that came before its recall, the recall is overtaken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import uuid4

import orjson

from commonwatch.base.clock import now_us
from commonwatch.base.intake.receive import Channel, receive
from commonwatch.base.intake.sources import ensure_source
from commonwatch.base.journal import acts, rows, schema
from commonwatch.base.journal.driver import fetch
from commonwatch.base.journal.values import Act, Entry
from commonwatch.base.parties.authoring import signed_as_own
from commonwatch.base.parties.models import HOME
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release import recalls
from commonwatch.base.release.models import Collection
from commonwatch.capabilities.federation import purging
from commonwatch.capabilities.federation.models import Hidden, Peer, Pending, Received, Skipped
from commonwatch.capabilities.federation.rules import digest_of, hidden, is_hidden, shown
from commonwatch.core.parts import AT_ONCE, parts
from commonwatch.core.policy.classes import ClassAttributes
from commonwatch.core.stix.extensions import HandlingExtension, handling_marking, receipt_object
from commonwatch.core.stix.ids import format_id, parse_id
from commonwatch.core.stix.times import format_time
from commonwatch.core.stix.values import Piece

ACTOR = "recall"


class RecallFollower:
    """Notes recalls that are addressed to us, and late copies of what was recalled."""

    name = "recalls received"
    version = 1

    def apply(self, entries: Sequence[Entry]) -> None:
        """Note what is to be done about these entries."""
        admitted = [entry for entry in entries if not isinstance(entry, Act) and entry.raw]
        # What a batch brings is looked for among what was hidden at once: a query for each object cost ten times
        # as much as taking the object in.
        hidden = _hidden_among([format_id(entry.type, entry.uid) for entry in admitted])
        ours = own_member().identity if any(entry.type == "recall" for entry in admitted) else ""
        for entry in admitted:
            if entry.type == "recall":
                hidden |= self._recall(orjson.loads(entry.raw), ours, entry.version)
            elif (identity := format_id(entry.type, entry.uid)) in hidden:
                _late_copy(identity, entry.source)
        purging.note(admitted)

    def _recall(self, value: dict[str, object], ours: str, made_us: int) -> set[str]:
        """Note what a recall names, where it is a peer's and addressed to us: that."""
        if value.get("recipient_ref") != ours:
            return set()
        peer = Peer.objects.filter(member__identity=value.get("created_by_ref")).first()
        if peer is None:
            return set()
        given = value.get("object_refs")
        named = [str(one) for one in given] if isinstance(given, list) else []
        overtaken = _sent_since(peer, named, made_us)
        named = [one for one in named if one not in overtaken]
        # A later version reminds: it is carried out and answered once more, because the first answer may be lost.
        Pending.objects.update_or_create(
            recall=str(value["id"]), defaults={"peer": peer, "objects_named": named, "done": False}
        )
        recall, reason, at_us = str(value["id"]), str(value.get("reason", "")), now_us()
        Hidden.objects.bulk_create(
            [Hidden(peer=peer, object=one, recall=recall, reason=reason, at_us=at_us) for one in dict.fromkeys(named)],
            batch_size=AT_ONCE,
            update_conflicts=True,
            unique_fields=["peer", "object"],
            update_fields=["recall", "reason", "at_us"],
        )
        return set(named)

    def reset(self) -> None:
        """Forget what was noted; what is hidden stays hidden, because that is in the journal."""
        Pending.objects.all().delete()


def _sent_since(peer: Peer, identities: Sequence[str], made_us: int) -> set[str]:
    """Those of these objects that the peer sent in a parcel which ended after it had made a recall of them.

    A parcel holds what its receiver may have when it is made: so the peer gave them out again after the recall, which comes in
    another collection and may come later.
    """
    uids = {named[1]: identity for identity in identities if (named := parse_id(identity)) is not None}
    whole = [copy for copy in rows.copies_of(list(uids)) if not copy.marks & schema.REVOKED]
    raws = rows.raws_of([copy.seq for copy in whole])
    digests = {digest_of(raws[copy.seq]): uids[copy.uid] for copy in whole}
    sent: set[str] = set()
    for some in parts(list(digests)):
        among = Received.objects.filter(peer=peer, digest__in=some)
        sent |= {digests[digest] for digest, pos in among.values_list("digest", "pos") if _us(pos) > made_us}
    return sent


def _us(pos: int) -> int:
    return schema.seq_to_us(pos & schema.SEQ_MASK)


def _hidden_among(identities: Sequence[str]) -> set[str]:
    """Those of these objects that somebody has recalled from us."""
    found: set[str] = set()
    for among in parts(identities):
        query = f"SELECT object FROM federation_hidden WHERE object IN ({','.join(['%s'] * len(among))})"
        found.update(identity for (identity,) in fetch(query, among))
    return found


def _late_copy(identity: str, source: int) -> None:
    """An object that its voucher has recalled came by another way: it is hidden, too."""
    hidden = Hidden.objects.select_related("peer").filter(object=identity).exclude(peer__source_id=source).first()
    if hidden is not None:
        Pending.objects.get_or_create(recall=f"{hidden.recall} {identity}", peer=hidden.peer, objects_named=[identity])


def carry_out() -> int:
    """Hide what was recalled, recall it from whoever got it here, and answer; how many recalls.

    Those that wait are carried out together: who had got what they name is sent one recall of all of it. Where recalls came from all
    sides, as among hubs that know one another, one for each would have gone over every line again.
    """
    waiting = list(Pending.objects.select_related("peer__member").filter(done=False).order_by("pk")[:AT_ONCE])
    by_peer: dict[int, list[Pending]] = {}
    for pending in waiting:
        by_peer.setdefault(pending.peer_id, []).append(pending)
    found = [_hide(same[0].peer, same) for same in by_peer.values()]
    while waiting and recalls.send(recalls.OBJECTS):
        pass  # before the objects leave their collections, where the notices of recall stand
    for one in found:
        if one.gone:
            acts.withdraw_everywhere(one.gone, actor=_actor(one.peer), reason=_reason(one.peer))
    gone = {identity for one in found for identity in one.gone}
    answers = [
        (pending, one.kept - gone) for one in found for pending in by_peer[one.peer.pk] if " " not in pending.recall
    ]
    if answers:
        _answer(answers)
    Pending.objects.filter(pk__in=[pending.pk for pending in waiting]).update(done=True)
    return len(waiting) + purging.carry_out()


def show_again(peer: Peer, raws: Sequence[bytes]) -> None:
    """Before a peer's objects are taken in: those that it had recalled are hidden no longer."""
    if not fetch("SELECT 1 FROM federation_hidden WHERE peer_id = %s LIMIT 1", [peer.pk]):
        return
    values = [orjson.loads(raw) for raw in raws]
    hidden_here = _hidden_among([str(value.get("id")) for value in values])
    for value in values:
        identity = str(value.get("id"))
        if value.get("revoked") is True or identity not in hidden_here:
            continue
        if not Hidden.objects.filter(peer=peer, object=identity).delete()[0]:
            continue
        named = parse_id(identity)
        if named is None:
            continue
        acts.reclass([named], lambda _, one: shown(one), actor=_actor(peer), reason="sent again", word="show")


class _Found(NamedTuple):
    """Of what a peer's recalls name: what is hidden now, or not held here; and what others brought as well, so that it is kept."""

    peer: Peer
    gone: list[acts.Identity]
    kept: set[acts.Identity]


def _hide(peer: Peer, recalled: Sequence[Pending]) -> _Found:
    """Hide these objects; what others wrote and brought stays, and is kept by what the peer is told if it brought it, too."""
    named = {identity: parse_id(identity) for pending in recalled for identity in map(str, pending.objects_named)}
    objects = {one: identity for identity, one in named.items() if one is not None}
    staying: set[acts.Identity] = set()

    def hidden_for(one: acts.Identity, attributes: ClassAttributes) -> ClassAttributes:
        if any(peer.member.identity in (part.author, part.voucher) for part in attributes.parts()):
            return hidden(attributes)
        if not is_hidden(attributes):  # else another has recalled it as well
            staying.add(one)
        return attributes

    if objects:
        acts.reclass(list(objects), hidden_for, actor=_actor(peer), reason=_reason(peer), word="hide")
    kept = {one for one in staying if _was_sent_by(peer, objects[one], one[1])}
    return _Found(peer, [one for one in objects if one not in staying], kept)


def _actor(peer: Peer) -> str:
    return f"peer:{peer.name}"


def _reason(peer: Peer) -> str:
    return f"Recalled by {peer.name}"


def _was_sent_by(peer: Peer, identity: str, uid: bytes) -> bool:
    """Whether the peer knows that we have this: it sent the same, or another version that was not taken in."""
    held = [copy.seq for copy in rows.copies_of([uid])]
    brought = {source for _, source in rows.sources_of(held)} | {source for _, source, _ in rows.vouchers_of(held)}
    if peer.source_id in brought:
        return True
    return Skipped.objects.filter(peer=peer, side=Skipped.Side.HERE, object=identity).exists()


def _answer(answers: Sequence[tuple[Pending, set[acts.Identity]]]) -> None:
    """A receipt for each recall, marked for the member that recalled alone, into the collection of recalls."""
    own, at_us = own_member().identity, now_us()
    made: list[dict[str, Any]] = []
    for pending, all_kept in answers:
        to, kept = pending.peer.member.identity, [one for one in pending.objects_named if parse_id(one) in all_kept]
        marking = handling_marking(HandlingExtension(named=(to,)))
        receipt = receipt_object(
            f"receipt--{uuid4()}",
            author=own,
            recipient=to,
            recall=pending.recall,
            answer="partly" if kept else "complied",
            kept_refs=kept,
            marking=str(marking["id"]),
            at=format_time(at_us, 3),
        )
        made += [marking, receipt]
    source = ensure_source("own", "TLP:AMBER", HOME)
    slots = tuple(Collection.objects.filter(alias=recalls.RECALLS).values_list("slot", flat=True))
    pieces = [Piece(orjson.dumps(one), "") for one in signed_as_own(made, at_us)]
    receive(pieces, Channel(source.pk, "TLP:GREEN", own, ACTOR, slots), at_us).result()
