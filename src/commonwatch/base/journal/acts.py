"""What may be done to an entry after it was admitted: restrict who may have it, withdraw it from a collection, erase its bytes.

Each is an entry of its own, so that followers and peers hear of them in order; none renumbers anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from hashlib import sha256

import msgspec
from django.db import connection

from commonwatch.base.journal import rows, schema
from commonwatch.base.journal.appending import Appending
from commonwatch.base.journal.models import QuarantineEntry
from commonwatch.base.journal.sequencer import sequencer
from commonwatch.core.policy.classes import ClassAttributes
from commonwatch.core.stix.ids import format_id


def withdraw(
    kind: str, uid: bytes, slot: int, *, actor: str, reason: str, copies: Sequence[tuple[int, int]] | None = None
) -> int:
    """Take an object's copies (version, spec 20 or 21; None: all) out of a collection; how many were in it.

    The object stays in the journal and in its other collections.
    """

    def work(appending: Appending) -> int:
        appending.flush()
        known = appending.copies(uid, appending.interning.type_id(kind))
        wanted = [copy for copy in known if copies is None or (copy.version, 21 if copy.spec else 20) in copies]
        placed = rows.placements_of([copy.seq for copy in wanted], [slot])
        with connection.cursor() as cursor:
            cursor.executemany("DELETE FROM journal_placement WHERE pos = %s", [[pos] for pos, _, _ in placed])
        for copy in known:
            copy.slots = ()  # what this transaction put into collections is in the table by now, or no longer
        classes = {copy.seq: copy.release_class for copy in known}
        acts = appending.take_places([classes[seq] for _, seq, _ in placed])
        for act, (_, seq, _) in zip(acts, placed, strict=True):
            rows.add_act(act, "withdraw", seq, slot, actor, reason, "{}")
        appending.recompute([copy.seq for copy in known], slot, known)
        return len(placed)

    return sequencer().act(work)


Identity = tuple[str, bytes]  # type and UUID of an object
Stood = Mapping[int, list[int]]  # slots by entry


def withdraw_everywhere(
    objects: Sequence[Identity], *, actor: str, reason: str, also: Callable[[Stood], None] | None = None
) -> None:
    """Take objects out of every collection; `also` is told, in the same transaction, where they stood."""

    def work(appending: Appending) -> None:
        appending.flush()
        identities = [(uid, appending.interning.type_id(kind)) for kind, uid in objects]
        appending.look_up({uid for uid, _ in identities})
        owners = {copy.seq: identity for identity in identities for copy in appending.copies(*identity)}
        placed = rows.placements_of(list(owners), rows.slots())
        with connection.cursor() as cursor:
            cursor.executemany("DELETE FROM journal_placement WHERE pos = %s", [[pos] for pos, _, _ in placed])
        classes = {copy.seq: copy.release_class for identity in identities for copy in appending.copies(*identity)}
        stood: dict[int, list[int]] = {}
        for act, (pos, seq, _) in zip(
            appending.take_places([classes[seq] for _, seq, _ in placed]), placed, strict=True
        ):
            slot = pos >> schema.SLOT_SHIFT
            rows.add_act(act, "withdraw", seq, slot, actor, reason, "{}")
            stood.setdefault(seq, []).append(slot)
        for copy in (copy for identity in identities for copy in appending.copies(*identity)):
            copy.slots = ()  # what this transaction put into collections is in the table by now, or no longer
        if also is not None:
            also(stood)

    sequencer().act(work)


def reclass(
    objects: Sequence[Identity],
    change: Callable[[Identity, ClassAttributes], ClassAttributes],
    *,
    actor: str,
    reason: str,
    word: str,
) -> int:
    """Give every copy of these objects another release class; how many changed.

    Who loses them by that is sent a recall. `word` names the act: `hide` or `show`. Who gains them is not told: place them
    anew for that.
    """

    def work(appending: Appending) -> int:
        appending.flush()
        appending.look_up({uid for _, uid in objects})
        changed = [
            copy
            for one in objects
            for copy in appending.reclass((one[1], appending.interning.type_id(one[0])), one[0], partial(change, one))
        ]
        acts = appending.take_places([copy.release_class for copy in changed])
        for act, copy in zip(acts, changed, strict=True):
            rows.add_act(act, word, copy.seq, None, actor, reason, "{}")
        return len(changed)

    return sequencer().act(work)


def erase(kind: str, uid: bytes, *, actor: str, reason: str) -> int:
    """Destroy the bytes of every copy of an object; how many there were. Their SHA-256 stays in the tombstones.

    Copies of the bytes in quarantine go, too. What is sent again under this id is held for a person to decide.
    """

    def work(appending: Appending) -> int:
        appending.flush()
        known = [
            copy for copy in appending.copies(uid, appending.interning.type_id(kind)) if not copy.marks & schema.ERASED
        ]
        raws = rows.raws_of([copy.seq for copy in known])
        with connection.cursor() as cursor:
            for copy in known:
                cursor.execute(
                    "UPDATE journal_version SET raw = %s, findings = NULL, marks = %s WHERE seq = %s",
                    [b"", copy.marks | schema.ERASED, copy.seq],
                )
            slots = rows.slots()
            # An entry's places: at its own seq in any collection, and wherever it was placed later.
            places = [[schema.position(slot, copy.seq)] for copy in known for slot in slots]
            cursor.executemany("DELETE FROM journal_placement WHERE pos = %s", places)
            cursor.executemany(
                "DELETE FROM journal_placement WHERE (pos & 2251799813685247) <> seq AND seq = %s",
                [[copy.seq] for copy in known],
            )
        acts = appending.take_places([copy.release_class for copy in known])
        for act, copy in zip(acts, known, strict=True):
            digest = sha256(raws[copy.seq]).hexdigest()
            detail = msgspec.json.encode({"sha256": digest, "bytes": len(raws[copy.seq])}).decode()
            rows.add_act(act, "erase", copy.seq, None, actor, reason, detail)
        QuarantineEntry.objects.filter(object_id=format_id(kind, uid)).delete()
        appending.forget(uid)
        return len(known)

    return sequencer().act(work)
