"""Recalls addressed to this node's member: what is named is hidden and recalled from whoever got it here, then answered.

1. The follower notes what a recall names; the worker carries it out, because acts of the journal are not a follower's.
2. Only the member that vouches for an object here, or wrote it, may recall it: its own peer's recall counts, nobody else's.
3. Hidden means: its release class lets nobody but this node's own member through, and it is in no collection any more. Who had
it here is sent a recall in turn, so a recall goes on as far as the object went.
4. What comes late by another way is hidden as well (`rules`). What the recalling peer sends again itself is shown again.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

import orjson

from commonwatch.base.clock import now_us
from commonwatch.base.intake.receive import Channel, receive
from commonwatch.base.intake.sources import ensure_source
from commonwatch.base.journal import acts
from commonwatch.base.journal.values import Act, Entry
from commonwatch.base.parties.models import HOME
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release import recalls
from commonwatch.base.release.models import Collection
from commonwatch.capabilities.federation.models import Hidden, Peer, Pending
from commonwatch.core.policy.classes import ClassAttributes, together
from commonwatch.core.stix.extensions import HandlingExtension, handling_marking, receipt_object
from commonwatch.core.stix.ids import format_id, parse_id
from commonwatch.core.stix.markings import TLP2
from commonwatch.core.stix.times import format_time
from commonwatch.core.stix.values import Piece

ACTOR = "recall"
_NOBODY = ClassAttributes(markings=(TLP2["TLP:RED"],))  # written by nobody, named for nobody


class RecallFollower:
    """Notes recalls that are addressed to us, and late copies of what was recalled."""

    name = "recalls received"
    version = 1

    def apply(self, entries: Sequence[Entry]) -> None:
        """Note what is to be done about these entries."""
        ours = own_member().identity
        for entry in entries:
            if isinstance(entry, Act) or not entry.raw:
                continue
            if entry.type == "recall":
                self._recall(orjson.loads(entry.raw), ours)
            else:
                _late_copy(format_id(entry.type, entry.uid), entry.source)

    def _recall(self, value: dict[str, object], ours: str) -> None:
        peer = Peer.objects.filter(member__identity=value.get("created_by_ref")).first()
        if peer is None or value.get("recipient_ref") != ours:
            return
        Pending.objects.get_or_create(
            recall=str(value["id"]), defaults={"peer": peer, "objects_named": value.get("object_refs", [])}
        )
        for identity in value.get("object_refs") or ():  # type: ignore[attr-defined]
            Hidden.objects.update_or_create(
                peer=peer,
                object=str(identity),
                defaults={"recall": str(value["id"]), "reason": str(value.get("reason", "")), "at_us": now_us()},
            )

    def reset(self) -> None:
        """Forget what was noted; what is hidden stays hidden, because that is in the journal."""
        Pending.objects.all().delete()


def _late_copy(identity: str, source: int) -> None:
    """An object that its voucher has recalled came by another way: it is hidden, too."""
    hidden = Hidden.objects.select_related("peer").filter(object=identity).exclude(peer__source_id=source).first()
    if hidden is not None:
        Pending.objects.get_or_create(recall=f"{hidden.recall} {identity}", peer=hidden.peer, objects_named=[identity])


def carry_out() -> int:
    """Hide what was recalled, recall it from whoever got it here, and answer; how many recalls."""
    done = 0
    for pending in Pending.objects.select_related("peer__member").filter(done=False).order_by("pk"):
        kept = [identity for identity in pending.objects_named if not _hide(str(identity), pending.peer)]
        if " " not in pending.recall:
            _answer(pending, "partly" if kept else "complied")
        Pending.objects.filter(pk=pending.pk).update(done=True)
        done += 1
    return done


def show_again(peer: Peer, raws: Sequence[bytes]) -> None:
    """Before a peer's objects are taken in: those that it had recalled are hidden no longer."""
    if not Hidden.objects.filter(peer=peer).exists():
        return
    for raw in raws:
        value = orjson.loads(raw)
        identity = str(value.get("id"))
        if value.get("revoked") is True or not Hidden.objects.filter(peer=peer, object=identity).delete()[0]:
            continue
        named = parse_id(identity)
        if named is None:
            continue
        acts.reclass(*named, _shown, actor=f"peer:{peer.name}", reason="sent again", word="show")


def _hide(identity: str, peer: Peer) -> bool:
    """Hide one object, held here or not; False where the peer neither wrote nor brought it."""
    named = parse_id(identity)
    if named is None:
        return True
    reason, actor = f"Recalled by {peer.name}", f"peer:{peer.name}"
    others: list[ClassAttributes] = []

    def hidden(attributes: ClassAttributes) -> ClassAttributes:
        if any(peer.member.identity in (part.author, part.voucher) for part in attributes.parts()):
            return together([attributes, _NOBODY])
        others.append(attributes)
        return attributes

    acts.reclass(*named, hidden, actor=actor, reason=reason, word="hide")
    if others:
        return False
    recalls.send_few()
    for slot in Collection.objects.values_list("slot", flat=True):
        acts.withdraw(*named, slot, actor=actor, reason=reason)
    return True


def _shown(attributes: ClassAttributes) -> ClassAttributes:
    left = [part for part in attributes.parts() if part != _NOBODY]
    return together(left) if left else attributes


def _answer(pending: Pending, answer: str) -> None:
    """A receipt, marked for the member that recalled alone, into the collection of recalls."""
    own, to = own_member().identity, pending.peer.member.identity
    marking = handling_marking(HandlingExtension(named=(to,)))
    receipt = receipt_object(
        f"receipt--{uuid4()}",
        author=own,
        recipient=to,
        recall=pending.recall,
        answer=answer,
        marking=str(marking["id"]),
        at=format_time(now_us(), 3),
    )
    source = ensure_source("own", "TLP:AMBER", HOME)
    slots = tuple(Collection.objects.filter(alias=recalls.RECALLS).values_list("slot", flat=True))
    pieces = [Piece(orjson.dumps(one), "") for one in (marking, receipt)]
    receive(pieces, Channel(source.pk, "TLP:GREEN", own, ACTOR, slots), now_us()).result()
