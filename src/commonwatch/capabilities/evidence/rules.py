"""The chain of custody: acts, each naming the one before by its SHA-256, folded into who holds an item now and what is wrong.

1. The chain begins with the item; its author is its first holder. 2. An act follows the act whose SHA-256 it names: its order is that
of the names, not of clocks. The sum is of what the act says (`form_of`), without markings and signature, so that its author can
show the same act to further members. 3. Its holder alone may offer an item or say what was done with it; whom it was offered to alone may take
or refuse it; while an offer is open its holder may withdraw it, and nothing else. 4. Both sides say the same sums. 5. Whatever breaks
a rule is a break with its place: it is shown and changes nothing.

The same acts in any order give the same chain. Where two follow one, the earlier counts, and that there are two is a break.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from commonwatch.core.signing.canonical import digest
from commonwatch.core.signing.objects import without_signature
from commonwatch.core.stix.response.evidence import (
    ITEM,
    NOTE,
    RECEIPT,
    STAMP,
    STRUCTS,
    TRANSFER,
    Hashes,
    Item,
    Note,
    Receipt,
    Stamp,
    Transfer,
    content,
)
from commonwatch.core.stix.times import parse_time

SKEW_US = 300 * 1_000_000  # clocks of members differ
ENDED = {"returned": "It was returned.", "destroyed": "It was destroyed."}  # by notes; each a sentence of its own
_NOT_SAID = ("modified", "object_marking_refs", "granular_markings")
CHAINED = (TRANSFER, RECEIPT, NOTE)
Chained: TypeAlias = Transfer | Receipt | Note


@dataclass(frozen=True)
class Break:
    """What is wrong, and where: the id of an object, or the name of a part of the file."""

    code: str
    place: str
    sentence: str


@dataclass(frozen=True)
class Act:
    """One act of the chain. `sha256` is that of `form_of`."""

    id: str
    kind: str
    author: str
    at_us: int
    sha256: str
    content: Item | Chained


@dataclass(frozen=True)
class Stamped:
    """A time stamp beside the chain."""

    id: str
    author: str
    content: Stamp


@dataclass(frozen=True)
class Chain:
    """An item with everything that was done with it, in order."""

    item: Act
    acts: tuple[Act, ...] = ()  # after the item
    stamps: tuple[Stamped, ...] = ()
    holder: str = ""  # identity
    offer: Act | None = None  # that is not answered yet
    ended: str = ""  # returned or destroyed
    breaks: tuple[Break, ...] = ()

    @property
    def about(self) -> Item:
        """What the item says of itself."""
        assert isinstance(self.item.content, Item)  # noqa: S101 - made by `fold`
        return self.item.content

    @property
    def last(self) -> Act:
        """The act that the next has to name."""
        return self.acts[-1] if self.acts else self.item

    @property
    def every(self) -> tuple[Act, ...]:
        """The item and all acts."""
        return (self.item, *self.acts)


@dataclass
class _Walk:
    holder: str
    offer: Act | None = None
    ended: str = ""
    acts: list[Act] = field(default_factory=list)
    breaks: list[Break] = field(default_factory=list)

    def broken(self, code: str, act: Act, sentence: str) -> None:
        self.breaks.append(Break(code, act.id, sentence))


def form_of(value: Mapping[str, Any]) -> dict[str, Any]:
    """What an act says: the object without what may change when it is shown to others, and without its signature."""
    return {name: part for name, part in without_signature(value).items() if name not in _NOT_SAID}


def fold(values: Iterable[Mapping[str, Any]]) -> Chain | Break:
    """The chain of these objects: one item and its acts, in any order; a Break where there is no item to begin with."""
    items: list[Act] = []
    acts: dict[str, Act] = {}
    stamps: dict[str, Stamped] = {}
    unread: list[Break] = []
    for value in values:
        identity, kind = str(value.get("id", "")), str(value.get("type", ""))
        if kind not in (ITEM, STAMP, *CHAINED):
            continue
        read = content(value, STRUCTS[kind])
        if isinstance(read, str):
            unread.append(Break("unreadable", identity, f"It cannot be read: {read}."))
        elif isinstance(read, Stamp):
            stamps[identity] = Stamped(identity, str(value.get("created_by_ref", "")), read)
        elif isinstance(read, Item | Transfer | Receipt | Note):
            act = _act(value, read)
            if isinstance(read, Item):
                items.append(act)
            else:
                acts[identity] = act
    if len(items) != 1:
        return Break("no-item", "evidence-item", f"There are {len(items)} items; a chain has one.")
    walk = _walked(items[0], acts)
    ordered = tuple(sorted(stamps.values(), key=lambda one: (one.content.subject_ref, one.content.authority, one.id)))
    breaks = (*sorted(unread, key=lambda one: one.place), *walk.breaks)
    return Chain(items[0], tuple(walk.acts), ordered, walk.holder, walk.offer, walk.ended, breaks)


def _act(value: Mapping[str, Any], read: Item | Chained) -> Act:
    at = parse_time(str(value.get("created", "")))
    return Act(
        str(value.get("id", "")),
        str(value.get("type", "")),
        str(value.get("created_by_ref", "")),
        at[0] if at else 0,
        digest(form_of(value)),
        read,
    )


def _walked(item: Act, acts: Mapping[str, Act]) -> _Walk:
    walk = _Walk(item.author)
    following: dict[str, list[Act]] = {}
    for act in acts.values():
        assert isinstance(act.content, Transfer | Receipt | Note)  # noqa: S101 - what `fold` put there
        following.setdefault(act.content.previous_sha256, []).append(act)
    reached: set[str] = set()
    at = item
    while found := sorted(following.get(at.sha256, []), key=lambda one: (one.at_us, one.id)):
        first, *others = found
        for other in others:
            reached.add(other.id)
            walk.broken("fork", other, f"It follows {at.id}, and so does {first.id}.")
        reached.add(first.id)
        _take(walk, item, at, first)
        walk.acts.append(first)
        at = first
    for act in sorted(acts.values(), key=lambda one: (one.at_us, one.id)):
        if act.id not in reached:
            walk.broken("not-linked", act, "The act that it follows is not there, or was altered.")
    return walk


def _take(walk: _Walk, item: Act, before: Act, act: Act) -> None:
    said = act.content
    assert isinstance(said, Transfer | Receipt | Note)  # noqa: S101
    if said.item_ref != item.id:
        walk.broken("other-item", act, f"It is about {said.item_ref}.")
    if said.previous_ref != before.id:
        walk.broken("other-past", act, f"It names {said.previous_ref} as the act before, which is {before.id}.")
    if act.at_us + SKEW_US < before.at_us:
        walk.broken("before-last", act, f"It is dated before {before.id}, which it follows.")
    if walk.ended:
        walk.broken("after-end", act, f"{ENDED[walk.ended]} This came later.")
    elif isinstance(said, Transfer):
        _offered(walk, item, act, said)
    elif isinstance(said, Receipt):
        _answered(walk, item, act, said)
    else:
        _noted(walk, act, said)


def _offered(walk: _Walk, item: Act, act: Act, said: Transfer) -> None:
    if walk.offer is not None:
        walk.broken("offered-already", act, f"The offer {walk.offer.id} is not answered yet.")
    elif act.author != walk.holder:
        walk.broken("not-the-holder", act, f"It is offered by {act.author}; {walk.holder} holds it.")
    elif said.receiver_ref == act.author:
        walk.broken("to-oneself", act, "It is offered to whoever holds it.")
    elif not _same(item, said.hashes):
        walk.broken("other-sums", act, "Its sums are not those of the item.")
    else:
        walk.offer = act


def _answered(walk: _Walk, item: Act, act: Act, said: Receipt) -> None:
    offer = walk.offer
    if offer is None or not isinstance(offer.content, Transfer):
        walk.broken("nothing-offered", act, "It answers, and nothing was offered.")
    elif act.author != offer.content.receiver_ref:
        walk.broken("not-the-receiver", act, f"{act.author} answers; it was offered to {offer.content.receiver_ref}.")
    elif said.answer == "accepted" and said.hashes is not None and not _same(item, said.hashes):
        walk.broken("other-sums", act, "What was accepted has other sums than the item.")
    else:
        walk.offer = None
        if said.answer == "accepted":
            walk.holder = act.author


def _noted(walk: _Walk, act: Act, said: Note) -> None:
    if act.author != walk.holder:
        walk.broken("not-the-holder", act, f"{act.author} says what was done; {walk.holder} holds it.")
    elif (walk.offer is None) == (said.kind == "withdrawn"):
        wrong = "It takes an offer back, and nothing is on offer."
        if walk.offer is not None:
            wrong = f"It says what was done while {walk.offer.id} is on offer."
        walk.broken("out-of-turn", act, wrong)
    elif said.kind == "withdrawn":
        walk.offer = None
    elif said.kind in ENDED:
        walk.ended = said.kind


def _same(item: Act, hashes: Hashes) -> bool:
    return isinstance(item.content, Item) and item.content.hashes == hashes
