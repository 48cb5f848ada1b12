"""Who gets how much of a class: what tests compare when something becomes stricter."""

from __future__ import annotations

from functools import cache
from random import Random

from hypothesis import strategies as st

from commonwatch.core.policy.categories import CATEGORIES
from commonwatch.core.policy.classes import ClassAttributes
from commonwatch.core.policy.facts import PURPOSES, VARIANTS
from commonwatch.core.policy.handling import Handling
from commonwatch.core.policy.masks import Deciding
from commonwatch.core.policy.world import World, resolved
from tests.core.policy.feeds import COMMUNITIES, COUNTRIES, PERSONAL, SECRETS, feed_world

OPEN = Handling(
    tlp=0,
    pap=0,
    classification=0,
    orcon=False,
    named=(),
    releasable=(),
    audience=(),
    purposes=(),
    not_before=None,
    not_after=None,
    retention_days=None,
    duties=(),
)
NOBODY = ("-",)


@cache
def small_world(seed: int) -> World:
    """Eight members under the shipped rules and a few agreements; the purpose goes by the seed."""
    return feed_world(Random(seed), PURPOSES[seed % len(PURPOSES)], members=8, agreements=8, own=0)


worlds = st.integers(0, 23).map(small_world)


def subset(words: tuple[str, ...], least: int = 0) -> st.SearchStrategy[tuple[str, ...]]:
    """Some of the words."""
    return st.lists(st.sampled_from(words), unique=True, min_size=least, max_size=4).map(
        lambda some: tuple(sorted(some))
    )


def maybe(words: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    """No list, or a list of some words."""
    return st.just(()) | subset(words, 1)


def rarely(words: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    """Mostly no list: where several are given, hardly anybody is on all of them."""
    return st.one_of(*[st.just(())] * 3, subset(words, 1))


def handlings(world: World) -> st.SearchStrategy[Handling]:
    """Markings that mostly let something through."""
    return st.builds(
        Handling,
        tlp=st.sampled_from((0, 1, 1, 2, 3, 4)),
        pap=st.integers(0, 3),
        classification=st.sampled_from((0, 0, 0, 1, 3)),
        orcon=st.sampled_from((False, False, True)),
        named=rarely(tuple(sorted(world.by_identity))),
        releasable=rarely((*COUNTRIES, "eu")),
        audience=rarely(COMMUNITIES),
        purposes=rarely(PURPOSES),
        not_before=st.none(),
        not_after=st.none(),
        retention_days=st.none(),
        duties=st.just(()),
    )


def attributes(world: World) -> st.SearchStrategy[ClassAttributes]:
    """What a class is about, and whose it is."""
    return st.builds(
        ClassAttributes,
        author=st.sampled_from(sorted(world.by_identity)),
        category=st.sampled_from(CATEGORIES),
        personal=maybe(PERSONAL),
        secrecy=rarely(SECRETS),
    )


_deciding: dict[str, Deciding] = {}


def deciding(digest: str, world: World) -> Deciding:
    """Remembers for the last worlds what it asked."""
    if digest not in _deciding:
        while len(_deciding) > 50:
            del _deciding[next(iter(_deciding))]
        _deciding[digest] = Deciding(world.book, world.recipients, world.question)
    return _deciding[digest]


def classes(world: World, number: int) -> st.SearchStrategy[list[tuple[ClassAttributes, Handling]]]:
    """Some classes with their markings."""
    return st.lists(st.tuples(attributes(world), handlings(world)), min_size=number, max_size=number)


def received(world: World, attributes: ClassAttributes, said: Handling) -> dict[str, int]:
    """How much each recipient gets: 3 full, 2 pseudonymised, 1 stripped, 0 nothing. The owner always gets all."""
    facts = resolved(world, attributes, said)
    masks = deciding(world.digest, world).masks(facts)
    found = {
        recipient.name: sum((3 - rank) * (mask >> number & 1) for rank, mask in enumerate(masks))
        for number, recipient in enumerate(world.recipients)
    }
    assert found.pop(facts.owner) == len(VARIANTS)
    return found


def no_more(after: dict[str, int], before: dict[str, int]) -> bool:
    """Whether nobody gets more than before. An owner is left out of both."""
    return all(after.get(name, 0) <= much for name, much in before.items())
