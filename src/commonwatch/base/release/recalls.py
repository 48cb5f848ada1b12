"""Taking back: whoever loses access is told what to drop, and answers with a receipt.

1. In the transaction of the change it is noted who lost which classes, or which single objects. 2. Afterwards, in pieces, a
recall object for each recipient and up to `OBJECTS` objects goes into the journal, marked for that recipient alone, in the
collection of recalls; and each object's place in the recipient's own collections shows a revoked version of it.
3. Who was never served anything here is sent nothing. 4. A `receipt` object of the recipient that refers to the recall is its answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import orjson

from commonwatch.base.clock import now_us
from commonwatch.base.journal import rows as journal_rows
from commonwatch.base.journal import schema as journal
from commonwatch.base.journal.appending import Appending
from commonwatch.base.journal.driver import execute_many, fetch
from commonwatch.base.journal.observers import Added, Narrowed
from commonwatch.base.journal.sequencer import sequencer
from commonwatch.base.journal.values import Arrival, Batch, ReleaseClass
from commonwatch.base.parties.authoring import Author, own_author
from commonwatch.base.release.models import Loss, Recall, Recalled, Recipient
from commonwatch.base.release.types import type_name
from commonwatch.core.policy.classes import ClassAttributes, encode_class
from commonwatch.core.policy.facts import DEFAULT_PURPOSE
from commonwatch.core.signing.objects import key_id_of
from commonwatch.core.stix.extensions import HandlingExtension, handling_marking, recall_object
from commonwatch.core.stix.ids import format_id, parse_id
from commonwatch.core.stix.markings import TLP2
from commonwatch.core.stix.times import format_time, parse_time

RECALLS = "recalls"  # alias of the collection
OBJECTS = 1_000  # named in one recall object
_AT_ONCE = 2_000  # what is recalled before the command that caused it ends; the rest is the worker's
OWN_SOURCE = 0  # the node itself, among sources


def note_classes(lost: Mapping[int, Iterable[int]], *, upto: int, reason: str) -> None:
    """Note who lost which classes; entries from `upto` on were never theirs."""
    Loss.objects.bulk_create(
        [
            Loss(recipient_id=recipient, klass=klass, upto=upto, reason=reason)
            for recipient, classes in lost.items()
            for klass in classes
        ]
    )


def note_objects(added: Added, *, reason_narrowed: str, reason_revoked: str) -> None:
    """Note who lost single objects: their author narrowed or revoked them."""
    losses = []
    for one in added.narrowed:
        kept = {recipient for recipient, _ in _granted(one.after)} | _owner(one.before)
        losses += _losses(one, [number for number, _ in _granted(one.before) if number not in kept], reason_narrowed)
    for one in added.revoked:
        owner = _owner(one.before)
        losses += _losses(one, [number for number, _ in _granted(one.before) if number not in owner], reason_revoked)
    Loss.objects.bulk_create(losses)


def _losses(one: Narrowed, recipients: Iterable[int], reason: str) -> list[Loss]:
    return [Loss(recipient_id=number, klass=one.before, seq=one.seq, upto=0, reason=reason) for number in recipients]


def _owner(klass: int) -> set[int]:
    """The recipients that are the author or the voucher of a class: nobody recalls from itself."""
    part = journal_rows.classes_of([klass])[klass].parts()[0]
    found = Recipient.objects.filter(member__identity__in=[part.author, part.voucher])
    return set(found.values_list("pk", flat=True))


def _granted(klass: int) -> list[tuple[int, int]]:
    return fetch("SELECT recipient, code FROM release_grant WHERE class = %s", [klass])


def send_few() -> None:
    """Send what can be sent at once; the worker sends the rest."""
    send(_AT_ONCE)


def send(most: int) -> int:
    """Send recalls for up to about `most` objects; how many objects were recalled."""
    sent = 0
    while sent < most and (loss := _next_loss()) is not None:
        author = own_author(now_us())
        sent += sequencer().act(lambda appending, loss=loss, author=author: _send(appending, loss, author))  # type: ignore[misc]
    return sent


def _next_loss() -> Loss | None:
    """The next of somebody who was served here before. Who never was has nothing from here to drop: among many members on record
    that are most of them, and each would be written a recall that nobody fetches.

    Asked after the change and not with it: whoever is marked as served from then on reads by the grants that follow from it.
    """
    waiting = Loss.objects.filter(done=False)
    loss = waiting.select_related("recipient").order_by("pk").first()
    if loss is not None and loss.recipient.served_us is None:
        waiting.filter(recipient__served_us=None).update(done=True)
        loss = waiting.order_by("pk").first()
    return loss


def _send(appending: Appending, loss: Loss, author: Author) -> int:
    """Recall the next objects of a loss, in the sequencer's transaction."""
    appending.flush()
    losses = _alike(loss)
    rows = _objects(loss, [one.seq for one in losses if one.seq is not None])
    recipient = Recipient.objects.select_related("member").get(pk=loss.recipient_id)
    last = loss.seq is not None or len(rows) < OBJECTS
    Loss.objects.filter(pk__in=[one.pk for one in losses]).update(done=last, after=rows[-1][0] if rows else loss.after)
    if not rows or recipient.member is None or recipient.member.pk == author.member.pk:
        return len(rows)
    ids = list(dict.fromkeys(format_id(type_name(kind), _bytes(uid)) for _, kind, uid, _, _, _ in rows))
    at_us = now_us()
    identity, reason = f"recall--{uuid4()}", _reason(loss, recipient)
    write(appending, author, Worded(identity, recipient.member.identity, ids, reason, at_us), at_us)
    _notices(appending, recipient.pk, [row for row in rows if not _still_sees(recipient.pk, row[0])], at_us)
    made = Recall.objects.create(
        member=recipient.member, recipient=recipient, recall=identity, count=len(ids), reason=reason, made_us=at_us
    )
    Recalled.objects.bulk_create([Recalled(recall=made, object=one) for one in ids])
    return len(rows)


