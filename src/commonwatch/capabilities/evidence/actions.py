"""Every act of custody of the own member: an object of its own, signed, for those whom the item is for.

Before anything is written the chain as it is known here must hold, and the act must be ours to do: what a court would ask about later is
refused now. Who is to receive an item is shown all of it that is ours, before it is offered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

from django.conf import settings

from commonwatch.base.audit.record import record
from commonwatch.base.intake.own import Audience, Reach, audience_of, reach, write
from commonwatch.base.jobs.queue import enqueue
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.queries import member_named, own_member
from commonwatch.base.release.reader import Reader, for_member, operator
from commonwatch.base.stamping.asking import authorities
from commonwatch.base.threads.queries import thread
from commonwatch.capabilities.evidence import sealing
from commonwatch.capabilities.evidence.queries import (
    STAMPING,
    Known,
    known,
    pieces_of,
    sealings,
    stamp_key,
)
from commonwatch.capabilities.evidence.rules import ENDED, Act, Chain
from commonwatch.capabilities.evidence.sealing import Digests, Resealed, Told
from commonwatch.capabilities.evidence.store import opened
from commonwatch.capabilities.evidence.writing import object_of, on_terms_of, written
from commonwatch.core.errors import Conflict, IntegrityError, InvalidInput, NotAllowed, TooBusy
from commonwatch.core.policy.facts import DEFAULT_PURPOSE
from commonwatch.core.stix.response.evidence import (
    ITEM,
    NOTE,
    NOTE_KINDS,
    RECEIPT,
    TRANSFER,
    Content,
    Hashes,
    Item,
    Note,
    NoteKind,
    Receipt,
    SealedContent,
    Seen,
    Transfer,
)
from commonwatch.core.stix.times import format_time, parse_time

AT_ONCE_BYTES = 256 * 2**20  # of sealed content that is compared while somebody waits for a page
WORK = "evidence-work"  # folder of what was noted of sealings that go on
MOST_UPLOADS = 2  # at once, of the 8 threads that answer
_UPLOADS = BoundedSemaphore(MOST_UPLOADS)


@dataclass(frozen=True)
class Collected:
    """What a person says about a thing that was collected. Times are STIX timestamps."""

    name: str
    collected_by: str
    collected_at: str
    basis: str
    tool: str = ""
    method: str = ""
    place: str = ""
    description: str = ""
    case: str = ""
    request: str = ""


def add(
    source: Path,
    collected: Collected,
    audience: Audience,
    recipients: Sequence[str],
    by: By,
    told: Told = lambda done: None,
) -> str:
    """Seal a file, put it into the store, and write the item; its id. Killed and called again, sealing goes on."""
    for_keys = _keys(recipients)
    _time_of_the_past(collected.collected_at, by.now_us)
    sealed = sealing.seal(source, opened(), for_keys, settings.COMMONWATCH.data / WORK, told)
    made = _item(collected, sealed, for_keys, audience, by)
    sealed.notes.unlink(missing_ok=True)
    return made


@contextmanager
def adding(collected: Collected, audience: Audience, recipients: Sequence[str], by: By) -> Iterator[Adding]:
    """Add an item whose content comes bit by bit. What would be refused at the end is refused before the first.

    Raises TooBusy while `MOST_UPLOADS` come in already: each holds a thread that answers pages, and some 200 MB.
    """
    for_keys, would = prepared(collected, audience, recipients, by)
    if would.refused:
        raise NotAllowed(
            "not-shareable", f"It cannot be shared so: {' '.join(would.refused)}", "Choose another audience."
        )
    if not _UPLOADS.acquire(blocking=False):
        raise TooBusy(
            "uploads-run", "As much evidence as can come in at once comes in already.", retry_after_seconds=60
        )
    try:
        with sealing.Incoming(opened(), for_keys, settings.COMMONWATCH.max_evidence_bytes) as content:
            yield Adding(content, collected, audience, for_keys, by)
    finally:
        _UPLOADS.release()


@dataclass(frozen=True)
class Adding:
    """An item in the making: bits are written to `content`, then it is `kept`."""

    content: sealing.Incoming
    collected: Collected
    audience: Audience
    recipients: tuple[str, ...]
    by: By

    def kept(self) -> str:
        """All of the content has come: write the item; its id."""
        return _item(self.collected, self.content.end(), self.recipients, self.audience, self.by)


def prepared(
    collected: Collected, audience: Audience, recipients: Sequence[str], by: By
) -> tuple[tuple[str, ...], Reach]:
    """For which keys it would be sealed, and whom the item would reach, before any content is here; raises InvalidInput."""
    for_keys = _keys(recipients)
    _time_of_the_past(collected.collected_at, by.now_us)
    nothing = Resealed(Digests(0, "0" * 64, "0" * 128), "0" * 64, 0, 0)
    draft = object_of(ITEM, _said(collected, nothing, for_keys), by)
    return for_keys, reach([draft], audience, now_us=by.now_us)


def _keys(recipients: Sequence[str]) -> tuple[str, ...]:
    """Those named, and those of the settings; raises InvalidInput for what is no key, or for none."""
    keys = tuple(dict.fromkeys([*recipients, *settings.COMMONWATCH.evidence_recipients]))
    sealing.recipients_of(keys)
    return keys


def _item(collected: Collected, sealed: Resealed, for_keys: tuple[str, ...], audience: Audience, by: By) -> str:
    about = _said(collected, sealed, for_keys)
    made = written(ITEM, about, audience, by, "evidence.add", {"sha256": sealed.content.sha256})
    ask_stamps([made], by.now_us)
    return made


def _said(collected: Collected, sealed: Resealed, for_keys: tuple[str, ...]) -> Item:
    return Item(
        name=collected.name,
        collected_by=collected.collected_by,
        collected_at=collected.collected_at,
        basis=collected.basis,
        size=sealed.content.size,
        hashes=Hashes(sealed.content.sha256, sealed.content.sha512),
        sealed=SealedContent(sealed.manifest, sealed.parts, sealed.size, for_keys),
        tool=collected.tool,
        method=collected.method,
        place=collected.place,
        description=collected.description,
        case_ref=collected.case or None,
        request_ref=collected.request or None,
    )


def hand_over(identity: str, receiver: str, purpose: str, by: By, conditions: str = "") -> str:
    """Offer an item to another member; the id of the offer. What is ours of the chain is shown to it first."""
    one = _held_here(identity, by)
    to = member_named(receiver)
    if one.chain.offer is not None:
        raise Conflict("offered-already", "It is on offer already.", "Wait for the answer, or withdraw the offer.")
    if to.identity == own_member().identity:
        raise InvalidInput("to-oneself", "It is held here already.", "Name another member.")
    share(identity, receiver, by)
    one = _held_here(identity, by)
    said_so = Transfer(
        item_ref=one.chain.item.id,
        previous_ref=one.chain.last.id,
        previous_sha256=one.chain.last.sha256,
        receiver_ref=to.identity,
        purpose=purpose,
        hashes=one.chain.about.hashes,
        conditions=conditions,
    )
    return _act(TRANSFER, said_so, one, by, "evidence.hand-over")


def share(identity: str, receiver: str, by: By) -> int:
    """Show a member what is ours of an item's chain, as a new version that says the same; how many objects that were."""
    one = known(operator(by.actor), identity)
    to, own = member_named(receiver), own_member().identity
    seen = {part.id for part in thread(for_member(receiver, DEFAULT_PURPOSE, by.actor), one.chain.item.id)}
    unseen = [
        part
        for part in one.parts
        # Named is seen, too: a peer reads no collection here, and gets what it is named for.
        if part.id not in seen and part.author != to.identity and to.name not in audience_of(part.markings).named
    ]
    for part in unseen:
        if part.author != own:
            raise NotAllowed(
                "not-ours-to-share",
                f"{receiver} cannot see {part.id}, which another member wrote.",
                "Ask its author: commonwatch evidence share ITEM MEMBER.",
            )
    for part in unseen:
        at = format_time(max(by.now_us, part.modified_us + 1_000), 3)
        wider = on_terms_of(part, [to.identity])
        write([{**part.value, "modified": at}], wider, by=by, action="evidence.share", detail={"with": receiver})
    return len(unseen)


