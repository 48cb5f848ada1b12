"""What a reader may know of evidence: items with their chains, where content lies, what is missing."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from commonwatch.base.jobs.models import Job
from commonwatch.base.journal.examine import Examined as Looked
from commonwatch.base.parties.key_histories import statements_of
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.reader import Reader, operator
from commonwatch.base.release.sight import given, sight_of
from commonwatch.base.stamping.asking import authorities
from commonwatch.base.threads.models import ThreadEntry
from commonwatch.base.threads.queries import Part, names, part, roots, thread, threads
from commonwatch.capabilities.evidence import sealing
from commonwatch.capabilities.evidence.custody_file import ENOUGH_STAMPS, FORMAT, CustodyFile, Logged
from commonwatch.capabilities.evidence.rules import Act, Chain, fold
from commonwatch.capabilities.evidence.store import Store, digest_of, fetched, opened
from commonwatch.core.errors import CommonwatchError, Conflict, IntegrityError, NotFound
from commonwatch.core.stix.response.evidence import ITEM, Item, Note, Receipt, SealedContent, Transfer
from commonwatch.core.stix.times import format_time

_AT_ONCE = 200
STAMPING = "evidence.stamp"  # the kind of job that asks an authority
Proving = Callable[[int], tuple[bytes, bytes] | None]  # leaf and proof of a journal entry, by its place


class ActView(msgspec.Struct, frozen=True):
    """One act of the chain for people and programs."""

    id: str
    what: str
    by: str
    at: str
    sha256: str
    detail: dict[str, str]
    stamps: tuple[str, ...]  # authorities that stamped it


class ItemView(msgspec.Struct, frozen=True):
    """An item as a list shows it."""

    id: str
    name: str
    size: int
    sha256: str
    collected_by: str
    collected_at: str
    basis: str
    holder: str
    offered_to: str  # empty where nothing is on offer
    state: str  # held-here, held-elsewhere, offered-here, offered, returned, destroyed, broken
    marking: str
    seq: int


class StampState(msgspec.Struct, frozen=True):
    """One stamp that was asked for and is not there: what stands in the way, and when it is tried again."""

    subject: str
    authority: str
    state: str  # waiting, given-up, not-asked
    error: str
    next_try: str


class Whole(msgspec.Struct, frozen=True):
    """An item with everything."""

    item: ItemView
    about: Item
    acts: tuple[ActView, ...]
    breaks: tuple[dict[str, str], ...]
    here: bool  # all of its sealed content is in this node's store
    missing_stamps: tuple[StampState, ...]
    markings: tuple[str, ...]


class Piece(msgspec.Struct, frozen=True):
    """One thing that is wrong in the store."""

    digest: str
    item: str
    trouble: str


class Examined(msgspec.Struct, frozen=True):
    """What came of examining the store."""

    place: str
    pieces: int
    bytes: int
    troubles: tuple[Piece, ...]
    unnamed: int  # pieces that no item that is known here names: sealings that were given up


@dataclass(frozen=True)
class Known:
    """An item with its chain and the parts that it was folded from."""

    chain: Chain
    parts: tuple[Part, ...]

    def part(self, identity: str) -> Part:
        """The object of one act."""
        return next(one for one in self.parts if one.id == identity)


def known(reader: Reader, identity: str) -> Known:
    """An item by its own id, or by that of any of its acts; raises NotFound."""
    one = _known(reader, identity)
    if one is None:
        raise NotFound("evidence-unknown", f"There is no evidence {identity}.", "See `commonwatch evidence list`.")
    return one


def _known(reader: Reader, identity: str) -> Known | None:
    parts = thread(reader, identity)
    if not parts:
        one = part(reader, identity)
        root = one.value.get("item_ref") if one is not None else None
        parts = thread(reader, root) if isinstance(root, str) else ()
    folded = fold(one.value for one in parts) if parts and parts[0].type == ITEM else None
    return Known(folded, parts) if isinstance(folded, Chain) else None


def items(reader: Reader, after: int | None, limit: int, case: str = "") -> list[ItemView]:
    """Items, the one that changed last first; `case`: of one case only."""
    found: list[str] = []
    while len(found) < limit and (page := roots(reader, [ITEM], after, max(limit, _AT_ONCE) if case else limit)):
        found += [one.id for one in page if not case or one.value.get("case_ref") == case]
        after = page[-1].seq
    whole = threads(reader, found[:limit])
    folded = [(fold(part.value for part in whole[one]), whole[one]) for one in found if one in whole]
    sound = [Known(chain, parts) for chain, parts in folded if isinstance(chain, Chain)]
    called = names(reader, {who for one in sound for who in (one.chain.holder, _offered_to(one.chain)) if who})
    return [_item(one, called) for one in sound]


def given_up(reader: Reader) -> list[ItemView]:
    """Items for which the worker has given up asking for a time stamp."""
    subjects = {
        str(job.payload["subject"]) for job in Job.objects.filter(kind=STAMPING, failed=True).order_by("-pk")[:20]
    }
    found: dict[str, ItemView] = {}
    for subject in subjects:
        one = _known(reader, subject)
        if one is not None and any(state.state == "given-up" for state in stamp_states(one)):
            found[one.chain.item.id] = _item(one, names(reader, {one.chain.holder}))
    return list(found.values())


def item(reader: Reader, identity: str) -> Whole:
    """One item with everything; raises NotFound."""
    one = known(reader, identity)
    called = names(reader, {act.author for act in one.chain.every} | _receivers(one.chain))
    stamped: dict[str, list[str]] = {}
    for stamp in one.chain.stamps:
        stamped.setdefault(stamp.content.subject_ref, []).append(stamp.content.authority)
    acts = tuple(
        ActView(
            act.id,
            _what(act),
            called.get(act.author, act.author),
            format_time(act.at_us, 0),
            act.sha256,
            _detail(act, called),
            tuple(sorted(stamped.get(act.id, []))),
        )
        for act in one.chain.every
    )
    breaks = tuple({"code": each.code, "place": each.place, "sentence": each.sentence} for each in one.chain.breaks)
    here = opened().size(sealings(one.chain)[0].manifest) is not None  # it is put after all its parts
    return Whole(_item(one, called), one.chain.about, acts, breaks, here, stamp_states(one), one.parts[0].markings)


def sealings(chain: Chain) -> list[SealedContent]:
    """Every sealed form of the content, the latest first."""
    later = [
        act.content.sealed for act in chain.acts if isinstance(act.content, Note) and act.content.sealed is not None
    ]
    return [*reversed(later), chain.about.sealed]


def stamp_states(one: Known) -> tuple[StampState, ...]:
    """Stamps that this node's own acts should have and do not have yet, with the reason of each."""
    own = own_member().identity
    have = {(stamp.content.subject_ref, stamp.content.authority) for stamp in one.chain.stamps}
    wanted = [(act.id, name) for act in one.chain.every if act.author == own for name in authorities()]
    missing = [pair for pair in wanted if pair not in have]
    jobs = {job.key: job for job in Job.objects.filter(kind=STAMPING, key__in=[stamp_key(*pair) for pair in missing])}
    found = []
    for subject, name in missing:
        job = jobs.get(stamp_key(subject, name))
        state = "not-asked" if job is None else "given-up" if job.finished_us is not None else "waiting"
        at = format_time(job.run_at_us, 0) if job is not None and state == "waiting" else ""
        found.append(StampState(subject, name, state, job.last_error if job is not None else "", at))
    return tuple(found)


