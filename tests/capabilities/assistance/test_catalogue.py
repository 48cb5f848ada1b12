"""Two take the same at once: both stay, everybody sees the same conflict, and its owner decides."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from commonwatch.capabilities.assistance.catalogue import CapabilityView, fold
from commonwatch.core.stix.response import assistance as stix
from commonwatch.core.stix.times import format_time
from tests.capabilities.assistance.folding import AT, BEGIN, KE, NO, SECOND, Part, identity, made

ROOT = identity(stix.CAPABILITY, 1)
DAY = 86_400


def capability(quantity: int = 2, **more: Any) -> Part:
    content = {"name": "Two analysts", "skill": "incident-analysis", "quantity": quantity}
    return made(stix.CAPABILITY, 1, NO, 0, {**content, **more})


def act(number: int, author: str, after: int, what: str = "reserve", **content: Any) -> Part:
    said = {"capability_ref": ROOT, "act": what, "quantity": 2, **content}
    return made(stix.RESERVATION, number, author, after, said)


def day(number: int) -> str:
    return format_time(BEGIN + number * DAY * SECOND, 0)


def folded(*parts: Part, after: int = 100) -> CapabilityView:
    found = fold(parts, BEGIN + after * SECOND)
    assert found is not None
    return found


def standings(view: CapabilityView) -> dict[str, str]:
    return {one.author: one.standing for one in view.held}


def test_who_reserved_first_holds_it_and_the_other_is_contested() -> None:
    view = folded(capability(), act(1, KE, 11), act(2, AT, 10))
    assert standings(view) == {AT: "held", KE: "contested"}
    assert [one.why for one in view.held if one.standing == "contested"] == ["0 of 2 were left when it was taken."]
    assert view.contested and view.free("", "") == 0


def test_the_owner_decides_and_may_refuse() -> None:
    first, second = act(1, AT, 10), act(2, KE, 11)
    allotted = act(3, NO, 20, "allot", about_ref=second.id, reason="the port cannot wait")
    assert standings(folded(capability(), first, second, allotted)) == {AT: "contested", KE: "allotted"}
    refused = act(4, NO, 21, "release", about_ref=first.id, reason="no")
    assert standings(folded(capability(), first, second, refused)) == {AT: "refused", KE: "held"}
    by_other = act(5, KE, 22, "release", about_ref=first.id)
    assert standings(folded(capability(), first, second, by_other)) == {AT: "held", KE: "contested"}
    not_owner = act(6, KE, 22, "allot", about_ref=second.id)
    assert standings(folded(capability(), first, second, not_owner)) == {AT: "held", KE: "contested"}


def test_what_is_given_back_is_free_for_who_waited() -> None:
    first, second = act(1, AT, 10), act(2, KE, 11)
    view = folded(capability(), first, second, act(3, AT, 20, "release", about_ref=first.id))
    assert standings(view) == {AT: "released", KE: "held"}


def test_times_that_do_not_meet_do_not_compete() -> None:
    first = act(1, AT, 10, begins=day(1), ends=day(2))
    second = act(2, KE, 11, begins=day(2), ends=day(3))
    view = folded(capability(), first, second)
    assert standings(view) == {AT: "held", KE: "held"}
    assert (view.free(day(1), day(3)), view.free(day(3), day(4))) == (0, 2)
    outside = folded(capability(ends=day(2)), second)
    assert [one.why for one in outside.held] == ["It is not there for all of that time."]


def test_what_is_past_holds_nothing() -> None:
    view = folded(capability(), act(1, AT, 10, ends=day(1)), after=2 * DAY)
    assert standings(view) == {AT: "past"}
    assert view.free("", "") == 2


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from([AT, KE]), st.integers(1, 3), st.integers(0, 20)), max_size=8),
    st.randoms(use_true_random=False),
)
def test_in_any_order_the_same_and_never_more_held_than_there_is(
    taken: list[tuple[str, int, int]], shuffle: random.Random
) -> None:
    parts = [capability(3)]
    parts += [act(number, who, after, quantity=many) for number, (who, many, after) in enumerate(taken, start=2)]
    expected = folded(*parts)
    shuffle.shuffle(parts)
    assert folded(*parts) == expected
    assert sum(one.quantity for one in expected.held if one.standing == "held") <= 3
    assert len(expected.held) == len(taken)
