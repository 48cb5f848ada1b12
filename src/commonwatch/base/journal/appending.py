"""What one transaction of the sequencer adds: the rules by which an arrival becomes an entry, a duplicate, or is held.

Rules, for each arrival, among the copies already held of the same id:
1. Same version and specification, same canonical content, signature apart: a duplicate; a new source is recorded as a further voucher,
   a collection it was not in gets it now (an act of its own, so that readers of that collection see it arrive).
2. Same version and specification, other content: held `version-conflict`; the first one stays.
3. The id was erased: held `erased-before`. 4. A held version revokes the id and the arrival is later and does not:
held `revoked-before`. 5. Another author than before: held `author-changed`. 6. The author signed a version that is held, and
this one is neither signed by it nor from its own channel: held `signature-missing`; a revocation of that kind is refused, since
notices of recall look like that, and the recall itself says what is to be hidden. 7. Otherwise admitted.

Cost of a batch: one look-up for all its ids, one bulk insert, whatever else only for ids that were held before.

Places are given last, when it is known what a batch adds: drawn at random from a window of fixed width, rising within a
release class. The next transaction begins after the window, wherever its last entry stands (`drawing`, decision 0009).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from hashlib import sha256
from operator import itemgetter
from secrets import token_bytes
from typing import Any

import msgspec

from commonwatch.base.journal import rows, schema
from commonwatch.base.journal.copying import PlacementRow, VersionRow
from commonwatch.base.journal.drawing import WINDOW, deal, draw, width_for
from commonwatch.base.journal.interning import Interning
from commonwatch.base.journal.models import QuarantineEntry
from commonwatch.base.journal.observers import Added, Narrowed, observers
from commonwatch.base.journal.placing import Copy, flags_of
from commonwatch.base.journal.values import Arrival, Batch, Held, Kind, Outcome, Receipt, ReleaseClass, T
from commonwatch.core.policy.classes import ClassAttributes, encode_class, together
from commonwatch.core.signing.objects import without_signature
from commonwatch.core.stix.ids import canonical
from commonwatch.core.stix.ijson import gate
from commonwatch.core.stix.values import Finding


class _Known(msgspec.Struct, gc=False):
    """A copy that is held, or about to be."""

    seq: int  # 0 until the batch that brings it has its places
    version: int
    spec: int
    source: int
    marks: int
    release_class: int
    author: str | None = None  # only of copies added in this transaction
    raw: bytes | None = None  # likewise
    slots: tuple[int, ...] = ()  # the collections it was put into in this transaction

    def key(self) -> Copy:
        return Copy(self.version, self.spec, bool(self.marks & schema.REVOKED))


MARKING_DEFINITION = "marking-definition"
_Id = tuple[bytes, int]  # UUID and type number
_Decided = tuple[Kind, _Known | None, tuple[Finding, ...]]


class _Made:
    """What one batch adds, before it has its places. Lists side by side: a tuple for each object is work for the collector."""

    __slots__ = ("arrivals", "copies", "kinds", "moved")

    def __init__(self) -> None:
        self.copies: list[_Known] = []
        self.arrivals: list[Arrival] = []  # that they were made of
        self.kinds: list[int] = []  # the numbers of their types
        self.moved: list[tuple[_Known, _Id, int]] = []  # placed in a further collection: with its slot


class Appending:
    """The open transaction. Only the sequencer makes one."""

    def __init__(self, now_us: int, interning: Interning) -> None:
        self.now_us = now_us
        self.interning = interning
        self._start = max(now_us - schema.EPOCH_US, rows.last_seq_for_update() + 1)  # of the window drawn from
        self._width = WINDOW
        self._taken: set[int] = set()
        self._end = 0  # of the last window drawn from, 0 for none
        self._versions: list[VersionRow] = []
        self._placements: list[PlacementRow] = []
        self._known: dict[_Id, list[_Known]] = {}
        self._looked_up: set[bytes] = set()
        self._definitions: set[bytes] = set()
        self._reclassed: list[Narrowed] = []
        self._changed: dict[_Id, str] = {}  # ids that got a further version, with their type's name
        self._touched: set[tuple[_Id, int]] = set()  # ids with several copies in a slot: their flags are recomputed
        self._gathered: dict[Callable[[list[Any]], None], list[Any]] = {}

    def take_places(self, groups: Sequence[Hashable]) -> list[int]:
        """Places for entries of these groups (`drawing`), all from one window: from a further one where it lacks room."""
        if not groups:
            return []
        if len(self._taken) + len(groups) > self._width:
            self.turn_window()
            self._width = width_for(len(groups))
        start = self._start
        self._end = start + self._width
        return [start + place for place in deal(draw(len(groups), self._width, self._taken, token_bytes), groups)]

    def turn_window(self) -> None:
        """What is drawn from now on comes after everything before."""
        if self._taken:
            self._start += self._width
            self._width = WINDOW
            self._taken = set()

    @property
    def start(self) -> int:
        """Every entry given out before lies before this place."""
        self.turn_window()
        return self._start

    def reserve(self, count: int) -> int:
        """The first of so many consecutive places that no entry gets: for orders of their own beside the journal's."""
        self.turn_window()
        first = self._start
        self._start += count
        self._end = self._start + self._width
        return first

    @property
    def lead_us(self) -> int:
        """How far the places given, with the rest of their windows, lie ahead of the transaction's own time."""
        return self._end - (self.now_us - schema.EPOCH_US) if self._end else 0

    def append(self, batch: Batch) -> Receipt:
        """Apply the rules above to a batch."""
        self.look_up({arrival.uid for arrival in batch.arrivals})
        exact = self._exact_raws(batch.arrivals)
        held = list(batch.held)
        decided: list[_Known | _Decided] = []  # a copy alone: admitted, without more to say
        made = _Made()
        type_id = self.interning.type_id
        known = self._known
        for arrival in batch.arrivals:
            kind = type_id(arrival.type)
            identity = (arrival.uid, kind)
            if identity in known:
                decision = self._another(arrival, identity, batch, exact, made)
                if decision[0] is Kind.HELD:
                    held.append(Held(arrival.raw, arrival.place, arrival.id, decision[2], arrival.spec))
                decided.append(decision)
            else:
                copy = self._copy(arrival, batch)
                known[identity] = [copy]
                if arrival.type == MARKING_DEFINITION:
                    self._definitions.add(arrival.uid)
                made.copies.append(copy)
                made.arrivals.append(arrival)
                made.kinds.append(kind)
                decided.append(copy)
        last = self._give_places(batch, made)
        if held:
            self._hold(held, batch)
        return Receipt([_outcome(one) for one in decided], last)

    def gather(self, write: Callable[[list[T]], None], item: T) -> None:
        """Have `write` called once, before the commit, with every item gathered for it."""
        self._gathered.setdefault(write, []).append(item)

    def flush(self) -> None:
        """Write what is buffered, so that SQL sees it."""
        if self._versions or self._placements:
            # In rising order, whatever order they were drawn in: the tables only grow at their end.
            self._versions.sort(key=itemgetter(0))
            self._placements.sort(key=itemgetter(0))
            rows.insert(self._versions, self._placements)
            self._versions.clear()
            self._placements.clear()
        touched, self._touched = self._touched, set()
        for identity, slot in touched:
            self.recompute([copy.seq for copy in self._known[identity]], slot, self._known[identity])

    def finish(self) -> None:
        """Last step before commit."""
        self.flush()
        self._tell()
        for write, items in self._gathered.items():
            write(items)
        if self._end:
            rows.set_last_seq(self._end - 1)

    def _tell(self) -> None:
        """Let observers know, once everything is written; then write what they appended."""
        narrowed, revoked = self._narrow()
        narrowed += self._reclassed
        fresh = dict(self.interning.fresh)
        if fresh or narrowed or revoked or self._definitions:
            added = Added(fresh, frozenset(self._definitions), tuple(narrowed), tuple(revoked))
            for observer in observers:
                observer(self, added)
            self.flush()

    def _narrow(self) -> tuple[list[Narrowed], list[Narrowed]]:
        """An older version goes to nobody to whom a later one does not: an author who narrows takes back.

        Every version's class becomes the one that lets through what it and all later versions let through, whatever order
        they came in.
        """
        narrowed: list[Narrowed] = []
        revoked: list[Narrowed] = []
        changed, self._changed = self._changed, {}
        for identity, kind in changed.items():
            copies = self._known[identity]
            gone = [copy for copy in copies if copy.marks & schema.REVOKED]
            if gone:
                first = min(gone, key=lambda copy: copy.version)
                revoked.append(Narrowed(first.seq, kind, identity[0], first.release_class, 0))
            if len({copy.release_class for copy in copies}) == 1:
                continue
            attributes = rows.classes_of(sorted({copy.release_class for copy in copies}))
            versions = [(copy.version, attributes[copy.release_class]) for copy in copies]
            for copy in copies:
                every = together(own for version, own in versions if version >= copy.version)
                if (found := self._set_class(identity, kind, copy, every)) is not None:
                    narrowed.append(found)
        return narrowed, revoked

    def reclass(self, identity: _Id, kind: str, change: Callable[[ClassAttributes], ClassAttributes]) -> list[_Known]:
        """Change the release class of every copy of an object; those whose class is another now."""
        changed = []
        for copy in self.copies(*identity):
            wanted = change(rows.classes_of([copy.release_class])[copy.release_class])
            if (found := self._set_class(identity, kind, copy, wanted)) is not None:
                self._reclassed.append(found)
                changed.append(copy)
        return changed

    def _set_class(self, identity: _Id, kind: str, copy: _Known, wanted: ClassAttributes) -> Narrowed | None:
        klass = self.interning.class_id(ReleaseClass(*encode_class(wanted)))
        if klass == copy.release_class:
            return None
        places = [pos for pos, _, _ in rows.placements_of([copy.seq], rows.slots())]
        rows.set_class(klass, copy.seq, places)
        before, copy.release_class = copy.release_class, klass
        return Narrowed(copy.seq, kind, identity[0], before, klass)

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

    def _another(self, arrival: Arrival, identity: _Id, batch: Batch, exact: dict[int, bytes], made: _Made) -> _Decided:
        """An arrival whose id is held already."""
        copies = self._known[identity]
        spec = 1 if arrival.spec == 21 else 0
        if any(copy.marks & schema.ERASED for copy in copies):
            return _held("erased-before", "", "An object with this id was erased here.", "Ask who erased it, and why.")
        same = next((copy for copy in copies if copy.version == arrival.version and copy.spec == spec), None)
        if same is not None:
            stored = same.raw if same.raw is not None else exact[same.seq]
            if stored != arrival.raw and not same_content(stored, arrival.raw):
                return _held(
                    "version-conflict",
                    "/modified",
                    "This version is held already, with other content.",
                    "Ask its author which is right; a changed object needs a later modified.",
                )
            return self._duplicate(same, arrival, identity, batch, made)
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
        if not (arrival.marks & schema.SIGNED or arrival.from_author) and any(
            copy.marks & schema.SIGNED for copy in copies
        ):
            return _unsigned(arrival)
        # A further copy: its flags and its siblings' are computed when the rows are written.
        copy = self._copy(arrival, batch)
        copies.append(copy)
        self._changed[identity] = arrival.type
        made.copies.append(copy)
        made.arrivals.append(arrival)
        made.kinds.append(identity[1])
        self._touched.update((identity, slot) for slot in batch.slots)
        return Kind.ADMITTED, copy, ()

    def _copy(self, arrival: Arrival, batch: Batch) -> _Known:
        return _Known(
            0,
            arrival.version,
            1 if arrival.spec == 21 else 0,
            batch.source,
            arrival.digits | arrival.marks | (schema.REVOKED if arrival.revoked else 0),
            self.interning.class_id(arrival.release_class),
            arrival.author,
            arrival.raw,
            batch.slots,
        )

    def _duplicate(self, same: _Known, arrival: Arrival, identity: _Id, batch: Batch, made: _Made) -> _Decided:
        if arrival.marks & schema.SIGNED and not same.marks & schema.SIGNED:
            same.marks |= schema.SIGNED
            if same.seq:
                self.gather(rows.add_marks, (schema.SIGNED, same.seq))
        if same.source != batch.source:
            self.gather(rows.add_vouchers, (same.seq, batch.source, self.now_us))
        missing = [slot for slot in batch.slots if not self._is_placed(same, slot)]
        made.moved += [(same, identity, slot) for slot in missing]
        same.slots += tuple(missing)
        return Kind.PLACED if missing else Kind.DUPLICATE, same, ()

    def _is_placed(self, copy: _Known, slot: int) -> bool:
        return slot in copy.slots or bool(rows.placements_of([copy.seq], [slot]))

    def _give_places(self, batch: Batch, made: _Made) -> int:
        """Draw the places of what a batch adds and make its rows; returns the last of them, 0 for none.

        Who may see an entry of a class in a collection may see all of them, and in their order. Placements in a further
        collection are a group of their own for each, because readers of another collection do not see them.
        """
        groups: list[Hashable] = [copy.release_class for copy in made.copies]
        groups += [(slot, copy.release_class) for copy, _, slot in made.moved]
        if made.moved and max(copy.seq for copy, _, _ in made.moved) >= self._start:
            self.turn_window()  # followers hear of an entry before they hear of its placement
        seqs = self.take_places(groups)
        versions, placements, source = self._versions, self._placements, batch.source
        bases = [schema.position(slot, 0) for slot in batch.slots]
        for copy, arrival, kind, seq in zip(made.copies, made.arrivals, made.kinds, seqs, strict=False):
            copy.seq = seq
            version, spec = copy.version, copy.spec
            findings = _findings_text(arrival.findings) if arrival.findings else None
            versions.append(
                (seq, arrival.uid, kind, version, spec, copy.marks, source, copy.release_class, findings, arrival.raw)
            )
            for base in bases:
                placements.append((base | seq, seq, kind, version, schema.ALONE | spec, copy.release_class))
        for (copy, identity, slot), seq in zip(made.moved, seqs[len(made.copies) :], strict=True):
            rows.add_act(seq, "place", copy.seq, slot, batch.actor, "received for this collection", "{}")
            place = schema.position(slot, seq)
            placements.append((place, copy.seq, identity[1], copy.version, copy.spec, copy.release_class))
            self._touched.add((identity, slot))
        return max(seqs, default=0)

    def _author(self, copy: _Known) -> str:
        if copy.raw is None and copy.author is None:
            copy.author = rows.classes_of([copy.release_class])[copy.release_class].parts()[0].author
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


