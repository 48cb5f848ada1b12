"""Members, communities and agreements: what may be recorded, and what held on a given day."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from commonwatch.base.audit.models import AuditEntry
from commonwatch.base.parties import countries
from commonwatch.base.parties.actions import (
    AgreementTerms,
    By,
    change_member,
    communities_named,
    create_agreement,
    create_community,
    create_member,
    join_community,
    leave_community,
    record_fact,
    set_agreement_party,
)
from commonwatch.base.parties.importing import import_parties
from commonwatch.base.parties.models import AgreementKind, AgreementParty, Member, MemberKind, Membership
from commonwatch.base.parties.queries import member_on, own_member
from commonwatch.core.errors import Conflict, InvalidInput, NotFound
from commonwatch.core.law.agreements import PartyDates
from commonwatch.core.law.facts import Fact

DAY_US = 86_400_000_000
NOW = 1_795_392_000_000_000  # 2026-11-23
TODAY = date(2026, 11, 23)
BY = By("ada", NOW)


def later(days: int) -> By:
    return By("ada", NOW + days * DAY_US)


def member(name: str = "cert-at", country: str = "AT", kind: MemberKind = MemberKind.STATE_BODY) -> Member:
    return create_member(name, "", kind, country, "", BY)


def agreement(name: str = "mou") -> None:
    create_agreement(name, "", AgreementKind.MEMORANDUM, "MoU of 2026", AgreementTerms(("indicators",)), BY)


def party(dates: PartyDates, *, country: str = "", who: str = "") -> AgreementParty:
    return set_agreement_party("mou", member=who, country=country, dates=dates, reservations="", by=BY)


def test_a_member_has_the_facts_of_its_country_and_its_own(node: Path) -> None:
    member()
    record_fact("cert-at", Fact("safeguard", "binding-corporate-rules", "Register 7", since=date(2026, 1, 1)), BY)
    record_fact("cert-at", Fact("alliance", "old-club", "Letter", until=date(2020, 1, 1)), BY)
    found = member_on("cert-at", TODAY)
    held = {(fact.kind, fact.value) for fact in found.facts}
    assert {("group", "eu"), ("group", "eea"), ("treaty", "budapest-convention")} <= held
    assert ("safeguard", "binding-corporate-rules") in held and ("alliance", "old-club") not in held
    assert ("alliance", "old-club") in {(f.kind, f.value) for f in member_on("cert-at", date(2019, 1, 1)).facts}
    assert all(fact.source for fact in found.facts) and found.identity.startswith("identity--")


def test_law_of_another_day_is_what_held_then(node: Path) -> None:
    member("acme-jp", "JP", MemberKind.COMPANY)

    def adequate(on: date) -> list[str]:
        return [fact.scope for fact in member_on("acme-jp", on).facts if fact.kind == "adequacy"]

    assert (
        adequate(TODAY) == ["private sector under APPI with supplementary rules"] and adequate(date(2018, 1, 1)) == []
    )


@pytest.mark.parametrize(
    ("name", "country", "kind", "identity"),
    [
        ("CERT AT", "AT", MemberKind.STATE_BODY, ""),
        ("cert-at", "", MemberKind.STATE_BODY, ""),
        ("cert-at", "AT", MemberKind.STATE_BODY, "indicator--00000000-0000-4000-8000-000000000001"),
        ("cert-at", "AT", MemberKind.STATE_BODY, "nonsense"),
    ],
)
def test_a_member_that_cannot_be_is_refused(
    node: Path, name: str, country: str, kind: MemberKind, identity: str
) -> None:
    with pytest.raises(InvalidInput):
        create_member(name, "", kind, country, identity, BY)


def test_names_identities_and_countries_are_known_ones(node: Path) -> None:
    member()
    with pytest.raises(Conflict):
        member()
    with pytest.raises(NotFound):
        member("x", "ZZ")
    assert create_member("un", "", MemberKind.INTERNATIONAL_ORGANISATION, "", "", BY).country == ""
    assert create_member("low", "", MemberKind.COMPANY, "at", "", BY).country == "AT"
    with pytest.raises(NotFound):
        member_on("nobody", TODAY)


def test_only_the_nodes_own_member_may_lack_a_country_until_it_is_recorded(ready: Path) -> None:
    own = own_member()
    assert (own.kind, own.country) == (MemberKind.CIVIL_SOCIETY, "")
    assert member_on("home", date(2100, 1, 1)).communities == ["home"]
    change_member(
        "home", title="", kind=MemberKind.STATE_BODY, country="", by=BY
    )  # which of the two comes first is free
    changed = change_member("home", title="CERT.at", kind=None, country="at", by=BY)
    assert (changed.title, changed.kind, changed.country) == ("CERT.at", "state-body", "AT")
    assert own_member().identity == own.identity and own_member().country == "AT"


def test_what_a_member_was_before_stays_on_record(node: Path) -> None:
    member()
    change_member("cert-at", title="CERT.at", kind=MemberKind.STATE_BODY, country="CH", by=BY)
    entry = AuditEntry.objects.get(action="member.change")
    assert (entry.actor, entry.at_us, entry.subject) == ("ada", NOW, "cert-at")
    assert entry.detail == {"title": {"from": "cert-at", "to": "CERT.at"}, "country": {"from": "AT", "to": "CH"}}


def test_a_change_that_cannot_be_changes_nothing(node: Path) -> None:
    member()
    create_member("un", "", MemberKind.INTERNATIONAL_ORGANISATION, "", "", BY)
    for name, kind, country in (("cert-at", None, "at"), ("cert-at", None, ""), ("un", MemberKind.COMPANY, "")):
        with pytest.raises(InvalidInput):
            change_member(name, title="", kind=kind, country=country, by=BY)
    for name, country in (("nobody", "AT"), ("cert-at", "ZZ")):
        with pytest.raises(NotFound):
            change_member(name, title="", kind=None, country=country, by=BY)
    assert (
        not AuditEntry.objects.filter(action="member.change").exists()
        and Member.objects.get(name="un").kind == "international-organisation"
    )
    assert change_member("un", title="", kind=MemberKind.COMPANY, country="CH", by=BY).country == "CH"


@pytest.mark.parametrize(
    "fact",
    [
        Fact("safeguard", "x", " "),
        Fact("safeguard", "x", "s", since=TODAY, until=TODAY),
        Fact("Safe Guard", "x", "s"),
        Fact("safeguard", "Two Words", "s"),
    ],
)
def test_a_fact_without_source_sense_or_plain_words_is_refused(node: Path, fact: Fact) -> None:
    member()
    with pytest.raises(InvalidInput):
        record_fact("cert-at", fact, BY)


def test_who_left_was_there_before(node: Path) -> None:
    member()
    create_community("energy", "", now_us=NOW)
    join_community("energy", "cert-at", reason="accepted", by=BY)
    with pytest.raises(Conflict):
        join_community("energy", "cert-at", reason="again", by=BY)
    leave_community("energy", "cert-at", reason="merged", by=later(10))
    with pytest.raises(NotFound):
        leave_community("energy", "cert-at", reason="again", by=later(11))
    join_community("energy", "cert-at", reason="back", by=later(20))
    there = [bool(member_on("cert-at", date(2026, 11, day)).communities) for day in (22, 23, 30)]
    gone = [
        bool(member_on("cert-at", day).communities)
        for day in (date(2026, 12, 3), date(2026, 12, 12), date(2026, 12, 14))
    ]
    assert there == [False, True, True] and gone == [False, False, True]
    kept = list(Membership.objects.order_by("pk").values_list("left_reason", "joined_by"))
    assert kept == [("merged", "ada"), ("", "ada")]


def test_an_agreement_binds_by_the_members_own_signature_or_its_countrys(node: Path) -> None:
    member(), member("cert-sg", "SG")
    agreement()
    party(PartyDates(signed=date(2026, 1, 1), in_force=date(2026, 2, 1)), country="AT")
    party(PartyDates(signed=date(2026, 1, 1)), who="cert-sg")
    (at,), (sg,) = (member_on(name, TODAY).agreements for name in ("cert-at", "cert-sg"))
    assert (at.by, at.standing.in_force) == ("AT", True)
    assert (sg.by, sg.standing.in_force, sg.standing.reason) == ("its own", False, "signed on 2026-01-01, not in force")
    party(PartyDates(denounced=date(2026, 11, 1)), country="AT")  # the other days stay on record
    (at,) = member_on("cert-at", TODAY).agreements
    assert not at.standing.in_force and AgreementParty.objects.count() == 2
    assert member_on("cert-at", date(2026, 10, 1)).agreements[0].standing.in_force


def test_steps_that_cannot_be_are_refused_and_change_nothing(node: Path) -> None:
    member()
    agreement()
    row = party(PartyDates(signed=date(2026, 5, 1)), who="cert-at")
    with pytest.raises(InvalidInput, match="before"):
        party(PartyDates(in_force=date(2026, 1, 1)), who="cert-at")
    row.refresh_from_db()
    assert row.in_force is None
    for options in ({}, {"country": "AT", "who": "cert-at"}):
        with pytest.raises(InvalidInput):
            party(PartyDates(), **options)
    with pytest.raises(InvalidInput):
        create_agreement("x", "", AgreementKind.TREATY, "", AgreementTerms(), BY)
    with pytest.raises(Conflict):
        agreement()
    with pytest.raises(NotFound):
        set_agreement_party("none", member="cert-at", country="", dates=PartyDates(), reservations="", by=BY)


PARTNERSHIP = {
    "members": [
        {"name": "cert-at", "kind": "state-body", "country": "AT"},
        {"name": "cert-sg", "kind": "state-body", "country": "SG", "facts": [
            {"kind": "safeguard", "value": "mou", "source": "letter", "since": "2026-01-01"}]},
    ],
    "communities": [{"name": "energy", "openness": "hidden", "members": ["cert-at", "cert-sg"]}],
    "agreements": [{"name": "mou", "kind": "memorandum", "source": "MoU", "categories": ["indicators"], "parties": [
        {"member": "cert-sg", "signed": "2026-01-01", "in_force": "2026-02-01"}, {"country": "AT"}]}],
}  # fmt: skip


def test_a_partnership_comes_from_a_file_and_again_without_harm(node: Path) -> None:
    raw = json.dumps(PARTNERSHIP).encode()
    assert list(import_parties(raw, BY).values()) == [2, 1, 2, 1, 2]
    assert list(import_parties(raw, BY).values()) == [0, 0, 0, 0, 0]
    assert communities_named(["energy"])[0].openness == "hidden"
    assert member_on("cert-sg", TODAY).agreements[0].standing.in_force


@pytest.mark.parametrize(
    "change",
    [
        {"colour": 1},
        {"members": [{"name": "x", "kind": "king", "country": "AT"}]},
        {"members": [{"name": "x", "kind": "company", "country": "ZZ"}]},
        {"communities": [{"name": "energy", "members": ["nobody"]}]},
        {
            "agreements": [
                {"name": "mou", "kind": "memorandum", "source": "s", "parties": [{"signed": "soon", "country": "AT"}]}
            ]
        },
    ],
)
def test_a_file_with_a_mistake_changes_nothing(node: Path, change: dict[str, object]) -> None:
    with pytest.raises((InvalidInput, NotFound)):
        import_parties(json.dumps({**PARTNERSHIP, **change}).encode(), BY)
    assert not Member.objects.exists()


def test_the_list_that_is_shipped_is_whole() -> None:
    facts = countries.country_facts()
    codes = facts.by_code()
    assert len(codes) == 249 and facts.sources

    def having(value: str) -> int:
        return sum(any(fact.value == value for fact in one.facts if fact.kind == "group") for one in facts.countries)

    assert (having("eu"), having("nato"), having("osce"), having("african-union")) == (27, 32, 57, 55)
    assert any(fact.kind == "adequacy" for fact in codes["BR"].facts)
    assert not any(fact.kind == "adequacy" for fact in codes["SG"].facts)
    assert all(fact.source for one in facts.countries for fact in one.facts)


def test_a_newer_list_is_used_without_a_new_program_and_an_older_one_refused(node: Path) -> None:
    def listed(as_of: str) -> bytes:
        return json.dumps({"as_of": as_of, "sources": [], "countries": [{"code": "AT", "name": "New"}]}).encode()

    own = node / countries.FILE_NAME
    try:
        with pytest.raises(Conflict):
            countries.update_country_facts(listed("2020-01-01"))
        countries.update_country_facts(listed("2099-01-01"))
        assert countries.country("at").name == "New" and len(countries.country_facts().countries) == 1
        with pytest.raises(NotFound):
            countries.country("SG")
    finally:
        own.unlink(missing_ok=True)
    assert countries.country("AT").name == "Austria"