def accept(identity: str, by: By, plain: Digests | None = None, most_bytes: int | None = None) -> str:
    """Take an item over that was offered to us; the id of the receipt. `plain`: sums of the opened content, where it was opened.

    Sealed content that is here is compared, unless it has more than `most_bytes`. Raises IntegrityError where what came is
    not what was offered.
    """
    one, offer = _offered_here(identity, by)
    about = one.chain.about
    seen, manifest = _seen(one.chain, most_bytes)
    if plain is not None:
        if (plain.sha256, plain.sha512, plain.size) != (about.hashes.sha256, about.hashes.sha512, about.size):
            raise IntegrityError(
                "content-differs",
                f"The content has SHA-256 {plain.sha256}; offered was {about.hashes.sha256}.",
                "Refuse it, and ask for it again.",
            )
        seen = "content"
    said_so = Receipt(
        item_ref=one.chain.item.id,
        previous_ref=offer.id,
        previous_sha256=offer.sha256,
        answer="accepted",
        compared=seen,
        hashes=Hashes(plain.sha256, plain.sha512) if plain else None,
        manifest=manifest,
    )
    return _act(RECEIPT, said_so, one, by, "evidence.accept")


def refuse(identity: str, reason: str, by: By, plain: Digests | None = None) -> str:
    """Refuse an item that was offered to us; the id of the receipt."""
    if not reason.strip():
        raise InvalidInput("reason-missing", "A refusal has a reason.", "Say why.")
    one, offer = _offered_here(identity, by)
    seen, manifest = _seen(one.chain, 0)
    said_so = Receipt(
        item_ref=one.chain.item.id,
        previous_ref=offer.id,
        previous_sha256=offer.sha256,
        answer="refused",
        compared="content" if plain else seen,
        hashes=Hashes(plain.sha256, plain.sha512) if plain else None,
        manifest=manifest,
        reason=reason,
    )
    return _act(RECEIPT, said_so, one, by, "evidence.refuse")


