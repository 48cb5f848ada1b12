"""A stricter marking never lets anybody but the owner see more. Where a marking opens by design, a test says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import permutations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonwatch.core.policy.classes import ClassAttributes
from commonwatch.core.policy.decision import decide
from commonwatch.core.policy.engine import Engine
from commonwatch.core.policy.handling import Handling
from commonwatch.core.policy.world import resolved
from tests.core.policy.feeds import COUNTRIES, ON
from tests.core.policy.receiving import (
    NOBODY,
    OPEN,
    attributes,
    handlings,
    no_more,
    received,
    small_world,
    subset,
    worlds,
)

DAYS = st.integers(-5, 5).map(lambda days: ON + timedelta(days))


def shorter(words: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    """A list given, made shorter: with no word left it says nobody, which is not the same as no list."""
    return subset(words).map(lambda left: left or NOBODY)


def narrower(words: tuple[str, ...], all_words: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return shorter(words or all_words)


def later(day: date | None) -> st.SearchStrategy[date]:
    return DAYS.map(lambda other: max(other, day or other))


def earlier(day: date | None) -> st.SearchStrategy[date]:
    return DAYS.map(lambda other: min(other, day or other))


STRICTER: dict[str, Callable[[Handling], st.SearchStrategy[object]]] = {
    "tlp": lambda said: st.integers(said.tlp, 4),
    "classification": lambda said: st.integers(said.classification, 4),
    "orcon": lambda said: st.just(True),
    "named": lambda said: subset(said.named) if said.named else st.just(()),
    "releasable": lambda said: narrower(said.releasable, COUNTRIES),
    "audience": lambda said: shorter(said.audience) if said.audience else st.just(()),
    "purposes": lambda said: narrower(said.purposes, ("research", "training", "network-defence", "exercise")),
    "not_before": lambda said: later(said.not_before),
    "not_after": lambda said: earlier(said.not_after),
}


@pytest.mark.parametrize("name", STRICTER)
@settings(max_examples=40)
@given(data=st.data())
def test_a_stricter_marking_opens_nothing(name: str, data: st.DataObject) -> None:
    world = data.draw(worlds)
    about, said = data.draw(attributes(world)), data.draw(handlings(world))
    stricter = msgspec.structs.replace(said, **{name: data.draw(STRICTER[name](said))})
    assert no_more(received(world, about, stricter), received(world, about, said))


@settings(max_examples=40)
@given(data=st.data())
def test_an_audience_within_the_owners_communities_opens_nothing(data: st.DataObject) -> None:
    world = data.draw(worlds)
    about, said = data.draw(attributes(world)), data.draw(handlings(world))
    communities = world.members[world.owner_of(about)].communities
    within = data.draw(shorter(tuple(sorted(communities)))) if communities else NOBODY
    before = msgspec.structs.replace(said, audience=())
    after = msgspec.structs.replace(said, audience=within)
    assert no_more(received(world, about, after), received(world, about, before))


@settings(max_examples=40)
@given(data=st.data())
def test_what_goes_along_changes_nobodys_share(data: st.DataObject) -> None:
    world = data.draw(worlds)
    about, said = data.draw(attributes(world)), data.draw(handlings(world))
    other = msgspec.structs.replace(said, pap=3 - said.pap, retention_days=7, duties=("no-resale",))
    assert received(world, about, other) == received(world, about, said)


def test_naming_an_audience_outside_the_owners_communities_opens_the_handling_gate() -> None:
    """The audience is of the author's choosing: it stands in place of the owner's communities."""
    world = small_world(0)
    owner, other = next(
        (one, another)
        for one, another in permutations(world.members.values(), 2)
        if another.communities and one.communities.isdisjoint(another.communities)
    )
    about, amber = ClassAttributes(owner.identity), msgspec.structs.replace(OPEN, tlp=2)
    agreed = msgspec.structs.replace(amber, audience=tuple(other.communities))
    engine, recipient = Engine(world.book), world.recipient(other.name)
    before, after = (
        decide(engine, recipient, resolved(world, about, said), world.question).gates for said in (amber, agreed)
    )
    assert (before[0].gate, before[0].passed, after[0].passed) == ("handling", False, True)
    assert before[2].passed == after[2].passed, "whoever shares no community with the owner still needs an agreement"


def test_naming_a_recipient_opens() -> None:
    """TLP:RED is for named recipients only: a name more is one recipient more."""
    world = small_world(0)
    owner, other = list(world.members.values())[:2]
    red = msgspec.structs.replace(OPEN, tlp=4)
    named = msgspec.structs.replace(red, named=(other.identity,))
    about = ClassAttributes(owner.identity)
    assert set(received(world, about, red).values()) == {0}
    assert {name for name, much in received(world, about, named).items() if much} == {other.name}


@pytest.mark.parametrize(("name", "word"), [("releasable", "FR"), ("purposes", "exercise"), ("audience", "nowhere")])
def test_no_list_is_not_an_empty_list(name: str, word: str) -> None:
    """An empty list says nothing, and so opens: that is why a list from which all was taken says `-`."""
    world = small_world(0)
    about = ClassAttributes(next(iter(world.by_identity)))
    nobody = received(world, about, msgspec.structs.replace(OPEN, **{name: NOBODY}))
    assert no_more(nobody, received(world, about, msgspec.structs.replace(OPEN, **{name: (word,)})))
    assert set(received(world, about, OPEN).values()) == {3} and set(nobody.values()) == {0}
