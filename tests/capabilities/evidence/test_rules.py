"""The chain of custody as pure values: each rule has a break of its own, and no order of arrival changes anything."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from commonwatch.capabilities.evidence.rules import Break, Chain, fold, form_of
from commonwatch.core.signing.canonical import digest
from commonwatch.core.stix.times import format_time

VIENNA, OSLO, BERN = (f"identity--00000000-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))
SUMS = {"SHA-256": "ab" * 32, "SHA-512": "cd" * 64}
OTHERS = {"SHA-256": "ba" * 32, "SHA-512": "cd" * 64}
START_US = 1_795_000_000_000_000
MINUTE_US = 60_000_000
Value = dict[str, Any]


def made(type_: str, number: int, author: str, **more: Any) -> Value:
    at = format_time(START_US + number * 10 * MINUTE_US, 3)
    head = {"type": type_, "spec_version": "2.1", "id": f"{type_}--00000000-0000-4000-8000-{number:012d}"}
    return {**head, "created_by_ref": author, "created": at, "modified": at, **more}


def item(number: int = 0, author: str = VIENNA) -> Value:
    sealed = {"manifest": "ef" * 32, "parts": 1, "size": 400, "recipients": ["age1x"]}
    about = {"name": "Disk", "collected_by": "A", "collected_at": "2026-11-20T08:00:00Z", "basis": "StPO", "size": 1}
    return made("evidence-item", number, author, **about, hashes=SUMS, sealed=sealed)


def after(before: Value, of: Value) -> Value:
    return {"item_ref": of["id"], "previous_ref": before["id"], "previous_sha256": digest(form_of(before))}


class Acts:
    """Acts, each after the one before."""

    def __init__(self) -> None:
        self.values = [item()]

    def _add(self, type_: str, author: str, **more: Any) -> Acts:
        self.values.append(made(type_, len(self.values), author, **{**after(self.values[-1], self.values[0]), **more}))
        return self

    def offer(self, author: str = VIENNA, to: str = OSLO, **more: Any) -> Acts:
        return self._add("custody-transfer", author, **{"receiver_ref": to, "purpose": "x", "hashes": SUMS, **more})

    def answer(self, author: str = OSLO, answer: str = "accepted", **more: Any) -> Acts:
        return self._add("custody-receipt", author, answer=answer, **more)

    def note(self, author: str = VIENNA, kind: str = "examined", **more: Any) -> Acts:
        said = {"kind": kind, "done_by": "A", "done_at": "2026-11-20T09:00:00Z"}
        return self._add("custody-note", author, **{**said, **more})

    @property
    def chain(self) -> Chain:
        found = fold(self.values)
        assert isinstance(found, Chain)
        return found

    @property
    def codes(self) -> list[str]:
        return [one.code for one in self.chain.breaks]


def test_a_chain_over_three_members_holds_and_says_who_has_it() -> None:
    acts = Acts().note().offer().answer().note(OSLO, "copied").offer(OSLO, BERN).answer(BERN, "refused")
    assert (acts.codes, acts.chain.holder, acts.chain.offer) == ([], OSLO, None)
    acts.offer(OSLO, BERN)
    assert acts.chain.offer is not None and acts.chain.offer.id == acts.values[-1]["id"]
    acts.answer(BERN).note(BERN, "returned")
    assert (acts.codes, acts.chain.holder, acts.chain.ended) == ([], BERN, "returned")
    assert len(acts.chain.every) == 10


@pytest.mark.parametrize(
    ("acts", "code", "holder"),
    [
        (lambda: Acts().offer(OSLO, BERN), "not-the-holder", VIENNA),
        (lambda: Acts().note(OSLO), "not-the-holder", VIENNA),
        (lambda: Acts().offer().answer().note(VIENNA), "not-the-holder", OSLO),
        (lambda: Acts().offer().offer(to=BERN), "offered-already", VIENNA),
        (lambda: Acts().offer(to=VIENNA), "to-oneself", VIENNA),
        (lambda: Acts().offer(hashes=OTHERS), "other-sums", VIENNA),
        (lambda: Acts().offer().answer(hashes=OTHERS), "other-sums", VIENNA),
        (lambda: Acts().answer(), "nothing-offered", VIENNA),
        (lambda: Acts().offer().answer(BERN), "not-the-receiver", VIENNA),
        (lambda: Acts().offer().note(), "out-of-turn", VIENNA),
        (lambda: Acts().note(kind="withdrawn"), "out-of-turn", VIENNA),
        (lambda: Acts().note(kind="destroyed").offer(), "after-end", VIENNA),
        (lambda: Acts().note(item_ref=item(9)["id"]), "other-item", VIENNA),
        (lambda: Acts().note(previous_ref=item(9)["id"]), "other-past", VIENNA),
        (lambda: Acts().note(previous_sha256="0" * 64), "not-linked", VIENNA),
        (lambda: Acts().note(created=format_time(START_US - 6 * MINUTE_US, 3)), "before-last", VIENNA),
        (lambda: Acts().note(kind="eaten"), "unreadable", VIENNA),
        (lambda: Acts().note(done_by="x" * 501), "unreadable", VIENNA),
    ],
)  # fmt: skip
def test_each_rule_that_is_broken_is_named_and_changes_nothing(
    acts: Callable[[], Acts], code: str, holder: str
) -> None:
    whole = acts()
    assert (whole.codes[0], whole.chain.holder) == (code, holder)
    assert whole.chain.breaks[0].place == whole.values[-1]["id"]


def test_what_a_refusal_found_may_differ_and_an_offer_taken_back_is_no_offer() -> None:
    acts = (
        Acts()
        .offer()
        .answer(answer="refused", hashes=OTHERS)
        .offer()
        .note(kind="withdrawn")
        .offer(to=BERN)
        .answer(BERN)
    )
    assert (acts.codes, acts.chain.holder) == ([], BERN)


def test_two_acts_after_one_are_a_fork_and_the_earlier_counts() -> None:
    acts = Acts().offer()
    second = made(
        "custody-transfer",
        7,
        VIENNA,
        **after(acts.values[0], acts.values[0]),
        receiver_ref=BERN,
        purpose="y",
        hashes=SUMS,
    )
    acts.values.append(second)
    assert acts.codes == ["fork"]
    assert acts.chain.breaks[0].place == second["id"]
    assert acts.chain.offer is not None and acts.chain.offer.id == acts.values[1]["id"]


def test_clocks_that_differ_a_little_are_no_break() -> None:
    assert Acts().note(created=format_time(START_US - 4 * MINUTE_US, 3)).codes == []


def test_no_order_of_arrival_and_no_copy_changes_the_chain() -> None:
    acts = Acts().offer().answer().note(OSLO).offer(OSLO, BERN).answer(BERN).note(OSLO).note(kind="eaten")
    acts.values.append({"type": "indicator", "id": "indicator--1"})
    whole, draw = acts.chain, random.Random(3)
    for _ in range(50):
        shuffled = [*acts.values, acts.values[2]]
        draw.shuffle(shuffled)
        assert fold(shuffled) == whole


def test_the_same_act_shown_to_others_is_the_same_act() -> None:
    acts = Acts().offer().answer()
    whole = acts.chain
    acts.values[0] = {
        **acts.values[0],
        "modified": "2027-01-01T00:00:00.000Z",
        "object_marking_refs": ["marking-definition--1"],
    }
    assert (acts.codes, acts.chain.holder, acts.chain.item.sha256) == ([], whole.holder, whole.item.sha256)
    acts.values[0] = {**acts.values[0], "basis": "another law"}
    assert acts.codes == ["not-linked", "not-linked"]


def test_without_one_item_there_is_no_chain() -> None:
    for values in ([], Acts().note().values[1:], [item(), item(1)]):
        found = fold(values)
        assert isinstance(found, Break) and found.code == "no-item"
