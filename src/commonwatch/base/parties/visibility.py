"""Who may know of whom. Whoever runs the node sees all; for others:

1. A community is seen by everybody, a hidden one by its members only. 2. Who is in it: of an open one everybody sees that, of a
closed or hidden one its members. 3. A member sees itself, the node's own member, and those whom it sees in some community.
4. An agreement is seen by those whom it binds, and by those who see all its parties. 5. What is not seen does not exist: the
answer is the same as for a name that nobody has.
"""

from __future__ import annotations

from typing import Protocol

import msgspec
from django.db.models import Q, QuerySet

from commonwatch.base.parties.countries import country
from commonwatch.base.parties.models import HOME, Agreement, AgreementParty, Community, Member, Membership, Openness
from commonwatch.base.parties.queries import MemberView
from commonwatch.core.law.facts import holding


class Viewer(Protocol):
    """Who looks: a member's number, and whether it runs the node."""

    @property
    def member(self) -> int: ...
    @property
    def sees_all(self) -> bool: ...


def communities(viewer: Viewer) -> QuerySet[Community]:
    """The communities of which the viewer may know."""
    if viewer.sees_all:
        return Community.objects.all()
    return Community.objects.filter(~Q(openness=Openness.HIDDEN) | Q(pk__in=_inside(viewer)))


def memberships(viewer: Viewer) -> QuerySet[Membership]:
    """The memberships of now of which the viewer may know."""
    now = Membership.objects.filter(until_us=None)
    if viewer.sees_all:
        return now
    seen = Q(community__openness=Openness.OPEN) | Q(community__in=_inside(viewer)) | Q(member=viewer.member)
    return now.filter(seen)


def members(viewer: Viewer) -> QuerySet[Member]:
    """The members of which the viewer may know."""
    if viewer.sees_all:
        return Member.objects.all()
    return Member.objects.filter(Q(pk=viewer.member) | Q(name=HOME) | Q(pk__in=memberships(viewer).values("member")))


def agreements(viewer: Viewer) -> QuerySet[Agreement]:
    """The agreements of which the viewer may know."""
    if viewer.sees_all:
        return Agreement.objects.all()
    own = Member.objects.get(pk=viewer.member)
    binds = Q(member=own) | Q(country=own.country) if own.country else Q(member=own)
    unseen = AgreementParty.objects.filter(member__isnull=False).exclude(member__in=members(viewer))
    return Agreement.objects.filter(
        Q(pk__in=AgreementParty.objects.filter(binds).values("agreement"))
        | Q(parties__isnull=False) & ~Q(pk__in=unseen.values("agreement"))
    ).distinct()


def as_seen(view: MemberView, viewer: Viewer) -> MemberView:
    """What a viewer may know of what holds for a member: of another, only what follows from its country and what both see."""
    own = Member.objects.filter(pk=viewer.member, name=view.name).exists()
    if viewer.sees_all or own:
        return view
    shared = set(memberships(viewer).filter(member__name=view.name).values_list("community__name", flat=True))
    known = set(agreements(viewer).values_list("name", flat=True))
    return msgspec.structs.replace(
        view,
        facts=holding(country(view.country).facts, view.on) if view.country else [],
        communities=[name for name in view.communities if name in shared],
        agreements=[one for one in view.agreements if one.agreement in known],
    )


def _inside(viewer: Viewer) -> QuerySet[Membership, int]:
    """Numbers of the communities that the viewer's member is in now."""
    return Membership.objects.filter(member=viewer.member, until_us=None).values_list("community", flat=True)
