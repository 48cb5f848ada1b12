"""An agreement, a membership or a mechanism less, a rule or a finding more: nobody but the owner sees more."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonwatch.core.law.agreements import Standing
from commonwatch.core.policy.classes import ClassAttributes
from commonwatch.core.policy.facts import CLEARANCES
from commonwatch.core.policy.world import MemberOn, World
from tests.core.policy.feeds import COUNTRIES, NOTES, OWN, PERSONAL, SECRETS, rebuilt
from tests.core.policy.receiving import (
    OPEN,
    attributes,
    classes,
    handlings,
    no_more,
    received,
    small_world,
    subset,
    worlds,
)

Change = Callable[[Random, World], World]
replaced = msgspec.structs.replace


def with_member(world: World, name: str, **changed: Any) -> World:
    members = [replaced(one, **changed) if one.name == name else one for one in world.members.values()]
    return rebuilt(world, members=members)


def one_of(random: Random, world: World) -> MemberOn:
    return random.choice(list(world.members.values()))


def an_agreement_less(random: Random, world: World) -> World:
    gone = random.choice(world.agreements)
    return rebuilt(world, agreements=[one for one in world.agreements if one is not gone])


def a_party_less(random: Random, world: World) -> World:
    chosen = random.choice(world.agreements)
    leaver = random.choice(sorted(chosen.standings))
    left = replaced(chosen, standings={**chosen.standings, leaver: Standing(False, "denounced")})
    return rebuilt(world, agreements=[left if one is chosen else one for one in world.agreements])


def an_agreement_covers_less(random: Random, world: World) -> World:
    chosen = random.choice(world.agreements)
    fewer = replaced(
        chosen, categories=frozenset(["defences"]), purposes=frozenset(["exercise"]), safeguards=frozenset()
    )
    if chosen.categories or chosen.purposes:  # a list given can only become shorter
        fewer = replaced(
            chosen, safeguards=frozenset(random.sample(sorted(chosen.safeguards), len(chosen.safeguards) // 2))
        )
    return rebuilt(world, agreements=[fewer if one is chosen else one for one in world.agreements])


def a_membership_less(random: Random, world: World) -> World:
    member = one_of(random, world)
    return with_member(world, member.name, communities=frozenset(sorted(member.communities)[1:]))


def a_safeguard_less(random: Random, world: World) -> World:
    member = one_of(random, world)
    return with_member(world, member.name, safeguards=frozenset(sorted(member.safeguards)[1:]))


def a_clearance_less(random: Random, world: World) -> World:
    member = one_of(random, world)
    return with_member(world, member.name, clearance=CLEARANCES[max(0, CLEARANCES.index(member.clearance) - 1)])


def a_consent_less(random: Random, world: World) -> World:
    return with_member(world, one_of(random, world).name, consents=frozenset())


def an_adequacy_less(random: Random, world: World) -> World:
    chosen = random.choice([one for one in world.regimes.regimes if one.adequacy])
    gone = random.choice(chosen.adequacy)
    fewer = replaced(chosen, adequacy=tuple(one for one in chosen.adequacy if one is not gone))
    return with_regimes(world, *(fewer if one is chosen else one for one in world.regimes.regimes))


def a_mechanism_less(random: Random, world: World) -> World:
    """No safeguards of agreements, no derogations, no common area."""
    chosen = random.choice(world.regimes.regimes)
    fewer = replaced(chosen, agreement_safeguards={}, derogations={}, same_area=())
    return with_regimes(world, *(fewer if one is chosen else one for one in world.regimes.regimes))


def a_regime_more(random: Random, world: World) -> World:
    """One that no other yields to: otherwise it stands in that other's place, and may be milder."""
    model = random.choice([one for one in world.regimes.regimes if one.since and one.since <= world.on])
    more = replaced(model, id="new", exporters=tuple(COUNTRIES), exporter_kinds=(), purposes=(), yields_to="")
    return with_regimes(world, *world.regimes.regimes, more)


def a_country_less(random: Random, world: World) -> World:
    """Not of an organisation of states, which without a country lives under its own law."""
    states = [one for one in world.members.values() if one.kind != "international-organisation"]
    return with_member(world, random.choice(states).name, country="", groups=frozenset())


def a_forbid_more(random: Random, world: World) -> World:
    """A member's, which may even fail: it is in the policy gate, and narrows the owner as well."""
    names = sorted(world.members)
    style = random.choice([text for text in OWN if text.startswith("forbid")])
    head, when, rest = style.partition("when {{")
    text = f"{head}when {{{{ !context.own }}}} {when}{rest};"
    filled = text.format(me=random.choice(names), you=random.choice(names), here="community-03")
    return rebuilt(world, files={"own.cedar": NOTES.format(me=names[0], number=1) + filled})


def with_regimes(world: World, *regimes: Any) -> World:
    return rebuilt(world, regimes=replaced(world.regimes, regimes=regimes))


CHANGES: list[Change] = [
    an_agreement_less,
    a_party_less,
    an_agreement_covers_less,
    a_membership_less,
    a_safeguard_less,
    a_clearance_less,
    a_consent_less,
    an_adequacy_less,
    a_mechanism_less,
    a_regime_more,
    a_country_less,
    a_forbid_more,
]


@pytest.mark.parametrize("change", CHANGES)
@settings(max_examples=10)
@given(data=st.data())
def test_less_opens_nothing(change: Change, data: st.DataObject) -> None:
    world = data.draw(worlds)
    narrower = change(Random(data.draw(st.integers(0, 999))), world)
    for about, said in data.draw(classes(world, 10)):
        assert no_more(received(narrower, about, said), received(world, about, said)), (about, said)


@settings(max_examples=40)
@given(data=st.data())
def test_personal_data_and_secrets_more_open_nothing(data: st.DataObject) -> None:
    """So under the shipped rules. A member's policy may ask for the variant, and what has one variant only is always full."""
    world = data.draw(worlds)
    about, said = data.draw(attributes(world)), data.draw(handlings(world))
    more = replaced(
        about,
        personal=tuple(sorted({*about.personal, *data.draw(subset(PERSONAL))})),
        secrecy=tuple(sorted({*about.secrecy, *data.draw(subset(SECRETS))})),
    )
    assert no_more(received(world, more, said), received(world, about, said))


def eu_and_kenya() -> tuple[World, str, str]:
    """A company of the EU that owns something, and one in Kenya, with nothing agreed between them."""
    world = rebuilt(small_world(0), agreements=[])
    owner, other = list(world.members)[:2]
    world = with_member(world, owner, kind="company", country="DE", groups=frozenset(["eu", "eea"]))
    return (
        with_member(world, other, kind="company", country="KE", groups=frozenset(), safeguards=frozenset()),
        owner,
        other,
    )


def test_leaving_a_group_of_countries_may_open() -> None:
    """By design: who leaves the EU is bound by its transfer rules no longer."""
    inside, owner, other = eu_and_kenya()
    outside = with_member(inside, owner, country="US", groups=frozenset())
    about = ClassAttributes(inside.members[owner].identity, personal=("name",))
    assert received(inside, about, OPEN)[other] == 2 < received(outside, about, OPEN)[other]


def test_an_unknown_country_does_not_open_suspicions() -> None:
    known, owner, other = eu_and_kenya()
    unknown = with_member(known, owner, country="", groups=frozenset())
    about = ClassAttributes(known.members[owner].identity, personal=("suspicion",))
    assert received(known, about, OPEN)[other] == received(unknown, about, OPEN)[other] == 1
