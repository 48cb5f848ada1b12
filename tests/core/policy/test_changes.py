"""Each change that is said to open a gate does open it when it is made in the world, and the sentences say what to do."""

from __future__ import annotations

import re
from random import Random

import msgspec
import pytest

from commonwatch.core.law.agreements import Standing
from commonwatch.core.policy.changes import Change, changes
from commonwatch.core.policy.classes import ClassAttributes
from commonwatch.core.policy.decision import Decision, decide
from commonwatch.core.policy.engine import Engine
from commonwatch.core.policy.facts import CLEARANCES, PUBLIC, PURPOSES, ClassFacts, Recipient, Variant
from commonwatch.core.policy.handling import Handling
from commonwatch.core.policy.world import World, dormant, resolved, same_law
from tests.core.policy.feeds import feed_handling, feed_world, rebuilt
from tests.core.policy.receiving import OPEN
from tests.core.policy.rules import QUESTION, shipped_and

replaced = msgspec.structs.replace
TLP = ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")
Situation = tuple[World, Handling, Variant]


def with_member(world: World, name: str, **changed: object) -> World:
    return rebuilt(
        world, members=[replaced(one, **changed) if one.name == name else one for one in world.members.values()]
    )


def made(change: Change, world: World, said: Handling, owner: str, recipient: str) -> Situation | None:
    """The world and the marking after a change, read from its sentence; None for one that says no more than its end."""
    text = change.condition
    variant: Variant = "full"
    member = world.members.get(recipient)
    if found := re.fullmatch(r"if the author lowered the marking to (.+)", text):
        said = replaced(said, tlp=TLP.index(found[1]))
    elif text == "if pseudonymised":
        variant = "pseudonymised"
    elif text == "if stripped of personal data and secrets":
        variant = "stripped"
    elif found := re.fullmatch(r"if asked for the purpose (.+)", text):
        world = rebuilt(world, found[1])
    elif text == "if asked between the dates of its marking":
        said = replaced(said, not_before=None, not_after=None)
    elif found := re.fullmatch(r"if (\S+) were in force \(.+\)", text):
        standings = {owner: Standing(True, "now"), recipient: Standing(True, "now")}
        agreements = [
            replaced(one, standings={**one.standings, **standings}) if one.name == found[1] else one
            for one in world.agreements
        ]
        world = rebuilt(world, agreements=agreements)
    elif member is None:
        return None
    elif found := re.fullmatch(rf"if {recipient} joined (.+)", text):
        world = with_member(world, recipient, communities=member.communities | {found[1]})
    elif text == f"if the marking named {recipient}":
        said = replaced(said, named=(*said.named, member.identity))
    elif text == f"if {owner} consented":
        world = with_member(world, recipient, consents=member.consents | {owner})
    elif found := re.fullmatch(rf"if {recipient} were cleared for (.+)", text):
        assert found[1] in CLEARANCES
        world = with_member(world, recipient, clearance=found[1])
    elif text == f"if the marking were releasable to {member.country}":
        said = replaced(said, releasable=(*said.releasable, member.country))
    else:
        assert re.match(r"if (adequacy or a safeguard|an agreement entrusted|the owner's country)", text), text
        return None
    return world, said, variant


