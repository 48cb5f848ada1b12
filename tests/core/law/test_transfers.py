"""Transfer regimes: whom they bind, what suffices, on which day. Lists that cannot be relied on are refused whole."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.core.errors import InvalidInput
from commonwatch.core.law.transfers import (
    Adequacy,
    Basis,
    Jurisdiction,
    Regime,
    Regimes,
    Scope,
    basis,
    parse_regimes,
    regimes_of,
)

DAY = date(2026, 11, 23)
ONE = timedelta(days=1)
KINDS = ["state-body", "international-organisation", "company", "university", "civil-society"]


def who(country: str, kind: str = "company", *safeguards: str, groups: tuple[str, ...] = ()) -> Jurisdiction:
    return Jurisdiction(country, kind, frozenset(groups), frozenset(safeguards))


def decision(place: str, scope: Scope = Scope.FULL, **more: Any) -> Adequacy:
    return Adequacy(place, scope, "decision", **{"since": DAY, **more})


def regime(*adequacy: Adequacy, **more: Any) -> Regime:
    given: dict[str, Any] = {
        "id": "eu",
        "title": "GDPR",
        "instrument": "GDPR",
        "source": "Art. 44",
        "since": DAY,
        "exporters": ("eea",),
        "same_area": ("eea", "LI"),
        "safeguards": {"scc": "Art. 46(2)(c)"},
    }
    return Regime(**{**given, **more, "adequacy": adequacy})


def mechanism(found: Basis | None) -> str:
    return found.mechanism if found else ""


def test_a_regime_binds_its_exporters_from_its_first_day_until_its_end() -> None:
    listed = Regimes(DAY, (), (regime(until=DAY + 10 * ONE), regime(id="uk", exporters=("GB",))))

    def binding(exporter: Jurisdiction, on: date) -> list[str]:
        return [one.id for one in regimes_of(listed, exporter, on)]

    at = who("AT", groups=("eea",))
    assert [binding(at, DAY + days * ONE) for days in (-1, 0, 9, 10)] == [[], ["eu"], ["eu"], []]
    assert binding(who("GB"), DAY) == ["uk"] and binding(who("SG"), DAY) == [] == binding(who(""), DAY)
    assert listed.by_id()["uk"].exporters == ("GB",)


def test_a_regime_that_is_not_in_force_binds_nobody_until_a_date_is_given() -> None:
    at = who("AT", groups=("eea",))
    assert regimes_of(Regimes(DAY, (), (regime(since=None),)), at, DAY) == ()
    assert len(regimes_of(Regimes(DAY, (), (regime(since=DAY),)), at, DAY)) == 1


def test_law_enforcement_by_the_state_has_a_regime_of_its_own() -> None:
    police = regime(id="eu-led", purposes=("law-enforcement",), exporter_kinds=("state-body",))
    listed = Regimes(DAY, (), (regime(yields_to="eu-led"), police))

    def binding(kind: str, *purpose: str) -> list[str]:
        return [one.id for one in regimes_of(listed, who("AT", kind, groups=("eea",)), DAY, *purpose)]

    assert binding("state-body", "law-enforcement") == ["eu-led"]
    assert binding("company", "law-enforcement") == ["eu"] == binding("state-body") == binding("state-body", "research")


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        (Scope.FULL, ["state-body", "company", "university", "civil-society"]),
        (Scope.PRIVATE_SECTOR, ["company"]),
        (Scope.COMMERCIAL, ["company"]),
        (Scope.PUBLIC_SECTOR, ["state-body"]),
    ],
)
def test_a_decision_covers_whom_its_scope_says(scope: Scope, covered: list[str]) -> None:
    rule = regime(decision("JP", scope))
    assert [kind for kind in KINDS if basis(rule, who("JP", kind), DAY)] == covered


def test_a_certificate_is_needed_where_the_decision_covers_only_the_certified() -> None:
    rule = regime(decision("US", Scope.CERTIFIED, needs="dpf-certified"))
    assert basis(rule, who("US"), DAY) is None is basis(rule, who("US", "company", "cbpr"), DAY)
    assert mechanism(basis(rule, who("US", "company", "dpf-certified"), DAY)) == "adequacy"
    assert basis(rule, who("US", "state-body", "dpf-certified"), DAY) is None
    assert basis(rule, who("SG", "company", "dpf-certified"), DAY) is None


def test_a_decision_holds_from_adoption_to_its_last_day_and_says_so() -> None:
    rule = regime(decision("GB", until=date(2031, 12, 28)))
    days = [DAY - ONE, DAY, date(2031, 12, 27), date(2031, 12, 28)]
    assert [mechanism(basis(rule, who("GB"), on)) for on in days] == ["", "adequacy", "adequacy", ""]
    found = basis(rule, who("GB"), DAY)
    assert found == Basis(
        "eu", "adequacy", "GDPR: GB is adequate (full) since 2026-11-23, until 2031-12-28 at the latest.", "decision"
    )


def test_a_decision_does_not_cover_the_purposes_it_leaves_out() -> None:
    rule = regime(decision("BR", not_for=("law-enforcement",)))
    assert basis(rule, who("BR"), DAY) and not basis(rule, who("BR"), DAY, "law-enforcement")


def test_within_the_area_no_mechanism_is_needed() -> None:
    found = basis(regime(), who("AT", "state-body", groups=("eea",)), DAY)
    assert found == Basis("eu", "same-area", "On 2026-11-23 AT is in the same area as the sender: GDPR.", "Art. 44")
    assert mechanism(basis(regime(), who("LI"), DAY)) == "same-area"


def test_a_safeguard_that_the_regime_names_suffices() -> None:
    found = basis(regime(), who("SG", "company", "bcr", "scc"), DAY)
    assert found == Basis(
        "eu", "safeguard", "GDPR: on 2026-11-23 the recipient has the safeguard scc.", "Art. 46(2)(c)"
    )
    assert basis(regime(), who("SG", "company", "bcr"), DAY) is None


def test_a_recipient_of_unknown_country_has_only_its_own_safeguards() -> None:
    rule = regime(decision("*"), decision("nato"))
    assert basis(rule, who("", "company", groups=("eea", "nato")), DAY) is None
    assert mechanism(basis(rule, who("", "company", "scc"), DAY)) == "safeguard"
    assert "SG is adequate" in (basis(rule, who("SG"), DAY) or pytest.fail()).reason


def test_an_organisation_of_states_lives_under_its_own_law() -> None:
    kind = "international-organisation"
    rule = regime(decision("DE"), decision("", Scope.ENTITY, needs="epo-adequacy"), same_area=("eea", "eu"))
    assert basis(rule, who("DE", kind, groups=("eea",)), DAY) is None  # a seat is not a law
    assert basis(rule, who("", kind), DAY) is None
    assert mechanism(basis(rule, who("", kind, groups=("eu",)), DAY)) == "same-area"  # a body of the EU
    for country in ("", "DE"):
        found = basis(rule, who(country, kind, "epo-adequacy"), DAY)
        assert found and found.mechanism == "adequacy" and found.reason.startswith("GDPR: epo-adequacy is adequate")
    assert basis(rule, who("SG", "company", "epo-adequacy"), DAY) is None


WORDS = ["scc", "bcr", "dpf-certified", "epo-adequacy", "cbpr"]
PLACES = ["GB", "JP", "US", "eea", "nato", "*"]
days = st.dates(date(2026, 1, 1), date(2027, 12, 31))
decisions = st.builds(
    Adequacy,
    st.sampled_from(PLACES),
    st.sampled_from(list(Scope)),
    st.just("s"),
    days,
    st.none() | days,
    st.sampled_from(["", *WORDS]),
    st.sampled_from([(), ("law-enforcement",)]),
)
recipients = st.builds(
    Jurisdiction,
    st.sampled_from(["", "GB", "JP", "US", "AT"]),
    st.sampled_from(KINDS),
    st.frozensets(st.sampled_from(["eea", "nato"])),
    st.frozensets(st.sampled_from(WORDS)),
)


@given(st.lists(decisions, max_size=4), decisions, recipients, st.sampled_from(WORDS), days)
def test_one_more_safeguard_or_decision_never_takes_a_basis_away(
    held: list[Adequacy], added: Adequacy, recipient: Jurisdiction, word: str, on: date
) -> None:
    for purpose in ("network-defence", "law-enforcement"):
        if basis(regime(*held), recipient, on, purpose):
            more = msgspec.structs.replace(recipient, safeguards=recipient.safeguards | {word})
            assert basis(regime(*held), more, on, purpose)
            assert basis(regime(*held, added), recipient, on, purpose)
            assert basis(regime(added, *held), recipient, on, purpose)
            assert basis(regime(*held, safeguards={"scc": "a", word: "b"}), recipient, on, purpose)


@given(st.lists(decisions, max_size=4), recipients, days)
def test_every_basis_says_why_when_and_by_whom(held: list[Adequacy], recipient: Jurisdiction, on: date) -> None:
    found = basis(regime(*held), recipient, on)
    assert found is None or (found.source and str(found.reason).count("-") >= 2 and found.reason.endswith("."))


DECISION = {"place": "GB", "scope": "full", "source": "s", "since": "2021-06-28"}
REGIME = {
    "id": "eu",
    "title": "t",
    "instrument": "i",
    "source": "s",
    "since": "2018-05-25",
    "exporters": ["eea", "CH"],
    "adequacy": [DECISION],
}


def listed(*regimes: object, **changes: object) -> bytes:
    return json.dumps({"as_of": "2026-01-01", "sources": ["s"], "regimes": regimes, **changes}).encode()


def test_a_list_of_regimes_is_read() -> None:
    other = {**REGIME, "id": "led", "since": None, "adequacy": []}
    found = parse_regimes(listed({**REGIME, "yields_to": "led"}, other)).by_id()
    assert found["eu"].adequacy[0].since == date(2021, 6, 28) and found["led"].since is None


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (b"", ""),
        (b"[]", ""),
        (b"\xff", ""),
        (listed(as_of="soon"), ""),
        (listed({**REGIME, "colour": "red"}), ""),
        (listed({key: value for key, value in REGIME.items() if key != "since"}), ""),  # in force or not?
        (listed({**REGIME, "adequacy": [{**DECISION, "scope": "mostly"}]}), ""),
        (listed(), "$.regimes"),
        (listed(REGIME, REGIME), "$.regimes[0].id"),
        (listed({**REGIME, "id": ""}), "$.regimes[0].id"),
        (listed({**REGIME, "yields_to": "led"}), "$.regimes[0].yields_to"),
        (listed({**REGIME, "yields_to": "eu"}), "$.regimes[0].yields_to"),
        (listed({**REGIME, "source": " "}), "$.regimes[0].source"),
        (listed({**REGIME, "derogations": {"vital-interests": ""}}), "$.regimes[0].source"),
        (listed({**REGIME, "until": "2018-05-25"}), "$.regimes[0].until"),
        (listed({**REGIME, "exporters": ["AUT"]}), "$.regimes[0].exporters"),
        (listed({**REGIME, "same_area": ["*"]}), "$.regimes[0].exporters"),
        (listed({**REGIME, "exporter_kinds": ["police"]}), "$.regimes[0].exporter_kinds"),
        (listed({**REGIME, "adequacy": [{**DECISION, "source": ""}]}), "$.regimes[0].adequacy[0].source"),
        (listed({**REGIME, "adequacy": [{**DECISION, "until": "2020-01-01"}]}), "$.regimes[0].adequacy[0].until"),
        (listed({**REGIME, "adequacy": [{**DECISION, "needs": "dpf"}]}), "$.regimes[0].adequacy[0].needs"),
        (listed({**REGIME, "adequacy": [{**DECISION, "scope": "certified"}]}), "$.regimes[0].adequacy[0].needs"),
        (listed({**REGIME, "adequacy": [{**DECISION, "place": ""}]}), "$.regimes[0].adequacy[0].place"),
        (
            listed({**REGIME, "adequacy": [{**DECISION, "scope": "entity", "needs": "epo"}]}),
            "$.regimes[0].adequacy[0].place",
        ),
    ],
)
def test_a_list_that_cannot_be_relied_on_is_refused_whole(raw: bytes, place: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_regimes(raw)
    assert caught.value.code == "transfer-regimes" and caught.value.advice
    assert caught.value.data.get("place", "") == place