@dataclass(frozen=True)
class Worded:
    """What a recall says; `to`: the member's STIX identity."""

    identity: str
    to: str
    objects: Sequence[str]
    reason: str
    made_us: int


def write(appending: Appending, author: Author, said: Worded, at_us: int) -> None:
    """Put a recall into the collection of recalls; a later version reminds."""
    marking = _marking(said.to)
    recalled = recall_object(
        said.identity,
        author=author.member.identity,
        recipient=said.to,
        object_refs=list(said.objects),
        reason=said.reason,
        marking=str(marking["id"]),
        made=format_time(said.made_us, 3),
        at=format_time(at_us, 3),
    )
    slots = tuple(slot for (slot,) in fetch("SELECT slot FROM release_collection WHERE alias = %s", [RECALLS]))
    _append(appending, marking, author.signed(recalled, at_us), slots)


def _reason(loss: Loss, recipient: Recipient) -> str:
    """Why; where the member read for another purpose than all do, for which one: what it got for others is not taken back."""
    return loss.reason if recipient.purpose == DEFAULT_PURPOSE else f"{loss.reason} (for {recipient.purpose})"


def _still_sees(recipient: int, seq: int) -> bool:
    """Whether the recipient gets this version all the same: of an object that its author revoked it sees the author's own."""
    query = "SELECT 1 FROM journal_version v JOIN release_grant g ON g.class = v.class WHERE v.seq = %s AND g.recipient = %s"
    return bool(fetch(query, [seq, recipient]))


_Row = tuple[int, int, Any, int, int, bytes]  # seq, type, uid, version, spec, bytes


def _alike(loss: Loss) -> list[Loss]:
    """A loss of a class alone; one of a single object with others of its recipient for the same reason: one recall names all."""
    if loss.seq is None:
        return [loss]
    same = Loss.objects.filter(done=False, recipient_id=loss.recipient_id, reason=loss.reason, seq__isnull=False)
    return list(same.order_by("pk")[:OBJECTS])


