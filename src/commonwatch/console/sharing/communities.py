"""Communities: who is in them, since when and why; letting members in and out with the report of what follows."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commonwatch.base.edge import rows
from commonwatch.base.parties import actions, visibility
from commonwatch.base.parties.models import Openness
from commonwatch.base.parties.shown import shown_community, shown_membership
from commonwatch.console.shell import cells
from commonwatch.console.shell.changing import confirmed, form_page
from commonwatch.console.shell.pages import ADMINISTRATOR, READER, reason_given, shown_to
from commonwatch.console.shell.tables import Column, Empty, Table, by_key
from commonwatch.console.shell.taking import listed
from commonwatch.console.shell.who import identity

OPENNESS = {
    Openness.OPEN.value: _("open: everybody sees who is in it"),
    Openness.CLOSED.value: _("closed: its members see who is in it"),
    Openness.HIDDEN.value: _("hidden: its members alone know of it"),
}
COMMUNITIES = Table(
    _("Communities"),
    (
        Column("name", _("Community"), link=True),
        Column("openness", _("Openness")),
        Column("description", _("What it is for")),
    ),
)
MEMBERS = Table(
    _("Members"),
    (
        Column("member", _("Member")),
        Column("since", _("Since"), cells.moment),
        Column("until", _("Until"), cells.moment),
        Column("joined", _("Let in by, because")),
        Column("left", _("Ended by, because")),
    ),
)


class CommunityForm(forms.Form):
    """A community to make."""

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("Lower-case letters, digits, . _ and -."))
    description = forms.CharField(
        label=_("What it is for"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    openness = forms.ChoiceField(label=_("Openness"), choices=list(OPENNESS.items()), initial=Openness.CLOSED)
    pseudonymous = forms.BooleanField(label=_("Members may contribute without their name"), required=False)


@shown_to(READER)
@require_safe
def communities(request: HttpRequest) -> HttpResponse:
    """Those of which the reader may know."""
    found = visibility.communities(identity(request))
    may_change = identity(request).may(ADMINISTRATOR)
    pages = by_key(rows(found, "name"), lambda one: one.name, _row)
    empty = Empty(
        _("There is no community that you may know of"),
        _("A community is a set of members that share collections."),
        _("Make one") if may_change else "",
        reverse("community-new") if may_change else "",
    )
    listing = COMMUNITIES.paged(request, pages, total=found.count(), empty=empty)
    context = {"communities": listing, "may_change": may_change}
    return listed(request, "console/sharing/communities.html", context, "communities")


@shown_to(READER)
@require_safe
def community(request: HttpRequest, name: str) -> HttpResponse:
    """One with those of its members of whom the reader may know; whoever runs the node sees who was in it, and why."""
    who = identity(request)
    found = actions.communities_named([name], visibility.communities(who))[0]
    seen = found.memberships.all() if who.sees_all else visibility.memberships(who).filter(community=found)
    members = [shown_membership(row) for row in seen.select_related("member").order_by("since_us", "pk")]
    columns = MEMBERS if who.sees_all else Table(MEMBERS.caption, MEMBERS.columns[:2])
    may_change = who.may(ADMINISTRATOR)
    inside = [row["member"] for row in members if row["until"] is None]
    context = {
        "community": shown_community(found),
        "openness": OPENNESS[found.openness],
        "members": columns.listing(
            request, members, total=len(members), empty=Empty(_("Nobody is in it"), _("Let the first member in."))
        ),
        "inside": [(member, reverse("community-leave", args=[name, member])) for member in inside],
        "outside": _others(request, inside) if may_change else (),
        "may_change": may_change,
        "trail": [(gettext("Communities"), reverse("communities")), (found.name, "")],
    }
    return render(request, "console/sharing/community.html", context)


@shown_to(ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Make a community."""

    def make(given: dict[str, Any]) -> HttpResponse:
        return confirmed(
            request,
            gettext("The community %(name)s is made") % {"name": given["name"]},
            lambda by: actions.create_community(
                given["name"],
                given["description"],
                now_us=by.now_us,
                openness=Openness(given["openness"]),
                pseudonymous=given["pseudonymous"],
            ),
            said=_("The community is made. Let members in next."),
            back=reverse("community", args=[given["name"]]),
        )

    return form_page(request, CommunityForm(request.POST or None), _("Make a community"), reverse("communities"), make)


@shown_to(ADMINISTRATOR)
@require_POST
def join(request: HttpRequest, name: str) -> HttpResponse:
    """Let a member in."""
    member, reason = request.POST.get("member", ""), reason_given(request)
    return confirmed(
        request,
        gettext("%(member)s joins %(name)s") % {"member": member, "name": name},
        lambda by: actions.join_community(name, member, reason=reason, by=by),
        said=gettext("%(member)s is in %(name)s.") % {"member": member, "name": name},
        back=reverse("community", args=[name]),
    )


@shown_to(ADMINISTRATOR)
@require_POST
def leave(request: HttpRequest, name: str, member: str) -> HttpResponse:
    """End a member's time; what it can no longer see is recalled from it."""
    reason = reason_given(request)
    return confirmed(
        request,
        gettext("%(member)s leaves %(name)s") % {"member": member, "name": name},
        lambda by: actions.leave_community(name, member, reason=reason, by=by),
        said=gettext("%(member)s is no longer in %(name)s; what it may not see any more is recalled.")
        % {"member": member, "name": name},
        back=reverse("community", args=[name]),
    )


def _row(one: Any) -> dict[str, Any]:
    return {
        **shown_community(one),
        "openness": OPENNESS[one.openness],
        "url": reverse("community", args=[one.name]),
    }


def _others(request: HttpRequest, inside: list[str]) -> list[str]:
    known = visibility.members(identity(request)).exclude(name__in=inside)
    return list(known.order_by("name").values_list("name", flat=True))
