"""Which instruments may require notice: what is likely, what is open, what is not, and why."""

from __future__ import annotations

from datetime import date

import pytest

from commonwatch.capabilities.duties.case_facts import Facts, read_facts, read_flag
from commonwatch.capabilities.duties.law import shipped_duties
from commonwatch.capabilities.duties.rules import LIKELY, NO, POSSIBLE, STANDS, Assessed, assess
from commonwatch.core.errors import InvalidInput
from tests.capabilities.duties.cases import hospital

ON = date(2026, 11, 29)
GROUPS = {
    "DE": frozenset({"eu", "eea"}),
    "AT": frozenset({"eu", "eea"}),
    "NO": frozenset({"eea"}),
    "US": frozenset[str](),
}


def found(facts: Facts, regime: str, place: str = "DE") -> Assessed:
    return next(
        one for one in assess(facts, shipped_duties(), GROUPS, ON) if (one.regime, one.place) == (regime, place)
    )


def with_subject(**subject: object) -> Facts:
    return hospital(subjects=[{"name": "home", "places": ["DE"], **subject}])


def test_a_duty_is_owed_in_each_country_and_once_where_one_authority_leads() -> None:
    answers = assess(hospital(), shipped_duties(), GROUPS, ON)
    assert [one.place for one in answers if one.regime == "RO:EU-NIS2-23"] == ["DE", "AT"]
    assert [one.place for one in answers if one.regime == "RO:EU-GDPR-33"] == ["DE"]
    assert not [one for one in answers if one.regime.startswith("RO:US")]


def test_a_likely_duty_says_why() -> None:
    one = found(hospital(), "RO:EU-NIS2-23")
    assert one.outcome == LIKELY
    assert one.standing == STANDS
    assert one.reasons == (
        "home acts in DE, where NIS2 binds.",
        "home is of those whom it binds: nis2-entity.",
        "The severity is high: taken as significant until a person says otherwise.",
    )


def test_what_is_not_stated_is_a_question_and_no_answer() -> None:
    one = found(hospital(flags={}), "RO:EU-GDPR-33")
    assert one.outcome == POSSIBLE
    assert one.questions == ("It is not stated whether this holds: personal data.",)
    nobody = found(with_subject(), "RO:EU-NIS2-23")
    assert nobody.outcome == POSSIBLE
    assert nobody.questions[0] == "Is home one of these: essential and important entities?"


def test_no_has_its_reason() -> None:
    assert found(hospital(flags={"personal_data": False}), "RO:EU-GDPR-33").reasons == (
        "It is stated: not personal data.",
    )
    other = found(with_subject(sectors=["food"]), "RO:EU-DORA-19")
    assert (other.outcome, other.questions) == (NO, ())
    assert other.reasons == ("It binds others, and none of the sectors of home: financial entities.",)


def test_a_sector_makes_a_duty_possible_and_a_role_likely() -> None:
    assert found(with_subject(sectors=["banking"]), "RO:EU-DORA-19").outcome == POSSIBLE
    assert found(with_subject(roles=["financial-entity"]), "RO:EU-DORA-19").outcome == LIKELY


def test_severity_stands_for_significance_until_a_person_says() -> None:
    assert found(hospital(severity="low"), "RO:EU-NIS2-23").outcome == NO
    assert found(hospital(severity="medium"), "RO:EU-NIS2-23").outcome == POSSIBLE
    assert found(hospital(severity="low", flags={"significant": True}), "RO:EU-NIS2-23").outcome == LIKELY


def test_what_is_not_in_force_stands_apart_at_the_end() -> None:
    answers = assess(hospital(), shipped_duties(), GROUPS, ON)
    standing = [one.standing for one in answers]
    assert standing == sorted(standing, key=lambda word: word != STANDS)
    assert found(hospital(), "RO:EU-OMNIBUS").standing == "proposed"
    assert found(hospital(), "RO:EU-NIS2-30").standing == "voluntary"
    assert "may concern only another" in found(hospital(), "RO:EU-OMNIBUS").uncertain


def test_law_that_begins_later_is_not_in_force_before() -> None:
    maker = with_subject(roles=["manufacturer"])
    before = assess(maker, shipped_duties(), GROUPS, date(2026, 9, 10))
    assert {one.standing for one in before if one.regime == "RO:EU-CRA-14-INC"} == {"only from 2026-09-11"}
    after = assess(maker, shipped_duties(), GROUPS, date(2026, 9, 11))
    assert {one.standing for one in after if one.regime == "RO:EU-CRA-14-INC"} == {STANDS}


def test_gdpr_holds_in_the_economic_area_and_nis2_does_not() -> None:
    norway = hospital(subjects=[{"name": "home", "places": ["NO"], "roles": ["nis2-entity"]}])
    assert found(norway, "RO:EU-GDPR-33", "NO").outcome == LIKELY
    assert not [one for one in assess(norway, shipped_duties(), GROUPS, ON) if one.regime == "RO:EU-NIS2-23"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"subjects": []},
        {"subjects": [{"name": "x", "places": ["Germany"]}]},
        {"severity": "awful"},
        {"times": {"aware": 0}},
        {"times": {"noon": 1}},
        {"texts": {"poem": "x"}},
        {"flags": {"personal_data": "yes"}},
        {"unknown": 1},
    ],
)
def test_facts_that_no_rule_knows_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        hospital(**wrong)


def test_facts_are_read_from_json() -> None:
    assert read_facts(b'{"title":"x","subjects":[{"name":"home","places":["DE"]}]}').about == "x"
    with pytest.raises(InvalidInput):
        read_facts(b"[" * 100_000)
    assert read_flag("personal_data") == ("personal_data", True)
    assert read_flag("malicious=no") == ("malicious", False)
    with pytest.raises(InvalidInput):
        read_flag("Personal data")
