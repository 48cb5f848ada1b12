"""Deciding everything at once comes to what deciding each pair comes to."""

from __future__ import annotations

from random import Random

import pytest

from commonwatch.core.policy.decision import decide
from commonwatch.core.policy.engine import Engine
from commonwatch.core.policy.facts import PURPOSES, VARIANTS, ClassFacts
from commonwatch.core.policy.masks import Deciding, Masks, release_masks
from commonwatch.core.policy.world import World
from tests.core.policy.feeds import feed_class, feed_world


def variant_in(masks: Masks, number: int) -> str | None:
    given = [variant for variant, mask in zip(VARIANTS, masks, strict=True) if mask >> number & 1]
    assert len(given) < 2
    return given[0] if given else None


def disagreements(world: World, classes: list[ClassFacts], random: Random, each: int) -> list[str]:
    engine, deciding = Engine(world.book), Deciding(world.book, world.recipients, world.question)
    owners = {one.name: number for number, one in enumerate(world.recipients)}
    found = []
    for facts in classes:
        masks = deciding.masks(facts)
        for number in {0, owners[facts.owner], *random.sample(range(len(world.recipients)), each)}:
            recipient = world.recipients[number]
            plain = decide(engine, recipient, facts, world.question).variant
            if variant_in(masks, number) != plain:
                found.append(f"{recipient.name} {facts}: {variant_in(masks, number)} instead of {plain}")
    return found


@pytest.mark.parametrize(
    ("seed", "purpose", "odd"), [(1, "network-defence", False), (2, "incident-response", True), (3, "research", False)]
)
def test_random_pairs_of_a_large_partnership_are_decided_alike(seed: int, purpose: str, odd: bool) -> None:
    random = Random(seed)
    world = feed_world(random, purpose, odd=odd)
    classes = [feed_class(random, world) for _ in range(5)]
    assert disagreements(world, classes, random, 14) == []


@pytest.mark.parametrize("purpose", PURPOSES)
def test_random_pairs_are_decided_alike_for_each_purpose(purpose: str) -> None:
    random = Random(purpose)
    world = feed_world(random, purpose, members=15, agreements=15, own=6, odd=False)
    classes = [feed_class(random, world) for _ in range(10)]
    assert disagreements(world, classes, random, 6) == []


def test_each_odd_policy_is_decided_alike() -> None:
    for seed in range(25):
        random = Random(seed)
        world = feed_world(random, members=6, agreements=3, own=3)
        classes = [feed_class(random, world) for _ in range(8)]
        assert disagreements(world, classes, random, 5) == []


def test_what_was_asked_before_is_not_asked_again() -> None:
    random = Random(7)
    world = feed_world(random, members=5, agreements=2, own=0)
    facts = feed_class(random, world)
    deciding = Deciding(world.book, world.recipients, world.question)
    first, asked = deciding.masks(facts), deciding.asked
    assert deciding.masks(facts) == first and deciding.asked == asked > 0 == deciding.failed
    assert release_masks(world.book, world.recipients, {"one": facts}, world.question) == {"one": first}


def test_an_owner_who_is_no_recipient_counts_for_nobody() -> None:
    random = Random(8)
    world = feed_world(random, members=5, agreements=2, own=0)
    facts = feed_class(random, world)
    others = [one for one in world.recipients if one.name != facts.owner]
    masks = Deciding(world.book, others, world.question).masks(facts)
    engine = Engine(world.book)
    for number, recipient in enumerate(others):
        assert variant_in(masks, number) == decide(engine, recipient, facts, world.question).variant
