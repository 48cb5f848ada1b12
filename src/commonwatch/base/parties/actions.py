"""Every write about who is in the partnership. Each row keeps who wrote it and why; ends are recorded, never deletions.

Each is in the audit as well, in the same transaction: from there it comes into the public record.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import uuid4

from django.db import transaction
from django.db.models import QuerySet

from commonwatch.base.audit.record import record
from commonwatch.base.parties.countries import country as known_country
from commonwatch.base.parties.models import (
    CONSENT,
    EXPELLED,
    HOME,
    STANDING,
    Agreement,
    AgreementKind,
    AgreementParty,
    Community,
    Member,
    MemberFact,
    MemberKind,
    Membership,
    Openness,
)
from commonwatch.base.parties.queries import member_named
from commonwatch.core.errors import Conflict, InvalidInput, NotFound
from commonwatch.core.law.agreements import PartyDates, out_of_order
from commonwatch.core.law.facts import Fact
from commonwatch.core.stix.ids import parse_id

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}", re.ASCII)


@dataclass(frozen=True)
class By:
    """Who does it, and when."""

    actor: str
    now_us: int


def create_community(
    name: str,
    description: str,
    *,
    now_us: int,
    openness: Openness = Openness.CLOSED,
    pseudonymous: bool = False,
    actor: str = "command line",
) -> Community:
    """Make a community."""
    _check_name(name, "community")
    community, made = Community.objects.get_or_create(
        name=name,
        defaults={
            "description": description,
            "openness": openness,
            "pseudonymous": pseudonymous,
            "created_us": now_us,
        },
    )
    if not made:
        raise Conflict("community-taken", f"There is a community {name} already.", "See `commonwatch community list`.")
    record(actor, "community.create", name, "done", {"openness": openness}, now_us=now_us)
    return community


def communities_named(names: Sequence[str], among: QuerySet[Community] | None = None) -> list[Community]:
    """The communities with these names (of `among`, where given); raises NotFound naming the first that does not exist."""
    known = Community.objects.all() if among is None else among
    found = {community.name: community for community in known.filter(name__in=names)}
    for name in names:
        if name not in found:
            raise NotFound(
                "community-unknown", f"There is no community {name}.", f"commonwatch community create {name}"
            )
    return [found[name] for name in dict.fromkeys(names)]


def create_member(
    name: str, title: str, kind: MemberKind, country: str, identity: str, by: By, *, country_later: bool = False
) -> Member:
    """Take a party into the partnership. Without an `identity` of its own it gets a fresh STIX id.

    `country_later` is for the node's own member, which a first start makes before anybody can say where it is.
    """
    _check_name(name, "member")
    if country:
        country = known_country(country).code
    elif kind != MemberKind.INTERNATIONAL_ORGANISATION and not country_later:
        raise _country_needed()
    named = parse_id(identity) if identity else None
    if identity and (named is None or named[0] != "identity"):
        raise InvalidInput(
            "identity-invalid", f"{identity} is no STIX identity.", "Give identity--UUID, or leave it out."
        )
    identity = identity or f"identity--{uuid4()}"
    if Member.objects.filter(name=name).exists() or Member.objects.filter(identity=identity).exists():
        raise Conflict(
            "member-taken", f"There is a member {name} or {identity} already.", "See `commonwatch party list`."
        )
    with transaction.atomic():
        made = Member.objects.create(
            name=name, title=title or name, kind=kind, country=country, identity=identity, created_us=by.now_us
        )
        said = {"identity": identity, "kind": kind, "country": country}
        record(by.actor, "member.create", name, "done", said, now_us=by.now_us)
    return made


def change_member(name: str, *, title: str, kind: MemberKind | None, country: str, by: By) -> Member:
    """Correct what is recorded of a member: what is given replaces what was, which the audit keeps."""
    given = {"title": title, "kind": kind, "country": known_country(country).code if country else ""}
    with transaction.atomic():
        member = member_named(name)
        changes = {
            field: {"from": getattr(member, field), "to": value}
            for field, value in given.items()
            if value and value != getattr(member, field)
        }
        if not changes:
            raise InvalidInput("change-needed", f"That changes nothing about {name}.", "See `commonwatch party show`.")
        international = member.kind == MemberKind.INTERNATIONAL_ORGANISATION
        if international and "kind" in changes and not (member.country or country):
            raise _country_needed()
        for field, change in changes.items():
            setattr(member, field, change["to"])
        member.save(update_fields=list(changes))
        record(by.actor, "member.change", name, "done", changes, now_us=by.now_us)
    return member


def record_fact(member: str, fact: Fact, by: By) -> MemberFact:
    """Record something dated about a member: an alliance, a safeguard, a certification. Its source is needed."""
    if not fact.source.strip():
        raise InvalidInput("source-needed", "Who says so?", "Give --source: a document, a register, a letter.")
    if fact.since and fact.until and fact.until <= fact.since:
        raise InvalidInput("dates-order", f"It ends ({fact.until}) before it begins ({fact.since}).", "Correct one.")
    if not (_NAME.fullmatch(fact.kind) and _NAME.fullmatch(fact.value)):
        raise InvalidInput(
            "fact-words",
            f"{fact.kind} {fact.value} cannot be told apart reliably.",
            "Use lower-case words with hyphens.",
        )
    with transaction.atomic():
        made = MemberFact.objects.create(
            member=member_named(member),
            kind=fact.kind,
            value=fact.value,
            since=fact.since,
            until=fact.until,
            source=fact.source,
            recorded_us=by.now_us,
            recorded_by=by.actor,
        )
        action = "consent.give" if fact.kind == CONSENT else "member.fact"
        record(by.actor, action, member, "done", _said(fact), now_us=by.now_us)
    return made


def join_community(community: str, member: str, *, reason: str, by: By) -> Membership:
    """Let a member into a community."""
    with transaction.atomic():
        into, who = communities_named([community])[0], member_named(member)
        if Membership.objects.filter(community=into, member=who, until_us=None).exists():
            raise Conflict("member-already", f"{member} is in {community} already.", "Nothing is to be done.")
        made = Membership.objects.create(
            community=into, member=who, since_us=by.now_us, joined_by=by.actor, joined_reason=reason
        )
        said = {"member": member, "reason": reason}
        record(by.actor, "community.join", community, "done", said, now_us=by.now_us)
    return made


def leave_community(community: str, member: str, *, reason: str, by: By) -> Membership:
    """End a member's time in a community; that it was there stays on record."""
    with transaction.atomic():
        into, who = communities_named([community])[0], member_named(member)
        row = Membership.objects.filter(community=into, member=who, until_us=None).first()
        if row is None:
            raise NotFound("member-not-in", f"{member} is not in {community}.", "See `commonwatch party show`.")
        row.until_us, row.left_by, row.left_reason = by.now_us, by.actor, reason
        row.save()
        said = {"member": member, "reason": reason}
        record(by.actor, "community.leave", community, "done", said, now_us=by.now_us)
    return row


