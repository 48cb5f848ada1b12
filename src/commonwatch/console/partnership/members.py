"""Members of whom the reader may know, what holds for each on a day, and correcting what is recorded of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commonwatch.base.accounts.identify import Identity
from commonwatch.base.clock import MICROSECONDS, now_us
from commonwatch.base.edge import rows
from commonwatch.base.parties import actions, visibility
from commonwatch.base.parties.countries import country_facts
from commonwatch.base.parties.models import EXPELLED, HOME, STANDING, Member, MemberKey, MemberKind
from commonwatch.base.parties.queries import KeyView, MemberView, member_named, member_on
from commonwatch.base.parties.shown import shown_member
from commonwatch.console.shell import cells
from commonwatch.console.shell.changing import confirmed, form_page
from commonwatch.console.shell.pages import ADMINISTRATOR, READER, reason_given, shown_to
from commonwatch.console.shell.tables import Column, Empty, Filter, Listing, Table, together
from commonwatch.console.shell.taking import listed
from commonwatch.console.shell.who import identity
from commonwatch.core.law.facts import Fact

KINDS = {
    MemberKind.STATE_BODY.value: _("State body"),
    MemberKind.INTERNATIONAL_ORGANISATION.value: _("International organisation"),
    MemberKind.COMPANY.value: _("Company"),
    MemberKind.UNIVERSITY.value: _("University"),
    MemberKind.CIVIL_SOCIETY.value: _("Civil society"),
}
MEMBERS = Table(
    _("Members"),
    (
        Column("name", _("Member"), link=True),
        Column("title", _("As people write it")),
        Column("kind", _("Kind")),
        Column("country", _("Country"), cells.code),
        Column("communities", _("Communities")),
        Column("keys", _("Keys in use"), cells.number),
        Column("identity", _("STIX identity"), cells.code, chosen=False),
    ),
)
FACTS = Table(
    _("Facts that hold on this day"),
    (
        Column("kind", _("About"), cells.code),
        Column("value", _("What holds"), cells.code),
        Column("since", _("Since"), cells.code),
        Column("until", _("Until"), cells.code),
        Column("scope", _("Limited to")),
        Column("source", _("Who says so")),
    ),
)
AGREEMENTS = Table(
    _("Agreements"),
    (
        Column("title", _("Agreement"), link=True),
        Column("binds", _("On this day"), cells.status),
        Column("reason", _("Because")),
        Column("party", _("By whose step"), cells.text),
        Column("reservations", _("Reservations")),
    ),
)
KEYS = Table(
    _("Keys with which it signs, or signed"),
    (
        Column("key", _("Key"), cells.code),
        Column("state", _("State"), cells.status),
        Column("since", _("Since"), cells.moment),
        Column("until", _("Until"), cells.moment),
        Column("revoked_since", _("Not believed since"), cells.moment),
        Column("reason", _("Why")),
    ),
)


class MembersFilter(Filter):
    """Which members."""

    words = forms.CharField(label=_("Name"), max_length=100)
    kind = forms.ChoiceField(label=_("Kind"), choices=[("", _("Any")), *KINDS.items()])
    country = forms.CharField(label=_("Country"), max_length=2)


class DayFilter(Filter):
    """On which day."""

    on = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}))


def countries() -> list[tuple[str, Any]]:
    """What a form offers."""
    return [("", _("None")), *((one.code, f"{one.code} · {one.name}") for one in country_facts().countries)]


class MemberForm(forms.Form):
    """A member to take in."""

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("Lower-case letters, digits, . _ and -."))
    title = forms.CharField(label=_("As people write it"), max_length=200, required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=list(KINDS.items()), help_text=_("Law treats them differently."))
    country = forms.ChoiceField(
        label=_("Country"),
        choices=countries,
        required=False,
        help_text=_("Which law it lives under; none for international organisations only."),
    )
    identity = forms.CharField(
        label=_("STIX identity"), max_length=60, required=False, help_text=_("If it has one; else it gets a fresh one.")
    )


class CorrectionForm(forms.Form):
    """What is recorded of a member."""

    title = forms.CharField(label=_("As people write it"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), choices=list(KINDS.items()))
    country = forms.ChoiceField(label=_("Country"), choices=countries, required=False)


class FactForm(forms.Form):
    """Something dated that holds for a member."""

    kind = forms.CharField(label=_("About"), max_length=30, help_text=_("alliance, safeguard, certification …"))
    value = forms.CharField(label=_("What holds"), max_length=100, help_text=_("A word, such as nato or bcr."))
    since = forms.DateField(label=_("Since"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    source = forms.CharField(label=_("Who says so"), max_length=2000, help_text=_("A document, a register, a letter."))


@shown_to(READER)
@require_safe
def members(request: HttpRequest) -> HttpResponse:
    """Those of whom the reader may know."""
    who, asked = identity(request), MembersFilter(request)
    found = visibility.members(who)
    for field, name in (("name__icontains", "words"), ("kind", "kind"), ("country__iexact", "country")):
        if given := str(asked.wanted(name)).strip():
            found = found.filter(**{field: given})
    may_change = who.may(ADMINISTRATOR)
    empty = Empty(
        _("There is no member that you may know of"),
        _("You see members with whom you share a community, and the one that runs this node."),
        _("Take a member in") if may_change else "",
        reverse("member-new") if may_change else "",
    )
    listing = MEMBERS.paged(
        request,
        together(rows(found, "name"), lambda one: one.name, lambda some: _rows(who, some)),
        total=found.count(),
        filter=asked,
        empty=empty,
    )
    context = {"members": listing, "may_change": may_change}
    return listed(request, "console/partnership/members.html", context, "members")


@shown_to(READER)
@require_safe
def member(request: HttpRequest, name: str) -> HttpResponse:
    """What holds for one on a day, as far as the reader may know."""
    who, asked = identity(request), DayFilter(request)
    on: date = asked.wanted("on") or _today()
    view = visibility.as_seen(member_on(member_named(name, visibility.members(who)).name, on), who)
    expelled = any(one.kind == STANDING and one.value == EXPELLED for one in view.facts)
    may_change = who.may(ADMINISTRATOR)
    context = {
        "member": view,
        "kind": KINDS.get(view.kind, view.kind),
        "expelled": expelled,
        "asked": asked,
        "communities": [(one, reverse("community", args=[one])) for one in view.communities],
        "facts": FACTS.listing(
            request, [_fact(one) for one in view.facts], bare=True, empty=Empty(_("No fact is on record"), "")
        ),
        "agreements": _agreements(request, view),
        "keys": KEYS.listing(
            request,
            [_key(one) for one in view.keys],
            bare=True,
            empty=Empty(_("It has signed nothing that is known here"), ""),
        ),
        "may_change": may_change,
        "may_expel": may_change and name != HOME,
        "trail": [(gettext("Members"), reverse("members")), (view.title, "")],
    }
    return render(request, "console/partnership/member.html", context)


@shown_to(ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Take a member in."""

    def take_in(given: dict[str, Any]) -> HttpResponse:
        return confirmed(
            request,
            gettext("%(name)s becomes a member") % {"name": given["name"]},
            lambda by: actions.create_member(
                given["name"], given["title"], MemberKind(given["kind"]), given["country"], given["identity"], by
            ),
            said=_("It is a member. Let it into a community next."),
            back=reverse("member", args=[given["name"]]),
        )

    return form_page(request, MemberForm(request.POST or None), _("Take a member in"), reverse("members"), take_in)


