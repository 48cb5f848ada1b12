"""What members can give: the catalogue, one capability with who holds it, and the owner's decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commonwatch.base.accounts.identify import Identity
from commonwatch.base.clock import now_us
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.reader import reader_of
from commonwatch.base.threads.queries import names
from commonwatch.capabilities.assistance import actions, queries
from commonwatch.capabilities.assistance.catalogue import CapabilityView
from commonwatch.capabilities.assistance.facts import skills
from commonwatch.console.response import words
from commonwatch.console.response.asking import AudienceForm
from commonwatch.console.response.helping import MOST_LOOKED_AT, may_act
from commonwatch.console.response.list_words import skill_said
from commonwatch.console.shell import cells, told
from commonwatch.console.shell.areas import Notice
from commonwatch.console.shell.pages import CONTRIBUTOR, READER, done, reason_given, shown_to
from commonwatch.console.shell.tables import Column, Empty, Table, together
from commonwatch.console.shell.taking import listed
from commonwatch.console.shell.told import RefusalsOn
from commonwatch.console.shell.who import acting, identity, reader
from commonwatch.core.stix.response import assistance as stix

CATALOGUE = Table(
    _("What members can give"),
    (
        Column("name", _("What"), link=True),
        Column("by", _("By")),
        Column("kind", _("Kind")),
        Column("skill", _("Skill"), cells.code),
        Column("languages", pgettext_lazy("spoken", "Languages"), cells.code),
        Column("there", _("There is"), cells.number),
        Column("free", _("Free"), cells.number),
        Column("contested", _("State"), words.state),
        Column("begins", _("From"), cells.moment, chosen=False),
        Column("ends", _("Until"), cells.moment, chosen=False),
        Column("id", _("Id"), cells.code, chosen=False),
    ),
)
HELD = Table(
    _("Who holds it"),
    (
        Column("member", _("Member")),
        Column("quantity", _("Held"), cells.number),
        Column("standing", _("State"), words.state),
        Column("why", _("Why"), told.sentence),
        Column("begins", _("From"), cells.moment),
        Column("ends", _("Until"), cells.moment),
        Column("at", _("Said"), cells.moment),
    ),
)


class CapabilityForm(AudienceForm):
    """What our member can give, and who may know of it."""

    name = forms.CharField(label=_("What it is"), max_length=300)
    skill = forms.ChoiceField(
        label=_("Skill"),
        choices=lambda: [(one.id, f"{skill_said(one.title)} ({skill_said(one.unit)})") for one in skills().skills],
    )
    quantity = forms.IntegerField(label=_("How much of it there is"), min_value=1, max_value=stix.MOST_UNITS, initial=1)
    languages = forms.CharField(
        label=pgettext_lazy("spoken", "Languages"),
        max_length=200,
        required=False,
        help_text=_("By their codes: en fr ar."),
    )
    utc_offset = forms.IntegerField(
        label=_("Minutes from UTC of its working hours"), min_value=-720, max_value=840, initial=0
    )
    on_site = forms.BooleanField(label=_("It can go where the work is"), required=False)
    notice_hours = forms.IntegerField(label=_("Hours of notice that it needs"), min_value=0, max_value=8_760, initial=0)
    field_order = ("name", "skill", "quantity", "languages", "utc_offset", "on_site", "notice_hours")

    @property
    def content(self) -> stix.Capability:
        """The same, as it is written."""
        said = self.cleaned_data
        return stix.Capability(
            name=said["name"],
            skill=said["skill"],
            quantity=said["quantity"],
            languages=tuple(said["languages"].split()),
            utc_offset=said["utc_offset"],
            on_site=said["on_site"],
            notice_hours=said["notice_hours"],
        )


class ReserveForm(forms.Form):
    """How much is held, and why."""

    quantity = forms.IntegerField(label=_("How much"), min_value=1, max_value=stix.MOST_UNITS, initial=1)
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2_000)


@shown_to(READER)
@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """What the reader may know that members can give."""
    who, now = reader(request), now_us()

    def following(after: Any, count: int) -> Sequence[tuple[int, CapabilityView]]:
        return queries.capabilities(who, now, after, count)

    def rows(found: Sequence[tuple[int, CapabilityView]]) -> list[dict[str, Any]]:
        called = names(who, {view.author for _, view in found})
        return [_row(view, called) for _, view in found]

    may_add = may_act(identity(request))
    empty = Empty(
        _("The catalogue is empty"),
        _("Say what your member can give, so that it can be proposed when somebody needs it."),
        _("Add to the catalogue") if may_add else "",
        reverse("capability-new") if may_add else "",
    )
    pages = together(following, lambda one: one[0], rows)
    context = {"catalogue": CATALOGUE.paged(request, pages, empty=empty), "may_add": may_add}
    return listed(request, "console/response/catalogue.html", context, "catalogue")


@shown_to(READER)
@require_safe
def one(request: HttpRequest, name: str) -> HttpResponse:
    """One capability, and who holds how much of it."""
    who = reader(request)
    view = queries.capability(who, name, now_us())
    called = names(who, {view.author, *(held.author for held in view.held)})
    own, may = own_member().identity, may_act(identity(request))
    rows = [
        {
            "member": called[held.author],
            "quantity": held.quantity,
            "standing": held.standing,
            "why": held.why,
            "begins": held.begins,
            "ends": held.ends,
            "at": held.at_us,
        }
        for held in view.held
    ]
    decisions = [
        {"id": held.id, "member": called[held.author], "quantity": held.quantity, "standing": held.standing}
        for held in view.held
        if may and held.standing in ("held", "contested", "allotted") and own in (view.author, held.author)
    ]
    context = {
        "view": view,
        "author": called[view.author],
        "free": view.free("", ""),
        "held": HELD.listing(request, rows, bare=True),
        "decisions": decisions,
        "is_own": view.author == own,
        "may_reserve": may and not view.ended,
        "may_end": may and view.author == own and not view.ended,
        "reserve": ReserveForm(),
        "trail": [(gettext("Catalogue"), reverse("catalogue")), (view.content.name, "")],
    }
    return render(request, "console/response/capability.html", context)


@shown_to(CONTRIBUTOR, at_home=True)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Say what our member can give."""
    form = CapabilityForm(identity(request), request.POST or None)
    if request.method == "POST" and form.is_valid():
        with RefusalsOn(form):
            made = actions.add_capability(form.content, form.audience, acting(request))
            done(request, gettext("It is in the catalogue."))
            return redirect("capability", made)
    trail = [(gettext("Catalogue"), reverse("catalogue")), (gettext("Add to the catalogue"), "")]
    status = 422 if form.errors else 200
    return render(request, "console/response/capability_new.html", {"form": form, "trail": trail}, status=status)


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def reserve(request: HttpRequest, name: str) -> HttpResponse:
    """Hold some of it."""
    form = ReserveForm(request.POST)
    if form.is_valid():
        actions.reserve(name, form.cleaned_data["quantity"], "", "", form.cleaned_data["reason"], acting(request))
        done(request, gettext("It is reserved; where there is not enough, its owner decides."))
    return redirect("capability", name)


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def decide(request: HttpRequest, name: str) -> HttpResponse:
    """Allot a reservation, or give it back or refuse it."""
    act = actions.allot if request.POST.get("act") == "allot" else actions.release
    act(request.POST.get("reservation", ""), reason_given(request), acting(request))
    done(request, gettext("Everybody who sees the capability is told."))
    return redirect("capability", name)


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def end(request: HttpRequest, name: str) -> HttpResponse:
    """Take one of our own out."""
    actions.end_capability(name, reason_given(request), acting(request))
    done(request, gettext("It is out of the catalogue."))
    return redirect("catalogue")


def contested(who: Identity) -> list[Notice]:
    """Capabilities of the own member on which it has to decide."""
    if not who.is_at_home:
        return []
    own = own_member().identity
    found = queries.capabilities(reader_of(who), now_us(), limit=MOST_LOOKED_AT)
    return [
        Notice(
            gettext("Two hold %(name)s, and there is not enough for both.") % {"name": view.content.name},
            reverse("capability", args=[view.id]),
        )
        for _, view in found
        if view.author == own and view.contested
    ]


def _row(view: CapabilityView, called: Mapping[str, str]) -> dict[str, Any]:
    skill = skills().by_id.get(view.content.skill)
    return {
        "id": view.id,
        "name": view.content.name,
        "url": reverse("capability", args=[view.id]),
        "by": called[view.author],
        "kind": words.KINDS[skill.kind] if skill is not None else "",
        "skill": view.content.skill,
        "languages": ", ".join(view.content.languages),
        "there": view.content.quantity,
        "free": view.free("", ""),
        "contested": "closed" if view.ended else "contested" if view.contested else "",
        "begins": view.content.begins,
        "ends": view.content.ends,
    }
