from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.core.policy.contradictions import contradictions
from commonwatch.core.policy.handling import handling
from commonwatch.core.stix.extensions import HANDLING_ID
from tests.core.policy.marks import (
    AMBER,
    CLEAR,
    FRANCE,
    GREEN,
    IEP_EXTENSION,
    JAPAN,
    RED,
    STRICT,
    iep,
    marking,
    ours,
    statement,
)

UNKNOWN = "marking-definition--99999999-9999-4999-8999-999999999999"


def found(*markings: str | dict[str, Any], default: str = "", **value: Any) -> set[tuple[str, bool]]:
    held = {part["id"]: part for part in markings if isinstance(part, dict)}
    refs = [part if isinstance(part, str) else part["id"] for part in markings]
    problems = contradictions({"object_marking_refs": refs, **value}, held, default)
    assert [problem.blocks for problem in problems] == sorted((problem.blocks for problem in problems), reverse=True)
    assert all(problem.sentence.endswith(".") and problem.remedy.endswith(".") for problem in problems)
    return {(problem.code, problem.blocks) for problem in problems}


@pytest.mark.parametrize(
    "markings",
    [
        (),
        (CLEAR,),
        (GREEN, ours(audience=("energy",))),
        (AMBER, ours(audience=("energy",), purposes=("research",), retention_days=30)),
        (STRICT, marking(name="PAP:RED"), statement("Copyright")),
        (RED, ours(named=(FRANCE,))),
        (AMBER, iep(tlp="amber", start_date="2026-01-01", end_date="2026-12-31")),
        (CLEAR, iep(start_date="2026-12-01"), marking(name="PAP:GREEN")),  # an embargo makes sense
        (AMBER, ours(classification="secret", releasable_to=("nato",), orcon=True)),
    ],
)
def test_what_makes_sense_is_let_through(markings: tuple[Any, ...]) -> None:
    assert found(*markings) == set()


@pytest.mark.parametrize(
    ("markings", "code"),
    [
        ((CLEAR, RED, ours(named=(FRANCE,))), "tlp-contradictory"),
        ((AMBER, iep(tlp="green")), "tlp-contradictory"),
        ((AMBER, marking(name="PAP:RED"), marking(name="PAP:GREEN")), "pap-contradictory"),
        ((CLEAR, marking(name="PAP:RED")), "clear-but-restricted"),
        ((CLEAR, iep(permitted_actions="none")), "clear-but-restricted"),
        ((CLEAR, ours(audience=("energy",))), "clear-but-restricted"),
        ((CLEAR, ours(named=(FRANCE,))), "clear-but-restricted"),
        ((CLEAR, ours(releasable_to=("FR",))), "clear-but-restricted"),
        ((CLEAR, ours(orcon=True)), "clear-but-restricted"),
        ((CLEAR, ours(classification="restricted", releasable_to=("FR",))), "clear-but-restricted"),
        ((GREEN, ours(classification="restricted", releasable_to=("FR",))), "green-but-classified"),
        ((AMBER, ours(audience=("a",)), ours(audience=("b",))), "audience-contradictory"),
        ((AMBER, ours(purposes=("a",)), ours(purposes=("b",))), "purposes-contradictory"),
        ((AMBER, ours(releasable_to=("FR",)), ours(releasable_to=("JP",))), "releasable-contradictory"),
        ((RED, ours(named=(FRANCE,)), ours(named=(JAPAN,))), "named-contradictory"),
        ((AMBER, iep(start_date="2026-12-01", end_date="2026-11-30")), "dates-contradictory"),
        ((AMBER, iep(attribution="must"), iep(attribution="must-not")), "attribution-contradictory"),
        ((RED,), "red-for-nobody"),
        ((RED, ours(audience=("energy",), named=(FRANCE,))), "red-with-audience"),
        ((AMBER, UNKNOWN), "marking-dangling"),
        ((AMBER, marking(name="TLP:PURPLE")), "marking-unreadable"),
    ],
)
def test_what_cannot_all_be_meant_stops_publishing(markings: tuple[Any, ...], code: str) -> None:
    assert (code, True) in found(*markings)


@pytest.mark.parametrize(
    ("markings", "code"),
    [
        ((CLEAR, ours(purposes=("research",))), "clear-but-limited"),
        ((CLEAR, ours(retention_days=30)), "clear-but-limited"),
        ((CLEAR, iep(end_date="2026-12-31")), "clear-but-limited"),
        ((CLEAR, iep(encrypt_in_transit="must")), "clear-but-limited"),
        ((GREEN, ours(orcon=True)), "green-but-controlled"),
        ((AMBER, ours(named=(FRANCE,))), "names-do-not-narrow"),
        ((AMBER, ours(classification="secret")), "classified-without-release-list"),
    ],
)
def test_what_an_author_may_not_expect_is_noted(markings: tuple[Any, ...], code: str) -> None:
    assert found(*markings) == {(code, False)}


