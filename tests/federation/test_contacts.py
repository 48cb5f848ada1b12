"""A ping goes from node to node, is answered there by the node and by a person, and both nodes say the same of it."""

from __future__ import annotations

from typing import Any

from commonwatch.base.intake.own import Audience
from commonwatch.base.parties.actions import By
from commonwatch.base.release.reader import operator
from commonwatch.capabilities.contacts import actions, queries, upkeep
from commonwatch.core.stix.response import contacts as stix
from tests.federation.nodes import Node, World, at

MINUTE_US = 60 * 1_000_000


def pings(node: Node, contact: str) -> list[tuple[Any, ...]]:
    with at(node):
        view = queries.contact(operator("t"), contact, node.now())
        return [(one.id, one.standing, one.answered_by, one.automatic_us, one.answered_us) for one in view.pings]


def test_a_ping_is_answered_by_the_node_and_then_by_a_person(world: World) -> None:
    vienna, oslo = world.node("vienna"), world.node("oslo", "NO")
    world.join(vienna, oslo)
    with at(oslo):
        desk = stix.Contact("Vakt", ("round-the-clock",), channel="secure channel 4")
        contact = actions.nominate(desk, Audience("TLP:AMBER", ("vienna",)), By("kari", oslo.now()))
    world.settle()
    with at(vienna):
        ping = actions.ping(contact, By("ana", vienna.now()), minutes=30)
    world.settle()
    with at(oslo):
        assert upkeep.look_after(oslo.now()) == 1
    world.settle()
    [(_, standing, _, automatic, answered)] = pings(vienna, contact)
    assert (standing, automatic is not None, answered) == ("waiting", True, None)
    with at(oslo):
        actions.answer(ping, By("kari", oslo.now()))
    world.settle()
    assert pings(vienna, contact) == pings(oslo, contact)
    [(_, standing, who, _, _)] = pings(vienna, contact)
    assert (standing, who) == ("answered", "kari")
    with at(vienna):
        assert len(queries.keys(queries.contact(operator("t"), contact, vienna.now()).author)) == 1


def test_a_member_that_is_offline_is_unanswered_until_it_is_back(world: World) -> None:
    vienna, oslo = world.node("vienna"), world.node("oslo", "NO")
    world.join(vienna, oslo)
    with at(oslo):
        desk = stix.Contact("Vakt", ("technical",), channel="secure channel 4")
        contact = actions.nominate(desk, Audience("TLP:AMBER", ("vienna",)), By("kari", oslo.now()))
    world.settle()
    world.apart = {frozenset(("vienna", "oslo"))}
    with at(vienna):
        ping = actions.ping(contact, By("ana", vienna.now()), minutes=1)
    world.settle()
    with at(vienna):
        [measure] = queries.measures(operator("t"), vienna.now() + 2 * MINUTE_US)
        assert (measure.unanswered, measure.automatic, measure.p50_seconds) == (1, 0, None)
    world.apart = set()
    world.settle()
    with at(oslo):
        actions.answer(ping, By("kari", oslo.now()))
    world.settle()
    with at(vienna):
        [measure] = queries.measures(operator("t"), vienna.now() + 2 * MINUTE_US)
        assert (measure.unanswered, measure.answered) == (0, 1)
