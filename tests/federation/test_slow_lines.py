"""Slow lines, broken ones and limits; and who is told when a peer falls behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from commonwatch.base.audit.models import AuditEntry
from commonwatch.base.clock import now_us
from commonwatch.capabilities.federation import actions, fetching, queries, sending, watching
from commonwatch.capabilities.federation.models import Peer
from commonwatch.capabilities.federation.rules import PARCEL, SMALLEST_PARCEL, free_at, parcel_size
from commonwatch.core.errors import InvalidInput
from tests.base.release.nodes import by, indicator
from tests.federation.nodes import Node, World, at

MINUTE_US = 60_000_000


@pytest.fixture
def pair(world: World) -> Iterator[tuple[Node, Node]]:
    vienna, field = world.node("vienna"), world.node("field", "KE")
    world.join(vienna, field)
    world.settle()
    yield vienna, field


def test_a_parcel_is_halved_with_each_failure_and_held_to_ten_seconds_of_a_limit() -> None:
    assert [parcel_size(PARCEL, failures, 0) for failures in (0, 1, 2, 50)] == [500, 250, 125, SMALLEST_PARCEL]
    assert parcel_size(PARCEL, 0, 1024) == 51
    assert parcel_size(PARCEL, 0, 1) == SMALLEST_PARCEL and parcel_size(3, 5, 0) == 3
    assert free_at(7, 2048, 1024) == 2_000_007 and free_at(7, 2048, 0) == 0


def test_under_a_limit_the_next_parcel_waits_until_the_last_has_had_its_time(
    world: World, pair: tuple[Node, Node]
) -> None:
    vienna, field = pair
    with at(vienna):
        actions.limit("field", 1, by())
    vienna.post(*[indicator(number, "GREEN") for number in range(120)])
    sizes = []
    with at(vienna):
        now = now_us()
        for _ in range(20):
            before = len(world.seen)
            sending.send_due(world, now)
            sizes += [len(body) for _, _, body in world.seen[before:]]
            assert sending.send_due(world, now) is False  # not before its time
            now = max(Peer.objects.get().free_us, now + 1)
    assert len(field.ids()) == 120 and len(sizes) >= 3
    with at(vienna):
        actions.limit("field", 0, by())
        assert (Peer.objects.get().bytes_per_second, Peer.objects.get().free_us) == (0, 0)
        with pytest.raises(InvalidInput):
            actions.limit("field", -1, by())


def test_who_fetches_keeps_to_its_own_limit(world: World) -> None:
    vienna, field = world.node("vienna"), world.node("field", "KE")
    world.join(vienna, field, reachable=False)
    vienna.post(*[indicator(number, "GREEN") for number in range(5)])
    with at(field):
        actions.limit("vienna", 1, by())
        now = now_us()
        assert fetching.fetch_due(world, now)
        assert Peer.objects.get().free_us > now
        assert fetching.fetch_due(world, now) is False


def test_a_peer_that_falls_behind_is_told_of_once_and_once_when_it_has_caught_up(
    world: World, pair: tuple[Node, Node]
) -> None:
    vienna, field = pair
    world.apart.add(frozenset((vienna.name, field.name)))
    vienna.post(indicator(1, "GREEN"))
    vienna.work()
    with at(vienna):
        late = now_us() + 61 * MINUTE_US
        watching.look(now_us())
        assert not AuditEntry.objects.filter(action="federation.behind").exists()
        for _ in range(2):
            watching.look(late)
        assert AuditEntry.objects.get(action="federation.behind").detail["error"].startswith("no answer")
        (state,) = queries.states(late)
        assert state.late and state.waiting_seconds >= 3_600
        (finding,) = queries.examined(late)
        assert not finding.fine and "field has been behind" in finding.sentence
    world.apart.clear()
    world.settle()
    with at(vienna):
        for _ in range(2):
            watching.look(late)
        assert AuditEntry.objects.filter(action="federation.caught-up").count() == 1
        assert [one.fine for one in queries.examined(late)] == [True]


def test_a_paused_peer_is_not_behind(world: World, pair: tuple[Node, Node]) -> None:
    vienna, field = pair
    world.apart.add(frozenset((vienna.name, field.name)))
    vienna.post(indicator(1, "GREEN"))
    vienna.work()
    with at(vienna):
        actions.pause("field", paused=True, by=by())
        assert not queries.states(now_us() + 61 * MINUTE_US)[0].late


def test_a_peer_that_has_stopped_asking_is_behind_once_there_is_something_for_it(world: World) -> None:
    vienna, field = world.node("vienna"), world.node("field", "KE")
    world.join(vienna, field, reachable=False)
    vienna.post(indicator(2, "GREEN"))
    world.settle()
    late = now_us() + 61 * MINUTE_US
    with at(vienna):
        assert not queries.states(late)[0].late
    vienna.post(indicator(1, "GREEN"))
    with at(vienna):
        assert queries.states(late)[0].late
    world.settle()
    with at(vienna):
        assert not queries.states(late)[0].late


def test_after_a_bundle_no_more_than_a_parcel_goes_over_the_line_again(
    world: World, pair: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    from commonwatch.capabilities.federation import bundles, parcels

    monkeypatch.setattr(parcels.next_parcel, "__defaults__", (10,))
    vienna, field = pair
    world.apart.add(frozenset((vienna.name, field.name)))
    vienna.post(*[indicator(number, "GREEN") for number in range(60)])
    with at(vienna):
        sealed, _ = bundles.make(actions.peer_named("field"), now_us(), further=False)
    with at(field):
        bundles.apply(sealed, now_us())
    world.apart.clear()
    before = len(world.seen)
    world.settle()
    assert len(world.seen) - before == 1 and len(field.ids()) == 60