def _objects(loss: Loss, seqs: list[int]) -> list[_Row]:
    """The next object versions of a loss that the recipient may not have by any other grant; of single objects, these."""
    columns = "SELECT v.seq, v.type, v.uid, v.version, v.spec, v.raw FROM journal_version v"
    if loss.seq is not None:
        return fetch(f"{columns} WHERE v.seq IN ({','.join(['%s'] * len(seqs))}) ORDER BY v.seq", seqs)
    query = (
        "SELECT v.seq, v.type, v.uid, v.version, v.spec, v.raw FROM journal_placement p "
        "JOIN journal_version v ON v.seq = p.seq WHERE p.class = %s AND v.seq > %s AND v.seq < %s "
        "AND NOT EXISTS (SELECT 1 FROM release_grant g WHERE g.recipient = %s AND g.class = p.class) "
        "GROUP BY v.seq, v.type, v.uid, v.version, v.spec, v.raw ORDER BY v.seq LIMIT %s"
    )
    return fetch(query, [loss.klass, loss.after, loss.upto, loss.recipient_id, OBJECTS])


def _notices(appending: Appending, recipient: int, rows: list[_Row], at_us: int) -> None:
    """Show a revoked version of each object in the collections where it stood, to this recipient alone."""
    places = {row[0]: [pos for pos, _, _ in _placements(row[0])] for row in rows}
    count = sum(map(len, places.values()))
    if not count:
        return
    first = appending.reserve(count)
    found: list[tuple[Any, ...]] = []
    for seq, kind, uid, version, spec, raw in rows:
        for pos in places[seq]:
            later = max(at_us, version + 1_000)
            notice = _revoked(bytes(raw), format_id(type_name(kind), _bytes(uid)), later, spec)
            place = pos - (pos & journal.SEQ_MASK) + first + len(found)
            found.append((recipient, place, 0, uid, kind, later, spec, notice))
    execute_many(
        "INSERT INTO release_extra (recipient, pos, orig, uid, type, version, spec, raw) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        found,
    )


def _placements(seq: int) -> list[tuple[int, int, int]]:
    return journal_rows.placements_of([seq], journal_rows.slots())


def _revoked(raw: bytes, identity: str, at_us: int, spec: int) -> bytes:
    """A revoked version without content: nothing that its former reader may no longer have is sent again.

    Never signed, even where it is ours: shown to others, our signed word that it is revoked would revoke it for everybody.
    """
    value = orjson.loads(raw) if raw else {}
    kept = {name: value[name] for name in ("created_by_ref", "created") if name in value}
    head: dict[str, Any] = {"type": identity.partition("--")[0], "id": identity}
    if spec:
        head["spec_version"] = "2.1"
    return orjson.dumps({**head, **kept, "modified": format_time(at_us, 3), "revoked": True})


def _marking(identity: str) -> dict[str, Any]:
    return handling_marking(HandlingExtension(named=(identity,)))


def _append(
    appending: Appending, marking: Mapping[str, Any], recalled: Mapping[str, Any], slots: tuple[int, ...]
) -> None:
    own = recalled["created_by_ref"]
    arrivals = [
        _arrival(marking, ClassAttributes(author=own, voucher=own, default="TLP:GREEN")),
        _arrival(
            recalled,
            ClassAttributes(author=own, voucher=own, markings=tuple(sorted([TLP2["TLP:RED"], str(marking["id"])]))),
        ),
    ]
    appending.append(Batch(arrivals, OWN_SOURCE, "release", slots))


def _arrival(value: Mapping[str, Any], attributes: ClassAttributes) -> Arrival:
    named = parse_id(str(value["id"]))
    assert named is not None  # noqa: S101 - made by us
    version = parse_time(str(value.get("modified", value["created"])))
    return Arrival(
        id=str(value["id"]),
        type=named[0],
        uid=named[1],
        spec=21,
        version=version[0] if version else 0,
        digits=3,
        revoked=False,
        author=str(value["created_by_ref"]) if "created_by_ref" in value else None,
        release_class=ReleaseClass(*encode_class(attributes)),
        raw=orjson.dumps(value),
        marks=journal.SIGNED if key_id_of(value) else 0,
        from_author=True,
    )


def _bytes(uid: Any) -> bytes:
    return uid.bytes if isinstance(uid, UUID) else bytes(uid)
