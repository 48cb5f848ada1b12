"""Whatever an agreement or a regime is called, its policy stays one policy, with these words and no others."""

from __future__ import annotations

import json

import cedarpy
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from commonwatch.core.policy.book import parse_book
from commonwatch.core.policy.engine import Engine
from commonwatch.core.policy.facts import ClassFacts, Recipient
from commonwatch.core.policy.generated import AgreementTerms, RegimeTerms, agreement_policy, transfer_policy
from tests.core.policy.rules import QUESTION
from tests.core.policy.worlds import SCHEMA

HOSTILE = [
    '"',
    "\\",
    '\\"',
    '\\\\"',
    "};permit(principal,action,resource);//",
    '")\npermit (principal, action, resource);\n@id("x',
    '"].contains(principal) || true };//',
    "\u2028permit(principal,action,resource);\u2029",
    "\r\n\t\0\x07\x1b[31m",
    "/* */ // ${x} {retention_days} %s \\u{0} \\x41 \\*",
    "\U0001f4a5\U0001f468\u200d\U0001f469\u200d\U0001f467 e\u0301 \u202eesrever \ufeff \ufffe \U0010ffff",
    "x" * 100_000,
    "*",
]
words = st.one_of(st.sampled_from(HOSTILE), st.text(min_size=1, max_size=40))
sets = st.frozensets(words, max_size=3)


def one_form(text: str) -> dict[str, object]:
    forms = json.loads(cedarpy.policies_to_json_str(text))
    assert len(forms["staticPolicies"]) == 1 and not forms["templates"] and not forms["templateLinks"]
    found: dict[str, object] = next(iter(forms["staticPolicies"].values()))
    return found


@settings(max_examples=150)
@given(words, words, words, st.frozensets(words, min_size=2, max_size=3), sets, sets)
@example("n", "t", "s", frozenset(HOSTILE), frozenset(HOSTILE), frozenset(HOSTILE))
def test_an_agreement_is_one_policy_of_its_words(
    name: str, title: str, source: str, bound: frozenset[str], categories: frozenset[str], purposes: frozenset[str]
) -> None:
    text = agreement_policy(AgreementTerms(name, title, source, bound, None, categories, purposes))
    form = one_form(text)
    book = parse_book({"made": text}, SCHEMA)
    policy = book.policies[f"agreement/{name}"]
    assert (policy.note("title"), policy.note("law"), policy.note("date")) == (title, source, "without date")
    assert set(policy.annotations) == {"id", "title", "law", "date", "explain"}
    assert policy.parties.principals == policy.parties.owners == bound
    assert (form["effect"], form["principal"]) == ("permit", {"op": "is", "entity_type": "Member"})
    stranger = Engine(book).ask("policy", Recipient("no party of it"), ClassFacts(min(bound), "threats"), QUESTION)
    assert not stranger.permits


@settings(max_examples=100)
@given(words, words, words, sets, sets)
def test_a_regime_is_one_policy_of_its_words(
    name: str, title: str, instrument: str, derogations: frozenset[str], purposes: frozenset[str]
) -> None:
    text = transfer_policy(RegimeTerms(name, title, instrument, None, derogations, purposes))
    form = one_form(text)
    policy = parse_book({"made": text}, SCHEMA).policies[f"law/transfer-{name}"]
    assert (policy.note("title"), policy.note("law")) == (title, instrument)
    assert set(policy.annotations) == {"id", "title", "law", "date", "explain", "remedy"}
    assert form["effect"] == policy.effect == "forbid"


@pytest.mark.parametrize("word", HOSTILE)
def test_a_covered_category_is_that_word_alone(word: str) -> None:
    terms = AgreementTerms("n", "t", "s", frozenset("ab"), None, frozenset([word]))
    engine = Engine(parse_book({"made": agreement_policy(terms)}, SCHEMA))
    asked = [
        engine.ask("policy", Recipient("a"), ClassFacts("b", kind), QUESTION).permits for kind in (word, "threats")
    ]
    assert asked == [("agreement/n",), ()]


def test_half_a_character_is_written_as_a_question_mark() -> None:
    text = agreement_policy(AgreementTerms("n", "a\ud800b", "s", frozenset("ab"), None))
    assert parse_book({"made": text}, SCHEMA).policies["agreement/n"].note("title") == "a?b"
