"""A footprint names everything that its policy reads: with nothing else, the engine answers the same and never fails."""

from __future__ import annotations

import json
from random import Random

import cedarpy
import msgspec
import pytest

from commonwatch.core.policy.book import Policy
from commonwatch.core.policy.engine import policy_set, principal_entity, request, resource_entity, satisfied
from commonwatch.core.policy.facts import PUBLIC, VARIANTS, ClassFacts, Recipient
from commonwatch.core.policy.footprint import COMMUNITIES, ID, Parties
from commonwatch.core.policy.masks import Deciding
from commonwatch.core.policy.world import World
from tests.core.policy.feeds import feed_class, feed_world
from tests.core.policy.rules import QUESTION, only, rule

WORLD = feed_world(Random(0), members=9, agreements=6, own=40, odd=False)
POLICIES = list(WORLD.book.policies.values())


def answers(world: World, policy: Policy, *, everything: bool) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    policies = policy_set([policy])
    random = Random(policy.id)
    found = []
    for _ in range(25):
        facts = feed_class(random, world)
        varied = msgspec.structs.replace(facts, variant=random.choice(VARIANTS))
        for recipient in random.sample(world.recipients, 4):
            owner = {"owner"} if policy.parties.owners is not None else set()
            shown = None if everything else policy.footprint.attributes("resource") | owner
            read = None if everything else policy.footprint.attributes("principal")
            entities = [principal_entity(recipient, read), resource_entity(varied, shown)]
            own = recipient.name == facts.owner
            asked = request(policy.gate, recipient, world.question, own=own)
            found.append(satisfied(asked, policies, cedarpy.Entities.from_json_str(json.dumps(entities))))
    return found


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.id)
def test_no_policy_reads_more_than_its_footprint(policy: Policy) -> None:
    least = answers(WORLD, policy, everything=False)
    assert least == answers(WORLD, policy, everything=True)
    assert not any(errors for _, errors in least)


def read(scope: str, clauses: str) -> Policy:
    return only(rule(clauses, scope=f'{scope}, action == Action::"share", resource')).policies["member/a/rule"]


@pytest.mark.parametrize(
    ("scope", "clauses", "principal", "parties"),
    [
        ("principal", "", (), Parties()),
        ('principal == Member::"b"', "", (), Parties(frozenset("b"))),
        ('principal == Public::"public"', "", (ID,), Parties()),
        ('principal in Community::"b"', "", (COMMUNITIES,), Parties()),
        ('principal in Member::"b"', "", (COMMUNITIES, ID), Parties()),
        ('principal is Member in Community::"b"', "", (COMMUNITIES,), Parties()),
        ("principal", 'when { principal in [Community::"a", Community::"b"] }', (COMMUNITIES,), Parties()),
        ("principal", 'when { principal in [Member::"a", Member::"b"] }', (COMMUNITIES, ID), Parties()),
        ("principal", 'when { principal is Member in Community::"b" }', (COMMUNITIES,), Parties()),
        ("principal", "when { principal is Member && principal has country }", ("country",), Parties()),
        ("principal", 'unless { resource is ReleaseClass && principal == Member::"b" }', (ID,), Parties()),
        ("principal", 'when { resource.owner is Member && principal == Public::"public" }', (ID,), Parties()),
        ("principal", 'when { resource.owner == Member::"b" }', (), Parties(owners=frozenset("b"))),
        (
            'principal == Member::"b"',
            'when { [Member::"b", Member::"c"].contains(principal) && [Member::"a"].contains(resource.owner) }',
            (),
            Parties(frozenset("b"), frozenset("a")),
        ),
        ("principal is Member", 'when { {contains: [principal]} == {contains: [Member::"b"]} }', (ID,), Parties()),
        ("principal", 'when { if context.own then ["a"].contains(resource.category) else true }', (), Parties()),
        ("principal", 'when { resource.tlp + 1 > 2 && resource.owner == Member::"b" }', (), Parties()),
        ("principal", 'when { [resource.tlp + 1].contains(2) && resource.owner == Member::"b" }', (), Parties()),
        ("principal", 'when { {a: -resource.tlp} == {a: 1} && resource.owner == Member::"b" }', (), Parties()),
    ],
)
def test_footprint_and_parties_are_as_read_by_a_person(
    scope: str, clauses: str, principal: tuple[str, ...], parties: Parties
) -> None:
    policy = read(scope, clauses)
    assert (policy.footprint.principal, policy.parties) == (principal, parties)


PEERS = [
    PUBLIC,
    Recipient("a"),
    Recipient("b", communities=frozenset(["energy"])),
    Recipient("c", communities=frozenset(["energy", "b"])),
]
CLASS = ClassFacts("a", "threats", named=frozenset("b"))


@pytest.mark.parametrize(
    ("scope", "clauses", "receiving"),
    [
        ('principal is Member in Community::"energy"', "", ["b", "c"]),
        ("principal", 'when { principal is Member in Community::"energy" }', ["b", "c"]),
        ("principal is Member", 'when { {"is": [principal]} == {"is": [Member::"c"]} }', ["c"]),
        ('principal == Public::"public"', "", [""]),
        ('principal in Member::"b"', "", ["b"]),
        ("principal is Member", "when { principal in resource.named }", ["b"]),
        ("principal is Member", "when { principal in resource.owner }", ["a"]),
        ("principal is Member", 'when { {k: principal.kind, o: context.own} == {k: "", o: true} }', ["a"]),
    ],
)
def test_odd_ways_to_name_recipients_reach_just_them(scope: str, clauses: str, receiving: list[str]) -> None:
    condition = f'when {{ resource.owner == Member::"a" }} {clauses}'
    opened = only(rule(condition, effect="permit", scope=f'{scope}, action == Action::"share", resource'))
    mask = Deciding(opened, PEERS, QUESTION).masks(CLASS)[0]
    assert [one.name for number, one in enumerate(PEERS) if mask >> number & 1] == receiving
