"""One asks for help, others give it, each on its own node: a request, two offers, an acceptance, a delivery, a confirmation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from commonwatch.base.intake.own import Audience
from commonwatch.base.parties.actions import By
from commonwatch.base.release.reader import operator
from commonwatch.capabilities.assistance import actions, queries
from commonwatch.capabilities.assistance.actions import Asked, Given, Said
from commonwatch.capabilities.assistance.catalogue import CapabilityView
from commonwatch.capabilities.assistance.standing import RequestView
from commonwatch.core.stix.response import assistance as stix
from tests.federation.nodes import Node, World, at

T = TypeVar("T")
ANSWERS = {"situation": "A wiper at two ports.", "what_we_ask": "Two analysts from Monday."}


def three(world: World) -> tuple[Node, Node, Node]:
    vienna, oslo, berlin = world.node("vienna"), world.node("oslo", "NO"), world.node("berlin", "DE")
    world.join(vienna, oslo)
    world.join(vienna, berlin)
    world.join(oslo, berlin)
    return vienna, oslo, berlin


def act(node: Node, what: Callable[[By], T]) -> T:
    with at(node):
        return what(By("duty officer", node.now()))


def ask(node: Node, *members: str) -> str:
    need = stix.Need("n1", "incident-analysis", 3, ("en",))
    asked = Asked("generic", "Wiper at two ports", stix.Contact("Duty officer"), ANSWERS, (need,), asked=members)
    return act(node, lambda by: actions.request(asked, Audience("TLP:AMBER", members), by))


def offer(node: Node, request: str, quantity: int, capability: str | None = None) -> str:
    given = Given(stix.Contact("Duty officer"), (stix.Part("n1", quantity, capability),), "from Monday")
    return act(node, lambda by: actions.offer(request, given, by))


def answer(node: Node, request: str, what: stix.Act, about: str = "", reason: str = "") -> str:
    return act(node, lambda by: actions.answer(request, about or request, what, Said(reason), by))


def seen(node: Node, request: str, now_us: int = 0) -> RequestView:
    with at(node):
        return queries.request(operator("test"), request, now_us or node.now())


def in_catalogue(node: Node, capability: str) -> CapabilityView:
    with at(node):
        return queries.capability(operator("test"), capability, node.now())


def test_help_is_asked_for_offered_accepted_delivered_and_confirmed(world: World) -> None:
    vienna, oslo, berlin = three(world)
    request = ask(vienna, "oslo", "berlin")
    world.settle()
    answer(oslo, request, "acknowledge")
    norwegian, german = offer(oslo, request, 2), offer(berlin, request, 1)
    world.settle()
    assert seen(vienna, request).state == "offered"
    answer(vienna, request, "accept", norwegian)
    answer(vienna, request, "accept", german)
    world.settle()
    answer(oslo, request, "begin", norwegian)
    answer(oslo, request, "deliver", norwegian)
    answer(berlin, request, "deliver", german)
    world.settle()
    answer(vienna, request, "confirm", norwegian)
    answer(vienna, request, "confirm", german)
    answer(vienna, request, "close")
    world.settle()
    now = vienna.now()
    everywhere = [seen(node, request, now) for node in (vienna, oslo, berlin)]
    assert everywhere[0] == everywhere[1] == everywhere[2]
    assert everywhere[0].state == "closed"
    assert [(one.accepted, one.confirmed, one.missing) for one in everywhere[0].needs] == [(3, 3, 0)]
    with at(berlin):
        given = queries.account(operator("test"), berlin.now()).given
    assert sorted((one.kind, one.accepted, one.confirmed) for one in given) == [("people", 1, 1), ("people", 2, 2)]


def test_who_is_offline_for_a_day_is_silent_until_then_and_loses_nothing(world: World) -> None:
    vienna, oslo, berlin = three(world)
    world.apart = {frozenset(("vienna", "berlin")), frozenset(("oslo", "berlin"))}
    request = ask(vienna, "oslo", "berlin")
    world.settle()
    norwegian = offer(oslo, request, 3)
    world.settle()
    answer(vienna, request, "accept", norwegian)
    world.settle()
    silent = {one.member: one.silent for one in seen(vienna, request).tracks}
    assert sorted(silent.values()) == [False, True]
    world.apart = set()
    world.settle()
    assert seen(berlin, request).state == "accepted"
    answer(berlin, request, "refuse", reason="read it only now, and all is agreed")
    world.settle()
    now = vienna.now()
    assert seen(vienna, request, now) == seen(berlin, request, now) == seen(oslo, request, now)
    assert not any(one.silent for one in seen(vienna, request).tracks)


def test_two_that_accept_the_same_capacity_at_once_see_the_same_conflict_and_its_owner_decides(world: World) -> None:
    vienna, oslo, berlin = three(world)
    two = stix.Capability("Two analysts", "incident-analysis", 2, ("en",))
    capability = act(oslo, lambda by: actions.add_capability(two, Audience("TLP:AMBER", ("vienna", "berlin")), by))
    world.settle()
    first, second = ask(vienna, "oslo", "berlin"), ask(berlin, "oslo", "vienna")
    world.settle()
    for_vienna, for_berlin = offer(oslo, first, 2, capability), offer(oslo, second, 2, capability)
    world.settle()
    world.apart = {frozenset(("vienna", "berlin")), frozenset(("vienna", "oslo")), frozenset(("oslo", "berlin"))}
    answer(vienna, first, "accept", for_vienna)
    answer(berlin, second, "accept", for_berlin)
    world.settle()
    assert [one.standing for one in in_catalogue(vienna, capability).held] == ["held"]
    assert [one.standing for one in in_catalogue(berlin, capability).held] == ["held"]
    world.apart = set()
    world.settle()
    views = [in_catalogue(node, capability) for node in (vienna, oslo, berlin)]
    assert views[0] == views[1] == views[2]
    assert [one.standing for one in views[0].held] == ["held", "contested"]
    assert [seen(vienna, one).offers[0].state for one in (first, second)] == ["accepted", "accepted"]
    loser = views[0].held[1].id
    act(oslo, lambda by: actions.allot(loser, "the port cannot wait", by))
    world.settle()
    assert {one.id: one.standing for one in in_catalogue(berlin, capability).held}[loser] == "allotted"
    assert in_catalogue(berlin, capability) == in_catalogue(vienna, capability)
