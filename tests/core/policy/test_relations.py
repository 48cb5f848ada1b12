"""Relations are the only thing that is computed outside Cedar: each operator answers as Cedar does."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonwatch.core.policy.book import parse_book
from commonwatch.core.policy.engine import Engine
from commonwatch.core.policy.facts import Assurance, ClassFacts, Entrusted, Question, Recipient
from commonwatch.core.policy.relations import holds, narrowed
from tests.core.policy.rules import rule
from tests.core.policy.worlds import SCHEMA

ASKED = {
    "contains": [
        "resource.named.contains(principal)",
        "principal.consents.contains(resource.owner)",
        "resource.releasable.contains(principal.country)",
        'principal.assured.contains({owner: resource.owner, regime: "a", category: resource.category, purpose: "*"})',
        'principal.assured.contains({owner: resource.owner, regime: "a", category: "a", purpose: context.purpose})',
        "principal.entrusted.contains({owner: resource.owner, kind: resource.category})",
        'principal.lawful.contains("a")',
        "resource.purposes.contains(context.purpose)",
        'resource.secrets.contains({owner: principal, kind: "a"})',
    ],
    "containsAny": [
        "resource.releasable.containsAny(principal.groups)",
        "principal.entrusted.containsAny(resource.secrets)",
        "resource.named.containsAny(principal.consents)",
    ],
    "containsAll": [
        "principal.entrusted.containsAll(resource.secrets)",
        "resource.regimes.containsAll(principal.lawful)",
        "principal.lawful.containsAll(resource.regimes)",
    ],
    "in": ["principal in resource.audience", "principal in resource.shared"],
    "==": [
        "principal == resource.owner",
        "resource.owner == principal",
        "principal.country == resource.category",
        "principal.clearance == resource.classification",
        "principal.consents == resource.named",
        "resource.secrets == principal.entrusted",
        "{a: principal.country, b: context.today} == {a: resource.category, b: resource.tlp}",
        '{a: {b: principal.kind}, c: "a"} == {a: {b: resource.category}, c: context.purpose}',
    ],
}
NONE = [
    "principal in resource.named",
    "principal in resource.owner",
    "principal.clearance < resource.classification",
    "[resource.owner].contains(principal)",
    "{a: principal.country, b: context.own} == {a: resource.category, b: resource.orcon}",
    "{a: principal.country, b: 1} == {a: resource.category, b: resource.tlp}",
    'principal.country == "FR"',
    "resource.audience == resource.shared",
]
letters = st.sampled_from("ab")
sets = st.frozensets(letters, max_size=3)
numbers = st.integers(0, 1)
recipients = st.builds(
    Recipient,
    name=letters,
    kind=letters,
    country=letters,
    groups=sets,
    communities=sets,
    clearance=numbers,
    consents=sets,
    lawful=sets,
    assured=st.frozensets(
        st.builds(Assurance, letters, st.just("a"), st.sampled_from("ab*"), st.sampled_from("ab*")), max_size=9
    ),
    entrusted=st.frozensets(st.builds(Entrusted, letters, letters), max_size=3),
)
classes = st.builds(
    ClassFacts,
    owner=letters,
    category=letters,
    tlp=numbers,
    classification=numbers,
    named=sets,
    releasable=sets,
    audience=sets,
    shared=sets,
    purposes=sets,
    secrecy=sets,
    regimes=sets,
)
questions = st.builds(Question, letters, numbers)


def book_for(condition: str) -> Any:
    return parse_book({"own": rule(f"when {{ {condition} }}")}, SCHEMA)


@pytest.mark.parametrize(
    ("operator", "condition"), [(operator, condition) for operator, asked in ASKED.items() for condition in asked]
)
def test_a_relation_holds_where_cedar_says_so(operator: str, condition: str) -> None:
    book = book_for(condition)
    engine = Engine(book)
    (found,) = book.policies["member/a/rule"].footprint.relations
    assert found.operator == operator
    answers = set()

    @settings(max_examples=50, database=None)
    @given(recipients, classes, questions)
    def compare(recipient: Recipient, facts: ClassFacts, question: Question) -> None:
        asked = engine.ask("policy", recipient, facts, question)
        assert holds(found, recipient, facts, question) == bool(asked.forbids) and not asked.errors
        shown = narrowed(recipient, (), (found,), facts, question)
        assert engine.ask("policy", shown, facts, question) == asked
        answers.add(bool(asked.forbids))

    compare()
    assert answers == {True, False}


@pytest.mark.parametrize("condition", NONE)
def test_what_is_no_relation_is_read_attribute_by_attribute(condition: str) -> None:
    footprint = book_for(condition).policies["member/a/rule"].footprint
    assert footprint.relations == () and footprint.attributes("resource") | footprint.attributes("principal")


@pytest.mark.parametrize(
    "condition",
    [
        "principal.assured.containsAny(principal.assured) && resource.named.contains(principal)",
        "!principal.assured.isEmpty()",
    ],
)
def test_assurances_that_are_read_otherwise_are_all_shown(condition: str) -> None:
    footprint = book_for(condition).policies["member/a/rule"].footprint
    recipient = Recipient("a", assured=frozenset([Assurance("b", "eu"), Assurance("c", "uk")]))
    asked = (recipient, footprint.principal, footprint.relations, ClassFacts("b", "threats"), Question("research", 1))
    assert narrowed(*asked) == recipient
    only_found = msgspec.structs.replace(recipient, assured=frozenset())
    relations = book_for("resource.named.contains(principal)").policies["member/a/rule"].footprint.relations
    assert narrowed(recipient, (), relations, *asked[3:]) == only_found
