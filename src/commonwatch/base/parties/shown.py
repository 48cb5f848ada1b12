"""What is on record about members, communities and agreements, for machines: the same in commands and in the API."""

from __future__ import annotations

from datetime import date
from typing import Any

from commonwatch.base.parties.models import HOME, Agreement, Community, Member, Membership
from commonwatch.base.parties.queries import dates_of
from commonwatch.core.law.agreements import standing
from commonwatch.core.stix.times import format_time


def shown_member(member: Member) -> dict[str, Any]:
    """A member; `own` marks the one that runs this node."""
    return {
        "name": member.name,
        "title": member.title,
        "kind": member.kind,
        "country": member.country,
        "identity": member.identity,
        "own": member.name == HOME,
    }


def shown_community(community: Community) -> dict[str, Any]:
    """A community, without its members."""
    return {
        "name": community.name,
        "openness": community.openness,
        "pseudonymous": community.pseudonymous,
        "description": community.description,
    }


def shown_membership(row: Membership) -> dict[str, Any]:
    """A member's time in a community."""
    return {
        "member": row.member.name,
        "since": format_time(row.since_us, 0),
        "until": format_time(row.until_us, 0) if row.until_us is not None else None,
        "joined": f"{row.joined_by}: {row.joined_reason}",
        "left": f"{row.left_by}: {row.left_reason}" if row.until_us is not None else "",
    }


def shown_agreement(agreement: Agreement) -> dict[str, Any]:
    """An agreement; `parties` is how many there are."""
    return {
        "name": agreement.name,
        "title": agreement.title,
        "kind": agreement.kind,
        "source": agreement.source,
        "categories": agreement.categories,
        "purposes": agreement.purposes,
        "safeguards": agreement.safeguards,
        "parties": agreement.parties.count(),
    }


def shown_parties(agreement: Agreement, on: date) -> list[dict[str, Any]]:
    """Where each party of an agreement stands on a day."""
    return [
        {
            "party": row.member.name if row.member is not None else row.country,
            "dates": dates_of(row),
            "standing": standing(dates_of(row), on),
            "reservations": row.reservations,
        }
        for row in agreement.parties.select_related("member").order_by("pk")
    ]