def same_content(stored: bytes, arrived: bytes) -> bool:
    """Whether two objects say the same: spelling of the JSON and the author's signature apart."""
    return _content(stored) == _content(arrived)


def _content(raw: bytes) -> bytes:
    value = gate(raw)[0]
    return canonical(without_signature(value) if isinstance(value, dict) else value)


def _unsigned(arrival: Arrival) -> _Decided:
    """A version that its author may not have made: earlier ones bear the author's signature."""
    sentence = "Its author signed a version held here; this one is not signed, and came from somebody else."
    if arrival.revoked:
        remedy = "Only its author can revoke it; a recall hides it where that is due."
        return Kind.REFUSED, None, (Finding("signature-missing", "refuse", "", sentence, remedy),)
    return _held("signature-missing", "", sentence, "Get it from its author, or have it signed.")


def _held(code: str, place: str, sentence: str, remedy: str) -> _Decided:
    return Kind.HELD, None, (Finding(code, "hold", place, sentence, remedy),)


def _outcome(decided: _Known | _Decided) -> Outcome:
    if isinstance(decided, _Known):
        return Outcome(Kind.ADMITTED, decided.seq)
    kind, copy, findings = decided
    return Outcome(kind, copy.seq if copy is not None else 0, findings)


def _findings_text(findings: Iterable[Finding]) -> str:
    return msgspec.json.encode(list(findings)).decode()
