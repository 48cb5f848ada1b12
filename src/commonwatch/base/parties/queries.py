"""What holds for a member on a day: its jurisdiction's facts, its own, the communities it is in, the agreements that bind it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import chain

import msgspec
from django.db.models import QuerySet

from commonwatch.base.parties.countries import country
from commonwatch.base.parties.models import HOME, AgreementParty, Member, MemberKey
from commonwatch.core.errors import NotFound
from commonwatch.core.law.agreements import PartyDates, Standing, standing
from commonwatch.core.law.facts import Fact, holding
from commonwatch.core.stix.times import format_time


class Binding(msgspec.Struct, frozen=True):
    """An agreement as it stands for one member: by its own signature, or by its country's."""

    agreement: str
    title: str
    kind: str
    by: str
    standing: Standing
    reservations: str
    source: str


class KeyView(msgspec.Struct, frozen=True):
    """A key of a member with its time; `until` and `revoked_since` empty while it goes on."""

    key: str
    since: str
    until: str
    revoked_since: str
    reason: str


class MemberView(msgspec.Struct, frozen=True):
    """Everything that holds for a member on a day."""

    name: str
    title: str
    kind: str
    country: str
    identity: str
    on: date
    facts: list[Fact]
    communities: list[str]
    agreements: list[Binding]
    keys: list[KeyView]  # with which it signs, or signed, what it writes


def member_named(name: str, among: QuerySet[Member] | None = None) -> Member:
    """The member with this name (one of `among`, where given); raises NotFound."""
    found = (Member.objects.all() if among is None else among).filter(name=name).first()
    if found is None:
        raise NotFound("member-unknown", f"There is no member {name}.", "See `commonwatch party list`.")
    return found


def own_member() -> Member:
    """The member that runs this node."""
    return member_named(HOME)


def member_on(name: str, on: date) -> MemberView:
    """What holds for a member on a day."""
    member = member_named(name)
    jurisdiction = country(member.country).facts if member.country else ()
    own = [
        Fact(fact.kind, fact.value, fact.source, fact.since, fact.until)
        for fact in member.facts.order_by("kind", "value", "pk")
    ]
    end_of_day = int(datetime.combine(on + timedelta(days=1), time(), UTC).timestamp() * 1_000_000)
    communities = [
        row.community.name
        for row in member.memberships.select_related("community").order_by("community__name")
        if row.since_us < end_of_day and (row.until_us is None or row.until_us >= end_of_day)
    ]
    return MemberView(
        member.name,
        member.title,
        member.kind,
        member.country,
        member.identity,
        on,
        holding(chain(jurisdiction, own), on),
        communities,
        [_binding(row, on) for row in _parties(member)],
        [_key(row) for row in MemberKey.objects.filter(identity=member.identity).order_by("from_us", "pk")],
    )


def _key(row: MemberKey) -> KeyView:
    def time(at_us: int | None) -> str:
        return format_time(at_us, 0) if at_us is not None else ""

    return KeyView(row.key_id, time(row.from_us), time(row.until_us), time(row.revoked_since_us), row.reason)


def _parties(member: Member) -> list[AgreementParty]:
    rows = AgreementParty.objects.select_related("agreement").filter(member=member)
    if member.country:
        rows |= AgreementParty.objects.select_related("agreement").filter(country=member.country)
    return list(rows.order_by("agreement__name", "pk"))


def _binding(row: AgreementParty, on: date) -> Binding:
    return Binding(
        row.agreement.name,
        row.agreement.title,
        row.agreement.kind,
        "its own" if row.member_id is not None else row.country,
        standing(dates_of(row), on),
        row.reservations,
        row.agreement.source,
    )


def dates_of(row: AgreementParty) -> PartyDates:
    """A stored party's steps as a value."""
    return PartyDates(row.signed, row.ratified, row.in_force, row.denounced)