def note(
    identity: str,
    kind: NoteKind,
    done_by: str,
    done_at: str,
    by: By,
    text: str = "",
    tool: str = "",
    sealed: SealedContent | None = None,
) -> str:
    """Say what was done with an item that is held here; the id of the note. `withdrawn` takes an offer back."""
    if kind not in NOTE_KINDS:
        raise InvalidInput(
            "note-unknown", f"There is no note of the kind {kind}.", f"Use one of {', '.join(NOTE_KINDS)}."
        )
    _time_of_the_past(done_at, by.now_us)
    one = _held_here(identity, by)
    if (one.chain.offer is None) == (kind == "withdrawn"):
        wrong = "Nothing is on offer." if kind == "withdrawn" else "It is on offer: nothing may be done with it."
        raise Conflict("out-of-turn", wrong, "See `commonwatch evidence show`.")
    said_so = Note(
        item_ref=one.chain.item.id,
        previous_ref=one.chain.last.id,
        previous_sha256=one.chain.last.sha256,
        kind=kind,
        done_by=done_by,
        done_at=done_at,
        text=text,
        tool=tool,
        sealed=sealed,
    )
    return _act(NOTE, said_so, one, by, "evidence.note")


def reseal(
    identity: str,
    identities: Sequence[Any],
    recipients: Sequence[str],
    done_by: str,
    by: By,
    told: Told = lambda done: None,
) -> str:
    """Seal the same content for others, with an officer's key: segment by segment in memory, nothing plain on any disk.

    Raises IntegrityError where what was opened is not the item.
    """
    one, store = _held_here(identity, by), opened()
    sealing.recipients_of(recipients)
    made = sealing.reseal(store, sealings(one.chain)[0].manifest, identities, recipients, told)
    about = one.chain.about
    if made.content != Digests(about.size, about.hashes.sha256, about.hashes.sha512):
        raise IntegrityError("content-differs", "What was opened is not the item.", "See `commonwatch evidence check`.")
    sealed = SealedContent(made.manifest, made.parts, made.size, tuple(recipients))
    at = format_time(by.now_us, 0)
    return note(identity, "resealed", done_by, at, by, sealed=sealed)


