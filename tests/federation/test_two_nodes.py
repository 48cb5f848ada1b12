"""Two people on two machines: they join by one code, share, take back, and each sees what became of it."""

from __future__ import annotations

import pytest

from commonwatch.base.parties.models import MemberKind
from commonwatch.base.release.models import Recall
from commonwatch.capabilities.federation import actions, joining, parcels
from commonwatch.capabilities.federation.joining import Known
from commonwatch.capabilities.federation.models import Peer, Skipped
from commonwatch.core.errors import PeerError
from tests.base.release.nodes import by, indicator
from tests.federation.nodes import World, at


def test_what_one_publishes_the_other_gets_and_it_does_not_come_back(world: World) -> None:
    vienna, oslo = world.node("vienna"), world.node("oslo", "NO")
    world.join(vienna, oslo)
    vienna.post(indicator(1, "GREEN"), indicator(2, "RED"))
    world.settle()
    assert list(oslo.ids()) == [indicator(1)["id"]]
    parcels = [(one, other) for one, other, _ in world.seen]
    assert ("oslo", "vienna") in parcels  # the joining
    with at(vienna):
        assert Peer.objects.get().received == 0
    with at(oslo):
        assert (Peer.objects.get().received, Peer.objects.get().last_error) == (1, "")


def test_nothing_is_sent_where_nothing_is_new(world: World) -> None:
    vienna, oslo = world.node("vienna"), world.node("oslo", "NO")
    world.join(vienna, oslo)
    vienna.post(indicator(1, "GREEN"))
    world.settle()
    before = len(world.seen)
    world.settle()
    assert len(world.seen) == before


def test_a_node_that_cannot_be_called_fetches(world: World) -> None:
    vienna, field = world.node("vienna"), world.node("field", "NO")
    world.join(vienna, field, reachable=False)
    vienna.post(indicator(1, "GREEN"))
    field.post(indicator(2, "GREEN"))
    world.settle()
    assert sorted(field.ids()) == sorted(vienna.ids()) == [indicator(1)["id"], indicator(2)["id"]]


def test_a_recall_hides_the_object_and_is_answered(world: World) -> None:
    vienna, oslo = world.node("vienna"), world.node("oslo", "NO")
    world.join(vienna, oslo)
    vienna.post(indicator(1, "GREEN"))
    world.settle()
    vienna.post(indicator(1, "RED", version=2))
    world.settle()
    assert oslo.ids() == {}
    with at(vienna):
        assert [(one.member.name, one.answer) for one in Recall.objects.all()] == [("oslo", "complied")]


def test_an_invitation_counts_once(world: World) -> None:
    vienna, oslo, bern = world.node("vienna"), world.node("oslo", "NO"), world.node("bern", "CH")
    with at(vienna):
        code = joining.invite(Known("partner", MemberKind.STATE_BODY, "NO"), vienna.url, by())
    known = Known("vienna", MemberKind.STATE_BODY, "AT")
    with at(oslo):
        joining.join(code, known, oslo.url, world, by())
    with at(bern), pytest.raises(PeerError, match="does not count"):
        joining.join(code, known, bern.url, world, by())
    with at(vienna):
        assert Peer.objects.get().name == "partner"


def test_what_the_peer_cannot_take_has_its_reason_on_both_sides(world: World) -> None:
    vienna, oslo = world.node("vienna"), world.node("oslo", "NO")
    world.join(vienna, oslo)
    oslo.post(indicator(1, "GREEN", name="ours"))
    vienna.post(indicator(1, "GREEN", name="theirs"))
    world.settle()
    with at(vienna):
        assert {one.code for one in Skipped.objects.all()} == {"version-conflict"}


def test_pages_full_of_the_peers_own_objects_are_passed_over(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parcels.next_parcel, "__defaults__", (3,))
    vienna, oslo = world.node("vienna"), world.node("oslo", "NO")
    world.join(vienna, oslo)
    vienna.post(*[indicator(number, "GREEN") for number in range(20)])
    world.settle()
    oslo.post(indicator(50, "GREEN"))
    world.settle()
    assert len(vienna.ids()) == len(oslo.ids()) == 21
    oslo.post(indicator(51, "GREEN"))
    world.settle()
    assert len(vienna.ids()) == 22


def test_what_a_paused_peer_sends_is_refused_until_the_exchange_goes_on(world: World) -> None:
    vienna, oslo = world.node("vienna"), world.node("oslo", "NO")
    world.join(vienna, oslo)
    with at(oslo):
        actions.pause("vienna", paused=True, by=by())
    vienna.post(indicator(1, "GREEN"))
    vienna.work()
    assert oslo.ids() == {}
    with at(vienna):
        assert "paused" in Peer.objects.get().last_error
    with at(oslo):
        actions.pause("vienna", paused=False, by=by())
    world.settle()
    assert len(oslo.ids()) == 1


def test_a_peer_that_calls_is_not_kept_waiting_longer(world: World) -> None:
    vienna, oslo = world.node("vienna"), world.node("oslo", "NO")
    world.join(vienna, oslo)
    with at(vienna):
        Peer.objects.update(next_try_us=vienna.now() + 900_000_000, failures=9)
    oslo.post(indicator(1, "GREEN"))
    oslo.work()
    with at(vienna):
        assert Peer.objects.get().next_try_us == 0
