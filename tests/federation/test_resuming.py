"""A line that breaks at any byte: what came is kept, and only the rest is fetched."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from commonwatch.base.clock import now_us
from commonwatch.capabilities.federation import fetching
from commonwatch.capabilities.federation.models import Begun, Given, Peer
from tests.base.release.nodes import indicator
from tests.federation.nodes import Node, World, at

MANY = 400
NOTHING_MORE = 24  # bytes of the word that there is nothing more; cut off, it is asked for again


@pytest.fixture
def field(world: World) -> Iterator[Node]:
    """A node that fetches from vienna, which has something for it."""
    vienna, field = world.node("vienna"), world.node("field", "KE")
    world.join(vienna, field, reachable=False)
    world.settle()
    noise = random.Random(7)
    vienna.post(*[indicator(number, "GREEN", description=noise.randbytes(60).hex()) for number in range(MANY)])
    yield field


def fetched(world: World, node: Node, tries: int) -> list[int]:
    """How many bytes each answer brought, until there is nothing more."""
    first = len(world.answers)
    for _ in range(tries):
        with at(node):
            Peer.objects.update(next_try_us=0, fetched_us=0)
            fetching.fetch_due(world, now_us())
            done = Peer.objects.get().fetched_us > 0
        if done:
            return [len(body) for _, _, body in world.answers[first:]]
    raise AssertionError("it does not come to an end")


def test_no_byte_is_fetched_twice_on_a_line_that_breaks_at_random_bytes(world: World, field: Node) -> None:
    world.cut = 0.95
    sizes = fetched(world, field, 2_000)
    world.cut = 0.0
    assert len(field.ids()) == MANY and len(sizes) > 10
    with at(field):
        assert not Begun.objects.exists() and Peer.objects.get().received == MANY
    with at(world.nodes["vienna"]):
        assert not Given.objects.exists()
    assert sum(sizes) <= whole_parcel(world) + NOTHING_MORE * len(sizes)


def whole_parcel(world: World) -> int:
    """How large the parcel is where nothing breaks: for another node that has nothing yet."""
    vienna, other = world.nodes["vienna"], world.node("other", "KE")
    world.join(vienna, other, reachable=False)
    return max(fetched(world, other, 10))


def test_what_another_put_between_makes_no_whole_and_is_fetched_anew(world: World, field: Node) -> None:
    world.cut = 1.0
    with at(field):
        Peer.objects.update(next_try_us=0, fetched_us=0)
        fetching.fetch_due(world, now_us())
        begun = Begun.objects.get()
        Begun.objects.update(body=bytes(len(begun.body)))
        world.cut = 0.0
        Peer.objects.update(next_try_us=0)
        fetching.fetch_due(world, now_us())
        assert "do not make the whole" in Peer.objects.get().last_error and not Begun.objects.exists()
    fetched(world, field, 5)
    assert len(field.ids()) == MANY


def test_where_the_peer_has_given_another_parcel_meanwhile_all_of_that_comes(world: World, field: Node) -> None:
    vienna = world.nodes["vienna"]
    world.cut = 1.0
    with at(field):
        Peer.objects.update(next_try_us=0, fetched_us=0)
        fetching.fetch_due(world, now_us())
        assert Begun.objects.exists() and Peer.objects.get().failures == 1
    with at(vienna):
        Given.objects.all().delete()
    vienna.post(indicator(MANY, "GREEN"))
    world.cut = 0.0
    fetched(world, field, 5)
    assert len(field.ids()) == MANY + 1
