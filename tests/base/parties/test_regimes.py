"""The transfer regimes that are shipped: hand-checked cases with their dates, and newer lists in their place."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest

from commonwatch.base.parties import regimes
from commonwatch.base.parties.countries import country_facts
from commonwatch.base.parties.models import MemberKind
from commonwatch.core.errors import Conflict, InvalidInput, NotFound
from commonwatch.core.law.facts import GROUP, holding
from commonwatch.core.law.transfers import Jurisdiction, Regimes, basis, regimes_of

TODAY = date(2026, 11, 23)
ONE = timedelta(days=1)


def who(code: str, kind: str = "company", *safeguards: str) -> Jurisdiction:
    known = country_facts().by_code()
    groups = [fact.value for fact in holding(known[code].facts, TODAY, GROUP)] if code else []
    return Jurisdiction(code, kind, frozenset(groups), frozenset(safeguards))


def binding(exporter: Jurisdiction, on: date = TODAY, purpose: str = "network-defence") -> list[str]:
    return [regime.id for regime in regimes_of(regimes.transfer_regimes(), exporter, on, purpose)]


def mechanism(name: str, recipient: Jurisdiction, on: date = TODAY, purpose: str = "network-defence") -> str:
    found = basis(regimes.transfer_regime(name), recipient, on, purpose)
    assert found is None or (found.source and found.reason)
    return found.mechanism if found else ""


def test_each_country_is_bound_by_the_regimes_that_are_listed_for_it() -> None:
    assert {code: binding(who(code)) for code in ("AT", "NO", "GB", "CH", "JP", "KR", "CN", "RU", "BR", "AU")} == {
        "AT": ["eu"], "NO": ["eu"], "GB": ["uk"], "CH": ["ch"], "JP": ["jp"], "KR": ["kr"], "CN": ["cn"],
        "RU": ["ru"], "BR": ["br"], "AU": ["au"],
    }  # fmt: skip
    assert binding(who("SG")) == ["sg"] and binding(who("SG", "state-body")) == []
    assert binding(who("GH")) == ["malabo"] and binding(who("NG")) == [] == binding(who("US")) == binding(who(""))
    assert [binding(who("IN"), date(2027, 5, day)) for day in (12, 13)] == [[], ["in"]]


@pytest.mark.parametrize(
    ("code", "kind", "words", "first"),
    [
        ("BR", "state-body", (), date(2026, 1, 26)),
        ("GB", "state-body", (), date(2021, 1, 1)),  # by the trade agreement, until its adequacy
        ("KR", "university", (), date(2021, 12, 17)),
        ("JP", "company", (), date(2019, 1, 23)),
        ("US", "company", ("dpf-certified",), date(2023, 7, 10)),
        ("", "international-organisation", ("epo-adequacy",), date(2025, 7, 15)),
    ],
)
def test_an_adequacy_decision_of_the_eu_counts_from_its_day(
    code: str, kind: str, words: tuple[str, ...], first: date
) -> None:
    recipient = who(code, kind, *words)
    assert [mechanism("eu", recipient, on) for on in (first - ONE, first, TODAY)] == ["", "adequacy", "adequacy"]


def test_the_uk_is_adequate_to_the_end_of_27_december_2031() -> None:
    for name, kind, purpose in (("eu", "company", "research"), ("eu-led", "state-body", "law-enforcement")):
        ends = [mechanism(name, who("GB", kind), date(2031, 12, day), purpose) for day in (27, 28)]
        assert ends == ["adequacy", ""]
    assert mechanism("eu-led", who("GB", "company")) == ""  # only authorities


def test_who_a_decision_does_not_cover_needs_something_else() -> None:
    for recipient in (who("JP", "state-body"), who("JP", "university"), who("CA", "state-body"), who("US"), who("SG")):
        assert mechanism("eu", recipient) == ""
    assert mechanism("eu", who("CA")) == "adequacy" and mechanism("eu", who("SG", "company", "scc")) == "safeguard"
    assert mechanism("uk", who("US", "company", "dpf-certified")) == ""
    assert mechanism("uk", who("US", "company", "dpf-uk-extension")) == "adequacy"
    assert mechanism("br", who("AT")) == "adequacy" and mechanism("br", who("AT"), purpose="law-enforcement") == ""


def test_within_an_area_nothing_is_needed() -> None:
    assert mechanism("eu", who("NO")) == mechanism("malabo", who("NG")) == mechanism("jp", who("JP")) == "same-area"


def test_police_of_the_eu_share_under_the_directive_and_everybody_else_under_the_gdpr() -> None:
    police, company = who("AT", "state-body"), who("AT")
    assert binding(police, purpose="law-enforcement") == ["eu-led"]
    assert binding(police) == ["eu"] == binding(company, purpose="law-enforcement")
    assert binding(who("CN"), purpose="law-enforcement") == ["cn", "cn-authorities"]


def test_convention_108_plus_binds_nobody_before_it_is_in_force() -> None:
    convention = regimes.transfer_regime("convention-108-plus")
    assert convention.since is None and "convention-108-plus" not in binding(who("UY"), date(2099, 1, 1))
    start = date(2027, 6, 1)
    come = Regimes(TODAY, (), (msgspec.structs.replace(convention, since=start),))
    assert [len(regimes_of(come, who("UY"), on)) for on in (start - ONE, start)] == [0, 1]


def test_the_list_that_is_shipped_is_whole() -> None:
    known = regimes.transfer_regimes()
    codes, kinds = set(country_facts().by_code()), set(MemberKind.values)
    groups = {fact.value for one in country_facts().countries for fact in one.facts if fact.kind == GROUP}
    assert known.as_of == date(2026, 11, 21) and known.sources and len(known.by_id()) == 17
    for one in known.regimes:
        places = {*one.exporters, *one.same_area, *(decision.place for decision in one.adequacy)} - {"", "*"}
        assert places <= codes | groups and set(one.exporter_kinds) <= kinds
    facts = {
        (one.code, fact.since) for one in country_facts().countries for fact in one.facts if fact.kind == "adequacy"
    }
    bridge = ("GB", date(2021, 1, 1))
    assert facts == {(one.place, one.since) for one in known.by_id()["eu"].adequacy if one.place} - {bridge}


def test_a_newer_list_is_used_without_a_new_program_and_a_wrong_one_refused(node: Path) -> None:
    def listed(as_of: str) -> bytes:
        one: dict[str, object] = {
            "id": "eu",
            "title": "t",
            "instrument": "i",
            "source": "s",
            "since": None,
            "exporters": [],
        }
        return json.dumps({"as_of": as_of, "sources": [], "regimes": [one]}).encode()

    own = node / regimes.FILE_NAME
    try:
        for raw in (b"", b"{}", b'{"as_of":"2099-01-01","sources":[],"regimes":[]}'):
            with pytest.raises(InvalidInput):
                regimes.update_transfer_regimes(raw)
        with pytest.raises(Conflict, match="2020-01-01"):
            regimes.update_transfer_regimes(listed("2020-01-01"))
        assert not own.exists()
        regimes.update_transfer_regimes(listed("2099-01-01"))
        assert len(regimes.transfer_regimes().regimes) == 1
        with pytest.raises(NotFound):
            regimes.transfer_regime("uk")
    finally:
        own.unlink(missing_ok=True)
    assert regimes.transfer_regime("uk").exporters == ("GB",)