def stamp_key(subject: str, authority: str) -> str:
    """The key of the job that asks this authority about this act."""
    return f"{subject} {authority}"


def export(reader: Reader, identity: str, prove: Proving, now_us: int) -> CustodyFile:
    """The chain as a file, with the proofs that `prove` gives; raises NotFound, or Conflict where the reader has altered objects."""
    one = known(reader, identity)
    if any(part.derived for part in one.parts):
        raise Conflict(
            "evidence-altered",
            "Some of it reaches you altered, so that its signatures do not hold.",
            "Ask its holder for the file.",
        )
    objects, proofs = [], []
    entries = given(sight_of(reader), [each.seq for each in one.parts], "evidence")
    for each in one.parts:
        objects.append(entries[each.seq].raw.decode())
        proven = prove(each.seq)
        if proven is not None:
            proofs.append(Logged(each.id, b64encode(proven[0]).decode(), proven[1].decode()))
    authors = {each.author for each in one.parts}
    return CustodyFile(
        FORMAT,
        format_time(now_us, 0),
        own_member().identity,
        names(reader, authors | _receivers(one.chain)),
        tuple(objects),
        {author: statements_of(author) for author in sorted(authors)},
        tuple(proofs),
    )


def pieces_of(chain: Chain, store: Store) -> list[str]:
    """The pieces of the latest sealed form: the manifest and its parts, in order; raises NotFound where it is not here."""
    manifest = sealings(chain)[0].manifest
    if store.size(manifest) is None:
        raise NotFound(
            "evidence-not-here",
            "Its content is not in this node's store.",
            "Take the file in that its holder packed: commonwatch evidence take FILE.",
        )
    return [manifest, *(part.sha256 for part in sealing.manifest_of(fetched(store, manifest)).parts)]


def examined() -> list[Looked]:
    """For `doctor`: stamps that were given up, and whether two authorities are named where there is evidence."""
    found = []
    if Job.objects.filter(kind=STAMPING, failed=True).exists():
        sentence = "Time stamps of evidence were given up."
        found.append(Looked("custody", False, sentence, "See `commonwatch evidence show`; then `evidence stamp`."))
    count = len(authorities())
    if count < ENOUGH_STAMPS and ThreadEntry.objects.filter(kind=ITEM).exists():
        sentence = f"There is evidence, and {count} of {ENOUGH_STAMPS} time-stamping authorities are set."
        found.append(Looked("custody", False, sentence, "Set stamp_authorities and stamp_roots."))
    return found or [Looked("custody", True, "Nothing about evidence waits for you.")]


