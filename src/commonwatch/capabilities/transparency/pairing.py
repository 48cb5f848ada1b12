"""Pairing two partners' extracts: what the one wrote down that it gave, the other must have written down that it got.

| the one's leaf | the other's |
| --- | --- |
| sent | taken: the same places and the same root over the objects' bytes |
| recall | receipt of that recall object |
| receipt of its own answer | answer |

1. What was sent and not taken may have been lost on the way; where a later parcel that was taken covers its places, it was carried by
that. 2. What is younger than the other side's extract cannot be judged yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from commonwatch.core.merkle.broken import Broken
from commonwatch.core.merkle.extracts import Extract, Opened, of_kind
from commonwatch.core.merkle.policies import Policy

PAIRED, CARRIED, TOO_NEW, MISSING = "paired", "carried by a later one", "too new to be judged", "missing"
SLACK_SECONDS = 60  # by which two nodes' clocks, and their writing down, may differ


@dataclass(frozen=True)
class Pair:
    """What should be at both sides. Numbers are of leaves in each side's log; `lacks` names the side that has none."""

    what: str
    state: str
    giver: str
    given: int | None
    taker: str
    taken: int | None
    lacks: str
    sentence: str


def audit(first: Extract, second: Extract, policy: Policy) -> list[Pair] | Broken:
    """The pairs of two extracts, both ways; or why they cannot be believed."""
    for one in (first, second):
        judged = one.verify(policy)
        if isinstance(judged, Broken):
            return Broken(judged.code, f"The extract of {one.log} is not proven: {judged.sentence}")
    if first.log == second.log or (first.member, first.partner) != (second.partner, second.member):
        return Broken("other-partner", "The two extracts are not those of one pair of partners.")
    return [*_one_way(first, second), *_one_way(second, first)]


def _one_way(giver: Extract, taker: Extract) -> list[Pair]:
    """What went, or should have gone, from the one to the other."""
    ways = (giver, taker)
    parcels = _matched(ways, "parcel", _from(giver, "sent"), _from(giver, "taken", taker), _parcel_key)
    recalls = _matched(
        ways,
        "recall",
        of_kind(giver.leaves, "recall"),
        [one for one in _from(giver, "receipt", taker) if _says(one, "object").startswith("recall--")],
        lambda one: (_says(one, "recall") or _says(one, "object"),),
    )
    answers = _matched(
        ways,
        "answer to a recall",
        [one for one in _from(giver, "receipt") if _says(one, "object").startswith("receipt--")],
        of_kind(taker.leaves, "answer"),
        lambda one: (_says(one, "receipt") or _says(one, "object"), _says(one, "answer")),
    )
    return [*_carried(parcels, giver), *recalls, *answers]


def _from(giver: Extract, kind: str, where: Extract | None = None) -> list[Opened]:
    """Leaves of this kind (of the giver's record, or of another) about what came from the giver."""
    return [one for one in of_kind((where or giver).leaves, kind) if _says(one, "from") == giver.member]


def _matched(
    ways: tuple[Extract, Extract],
    what: str,
    given: Iterable[Opened],
    taken: Iterable[Opened],
    key: Callable[[Opened], tuple[object, ...]],
) -> list[Pair]:
    giver, taker = ways
    there = {key(one): one for one in taken}
    found = []
    for one in given:
        other = there.pop(key(one), None)
        found.append(_pair(what, one, giver, other, taker))
    for one in there.values():
        found.append(_pair(what, None, giver, one, taker))
    return found


def _pair(what: str, given: Opened | None, giver: Extract, taken: Opened | None, taker: Extract) -> Pair:
    state, lacks, sentence = PAIRED, "", ""
    have, side, other = (given, giver, taker) if taken is None else (taken, taker, giver)
    if given is None or taken is None:
        assert have is not None  # noqa: S101 - one of the two is
        state, lacks = (TOO_NEW if have.at > other.made - SLACK_SECONDS else MISSING), other.log
        verb = "gave" if side is giver else "got"
        sentence = f"{side.log} wrote down that it {verb} a {what} (leaf {have.index}); {other.log} has no leaf for it."
    return Pair(
        what,
        state,
        giver.log,
        given.index if given is not None else None,
        taker.log,
        taken.index if taken is not None else None,
        lacks,
        sentence,
    )


def _carried(pairs: list[Pair], giver: Extract) -> list[Pair]:
    """Parcels without a counterpart whose places another covers that was taken: they never arrived, and nothing is missing."""
    sent = {one.index: one.opening.body for one in of_kind(giver.leaves, "sent")}
    arrived = [sent[pair.given] for pair in pairs if pair.state == PAIRED and pair.given is not None]

    def covered(pair: Pair) -> bool:
        if pair.state != MISSING or pair.given is None:
            return False
        body = sent[pair.given]
        return any(
            other.get("slot") == body.get("slot")
            and _number(other.get("after")) <= _number(body.get("after"))
            and _number(other.get("pos")) >= _number(body.get("pos"))
            for other in arrived
        )

    return [
        Pair(pair.what, CARRIED, pair.giver, pair.given, pair.taker, None, "", "") if covered(pair) else pair
        for pair in pairs
    ]


def _parcel_key(one: Opened) -> tuple[object, ...]:
    return tuple(one.opening.body.get(name) for name in ("slot", "pos", "root", "count"))


def _says(one: Opened, name: str) -> str:
    return str(one.opening.body.get(name) or "")


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