@pytest.mark.parametrize("seed", range(30))
def test_a_change_opens_what_it_says(seed: int) -> None:
    random = Random(seed)
    world = feed_world(random, random.choice(PURPOSES), members=7, agreements=7, own=3, odd=False)
    tried = 0
    while tried < 12:
        owner = random.choice(sorted(world.members))
        about = ClassAttributes(
            world.members[owner].identity,
            category="threats",
            personal=random.choice(((), (), ("name",), ("suspicion",))),
            secrecy=random.choice(((), (), ("bank",))),
        )
        said = feed_handling(random, world)
        facts, recipient = resolved(world, about, said), random.choice(world.recipients)
        engine = Engine(world.book)
        decision = decide(engine, recipient, facts, world.question)
        asleep = dormant(world, owner, recipient.name)
        comparable = same_law(world, owner, recipient.name)
        found = changes(engine, recipient, facts, world.question, decision, asleep, comparable)
        shut = {gate.gate for gate in decision.attempts[0].gates if not gate.passed}
        assert bool(shut) or not found
        assert [one.enough for one in found] == sorted((one.enough for one in found), reverse=True)
        for change in found:
            assert change.opens and set(change.opens) <= shut
            assert not change.enough or set(change.opens) == shut
            after = made(change, world, said, owner, recipient.name)
            if after is None:
                continue
            tried += 1
            there, marked, variant = after
            opened = decide(
                Engine(there.book), there.recipient(recipient.name), resolved(there, about, marked), there.question
            )
            (attempt,) = [one for one in opened.attempts if one.variant == variant]
            passed = {gate.gate for gate in attempt.gates if gate.passed}
            assert set(change.opens) <= passed, change
            assert change.enough == attempt.passed, change


def said_of(recipient: Recipient, facts: ClassFacts, *, purpose: str = "network-defence") -> list[str]:
    engine, question = Engine(shipped_and()), replaced(QUESTION, purpose=purpose)
    decision = decide(engine, recipient, facts, question)
    return [
        f"{'' if one.enough else '(' + ', '.join(one.opens) + ') '}{one.condition}"
        for one in changes(engine, recipient, facts, question, decision)
    ]


A, B = Recipient("a", country="FR", communities=frozenset(["energy"])), Recipient("b", country="DE")
AMBER = ClassFacts("a", "threats", tlp=2, audience=frozenset(["energy"]), shared=frozenset(["energy"]))
GREEN = ClassFacts("a", "threats", tlp=1)


@pytest.mark.parametrize(
    ("recipient", "facts", "expected"),
    [
        (
            B,
            AMBER,
            [
                "if the author lowered the marking to GREEN",
                "if the author lowered the marking to CLEAR",
                "if b joined energy",
                "if the marking named b",
            ],
        ),
        (PUBLIC, GREEN, ["if the author lowered the marking to CLEAR"]),
        (B, replaced(GREEN, classification=3), ["if b were cleared for secret"]),
        (B, replaced(GREEN, orcon=True), ["if the marking named b", "if a consented"]),
        (B, replaced(GREEN, releasable=frozenset(["FR"])), ["if the marking were releasable to DE"]),
        (replaced(B, country=""), replaced(GREEN, releasable=frozenset(["FR"])), []),
        (
            B,
            replaced(GREEN, purposes=frozenset(["research", "exercise"])),
            ["if asked for the purpose research", "if asked for the purpose exercise"],
        ),
        (B, replaced(GREEN, not_before=20_001), ["if asked between the dates of its marking"]),
        (B, replaced(GREEN, not_after=19_999), ["if asked between the dates of its marking"]),
        (B, replaced(GREEN, not_before=20_002, not_after=20_001), []),
        (
            B,
            replaced(GREEN, classification=1, orcon=True),
            [],
        ),
        (
            B,
            replaced(GREEN, classification=1, purposes=frozenset(["research"])),
            ["(handling) if b were cleared for restricted", "(policy) if asked for the purpose research"],
        ),
        (
            B,
            replaced(AMBER, personal=frozenset(["credential"])),
            [
                "(handling, policy) if the author lowered the marking to GREEN",
                "(handling, policy) if the author lowered the marking to CLEAR",
                "(handling, policy) if b joined energy",
                "(handling, policy) if the marking named b",
                "(law) if stripped of personal data and secrets",
            ],
        ),
        (
            B,
            replaced(GREEN, personal=frozenset(["name"]), jurisdiction_known=False),
            ["if the owner's country were recorded, and its law let it pass"],
        ),
        (B, replaced(GREEN, secrecy=frozenset(["bank"])), ["if an agreement entrusted b with bank secrets"]),
    ],
)
def test_typical_refusals_say_what_would_help(recipient: Recipient, facts: ClassFacts, expected: list[str]) -> None:
    assert said_of(recipient, facts) == expected


