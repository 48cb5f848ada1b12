"""Policies: which are in force, what changed decisions and for whom, how far each member's reach goes, and new ones."""

from __future__ import annotations

from typing import Any

import msgspec
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from commonwatch.base.edge import among, rows
from commonwatch.base.release import explain
from commonwatch.base.release.epochs import activate_policies
from commonwatch.base.release.explain import Asking
from commonwatch.base.release.models import Epoch
from commonwatch.base.release.policies import own_files
from commonwatch.base.release.received import agreement_names, may_see
from commonwatch.base.release.shown import policy_text, shown_epoch, shown_policy
from commonwatch.console.shell import cells, told
from commonwatch.console.shell.changing import carried, form_page
from commonwatch.console.shell.pages import ADMINISTRATOR, OPERATOR, READER, shown_to
from commonwatch.console.shell.tables import Column, Empty, Filter, Table, by_key
from commonwatch.console.shell.taking import listed
from commonwatch.console.shell.who import acting, identity, reader
from commonwatch.core.errors import NotFound

GATES = {
    "handling": _("Handling: markings"),
    "law": _("Law: personal data, secrecy"),
    "policy": _("Policy: agreements, communities, members"),
    "obligation": _("Obligations"),
}
EFFECTS = {"permit": _("permits"), "forbid": _("forbids")}
OWN_FILE = "own.cedar"
POLICIES = Table(
    _("Policies in force"),
    (
        Column("title", _("Policy"), told.sentence, link=True),
        Column("gate", _("Gate")),
        Column("effect", _("What it does")),
        Column("law", _("By which law or agreement"), told.sentence),
        Column("id", _("Id"), cells.code, chosen=False),
    ),
)
CHANGES = Table(
    _("What changed decisions, the last first"),
    (
        Column("made", _("When"), cells.moment),
        Column("what", _("What")),
        Column("by", _("Who")),
        Column("gained", _("Releases gained"), cells.number),
        Column("lost", _("Releases lost"), cells.number),
        Column("world", _("Digest"), cells.code, chosen=False),
    ),
)
REACH = Table(
    _("How much of everything that the node holds each member may have"),
    (
        Column("member", _("Member")),
        Column("purpose", _("For"), cells.code),
        Column("full", _("Whole"), cells.number),
        Column("pseudonymised", _("With pseudonyms"), cells.number),
        Column("stripped", _("Without personal data"), cells.number),
        Column("parts", _("With parts withheld"), cells.number),
        Column("withheld", _("Refused"), cells.number),
    ),
)


class PolicyFilter(Filter):
    """Which policies."""

    gate = forms.ChoiceField(label=_("Gate"), choices=[("", _("All")), *GATES.items()], required=False)


class EditForm(forms.Form):
    """The node's own policies, one field a file, and why they change."""

    reason = forms.CharField(label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, files: dict[str, str], *given: Any) -> None:
        super().__init__(*given)
        for name, text in files.items():
            widget = forms.Textarea(attrs={"rows": 24, "dir": "ltr", "spellcheck": "false", "class": "source"})
            self.fields[f"file:{name}"] = forms.CharField(label=name, initial=text, required=False, widget=widget)
        self.order_fields([f"file:{name}" for name in files])


@shown_to(READER)
@require_safe
def policies(request: HttpRequest) -> HttpResponse:
    """The policies in force today of which the reader may know."""
    asked = PolicyFilter(request)
    known, own = agreement_names(reader(request)), identity(request).member_name
    found = [
        one
        for one in Asking().world.book.policies.values()
        if asked.wanted("gate") in ("", one.gate) and (identity(request).sees_all or may_see(one, own, known))
    ]
    pages = by_key(among(found, lambda one: one.id), lambda one: one.id, lambda one: _row(shown_policy(one)))
    listing = POLICIES.paged(request, pages, total=len(found), filter=asked)
    context = {"policies": listing, "tabs": _tabs(request, "policies"), "may_change": _may_change(request)}
    return listed(request, "console/sharing/policies.html", context, "policies")


