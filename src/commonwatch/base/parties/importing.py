"""Members, communities and agreements from one file: all of it or nothing, and again without harm.

The file is JSON: `members` (name, kind, country, title, identity, facts), `communities` (name, description, openness,
pseudonymous, members), `agreements` (name, kind, source, title, categories, purposes, safeguards, parties). What is on
record under a name already stays as it is; only its missing members and parties are added.
"""

from __future__ import annotations

import msgspec
from django.db import transaction

from commonwatch.base.parties.actions import (
    AgreementTerms,
    By,
    create_agreement,
    create_community,
    create_member,
    join_community,
    record_fact,
    set_agreement_party,
)
from commonwatch.base.parties.models import (
    Agreement,
    AgreementKind,
    AgreementParty,
    Community,
    Member,
    MemberKind,
    Membership,
    Openness,
)
from commonwatch.core.errors import InvalidInput
from commonwatch.core.law.agreements import PartyDates
from commonwatch.core.law.facts import Fact


class _Member(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    kind: MemberKind
    country: str = ""
    title: str = ""
    identity: str = ""
    facts: list[Fact] = []


class _Community(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    description: str = ""
    openness: Openness = Openness.CLOSED
    pseudonymous: bool = False
    members: list[str] = []


class _Party(PartyDates, frozen=True, forbid_unknown_fields=True):
    member: str = ""
    country: str = ""
    reservations: str = ""


class _Agreement(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    kind: AgreementKind
    source: str
    title: str = ""
    categories: list[str] = []
    purposes: list[str] = []
    safeguards: list[str] = []
    parties: list[_Party] = []


class _Partnership(msgspec.Struct, forbid_unknown_fields=True):
    members: list[_Member] = []
    communities: list[_Community] = []
    agreements: list[_Agreement] = []


def import_parties(raw: bytes, by: By) -> dict[str, int]:
    """Take the file in; how many members, communities, memberships, agreements and parties are new."""
    try:
        given = msgspec.json.decode(raw, type=_Partnership)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput("partnership-file", f"The file cannot be read: {error}.", "Correct it there.") from None
    with transaction.atomic():
        before = _counts()
        for member in given.members:
            _take_member(member, by)
        for community in given.communities:
            _take_community(community, by)
        for agreement in given.agreements:
            _take_agreement(agreement, by)
        return {what: number - before[what] for what, number in _counts().items()}


def _counts() -> dict[str, int]:
    return {
        "members": Member.objects.count(),
        "communities": Community.objects.count(),
        "memberships": Membership.objects.count(),
        "agreements": Agreement.objects.count(),
        "agreement parties": AgreementParty.objects.count(),
    }


def _take_member(given: _Member, by: By) -> None:
    if Member.objects.filter(name=given.name).exists():
        return
    create_member(given.name, given.title, given.kind, given.country, given.identity, by)
    for fact in given.facts:
        record_fact(given.name, fact, by)


def _take_community(given: _Community, by: By) -> None:
    if not Community.objects.filter(name=given.name).exists():
        create_community(
            given.name,
            given.description,
            now_us=by.now_us,
            openness=given.openness,
            pseudonymous=given.pseudonymous,
            actor=by.actor,
        )
    inside = set(
        Membership.objects.filter(community__name=given.name, until_us=None).values_list("member__name", flat=True)
    )
    for member in given.members:
        if member not in inside:
            join_community(given.name, member, reason="imported", by=by)


def _take_agreement(given: _Agreement, by: By) -> None:
    if not Agreement.objects.filter(name=given.name).exists():
        terms = AgreementTerms(tuple(given.categories), tuple(given.purposes), tuple(given.safeguards))
        create_agreement(given.name, given.title, given.kind, given.source, terms, by)
    for party in given.parties:
        found = AgreementParty.objects.filter(
            agreement__name=given.name, member__name=party.member or None, country=party.country
        )
        if not found.exists():
            dates = PartyDates(party.signed, party.ratified, party.in_force, party.denounced)
            set_agreement_party(
                given.name,
                member=party.member,
                country=party.country,
                dates=dates,
                reservations=party.reservations,
                by=by,
            )
