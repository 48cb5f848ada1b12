"""The API of members, communities, agreements and country facts: the same actions and queries as the commands.

Reading: what the caller may know (`visibility`). Writing: administrators, each change with its report, or as a preview.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import msgspec
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from commonwatch.base.clock import now_us
from commonwatch.base.edge import ADMINISTRATOR, READER, Asked, Paged, among, caller, page, rows
from commonwatch.base.parties import actions
from commonwatch.base.parties.actions import AgreementTerms
from commonwatch.base.parties.answering import Changed, Preview, changed
from commonwatch.base.parties.countries import country, country_facts
from commonwatch.base.parties.importing import import_parties
from commonwatch.base.parties.models import AgreementKind, MemberKind, Membership, Openness
from commonwatch.base.parties.queries import dates_of, member_named, member_on
from commonwatch.base.parties.regimes import transfer_regime, transfer_regimes
from commonwatch.base.parties.shown import (
    shown_agreement,
    shown_community,
    shown_member,
    shown_membership,
    shown_parties,
)
from commonwatch.base.parties.visibility import agreements, as_seen, communities, members, memberships
from commonwatch.core.law.agreements import PartyDates, standing
from commonwatch.core.law.facts import Fact, holding

parties = Router(tags=["members"])
groups = Router(tags=["communities"])
treaties = Router(tags=["agreements"])
lands = Router(tags=["countries and transfer regimes"])

NAME = Field(min_length=1, max_length=100, description="Lower-case letters, digits, . _ and -.")
CODE = Field("", max_length=2, description="ISO 3166-1 code, e.g. AT.")


class Day(Schema):
    """As things stood on a day."""

    on: date | None = Field(None, description="As things stood on this day; default: today.")

    def day(self) -> date:
        """The day asked for; today, in UTC, where none was."""
        return self.on or datetime.fromtimestamp(now_us() / 1e6, UTC).date()


class MemberOut(Schema):
    """A member as others know it."""

    name: str
    title: str
    kind: MemberKind
    country: str
    identity: str = Field(description="Its STIX identity.")
    own: bool = Field(description="Whether it runs this node.")


class MemberIn(Schema):
    """A party to take into the partnership."""

    name: str = NAME
    kind: MemberKind
    country: str = CODE
    title: str = Field("", max_length=200)
    identity: str = Field("", max_length=60, description="Its STIX identity, if it has one.")


class MemberChange(Schema):
    """What to correct of a member; what is left out stays."""

    kind: MemberKind | None = None
    country: str = CODE
    title: str = Field("", max_length=200)


class FactIn(Schema):
    """Something dated about a member: an alliance, a safeguard, a certification."""

    kind: str = Field(max_length=30)
    value: str = Field(max_length=100)
    source: str = Field(min_length=1, max_length=2000, description="Who says so: a document, a register.")
    since: date | None = None
    until: date | None = Field(None, description="First day on which it no longer holds.")


class Reason(Schema):
    """Why, for the record."""

    reason: str = Field(min_length=1, max_length=2000)


class CommunityOut(Schema):
    """A community."""

    name: str
    openness: Openness
    pseudonymous: bool
    description: str


class CommunityIn(Schema):
    """A community to make."""

    name: str = NAME
    description: str = Field("", max_length=2000)
    openness: Openness = Openness.CLOSED
    pseudonymous: bool = Field(False, description="Members may contribute without their name.")


class AgreementOut(Schema):
    """An agreement."""

    name: str
    title: str
    kind: AgreementKind
    source: str
    categories: list[str]
    purposes: list[str]
    safeguards: list[str]
    parties: int


class AgreementIn(Schema):
    """An agreement to put on record. Empty lists mean no limit by it."""

    name: str = NAME
    kind: AgreementKind
    source: str = Field(min_length=1, max_length=2000, description="Where its text is: a citation or an address.")
    title: str = Field("", max_length=300)
    categories: list[str] = Field([], max_length=100)
    purposes: list[str] = Field([], max_length=100)
    safeguards: list[str] = Field([], max_length=100)


class PartyIn(Schema):
    """A party's steps: of a member, or of a country. Days that are given replace those on record."""

    member: str = Field("", max_length=100)
    country: str = CODE
    signed: date | None = None
    ratified: date | None = None
    in_force: date | None = None
    denounced: date | None = None
    reservations: str = Field("", max_length=2000)


class Partnership(Schema):
    """Members, communities and agreements in the form of the file that `party import` takes."""

    members: list[dict[str, Any]] = Field([], description="name, kind, country, title, identity, facts")
    communities: list[dict[str, Any]] = Field([], description="name, description, openness, pseudonymous, members")
    agreements: list[dict[str, Any]] = Field([], description="name, kind, source, title, categories, parties ...")