@shown_to(READER)
@require_safe
def policy(request: HttpRequest, name: str) -> HttpResponse:
    """A policy as it is written."""
    world = Asking().world
    found = world.book.policies.get(name)
    known, own = agreement_names(reader(request)), identity(request).member_name
    if found is None or not (identity(request).sees_all or may_see(found, own, known)):
        raise NotFound("policy-unknown", f"There is no policy {name}.", gettext("The list has those in force."))
    shown = _row(shown_policy(found))
    context = {
        "policy": shown,
        "text": policy_text(world, found),
        "trail": [(gettext("Policies"), reverse("policies")), (shown["title"], "")],
    }
    return render(request, "console/sharing/policy.html", context)


@shown_to(OPERATOR)
@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """Policies, members, agreements, days: whatever changed decisions, with who gained and lost how much."""
    pages = by_key(rows(Epoch.objects.all(), "-pk"), lambda one: one.pk, shown_epoch)
    nothing = Empty(_("Nothing has changed yet"), _("The first policies come with the node."))
    listing = CHANGES.paged(request, pages, empty=nothing)
    context = {"listing": listing, "title": _("What changed decisions"), "tabs": _tabs(request, "policy-changes")}
    return listed(request, "console/sharing/listed.html", context, "listing")


@shown_to(OPERATOR)
@require_safe
def reach(request: HttpRequest) -> HttpResponse:
    """How much each member gets of everything that the node holds."""
    recipients, _examples, objects, _classes = explain.reach()
    found = [_reach(one) for one in recipients]
    nobody = Empty(_("There is nobody to share with yet"), _("Take members in, or join a partner's node."))
    listing = REACH.listing(request, found, total=len(found), empty=nobody)
    holds = ngettext("The node holds %(count)s object version.", "The node holds %(count)s object versions.", objects)
    about = holds % {"count": f"{objects:,}"}
    context = {
        "listing": listing,
        "title": _("How far reach goes"),
        "about": about,
        "tabs": _tabs(request, "policy-reach"),
    }
    return render(request, "console/sharing/listed.html", context)


@shown_to(ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest) -> HttpResponse:
    """Write the node's own policies, look at who would gain and lose, put them in force."""
    files = dict(own_files()) or {OWN_FILE: ""}

    def put_in_force(filled: dict[str, Any]) -> HttpResponse:
        given = {name: filled[f"file:{name}"] for name in files}
        written = {name: text for name, text in given.items() if text.strip()}
        who, reason = acting(request), filled["reason"]
        return carried(
            request,
            gettext("The node's own policies change"),
            lambda preview: activate_policies(written, reason, who, preview=preview),
            _("The policies are in force."),
            reverse("policies"),
        )

    form = EditForm(files, request.POST or None)
    return form_page(request, form, _("The node's own policies"), reverse("policies"), put_in_force, wide=True)


def _row(one: dict[str, Any]) -> dict[str, Any]:
    return {
        **one,
        "title": one["title"] or one["id"],
        "gate": GATES.get(one["gate"], one["gate"]),
        "effect": EFFECTS.get(one["effect"], one["effect"]),
        "url": reverse("policy", args=[one["id"]]),
    }


def _reach(one: explain.Reach) -> dict[str, Any]:
    member = gettext("the public") if one.member == explain.PUBLIC else one.member
    return {**msgspec.structs.asdict(one), "member": member}


def _may_change(request: HttpRequest) -> bool:
    return identity(request).may(ADMINISTRATOR)


def _tabs(request: HttpRequest, here: str) -> list[tuple[str, str, bool]]:
    parts = [("policies", gettext("In force"))]
    if identity(request).may(OPERATOR):
        parts += [("policy-changes", gettext("What changed decisions")), ("policy-reach", gettext("Reach"))]
    return [(label, reverse(name), name == here) for name, label in parts]