def test_what_is_given_as_a_variant_is_not_proposed() -> None:
    """It says what would give the rest: a variant that was given already is none of it."""
    assert said_of(PUBLIC, replaced(GREEN, tlp=0, personal=frozenset(["name"]))) == []


def test_nothing_is_proposed_where_it_passes() -> None:
    assert said_of(B, GREEN) == said_of(A, replaced(AMBER, orcon=True)) == []


def test_an_agreement_that_is_not_in_force_says_where_it_stands() -> None:
    world = feed_world(Random(3), members=4, agreements=3, own=0)
    owner, other = "member-00", "member-01"
    agreement = replaced(
        world.agreements[0],
        name="treaty",
        categories=frozenset(["threats", "secrecy:bank"]),
        purposes=frozenset(),
        safeguards=frozenset(["binding-instrument"]),
        standings={owner: Standing(True, "in force"), other: Standing(False, "signed on 2026-01-01, not in force")},
    )
    world = rebuilt(world, agreements=[agreement])
    for name, country in ((owner, "FR"), (other, "KE")):
        groups = frozenset(["eu", "eea"]) if country == "FR" else frozenset()
        world = with_member(
            world, name, kind="company", country=country, groups=groups, safeguards=frozenset(), communities=frozenset()
        )
    about = ClassAttributes(world.members[owner].identity, category="threats", personal=("name",), secrecy=("bank",))
    facts, recipient = resolved(world, about, OPEN), world.recipient(other)
    engine = Engine(world.book)
    decision = decide(engine, recipient, facts, world.question)
    assert decision.variant == "stripped"
    found = changes(engine, recipient, facts, world.question, decision, dormant(world, owner, other))
    sentence = "if treaty were in force (member-01: signed on 2026-01-01, not in force)"
    assert found[0] == Change(sentence, ("law",), enough=True)


def test_another_purpose_is_not_proposed_where_other_law_would_ask() -> None:
    """Under another purpose another regime may bind: what holds personal data is not tried unless law is comparable."""
    facts = replaced(GREEN, personal=frozenset(["name"]), purposes=frozenset(["law-enforcement", "research"]))
    engine = Engine(shipped_and())
    decision = decide(engine, B, facts, QUESTION)
    assert decision.outcome == "refuse"
    assert changes(engine, B, facts, QUESTION, decision) == ()
    assert [one.condition for one in changes(engine, B, facts, QUESTION, decision, comparable=["research"])] == [
        "if asked for the purpose research"
    ]


def test_a_purpose_under_which_law_is_stricter_is_not_proposed() -> None:
    """An authority of the EU may send personal data to a Japanese company, but not for law enforcement."""
    world = rebuilt(feed_world(Random(3), members=2, agreements=0, own=0), "network-defence")
    owner, other = "member-00", "member-01"
    world = with_member(world, owner, kind="state-body", country="DE", groups=frozenset(["eu", "eea"]))
    world = with_member(world, other, kind="company", country="JP", groups=frozenset(), safeguards=frozenset())
    about = ClassAttributes(world.members[owner].identity, personal=("name",))
    said = replaced(OPEN, purposes=("law-enforcement", "research"))

    def asked(world: World) -> Decision:
        return decide(Engine(world.book), world.recipient(other), resolved(world, about, said), world.question)

    facts, engine = resolved(world, about, said), Engine(world.book)
    comparable = same_law(world, owner, other)
    found = changes(engine, world.recipient(other), facts, world.question, asked(world), (), comparable)
    assert [one.condition for one in found if one.enough] == ["if asked for the purpose research"]
    assert asked(rebuilt(world, "research")).variant == "full"
    assert asked(rebuilt(world, "law-enforcement")).variant == "pseudonymised"
