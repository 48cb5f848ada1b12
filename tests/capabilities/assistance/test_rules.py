"""A request as it stands: the same on every node, no word lost, silence shown as silence."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from commonwatch.capabilities.assistance.clocks import clocks
from commonwatch.capabilities.assistance.facts import machine
from commonwatch.capabilities.assistance.rules import fold, possible
from commonwatch.capabilities.assistance.standing import RequestView
from commonwatch.core.stix.response import assistance as stix
from commonwatch.core.stix.times import format_time
from tests.capabilities.assistance.folding import (
    AT,
    BEGIN,
    KE,
    NO,
    ROOT,
    SECOND,
    Part,
    answer,
    identity,
    offer,
    request,
)

FIRST, SECOND_OFFER = identity(stix.OFFER, 1), identity(stix.OFFER, 2)
HOUR = 3_600


def folded(*parts: Part, after: int = 100) -> RequestView:
    found = fold(parts, machine(), BEGIN + after * SECOND)
    assert found is not None
    return found


def whole_story() -> list[Part]:
    return [
        request(),
        answer(1, NO, 10, "acknowledge", by="kari"),
        offer(1, NO, 20),
        answer(2, KE, 25, "refuse", reason="no analyst free"),
        offer(2, KE, 30, quantity=1),
        answer(3, AT, 40, "accept", FIRST),
        answer(4, AT, 41, "accept", SECOND_OFFER),
        answer(5, NO, 50, "begin", FIRST),
        answer(6, NO, 60, "deliver", FIRST, terms="report"),
        answer(7, KE, 61, "deliver", SECOND_OFFER),
        answer(8, AT, 70, "dispute", FIRST, reason="one image is missing"),
        answer(9, NO, 80, "deliver", FIRST),
        answer(10, AT, 90, "confirm", FIRST),
        answer(11, AT, 91, "confirm", SECOND_OFFER),
        answer(12, AT, 95, "close"),
    ]


def test_a_request_goes_through_its_states_as_its_members_say() -> None:
    story = whole_story()
    states = [folded(*story[: length + 1]).state for length in range(len(story))]
    assert states == [
        "sent", "acknowledged", "offered", "offered", "offered", "partly-accepted", "accepted", "in-progress",
        "in-progress", "fulfilled", "in-progress", "fulfilled", "fulfilled", "confirmed", "closed",
    ]  # fmt: skip
    view = folded(*story)
    assert [(one.accepted, one.delivered, one.confirmed, one.missing) for one in view.needs] == [(3, 3, 3, 0)]
    assert all(not one.refused for one in view.history)
    assert len(view.history) == len(story) - 1


@settings(max_examples=40)
@given(st.randoms(use_true_random=False))
def test_the_same_parts_in_any_order_give_the_same_view(shuffle: random.Random) -> None:
    story = [*whole_story(), answer(20, KE, 5, "close"), offer(3, AT, 33), answer(21, NO, 33, "accept", SECOND_OFFER)]
    expected = folded(*story)
    shuffle.shuffle(story)
    assert folded(*story, *story[:4]) == expected


def test_a_slow_clock_puts_no_delivery_before_its_acceptance() -> None:
    accepted = answer(3, AT, 40, "accept", FIRST)
    delivered = answer(4, NO, -500, "deliver", FIRST, follows_refs=[accepted.id])
    view = folded(request(), offer(1, NO, 20), accepted, delivered)
    assert view.offers[0].state == "fulfilled"
    alone = answer(4, NO, 30, "deliver", FIRST)
    view = folded(request(), offer(1, NO, 20), accepted, alone)
    assert [one.refused for one in view.history if one.act == "deliver"] == [
        "It is offered. This was not possible any more."
    ]


def test_what_one_may_not_say_stays_in_the_history_and_changes_nothing() -> None:
    forged = answer(3, KE, 40, "accept", FIRST)
    stolen = answer(4, KE, 41, "withdraw", FIRST, reason="x")
    view = folded(request(), offer(1, NO, 20), forged, stolen, answer(5, NO, 42, "close"))
    assert view.state == "offered"
    assert {one.act: one.refused for one in view.history if one.refused} == {
        "accept": "The offer is another member's.",
        "withdraw": "The offer is another member's.",
        "close": "That is not for a member that helps to do.",
    }


def test_who_was_asked_and_said_nothing_is_silent_and_late() -> None:
    view = folded(request(), answer(1, NO, 10, "acknowledge"), after=3 * HOUR)
    assert {one.member: one.silent for one in view.tracks} == {NO: False, KE: True}
    standing = {(one.what, one.member): one.standing for one in clocks(view, BEGIN + 3 * HOUR * SECOND)}
    assert standing == {
        ("acknowledge", NO): "met",
        ("acknowledge", KE): "overdue",
        ("answer", NO): "overdue",
        ("answer", KE): "overdue",
    }


def test_a_clock_reminds_before_and_after_it_is_due() -> None:
    view = folded(request())
    [first] = [one for one in clocks(view, BEGIN) if (one.what, one.member) == ("acknowledge", KE)]
    assert first.reminds(BEGIN) == ""
    assert first.reminds(BEGIN + 50 * 60 * SECOND) == "soon"
    [late] = [one for one in clocks(view, BEGIN + 2 * HOUR * SECOND) if one.key == first.key]
    assert (late.standing, late.reminds(BEGIN + 2 * HOUR * SECOND)) == ("overdue", "overdue")


def test_a_delivery_has_a_clock_from_the_acceptance_on() -> None:
    parts = [request(), offer(1, NO, 20), answer(3, AT, 40, "accept", FIRST)]
    [due] = [one for one in clocks(folded(*parts), BEGIN) if one.what == "deliver"]
    assert (due.member, due.standing, due.due_us) == (NO, "running", BEGIN + 86_400 * SECOND)
    parts.append(answer(4, NO, 90_000, "deliver", FIRST))
    [met] = [one for one in clocks(folded(*parts), BEGIN + 100_000 * SECOND) if one.what == "deliver"]
    assert met.standing == "met-late"


def test_an_offer_changed_after_it_was_accepted_is_shown_as_changed() -> None:
    changed = offer(1, NO, 20, modified_us=BEGIN + 60 * SECOND, content={"terms": "for money"})
    view = folded(request(), changed, answer(3, AT, 40, "accept", FIRST, terms="from Monday"))
    assert view.offers[0].changed_since
    assert [one.terms for one in view.history if one.act == "accept"] == ["from Monday"]


def test_an_acceptance_in_part_takes_no_more_than_was_offered() -> None:
    accepted = answer(3, AT, 40, "accept", FIRST, parts=[{"need": "n1", "quantity": 9}])
    assert folded(request(), offer(1, NO, 20), accepted).needs[0].accepted == 2
    part = answer(3, AT, 40, "accept", FIRST, parts=[{"need": "n1", "quantity": 1}])
    view = folded(request(), offer(1, NO, 20), part)
    assert (view.offers[0].state, view.needs[0].accepted, view.needs[0].missing) == ("partly-accepted", 1, 2)


def test_withdrawing_and_accepting_at_once_has_one_outcome_everywhere() -> None:
    withdrawn, accepted = answer(2, NO, 40, "withdraw", FIRST, reason="x"), answer(3, AT, 40, "accept", FIRST)
    one, other = (
        folded(request(), offer(1, NO, 20), withdrawn, accepted),
        folded(accepted, withdrawn, offer(1, NO, 20), request()),
    )
    assert one == other
    assert one.offers[0].state == "withdrawn"
    assert [event.refused for event in one.history if event.act == "accept"] == [
        "It is withdrawn. This was not possible any more."
    ]


def test_an_offer_that_ended_cannot_be_accepted_and_a_request_expires() -> None:
    short = offer(1, NO, 20, content={"expires": format_time(BEGIN + 30 * SECOND, 0)})
    late = answer(3, AT, 40, "accept", FIRST)
    view = folded(request(), short, late)
    assert [one.refused for one in view.history if one.act == "accept"] == ["The offer had ended before."]
    assert view.offers[0].state == "expired"
    view = folded(request(content={"expires": format_time(BEGIN + 50 * SECOND, 0)}))
    assert view.state == "expired"
    assert [one.act for one in possible(view, AT, machine())] == ["close"]


def test_what_cannot_be_read_is_named_with_its_reason() -> None:
    odd = answer(9, NO, 30, "explode")
    far = answer(10, NO, 31, "deliver", identity(stix.OFFER, 77))
    view = folded(request(), odd, far)
    assert [one.id for one in view.unread] == [odd.id]
    assert [one.refused for one in view.history] == ["What it is about is not here."]
    assert fold([odd], machine(), BEGIN) is None


def test_references_that_lead_back_to_themselves_change_nothing() -> None:
    one = answer(1, NO, 10, "acknowledge", follows_refs=[identity(stix.ANSWER, 2)])
    two = answer(2, KE, 11, "acknowledge", follows_refs=[identity(stix.ANSWER, 1)])
    assert {track.state for track in folded(request(), one, two).tracks} == {"acknowledged"}


def test_each_side_is_shown_what_it_can_do_next() -> None:
    view = folded(request(), offer(1, NO, 20))
    assert {(one.act, one.about) for one in possible(view, AT, machine())} == {
        ("accept", FIRST), ("refuse", FIRST), ("withdraw", ROOT), ("close", ROOT),
    }  # fmt: skip
    assert {(one.act, one.about) for one in possible(view, NO, machine())} == {("withdraw", FIRST)}
    assert {one.act for one in possible(view, KE, machine())} == {"acknowledge", "refuse", "offer"}
    stranger = "identity--00000000-0000-4000-8000-000000000009"
    assert {one.act for one in possible(view, stranger, machine())} == {"acknowledge", "refuse", "offer"}


def test_what_is_revoked_is_withdrawn() -> None:
    gone = offer(1, NO, 20, revoked=True, modified_us=BEGIN + 60 * SECOND)
    assert folded(request(), gone, answer(3, AT, 40, "accept", FIRST)).offers[0].state == "withdrawn"
    assert folded(request(revoked=True)).state == "withdrawn"