def expel_member(name: str, *, reason: str, by: By) -> Member:
    """End a member's part in the partnership: it is in no community, and gets only what names it, such as recalls."""
    with transaction.atomic():
        member = member_named(name)
        if name == HOME:
            raise Conflict("member-own", "This is the node's own member.", "Leave the partnership by ending its node.")
        if _expulsion(member) is not None:
            raise Conflict("member-expelled", f"{name} is expelled already.", "Nothing is to be done.")
        for row in Membership.objects.select_related("community").filter(member=member, until_us=None):
            leave_community(row.community.name, name, reason=reason, by=by)
        record_fact(name, Fact(STANDING, EXPELLED, reason, _today(by), None), by)
        record(by.actor, "member.expel", name, "done", {"reason": reason}, now_us=by.now_us)
    return member


def readmit_member(name: str, *, by: By) -> Member:
    """Take an expelled member back. Its communities have to let it in again themselves."""
    with transaction.atomic():
        member = member_named(name)
        fact = _expulsion(member)
        if fact is None:
            raise Conflict("member-not-expelled", f"{name} is not expelled.", "Nothing is to be done.")
        fact.until = _today(by)
        fact.save()
        record(by.actor, "member.readmit", name, "done", {}, now_us=by.now_us)
    return member


def _expulsion(member: Member) -> MemberFact | None:
    return member.facts.filter(kind=STANDING, value=EXPELLED, until=None).first()