def give_content(reader: Reader, identity: str, by: By) -> list[str]:
    """The pieces of an item's sealed content, for a reader that takes them away: that is on record. Raises NotFound."""
    one = known(reader, identity)
    pieces = pieces_of(one.chain, opened())
    detail = {"reader": reader.name, "pieces": len(pieces)}
    record(by.actor, "evidence.give-content", one.chain.item.id, "done", detail, now_us=by.now_us)
    return pieces


def ask_stamps(subjects: Sequence[str], now_us: int) -> None:
    """Let every authority of the settings be asked about these acts, by the worker."""
    for subject in subjects:
        for name in authorities():
            enqueue(STAMPING, stamp_key(subject, name), {"subject": subject, "authority": name}, run_at_us=now_us)


def _held_here(identity: str, by: By) -> Known:
    """An item that the own member holds and whose chain holds; raises NotFound, IntegrityError or Conflict."""
    one = _sound(operator(by.actor), identity)
    if one.chain.ended:
        raise Conflict("evidence-ended", ENDED[one.chain.ended], "Nothing can be done with it any more.")
    if one.chain.holder != own_member().identity:
        raise NotAllowed("not-the-holder", "Another member holds it.", "See `commonwatch evidence show`.")
    return one


def _offered_here(identity: str, by: By) -> tuple[Known, Act]:
    one = _sound(operator(by.actor), identity)
    offer = one.chain.offer
    if offer is None or not isinstance(offer.content, Transfer):
        raise Conflict("nothing-offered", "It is not on offer.", "See `commonwatch evidence show`.")
    if offer.content.receiver_ref != own_member().identity:
        raise NotAllowed("not-the-receiver", "It is offered to another member.", "See `commonwatch evidence show`.")
    return one, offer


def _sound(reader: Reader, identity: str) -> Known:
    one = known(reader, identity)
    if one.chain.breaks:
        first = one.chain.breaks[0]
        raise IntegrityError(
            "custody-broken",
            f"{first.sentence} So its chain of custody is broken at {first.place}.",
            "Settle that with those who wrote it; see `commonwatch evidence show`.",
            data={"breaks": [each.code for each in one.chain.breaks]},
        )
    return one


def _seen(chain: Chain, most_bytes: int | None) -> tuple[Seen, str | None]:
    """What of its sealed content is here, whole."""
    store = opened()
    for sealed in sealings(chain):
        small = most_bytes is None or sealed.size <= most_bytes
        if small and store.size(sealed.manifest) is not None:
            if sealing.is_whole(store, sealed.manifest):
                return "sealed", sealed.manifest
            raise IntegrityError(
                "content-differs",
                "The sealed content that came is altered, or not whole.",
                "Refuse it, or take it in again.",
            )
    return "none", None


def _act(kind: str, what: Content, one: Known, by: By, action: str) -> str:
    """Write the next act of a chain, for whom the item is for and whoever wrote or is to get it."""
    others = {act.author for act in one.chain.every} | ({what.receiver_ref} if isinstance(what, Transfer) else set())
    audience = on_terms_of(one.parts[0], others)
    made = written(kind, what, audience, by, action, {"item": one.chain.item.id})
    ask_stamps([made], by.now_us)
    return made


def _time_of_the_past(text: str, now_us: int) -> None:
    read = parse_time(text)
    if read is None:
        raise InvalidInput("time-unreadable", f"{text} is no time.", "Write it as 2026-11-29T10:15:00Z.")
    if read[0] > now_us:
        raise InvalidInput("time-future", f"{text} lies in the future.", "Say when it was done.")
