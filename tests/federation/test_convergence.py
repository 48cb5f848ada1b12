"""Whatever the wire does and however nodes are joined: all who may have something get it, nobody else ever sees a byte."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

import pytest

from commonwatch.base.release.models import Recall
from commonwatch.capabilities.federation.models import Peer
from tests.base.release.nodes import indicator
from tests.federation.nodes import Node, World, at

COUNTRIES = ("AT", "NO", "CH", "SG", "JP", "KE", "DE", "FR", "UY", "KR")


def make(world: World, count: int) -> list[Node]:
    return [world.node(f"node{number}", COUNTRIES[number % len(COUNTRIES)]) for number in range(count)]


def star(world: World, nodes: list[Node]) -> None:
    for node in nodes[1:]:
        world.join(nodes[0], node)


def ring(world: World, nodes: list[Node]) -> None:
    for one, other in zip(nodes, [*nodes[1:], nodes[0]], strict=True):
        world.join(one, other)


def mesh(world: World, nodes: list[Node]) -> None:
    for number, one in enumerate(nodes):
        for other in nodes[number + 1 :]:
            world.join(one, other)


def line(world: World, nodes: list[Node]) -> None:
    for one, other in pairwise(nodes):
        world.join(one, other)


def everywhere(nodes: list[Node]) -> dict[str, str]:
    """What all nodes hold, which must be the same."""
    seen = {node.name: node.ids() for node in nodes}
    first = seen[nodes[0].name]
    assert all(one == first for one in seen.values()), seen
    return first


@pytest.mark.parametrize("topology", [star, ring, mesh, line], ids=lambda one: one.__name__)
def test_every_topology_comes_to_the_same_state_and_to_rest(
    world: World, topology: Callable[[World, list[Node]], None]
) -> None:
    nodes = make(world, 4)
    topology(world, nodes)
    for number, node in enumerate(nodes):
        node.post(indicator(number, "GREEN"), indicator(100 + number, "CLEAR"))
    world.settle()
    assert len(everywhere(nodes)) == 8
    nodes[2].post(indicator(2, "GREEN", version=5))
    world.settle()
    assert everywhere(nodes)[indicator(2)["id"]].startswith("2026-01-05")


def test_a_bad_line_delays_and_loses_nothing(world: World) -> None:
    nodes = make(world, 3)
    star(world, nodes)
    world.chance, world.lost, world.twice = random.Random(7), 0.3, 0.3
    for number in range(12):
        nodes[number % 3].post(indicator(number, "GREEN"))
        nodes[number % 3].work()
    world.lost = 0.0
    world.settle()
    assert len(everywhere(nodes)) == 12


def test_nodes_apart_come_together_again(world: World) -> None:
    one, other = make(world, 2)
    world.join(one, other)
    world.apart.add(frozenset((one.name, other.name)))
    one.post(indicator(1, "GREEN"))
    other.post(indicator(2, "GREEN"))
    for node in (one, other):
        node.work()
    with at(one):
        assert Peer.objects.get().failures == 1 and "no answer" in Peer.objects.get().last_error
    world.apart.clear()
    world.settle()
    assert len(everywhere([one, other])) == 2
    with at(one):
        assert (Peer.objects.get().failures, Peer.objects.get().last_error) == (0, "")


def test_what_is_for_nobody_is_never_on_the_wire(world: World) -> None:
    import gzip

    nodes = make(world, 3)
    mesh(world, nodes)
    nodes[0].post(indicator(1, "RED", name="kept at home"), indicator(2, "AMBER", name="for the audience"))
    nodes[0].post(indicator(3, "GREEN"))
    world.settle()
    assert set(nodes[1].ids()) == {indicator(3)["id"]}
    for _, _, body in world.seen:
        plain = gzip.decompress(body)
        assert b"kept at home" not in plain and b"for the audience" not in plain


def test_a_recall_goes_as_far_as_the_object_went_and_wins_over_late_copies(world: World) -> None:
    author, relay, far = nodes = make(world, 3)
    line(world, nodes)
    author.post(indicator(1, "GREEN"))
    world.settle()
    assert far.ids()
    author.post(indicator(1, "RED", version=2))
    world.settle()
    assert relay.ids() == far.ids() == {}
    for node in (author, relay):
        with at(node):
            assert [one.answer for one in Recall.objects.all()] == ["complied"]
    world.join(author, far)  # a new way for what is gone
    world.settle()
    assert far.ids() == {}


def test_a_node_from_an_old_backup_catches_up(world: World) -> None:
    one, other = make(world, 2)
    world.join(one, other)
    one.post(indicator(1, "GREEN"))
    world.settle()
    other.back_up()
    one.post(indicator(2, "GREEN"))
    world.settle()
    other.restore()
    assert len(other.ids()) == 1
    other.post(indicator(3, "GREEN"))
    world.settle()
    assert set(one.ids()) >= {indicator(n)["id"] for n in (1, 2, 3)}
    assert len(other.ids()) == 3


def test_what_a_node_from_an_old_backup_wrote_since_comes_back_to_it(world: World) -> None:
    one, other = make(world, 2)
    world.join(one, other)
    world.settle()
    other.back_up()
    other.post(*[indicator(number, "GREEN") for number in range(3)])
    world.settle()
    other.restore()
    assert other.ids() == {}
    world.settle()
    assert len(everywhere([one, other])) == 3


@pytest.mark.parametrize("seconds", [-240, 240])
def test_clocks_that_differ_by_minutes_do_no_harm(world: World, seconds: int) -> None:
    one, other = make(world, 2)
    world.skew_us[other.name] = seconds * 1_000_000
    world.join(one, other)
    one.post(indicator(1, "GREEN"))
    world.settle()
    assert len(other.ids()) == 1


def test_a_peer_whose_clock_is_hours_off_is_told_so(world: World) -> None:
    one, other = make(world, 2)
    world.join(one, other)
    world.skew_us[other.name] = 3 * 3_600 * 1_000_000
    one.post(indicator(1, "GREEN"))
    one.work()
    with at(one):
        assert "our time" in Peer.objects.get().last_error
