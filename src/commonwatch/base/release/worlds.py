"""The world of a day, read from what is on record about members, communities, agreements, and from the policies in force."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

from commonwatch.base.parties.countries import country_facts
from commonwatch.base.parties.models import (
    CONSENT,
    EXPELLED,
    HOME,
    STANDING,
    Agreement,
    AgreementParty,
    Member,
    MemberFact,
    Membership,
)
from commonwatch.base.parties.queries import dates_of
from commonwatch.base.parties.regimes import transfer_regimes
from commonwatch.base.release.policies import SCHEMA, policy_files
from commonwatch.core.law.agreements import Standing, standing
from commonwatch.core.law.facts import GROUP, Country
from commonwatch.core.policy.facts import CLEARANCES
from commonwatch.core.policy.world import AgreementOn, MemberOn, World, world_on


def world(on: date, purpose: str, files: Mapping[str, str] | None = None) -> World:
    """The world on a day for a purpose, with these policy files in place of those in force where given."""
    members = _members(on)
    return world_on(
        on,
        purpose,
        home=HOME,
        members=members,
        agreements=_agreements(on, members),
        regimes=transfer_regimes(),
        files=policy_files() if files is None else files,
        schema=SCHEMA,
    )


def day_of(at_us: int) -> date:
    """The day, in UTC, of a moment."""
    return datetime.fromtimestamp(at_us / 1_000_000, UTC).date()


def _members(on: date) -> list[MemberOn]:
    countries = country_facts().by_code()
    facts: dict[int, list[MemberFact]] = defaultdict(list)
    for fact in MemberFact.objects.all():
        if (fact.since is None or fact.since <= on) and (fact.until is None or on < fact.until):
            facts[fact.member_id].append(fact)
    ends = int(datetime.combine(on + timedelta(days=1), time(), UTC).timestamp() * 1_000_000)
    communities: dict[int, set[str]] = defaultdict(set)
    for row in Membership.objects.select_related("community").filter(since_us__lt=ends, until_us=None):
        communities[row.member_id].add(row.community.name)
    return [
        _member(member, countries.get(member.country), facts[member.pk], communities[member.pk], on)
        for member in Member.objects.order_by("name")
    ]


def _member(
    member: Member, country: Country | None, facts: list[MemberFact], communities: set[str], on: date
) -> MemberOn:
    own: dict[str, set[str]] = defaultdict(set)
    for fact in facts:
        own[fact.kind].add(fact.value)
    groups = {fact.value for fact in (country.facts if country else ()) if fact.kind == GROUP and fact.holds(on)}
    levels = [level for level in CLEARANCES if level in own["clearance"]]
    return MemberOn(
        name=member.name,
        identity=member.identity,
        kind=member.kind,
        country=member.country,
        groups=frozenset(groups | own[GROUP]),
        communities=frozenset(communities),
        clearance=levels[-1] if levels else CLEARANCES[0],
        expelled=EXPELLED in own[STANDING],
        safeguards=frozenset(own["safeguard"]),
        consents=frozenset(own[CONSENT]),
    )


def _agreements(on: date, members: list[MemberOn]) -> list[AgreementOn]:
    rows: dict[int, list[AgreementParty]] = defaultdict(list)
    for row in AgreementParty.objects.select_related("member").order_by("pk"):
        rows[row.agreement_id].append(row)
    return [_agreement(agreement, rows[agreement.pk], on, members) for agreement in Agreement.objects.order_by("name")]


def _agreement(agreement: Agreement, rows: list[AgreementParty], on: date, members: list[MemberOn]) -> AgreementOn:
    standings: dict[str, Standing] = {}
    since: list[date] = []
    for row in rows:
        found = standing(dates_of(row), on)
        for member in members:
            named = row.member is not None and row.member.name == member.name
            if not named and (row.member is not None or row.country != member.country or not member.country):
                continue
            if member.name not in standings or found.in_force:
                standings[member.name] = found
        if found.in_force and row.in_force is not None:
            since.append(row.in_force)
    return AgreementOn(
        name=agreement.name,
        title=agreement.title,
        source=agreement.source,
        since=max(since, default=None),
        categories=frozenset(agreement.categories),
        purposes=frozenset(agreement.purposes),
        safeguards=frozenset(agreement.safeguards),
        standings=standings,
    )