def _said(fact: Fact) -> dict[str, str]:
    dates = {"since": fact.since, "until": fact.until}
    return {"kind": fact.kind, "value": fact.value, "source": fact.source} | {
        name: day.isoformat() for name, day in dates.items() if day is not None
    }


def _today(by: By) -> date:
    return datetime.fromtimestamp(by.now_us / 1e6, UTC).date()


@dataclass(frozen=True)
class AgreementTerms:
    """What an agreement allows."""

    categories: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    safeguards: tuple[str, ...] = ()


def create_agreement(
    name: str, title: str, kind: AgreementKind, source: str, terms: AgreementTerms, by: By
) -> Agreement:
    """Put an agreement on record; its parties come one by one."""
    _check_name(name, "agreement")
    if not source.strip():
        raise InvalidInput("source-needed", "Where is its text?", "Give --source: a citation or an address.")
    if Agreement.objects.filter(name=name).exists():
        raise Conflict("agreement-taken", f"There is an agreement {name} already.", "See `commonwatch agreement list`.")
    allowed = {
        "categories": sorted(set(terms.categories)),
        "purposes": sorted(set(terms.purposes)),
        "safeguards": sorted(set(terms.safeguards)),
    }
    with transaction.atomic():
        made = Agreement.objects.create(
            name=name, title=title or name, kind=kind, source=source, created_us=by.now_us, **allowed
        )
        record(by.actor, "agreement.create", name, "done", {"source": source, **allowed}, now_us=by.now_us)
    return made


def set_agreement_party(
    agreement: str, *, member: str, country: str, dates: PartyDates, reservations: str, by: By
) -> AgreementParty:
    """Record a party's steps. Given again, dates that are given replace those on record; the others stay."""
    if bool(member) == bool(country):
        raise InvalidInput("party-needed", "Who is the party?", "Give --member or --country, one of them.")
    with transaction.atomic():
        row = _party_row(agreement_named(agreement), member, country, by)
        steps: dict[str, str] = {}
        for step in ("signed", "ratified", "in_force", "denounced"):
            day: date | None = getattr(dates, step)
            if day is not None:
                setattr(row, step, day)
                steps[step] = day.isoformat()
        wrong = out_of_order(PartyDates(row.signed, row.ratified, row.in_force, row.denounced))
        if wrong:
            raise InvalidInput("dates-order", f"The dates are in a wrong order: {wrong}.", "Correct one of the two.")
        row.reservations = reservations or row.reservations
        row.recorded_us, row.recorded_by = by.now_us, by.actor
        row.save()
        said = {"party": member or country, "reservations": row.reservations, **steps}
        record(by.actor, "agreement.party", agreement, "done", said, now_us=by.now_us)
    return row


def agreement_named(name: str, among: QuerySet[Agreement] | None = None) -> Agreement:
    """The agreement with this name (one of `among`, where given); raises NotFound."""
    found = (Agreement.objects.all() if among is None else among).filter(name=name).first()
    if found is None:
        raise NotFound("agreement-unknown", f"There is no agreement {name}.", "See `commonwatch agreement list`.")
    return found


def _party_row(agreement: Agreement, member: str, country: str, by: By) -> AgreementParty:
    who = member_named(member) if member else None
    code = known_country(country).code if country else ""
    found = AgreementParty.objects.filter(agreement=agreement, member=who, country=code).first()
    return found or AgreementParty(
        agreement=agreement, member=who, country=code, recorded_us=by.now_us, recorded_by=by.actor
    )


def _country_needed() -> InvalidInput:
    return InvalidInput(
        "country-needed",
        "Which law does it live under?",
        "Give --country; only international organisations have none.",
    )


def _check_name(name: str, what: str) -> None:
    if _NAME.fullmatch(name) is None:
        raise InvalidInput(
            "name-invalid", f"{name!r} cannot name a {what}.", "Use lower-case letters, digits, . _ and -."
        )
