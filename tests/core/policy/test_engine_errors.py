"""Whatever goes wrong in the engine refuses, one by one and all at once, and is named."""

from __future__ import annotations

import msgspec
import pytest

from commonwatch.core.policy.book import Policy, PolicyBook
from commonwatch.core.policy.changes import changes
from commonwatch.core.policy.decision import decide
from commonwatch.core.policy.engine import Engine
from commonwatch.core.policy.facts import PUBLIC, ClassFacts, Recipient
from commonwatch.core.policy.footprint import Footprint
from commonwatch.core.policy.masks import Deciding
from tests.core.policy.rules import QUESTION, full_for, rule, shipped_and

OVERFLOW = "when { resource.tlp * 9223372036854775807 * 10 > 0 }"
PEERS = [PUBLIC, Recipient("a", country="FR"), Recipient("b", country="DE"), Recipient("c")]
GREEN = ClassFacts("a", "indicators", tlp=1)
CLEAR = ClassFacts("a", "indicators")


@pytest.mark.parametrize(
    "failing",
    [
        rule(OVERFLOW),
        rule(f'when {{ resource.owner == Member::"a" }} {OVERFLOW}', effect="permit"),
        rule(f"unless {{ {OVERFLOW[7:-2]} }}", name="handling/failing"),
        rule(OVERFLOW, name="law/failing"),
        rule("when { context.own } unless { -(resource.tlp - 9223372036854775807 - 2) > 0 }"),
        rule('when { datetime("2026-01-01").offset(duration("9223372036854775807ms")) > datetime("2020-01-01") }'),
    ],
)
def test_an_error_refuses_and_is_named(failing: str) -> None:
    book = shipped_and(failing)
    for recipient in PEERS[1:]:
        decision = decide(Engine(book), recipient, GREEN, QUESTION)
        if "context.own" in failing and recipient.name != "a":
            assert decision.outcome == "obliged"
            continue
        errors = [error for gate in decision.gates for error in gate.errors]
        assert (decision.outcome, decision.variant, decision.obligations) == ("refuse", None, ())
        assert len(errors) == 1 and next(iter(set(book.policies) - set(shipped_and().policies))) in errors[0]
    deciding = Deciding(book, PEERS, QUESTION)
    assert deciding.masks(GREEN) == ((0b1100 if "context.own" in failing else 0), 0, 0)
    assert deciding.failed > 0


def test_an_error_for_one_class_is_none_for_another() -> None:
    book = shipped_and(rule(OVERFLOW))
    assert full_for(book, PEERS, GREEN) == []
    assert full_for(book, PEERS, CLEAR) == ["", "a", "b", "c"]


def test_an_error_ahead_of_a_limit_to_parties_refuses_everybody() -> None:
    ahead = shipped_and(rule(f'{OVERFLOW} when {{ resource.owner == Member::"b" }}'))
    behind = shipped_and(rule(f'when {{ resource.owner == Member::"b" }} {OVERFLOW}'))
    for book, receiving in ((ahead, []), (behind, ["a", "b", "c"])):
        assert full_for(book, PEERS, GREEN) == receiving
        engine = Engine(book)
        assert [one.name for one in PEERS if decide(engine, one, GREEN, QUESTION).variant] == receiving


def without(book: PolicyBook, name: str, *left_out: str) -> PolicyBook:
    """The book with a footprint that says less than its policy reads."""
    policy = book.policies[name]
    less = Footprint(
        tuple(one for one in policy.footprint.principal if one not in left_out),
        tuple(one for one in policy.footprint.resource if one not in left_out),
        policy.footprint.context,
        tuple(one for one in policy.footprint.relations if not one.reads("resource") & set(left_out)),
    )
    assert less != policy.footprint
    return PolicyBook({**book.policies, name: msgspec.structs.replace(policy, footprint=less)}, book.digest)


@pytest.mark.parametrize(
    ("name", "attribute"),
    [
        ("handling/green", "tlp"),
        ("handling/clearance", "classification"),
        ("handling/clearance", "clearance"),
        ("handling/named", "named"),
        ("partnership/community", "shared"),
        ("law/public", "personal"),
    ],
)
def test_a_footprint_that_is_too_small_refuses(name: str, attribute: str) -> None:
    book = shipped_and()
    deciding = Deciding(without(book, name, attribute), PEERS, QUESTION)
    asked = msgspec.structs.replace(CLEAR, tlp=1 if name != "law/public" else 0)
    missing = {one.name for number, one in enumerate(PEERS) if not deciding.masks(asked)[0] >> number & 1}
    assert missing >= ({""} if name == "law/public" else {"b", "c"}) and deciding.failed > 0
    assert "b" in full_for(book, PEERS, asked)


def failing_obligation() -> PolicyBook:
    """A book does not take an obligation that may fail: this one is made by hand."""
    book = shipped_and()
    model = shipped_and(rule(OVERFLOW, name="law/failing")).policies["law/failing"]
    form = {**model.form, "effect": "permit", "action": book.policies["obligation/green"].form["action"]}
    failing: Policy = msgspec.structs.replace(
        model, id="obligation/failing", gate="obligation", effect="permit", form=form
    )
    return PolicyBook({**book.policies, failing.id: failing}, book.digest)


def test_obligations_that_cannot_be_found_refuse() -> None:
    engine = Engine(failing_obligation())
    decision = decide(engine, PEERS[2], GREEN, QUESTION)
    assert (decision.outcome, decision.variant) == ("refuse", None)
    assert [gate.gate for gate in decision.gates if not gate.passed] == ["obligation"]
    assert "obligation/failing" in decision.gates[-1].errors[0]
    assert changes(engine, PEERS[2], GREEN, QUESTION, decision) == ()
    assert decide(engine, PEERS[2], CLEAR, QUESTION).outcome == "permit"