@parties.get("/members", response=Paged[MemberOut], auth=READER)
def list_members(request: HttpRequest, asked: Query[Asked]) -> dict[str, Any]:
    """The members of which you may know, by name."""
    return page(request, asked, rows(members(caller(request)), "name"), lambda one: one.name, shown_member)


@parties.get("/members/{name}", response=dict[str, Any], auth=READER)
def show_member(request: HttpRequest, name: str, on: Query[Day]) -> Any:
    """What holds for a member on a day: jurisdiction, communities, agreements, each with its source."""
    who = caller(request)
    found = member_on(member_named(name, members(who)).name, on.day())
    return msgspec.to_builtins(as_seen(found, who))


@parties.post("/members", response=Changed, auth=ADMINISTRATOR)
def add_member(request: HttpRequest, given: MemberIn, look: Preview) -> dict[str, Any]:
    """Take a party into the partnership."""
    return changed(
        request,
        f"{given.name} becomes a member",
        lambda by: actions.create_member(given.name, given.title, given.kind, given.country, given.identity, by),
        shown_member,
        preview=look.preview,
    )


@parties.patch("/members/{name}", response=Changed, auth=ADMINISTRATOR)
def change_member(request: HttpRequest, name: str, given: MemberChange, look: Preview) -> dict[str, Any]:
    """Correct what is recorded of a member. What it was before stays in the audit."""
    return changed(
        request,
        f"What is recorded of {name} changes",
        lambda by: actions.change_member(name, title=given.title, kind=given.kind, country=given.country, by=by),
        shown_member,
        preview=look.preview,
    )


@parties.post("/members/{name}/facts", response=Changed, auth=ADMINISTRATOR)
def record_fact(request: HttpRequest, name: str, given: FactIn, look: Preview) -> dict[str, Any]:
    """Record something dated about a member."""
    fact = Fact(given.kind, given.value, given.source, given.since, given.until)
    return changed(
        request,
        f"{name}: {fact.kind} {fact.value}",
        lambda by: actions.record_fact(name, fact, by),
        lambda _: {"member": name, "fact": msgspec.to_builtins(fact)},
        preview=look.preview,
    )


@parties.put("/members/{name}/expulsion", response=Changed, auth=ADMINISTRATOR)
def expel_member(request: HttpRequest, name: str, given: Reason, look: Preview) -> dict[str, Any]:
    """End a member's part here: it is in no community any more, and is sent recalls for what it had."""
    return changed(
        request,
        f"{name} is expelled",
        lambda by: actions.expel_member(name, reason=given.reason, by=by),
        shown_member,
        preview=look.preview,
    )


@parties.delete("/members/{name}/expulsion", response=Changed, auth=ADMINISTRATOR)
def readmit_member(request: HttpRequest, name: str, look: Preview) -> dict[str, Any]:
    """Take an expelled member back; its communities have to let it in again themselves."""
    return changed(
        request,
        f"{name} is taken back",
        lambda by: actions.readmit_member(name, by=by),
        shown_member,
        preview=look.preview,
    )


@parties.post("/partnership", response=Changed, auth=ADMINISTRATOR)
def import_partnership(request: HttpRequest, given: Partnership, look: Preview) -> dict[str, Any]:
    """Take in `members`, `communities` and `agreements`, all or nothing. What is there already stays as it is."""
    raw = msgspec.json.encode(given.dict())
    return changed(request, "A partnership is taken in", lambda by: import_parties(raw, by), dict, preview=look.preview)


@groups.get("/communities", response=Paged[CommunityOut], auth=READER)
def list_communities(request: HttpRequest, asked: Query[Asked]) -> dict[str, Any]:
    """The communities of which you may know, by name."""
    return page(request, asked, rows(communities(caller(request)), "name"), lambda one: one.name, shown_community)


@groups.get("/communities/{name}", response=dict[str, Any], auth=READER)
def show_community(request: HttpRequest, name: str) -> dict[str, Any]:
    """A community with those of its members of whom you may know; whoever runs the node sees who was in it, and why."""
    who = caller(request)
    found = actions.communities_named([name], communities(who))[0]
    seen = found.memberships.all() if who.sees_all else memberships(who).filter(community=found)
    listed = [_as_seen(row, whole=who.sees_all) for row in seen.select_related("member").order_by("since_us", "pk")]
    return {**shown_community(found), "members": listed}


@groups.post("/communities", response=Changed, auth=ADMINISTRATOR)
def create_community(request: HttpRequest, given: CommunityIn, look: Preview) -> dict[str, Any]:
    """Make a community."""
    return changed(
        request,
        f"The community {given.name} is made",
        lambda by: actions.create_community(
            given.name,
            given.description,
            now_us=by.now_us,
            openness=given.openness,
            pseudonymous=given.pseudonymous,
            actor=by.actor,
        ),
        shown_community,
        preview=look.preview,
    )


