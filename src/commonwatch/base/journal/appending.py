"""What one transaction of the sequencer adds: the rules by which an arrival becomes an entry, a duplicate, or is held.

Rules, for each arrival, among the copies already held of the same id:
1. Same version and specification, same canonical content: a duplicate; a new source is recorded as a further voucher,
   a collection it was not in gets it now (an act of its own, so that readers of that collection see it arrive).
2. Same version and specification, other content: held `version-conflict`; the first one stays.
3. The id was erased: held `erased-before`. 4. A held version revokes the id and the arrival is later and does not:
held `revoked-before`. 5. Another author than before: held `author-changed`. 6. Otherwise admitted.

Cost of a batch: one look-up for all its ids, one bulk insert, whatever else only for ids that were held before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any

import msgspec

from commonwatch.base.journal import rows, schema
from commonwatch.base.journal.copying import PlacementRow, VersionRow
from commonwatch.base.journal.interning import Interning
from commonwatch.base.journal.models import QuarantineEntry
from commonwatch.base.journal.placing import Copy, flags_of
from commonwatch.base.journal.values import Arrival, Batch, Held, Kind, Outcome, Receipt, T
from commonwatch.core.stix.ids import canonical
from commonwatch.core.stix.ijson import gate
from commonwatch.core.stix.values import Finding


class _Known(msgspec.Struct, gc=False):
    """A copy that is held, or about to be."""

    seq: int
    version: int
    spec: int
    source: int
    marks: int
    release_class: int
    author: str | None = None  # only of copies added in this transaction
    raw: bytes | None = None  # likewise

    def key(self) -> Copy:
        return Copy(self.version, self.spec, bool(self.marks & schema.REVOKED))


_Id = tuple[bytes, int]  # UUID and type number


class Appending:
    """The open transaction. Only the sequencer makes one."""

    def __init__(self, now_us: int, interning: Interning) -> None:
        self.now_us = now_us
        self.interning = interning
        self._next = max(now_us - schema.EPOCH_US, rows.last_seq_for_update() + 1)
        self._first = self._next
        self._versions: list[VersionRow] = []
        self._placements: list[PlacementRow] = []
        self._known: dict[_Id, list[_Known]] = {}
        self._looked_up: set[bytes] = set()
        self._touched: set[tuple[_Id, int]] = set()  # ids with several copies in a slot: their flags are recomputed
        self._gathered: dict[Callable[[list[Any]], None], list[Any]] = {}

    def take_seq(self) -> int:
        """The next place in the journal."""
        seq = self._next
        self._next += 1
        return seq

    def append(self, batch: Batch) -> Receipt:
        """Apply the rules above to a batch."""
        self.look_up({arrival.uid for arrival in batch.arrivals})
        exact = self._exact_raws(batch.arrivals)
        held = list(batch.held)
        outcomes: list[Outcome] = []
        type_id, class_id = self.interning.type_id, self.interning.class_id
        known, versions, placements = self._known, self._versions, self._placements
        for arrival in batch.arrivals:
            kind = type_id(arrival.type)
            identity = (arrival.uid, kind)
            if identity in known:
                outcome = self._another(arrival, identity, batch, exact)
                if outcome.kind is Kind.HELD:
                    held.append(Held(arrival.raw, arrival.place, arrival.id, outcome.findings, arrival.spec))
                outcomes.append(outcome)
                continue
            klass = class_id(arrival.release_class)
            seq = self._next
            self._next = seq + 1
            spec = 1 if arrival.spec == 21 else 0
            marks = arrival.digits | schema.REVOKED if arrival.revoked else arrival.digits
            findings = _findings_text(arrival.findings) if arrival.findings else None
            known[identity] = [
                _Known(seq, arrival.version, spec, batch.source, marks, klass, arrival.author, arrival.raw)
            ]
            versions.append(
                (seq, arrival.uid, kind, arrival.version, spec, marks, batch.source, klass, findings, arrival.raw)
            )
            for slot in batch.slots:
                placements.append((slot << schema.SLOT_SHIFT | seq, seq, kind, arrival.version, schema.ALONE | spec))
            outcomes.append(Outcome(Kind.ADMITTED, seq))
        if held:
            self._hold(held, batch)
        return Receipt(outcomes, self._next - 1)

    def gather(self, write: Callable[[list[T]], None], item: T) -> None:
        """Have `write` called once, before the commit, with every item gathered for it."""
        self._gathered.setdefault(write, []).append(item)

    def flush(self) -> None:
        """Write what is buffered, so that SQL sees it."""
        if self._versions or self._placements:
            rows.insert(self._versions, self._placements)
            self._versions.clear()
            self._placements.clear()
        touched, self._touched = self._touched, set()
        for identity, slot in touched:
            self.recompute([copy.seq for copy in self._known[identity]], slot, self._known[identity])

    def finish(self) -> None:
        """Last step before commit."""
        self.flush()
        for write, items in self._gathered.items():
            write(items)
        if self._next > self._first:
            rows.set_last_seq(self._next - 1)

    def copies(self, uid: bytes, kind: int) -> list[_Known]:
        """Every copy of one object; for acts."""
        self.look_up({uid})
        return self._known.get((uid, kind), [])

    def recompute(self, seqs: list[int], slot: int, copies: Iterable[_Known]) -> None:
        """Set the flags of an object's copies in one collection to what they should be."""
        by_seq = {copy.seq: copy for copy in copies}
        placed = rows.placements_of(seqs, [slot])
        if placed:
            wanted = flags_of([by_seq[seq].key() for _, seq, _ in placed])
            changed = [(flag, pos) for flag, (pos, _, old) in zip(wanted, placed, strict=True) if flag != old]
            if changed:
                rows.set_flags(changed)

    def forget(self, uid: bytes) -> None:
        """What was remembered of an object no longer holds."""
        self._looked_up.discard(uid)
        for identity in [identity for identity in self._known if identity[0] == uid]:
            del self._known[identity]

    def look_up(self, uids: set[bytes]) -> None:
        """Learn what is held of these ids; once for a whole group is cheaper than once for each batch."""
        wanted = uids - self._looked_up
        if not wanted:
            return
        for copy in rows.copies_of(list(wanted)):
            self._known.setdefault((copy.uid, copy.type), []).append(
                _Known(copy.seq, copy.version, copy.spec, copy.source, copy.marks, copy.release_class)
            )
        self._looked_up |= wanted

    def _exact_raws(self, arrivals: Iterable[Arrival]) -> dict[int, bytes]:
        """The stored bytes of copies with the same version and specification as an arrival."""
        if not self._known:
            return {}
        seqs = []
        for arrival in arrivals:
            for copy in self._known.get((arrival.uid, self.interning.type_id(arrival.type)), ()):
                if copy.raw is None and copy.version == arrival.version and copy.spec == (arrival.spec == 21):
                    seqs.append(copy.seq)
        return rows.raws_of(seqs) if seqs else {}

    def _another(self, arrival: Arrival, identity: _Id, batch: Batch, exact: dict[int, bytes]) -> Outcome:
        """An arrival whose id is held already."""
        copies = self._known[identity]
        spec = 1 if arrival.spec == 21 else 0
        if any(copy.marks & schema.ERASED for copy in copies):
            return _held("erased-before", "", "An object with this id was erased here.", "Ask who erased it, and why.")
        same = next((copy for copy in copies if copy.version == arrival.version and copy.spec == spec), None)
        if same is not None:
            stored = same.raw if same.raw is not None else exact[same.seq]
            if stored != arrival.raw and not _same_content(stored, arrival.raw):
                return _held(
                    "version-conflict",
                    "/modified",
                    "This version is held already, with other content.",
                    "Ask its author which is right; a changed object needs a later modified.",
                )
            return self._duplicate(same, identity, batch)
        revoked = min((copy.version for copy in copies if copy.marks & schema.REVOKED), default=None)
        if revoked is not None and arrival.version > revoked and not arrival.revoked:
            return _held(
                "revoked-before",
                "/revoked",
                "A version held here revoked this object, and revocation is final.",
                "Its author has to give the content a new id.",
            )
        author = self._author(copies[0])
        if author and arrival.author and author != arrival.author:
            return _held(
                "author-changed",
                "/created_by_ref",
                f"Versions held here were written by {author}.",
                "Only the author may make a new version; others write a new object that refers to it.",
            )
        return self._admit(arrival, identity, spec, batch)

    def _admit(self, arrival: Arrival, identity: _Id, spec: int, batch: Batch) -> Outcome:
        """A further copy of an object: its flags and its siblings' are computed when the rows are written."""
        klass = self.interning.class_id(arrival.release_class)
        seq = self.take_seq()
        marks = arrival.digits | (schema.REVOKED if arrival.revoked else 0)
        findings = _findings_text(arrival.findings) if arrival.findings else None
        self._known[identity].append(
            _Known(seq, arrival.version, spec, batch.source, marks, klass, arrival.author, arrival.raw)
        )
        self._versions.append(
            (seq, arrival.uid, identity[1], arrival.version, spec, marks, batch.source, klass, findings, arrival.raw)
        )
        for slot in batch.slots:
            self._place(identity, arrival.version, spec, seq, seq, slot)
        return Outcome(Kind.ADMITTED, seq)

    def _duplicate(self, same: _Known, identity: _Id, batch: Batch) -> Outcome:
        if same.source != batch.source:
            self.gather(rows.add_vouchers, (same.seq, batch.source, self.now_us))
        missing = [slot for slot in batch.slots if not self._is_placed(same.seq, slot)]
        for slot in missing:
            seq = self.take_seq()
            rows.add_act(seq, "place", same.seq, slot, batch.actor, "received for this collection", "{}")
            self._place(identity, same.version, same.spec, same.seq, seq, slot)
        return Outcome(Kind.PLACED if missing else Kind.DUPLICATE, same.seq)

    def _is_placed(self, seq: int, slot: int) -> bool:
        if seq >= self._first and any(
            row[1] == seq and row[0] >> schema.SLOT_SHIFT == slot for row in self._placements
        ):
            return True
        return bool(rows.placements_of([seq], [slot]))

    def _place(self, identity: _Id, version: int, spec: int, seq: int, at: int, slot: int) -> None:
        self._placements.append((schema.position(slot, at), seq, identity[1], version, spec))
        self._touched.add((identity, slot))

    def _author(self, copy: _Known) -> str:
        if copy.raw is None and copy.author is None:
            copy.author = rows.authors_of([copy.release_class])[copy.release_class]
        return copy.author or ""

    def _hold(self, held: list[Held], batch: Batch) -> None:
        QuarantineEntry.objects.bulk_create(
            [
                QuarantineEntry(
                    received_us=self.now_us,
                    source=batch.source,
                    slots=list(batch.slots),
                    place=one.place,
                    object_id=one.object_id,
                    reason=one.findings[0].code,
                    findings=msgspec.to_builtins(one.findings),
                    sha256=sha256(one.raw).digest(),
                    raw=one.raw,
                    spec=one.spec,
                )
                for one in held
            ],
            ignore_conflicts=True,  # the same bytes from the same source are one entry, held or dropped
        )


def _same_content(stored: bytes, arrived: bytes) -> bool:
    return canonical(gate(stored)[0]) == canonical(gate(arrived)[0])


def _held(code: str, place: str, sentence: str, remedy: str) -> Outcome:
    return Outcome(Kind.HELD, 0, (Finding(code, "hold", place, sentence, remedy),))


def _findings_text(findings: Iterable[Finding]) -> str:
    return msgspec.json.encode(list(findings)).decode()