def content_examined() -> list[Looked]:
    """For `doctor`: whether the sealed content of what is held here is in the store. Sizes alone: `examine` compares."""
    if not ThreadEntry.objects.filter(kind=ITEM).exists():
        return []
    own = own_member().identity
    held = [chain for chain in _chains(operator("doctor")) if chain.holder == own and not chain.ended]
    try:
        store = opened()
        lacking = [chain for chain in held if sealing.missing(store, sealings(chain)[0].manifest)]
    except CommonwatchError as error:  # the store does not answer, or a manifest was altered
        return [Looked("content", False, error.sentence, error.advice)]
    if not lacking:
        return [Looked("content", True, f"The sealed content of {len(held):,} items held here is in {store.place}.")]
    sentence = (
        f"Of {len(held):,} items held here {len(lacking):,} have not all of their sealed content in {store.place}."
    )
    first = lacking[0].item.id
    return [Looked("content", False, sentence, f"Restore it, or take it in again. The first: {first}.")]


def examine(reader: Reader, told: Callable[[int], None] = lambda done: None) -> Examined:
    """Compare every piece of the store with its name, and every item with its pieces. Nothing is opened."""
    store = opened()
    troubles: list[Piece] = []
    named: dict[str, str] = {}
    for chain in _chains(reader):
        for sealed in sealings(chain):
            named[sealed.manifest] = chain.item.id
            try:
                parts = sealing.manifest_of(store.get(sealed.manifest)).parts
            except (NotFound, IntegrityError):
                if chain.holder == own_member().identity:
                    troubles.append(Piece(sealed.manifest, chain.item.id, "missing"))
                continue
            for each in parts:
                named[each.sha256] = chain.item.id
                if store.size(each.sha256) is None:
                    troubles.append(Piece(each.sha256, chain.item.id, "missing"))
    count = size = unnamed = 0
    for digest in store.digests():
        raw = store.get(digest)
        if digest_of(raw) != digest:
            troubles.append(Piece(digest, named.get(digest, ""), "altered"))
        unnamed += digest not in named
        count, size = count + 1, size + len(raw)
        told(len(raw))
    return Examined(store.place, count, size, tuple(troubles), unnamed)


def _chains(reader: Reader) -> list[Chain]:
    found: list[Chain] = []
    after: int | None = None
    while page := roots(reader, [ITEM], after, 200):
        for parts in threads(reader, [one.id for one in page]).values():
            folded = fold(part.value for part in parts)
            if isinstance(folded, Chain):
                found.append(folded)
        after = page[-1].seq
    return found


def _item(one: Known, called: dict[str, str]) -> ItemView:
    chain, about, offered = one.chain, one.chain.about, _offered_to(one.chain)
    return ItemView(
        chain.item.id,
        about.name,
        about.size,
        about.hashes.sha256,
        about.collected_by,
        about.collected_at,
        about.basis,
        called.get(chain.holder, chain.holder),
        called.get(offered, offered),
        _state(chain, offered),
        one.parts[0].marking,
        one.parts[0].seq,
    )


def _offered_to(chain: Chain) -> str:
    return chain.offer.content.receiver_ref if chain.offer and isinstance(chain.offer.content, Transfer) else ""


def _state(chain: Chain, offered: str) -> str:
    own = own_member().identity
    if chain.breaks:
        return "broken"
    if chain.ended:
        return chain.ended
    if offered:
        return "offered-here" if offered == own else "offered"
    return "held-here" if chain.holder == own else "held-elsewhere"


def _receivers(chain: Chain) -> set[str]:
    return {act.content.receiver_ref for act in chain.acts if isinstance(act.content, Transfer)}


def _what(act: Act) -> str:
    if isinstance(act.content, Receipt):
        return act.content.answer
    if isinstance(act.content, Note):
        return act.content.kind
    return "offered" if isinstance(act.content, Transfer) else "collected"


def _detail(act: Act, called: dict[str, str]) -> dict[str, str]:
    said = act.content
    if isinstance(said, Transfer):
        told = {
            "to": called.get(said.receiver_ref, said.receiver_ref),
            "purpose": said.purpose,
            "conditions": said.conditions,
        }
    elif isinstance(said, Receipt):
        told = {"compared": said.compared, "reason": said.reason}
    elif isinstance(said, Note):
        told = {"done by": said.done_by, "done at": said.done_at, "with": said.tool, "text": said.text}
    else:
        told = {
            "collected by": said.collected_by,
            "collected at": said.collected_at,
            "with": said.tool,
            "basis": said.basis,
        }
    return {name: text for name, text in told.items() if text}