@groups.put("/communities/{name}/members/{member}", response=Changed, auth=ADMINISTRATOR)
def join_community(request: HttpRequest, name: str, member: str, given: Reason, look: Preview) -> dict[str, Any]:
    """Let a member into a community."""
    return changed(
        request,
        f"{member} joins {name}",
        lambda by: actions.join_community(name, member, reason=given.reason, by=by),
        shown_membership,
        preview=look.preview,
    )


@groups.delete("/communities/{name}/members/{member}", response=Changed, auth=ADMINISTRATOR)
def leave_community(
    request: HttpRequest, name: str, member: str, given: Query[Reason], look: Preview
) -> dict[str, Any]:
    """End a member's time in a community; that it was there stays on record."""
    return changed(
        request,
        f"{member} leaves {name}",
        lambda by: actions.leave_community(name, member, reason=given.reason, by=by),
        shown_membership,
        preview=look.preview,
    )


@treaties.get("/agreements", response=Paged[AgreementOut], auth=READER)
def list_agreements(request: HttpRequest, asked: Query[Asked]) -> dict[str, Any]:
    """The agreements of which you may know, by name."""
    return page(request, asked, rows(agreements(caller(request)), "name"), lambda one: one.name, shown_agreement)


@treaties.get("/agreements/{name}", response=dict[str, Any], auth=READER)
def show_agreement(request: HttpRequest, name: str, on: Query[Day]) -> Any:
    """What an agreement covers, and where each party stands on a day."""
    found = actions.agreement_named(name, agreements(caller(request)))
    return msgspec.to_builtins({**shown_agreement(found), "on": on.day(), "parties": shown_parties(found, on.day())})


@treaties.post("/agreements", response=Changed, auth=ADMINISTRATOR)
def add_agreement(request: HttpRequest, given: AgreementIn, look: Preview) -> dict[str, Any]:
    """Put an agreement on record; its parties come one by one."""
    terms = AgreementTerms(tuple(given.categories), tuple(given.purposes), tuple(given.safeguards))
    return changed(
        request,
        f"The agreement {given.name} is put on record",
        lambda by: actions.create_agreement(given.name, given.title, given.kind, given.source, terms, by),
        shown_agreement,
        preview=look.preview,
    )


@treaties.post("/agreements/{name}/parties", response=Changed, auth=ADMINISTRATOR)
def set_agreement_party(request: HttpRequest, name: str, given: PartyIn, look: Preview) -> dict[str, Any]:
    """Record a party's steps."""
    dates = PartyDates(given.signed, given.ratified, given.in_force, given.denounced)
    who = given.member or given.country.upper()
    return changed(
        request,
        f"{who} takes its steps in {name}",
        lambda by: actions.set_agreement_party(
            name, member=given.member, country=given.country, dates=dates, reservations=given.reservations, by=by
        ),
        lambda row: msgspec.to_builtins(
            {"agreement": name, "party": who, "standing": standing(dates_of(row), Day(on=None).day())}
        ),
        preview=look.preview,
    )


@lands.get("/countries", response=Paged[dict[str, Any]], auth=READER)
def list_countries(request: HttpRequest, asked: Query[Asked]) -> dict[str, Any]:
    """The countries that are known, by code."""
    found = among(country_facts().countries, lambda one: one.code)
    return page(request, asked, found, lambda one: one.code, lambda one: {"code": one.code, "name": one.name})


@lands.get("/countries/{code}", response=dict[str, Any], auth=READER)
def show_country(request: HttpRequest, code: str, on: Query[Day]) -> Any:
    """What holds for a country on a day."""
    found = country(code)
    return msgspec.to_builtins(
        {
            "code": found.code,
            "name": found.name,
            "as_of": country_facts().as_of,
            "on": on.day(),
            "facts": holding(found.facts, on.day()),
        }
    )


@lands.get("/transfer-regimes", response=Paged[dict[str, Any]], auth=READER)
def list_regimes(request: HttpRequest, asked: Query[Asked]) -> dict[str, Any]:
    """The laws on transfers of personal data, by id."""
    return page(
        request,
        asked,
        among(transfer_regimes().regimes, lambda one: one.id),
        lambda one: one.id,
        lambda one: msgspec.to_builtins({"id": one.id, "title": one.title, "since": one.since, "source": one.source}),
    )


@lands.get("/transfer-regimes/{name}", response=dict[str, Any], auth=READER)
def show_regime(request: HttpRequest, name: str) -> Any:
    """A law on transfers: whom it binds, its decisions with their dates, and the words that count as safeguards."""
    return msgspec.to_builtins(transfer_regime(name))


def _as_seen(row: Membership, *, whole: bool) -> dict[str, Any]:
    shown = shown_membership(row)
    return shown if whole else {"member": shown["member"], "since": shown["since"]}


routers = (parties, groups, treaties, lands)