@shown_to(ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
def correct(request: HttpRequest, name: str) -> HttpResponse:
    """Correct what is recorded of a member; the audit keeps what it was."""
    now, back = shown_member(member_named(name)), reverse("member", args=[name])
    form = CorrectionForm(request.POST or None, initial={word: now[word] for word in ("title", "kind", "country")})

    def change(given: dict[str, Any]) -> HttpResponse:
        return confirmed(
            request,
            gettext("What is recorded of %(name)s changes") % {"name": name},
            lambda by: actions.change_member(
                name, title=given["title"], kind=MemberKind(given["kind"]), country=given["country"], by=by
            ),
            said=gettext("What is recorded of %(name)s is corrected; what it was stays in the audit.") % {"name": name},
            back=back,
        )

    return form_page(request, form, gettext("Correct what is recorded of %(name)s") % {"name": name}, back, change)


@shown_to(ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
def fact(request: HttpRequest, name: str) -> HttpResponse:
    """Record something dated about a member."""
    back = reverse("member", args=[member_named(name).name])

    def note(given: dict[str, Any]) -> HttpResponse:
        recorded = Fact(given["kind"], given["value"], given["source"], given["since"], given["until"])
        what = f"{given['kind']} {given['value']}"
        return confirmed(
            request,
            gettext("It is recorded of %(name)s: %(what)s") % {"name": name, "what": what},
            lambda by: actions.record_fact(name, recorded, by),
            said=gettext("On record: %(what)s.") % {"what": what},
            back=back,
        )

    title = gettext("Record a fact about %(name)s") % {"name": name}
    return form_page(request, FactForm(request.POST or None), title, back, note)


@shown_to(ADMINISTRATOR)
@require_POST
def expel(request: HttpRequest, name: str) -> HttpResponse:
    """End a member's part here: it leaves every community and is sent recalls."""
    reason = reason_given(request)
    return confirmed(
        request,
        gettext("%(name)s is expelled") % {"name": name},
        lambda by: actions.expel_member(name, reason=reason, by=by),
        said=gettext("%(name)s is expelled; what it had is recalled from it.") % {"name": name},
        back=reverse("member", args=[name]),
    )


@shown_to(ADMINISTRATOR)
@require_POST
def readmit(request: HttpRequest, name: str) -> HttpResponse:
    """Take an expelled member back."""
    return confirmed(
        request,
        gettext("%(name)s is admitted again") % {"name": name},
        lambda by: actions.readmit_member(name, by=by),
        said=gettext("%(name)s is a member again. Communities have to let it in themselves.") % {"name": name},
        back=reverse("member", args=[name]),
    )


def _rows(who: Identity, found: Sequence[Member]) -> list[dict[str, Any]]:
    """Members with the communities in which the reader sees them, and how many keys each signs with."""
    inside: dict[int, list[str]] = {}
    seen = visibility.memberships(who).filter(member__in=found).order_by("community__name")
    for pk, community in seen.values_list("member", "community__name"):
        inside.setdefault(pk, []).append(community)
    in_use = MemberKey.objects.filter(
        identity__in=[one.identity for one in found], until_us=None, revoked_since_us=None
    ).values_list("identity", flat=True)
    keys = Counter(in_use)
    return [
        {
            **shown_member(one),
            "kind": KINDS.get(one.kind, one.kind),
            "communities": ", ".join(inside.get(one.pk, [])),
            "keys": keys[one.identity],
            "url": reverse("member", args=[one.name]),
        }
        for one in found
    ]


def _fact(one: Fact) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "value": one.value,
        "since": str(one.since or ""),
        "until": str(one.until or ""),
        "scope": one.scope,
        "source": one.source,
    }


def _agreements(request: HttpRequest, view: MemberView) -> Listing:
    found = [
        {
            "title": one.title,
            "binds": "active" if one.standing.in_force else "off",
            "reason": one.standing.reason,
            "party": one.by,
            "reservations": one.reservations,
            "url": reverse("agreement", args=[one.agreement]),
        }
        for one in view.agreements
    ]
    return AGREEMENTS.listing(request, found, bare=True, empty=Empty(_("No agreement names it"), ""))


def _key(one: KeyView) -> dict[str, Any]:
    state = "revoked" if one.revoked_since else "expired" if one.until else "active"
    return {
        "key": one.key,
        "state": state,
        "since": one.since,
        "until": one.until,
        "revoked_since": one.revoked_since,
        "reason": one.reason,
    }


def _today() -> date:
    return datetime.fromtimestamp(now_us() / MICROSECONDS, UTC).date()