def test_names_are_all_where_the_audience_is_nobody() -> None:
    assert found(AMBER, ours(named=(FRANCE,), audience=("-",))) == set()
    assert found(AMBER, ours(named=(FRANCE,), audience=("energy",))) == {("names-do-not-narrow", False)}


def test_the_default_counts_where_no_level_is_marked() -> None:
    audience = ours(audience=("energy",))
    assert found(audience, default="TLP:CLEAR") == {("clear-but-restricted", True)}
    assert found(audience) == set()


def test_names_that_came_to_nothing_are_said_once() -> None:
    assert found(AMBER, ours(named=(FRANCE,)), ours(named=(JAPAN,))) == {("named-contradictory", True)}
    assert found(RED, UNKNOWN, ours(audience=("energy",))) == {("marking-dangling", True)}


def test_a_label_that_says_more_than_the_markings_stops_it() -> None:
    assert found(GREEN, labels=["tlp:amber"]) == {("label-stricter", True)}
    assert found(GREEN, labels=["PAP:RED", 7]) == {("label-stricter", True)}
    assert found(GREEN, labels=["tlp:unclear"]) == {("label-stricter", True)}
    assert found(GREEN, labels=['nato:classification="NR"']) == {("label-stricter", True)}
    assert found(GREEN, labels=['iep2-policy:attribution="must"']) == {("label-stricter", True)}
    assert found(GREEN, iep(attribution="must"), labels=['iep2-policy:attribution="must"']) == set()
    assert found(GREEN, labels=["tlp:clear", "malicious-activity"]) == found(GREEN, labels="tlp:red") == set()


def granular(selector: str, *markings: str) -> list[dict[str, Any]]:
    return [{"selectors": [selector], "marking_ref": identity} for identity in markings]


def test_a_field_marked_more_strictly_is_what_granular_markings_are_for() -> None:
    assert found(GREEN, granular_markings=granular("description", RED)) == set()


def test_a_field_marked_less_strictly_is_noted() -> None:
    assert found(AMBER, granular_markings=granular("name", GREEN)) == {("granular-weaker", False)}
    pap = marking(name="PAP:RED"), "marking-definition--c43594d1-4b11-4c59-93ab-1c9b14d53ce9"
    assert found(AMBER, pap[0], granular_markings=granular("name", pap[1])) == {("granular-weaker", False)}
    assert found(granular_markings=granular("name", GREEN)) == set()


def test_a_field_with_two_levels_or_an_unknown_marking_stops_it() -> None:
    assert found(GREEN, granular_markings=granular("name", AMBER, RED)) == {("tlp-contradictory", True)}
    assert found(GREEN, granular_markings=granular("name", UNKNOWN)) == {("marking-dangling", True)}


def test_what_is_no_marking_is_left_to_intake() -> None:
    assert found(GREEN, granular_markings=[7, {"lang": "fr"}, {"marking_ref": RED}]) == set()
    assert found(GREEN, granular_markings={}) == set()
    assert contradictions({"object_marking_refs": "x"}, {}) == contradictions({"object_marking_refs": [7]}, {}) == ()


words = st.sampled_from(
    ["tlp", "pap", "iep", "iep_version", "statement", "custom", "TLP:RED", "2.0", "start_date", "id_ref"]
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=9) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words | st.text(max_size=9), inner, max_size=4),
    max_leaves=8,
)
definitions = st.fixed_dictionaries(
    {},
    optional={
        "type": anything,
        "name": anything,
        "definition_type": words | anything,
        "definition": anything,
        "iep_version": anything,
        "extensions": anything | st.dictionaries(st.sampled_from([HANDLING_ID, IEP_EXTENSION, "x"]), anything),
        "x_opencti_definition": anything,
    },
)


@given(definitions, st.lists(anything, max_size=3), anything)
def test_whatever_json_stands_there_it_is_read(definition: Any, labels: Any, part: Any) -> None:
    held = {UNKNOWN: definition}
    assert handling([UNKNOWN], held).tlp in range(5)
    for value in (
        {"object_marking_refs": [UNKNOWN], "labels": labels, "granular_markings": [part]},
        {"object_marking_refs": part, "labels": part, "granular_markings": part},
        {"granular_markings": [{"marking_ref": UNKNOWN, "selectors": part}]},
    ):
        assert all(problem.remedy for problem in contradictions(value, held))
