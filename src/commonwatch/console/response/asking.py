"""Asking for help: a form is chosen and filled in; whom it reaches is shown before it is sent."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from commonwatch.base.accounts.identify import Identity
from commonwatch.base.clock import now_us
from commonwatch.base.intake.own import Audience, reach
from commonwatch.base.parties import visibility
from commonwatch.base.parties.models import HOME
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.reader import reader_of
from commonwatch.capabilities.assistance import actions, given
from commonwatch.capabilities.assistance.actions import Asked
from commonwatch.capabilities.assistance.facts import form_named
from commonwatch.capabilities.assistance.facts import forms as every_form
from commonwatch.capabilities.assistance.forms import Form
from commonwatch.capabilities.contacts import queries as points
from commonwatch.console.response import words
from commonwatch.console.response.list_words import help_said
from commonwatch.console.shell import cells
from commonwatch.console.shell.changing import asked as question
from commonwatch.console.shell.changing import is_sure
from commonwatch.console.shell.pages import CONTRIBUTOR, done, shown_to
from commonwatch.console.shell.tables import Column, Table
from commonwatch.console.shell.told import RefusalsOn, told
from commonwatch.console.shell.who import acting, identity
from commonwatch.core.stix.response import assistance as stix

LEVELS = ("TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED")
FORMS = Table(
    _("Forms on which help is asked for"),
    (
        Column("title", _("Form"), link=True),
        Column("used_by", _("Used by")),
        Column("source", _("Source")),
        Column("date", _("Of"), cells.code),
        Column("verified", _("Official template seen")),
        Column("fields", _("Fields"), cells.number),
    ),
)


class AudienceForm(forms.Form):
    """Whom something is for."""

    members = forms.MultipleChoiceField(label=_("Members"), required=False, widget=forms.CheckboxSelectMultiple)
    communities = forms.MultipleChoiceField(label=_("Communities"), required=False, widget=forms.CheckboxSelectMultiple)
    tlp = forms.ChoiceField(label=_("Marking"), choices=[(one, one) for one in LEVELS], initial="TLP:AMBER")
    altered = forms.BooleanField(
        label=_("Law may have it pseudonymised for some"),
        required=False,
        help_text=_("Else it is not sent to anybody."),
    )

    def __init__(self, who: Identity, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = visibility.members(who).exclude(name=HOME).order_by("title", "name")
        members: Any = self.fields["members"]
        members.choices = [(one.name, one.title or one.name) for one in others]
        communities: Any = self.fields["communities"]
        communities.choices = [(one.name, one.name) for one in visibility.communities(who).order_by("name")]

    @property
    def audience(self) -> Audience:
        """The same, as it is marked."""
        said = self.cleaned_data
        return Audience(said["tlp"], tuple(said["members"]), tuple(said["communities"]), altered=said["altered"])


class AskForm(AudienceForm):
    """A form of the list with what every request has: its fields come from the data."""

    name = forms.CharField(label=_("What it is about"), max_length=300)
    contact = forms.CharField(label=_("Who speaks for us"), max_length=200)
    reach = forms.CharField(label=_("How they are reached"), max_length=300, required=False)
    point = forms.ChoiceField(label=_("Point of contact on record"), required=False)
    urgency = forms.ChoiceField(
        label=_("Urgency"), choices=[(one, words.STATES[one]) for one in ("routine", "urgent", "emergency")]
    )
    needs = forms.CharField(
        label=_("What is needed, in units"),
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        help_text=_(
            "One a line: incident-analysis=2,fr+en is two people who analyse incidents and speak French or English."
        ),
    )

    def __init__(self, asked: Form, who: Identity, *args: Any, **kwargs: Any) -> None:
        super().__init__(who, *args, **kwargs)
        point: Any = self.fields["point"]
        point.choices = own_points(who)
        for field in asked.fields:
            self.fields[f"answer-{field.name}"] = _field(field)
        last = ("members", "communities", "tlp", "altered")
        self.order_fields([*(name for name in self.fields if name not in last), *last])
        self.asked = asked

    @property
    def wanted(self) -> Asked:
        """The same, as the action takes it."""
        said = self.cleaned_data
        return Asked(
            form=self.asked.id,
            name=said["name"],
            contact=stix.Contact(said["contact"], said["reach"], said["point"] or None),
            answers={field.name: said.get(f"answer-{field.name}", "") for field in self.asked.fields},
            needs=given.needs([line.strip() for line in said["needs"].splitlines() if line.strip()]),
            urgency=said["urgency"],
            asked=tuple(said["members"]),
        )


@shown_to(CONTRIBUTOR, at_home=True)
@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """The forms there are."""
    rows = [
        {
            "title": help_said(one.title),
            "used_by": help_said(one.used_by),
            "source": one.source,
            "date": str(one.date),
            "verified": gettext("yes") if one.verified else gettext("no"),
            "fields": len(one.fields),
            "url": reverse("help-ask", args=[one.id]),
        }
        for one in every_form().forms
    ]
    context = {
        "forms": FORMS.listing(request, rows, total=len(rows)),
        "trail": [(gettext("Requests for help"), reverse("help-requests")), (gettext("Ask for help"), "")],
    }
    return render(request, "console/response/forms.html", context)


@shown_to(CONTRIBUTOR, at_home=True)
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, form: str) -> HttpResponse:
    """Fill one in, see whom it reaches, send it."""
    chosen, by = form_named(form), acting(request)
    filled = AskForm(chosen, identity(request), request.POST or None)
    if request.method == "POST" and filled.is_valid():
        with RefusalsOn(filled):
            wanted = filled.wanted
            if is_sure(request):
                made = actions.request(wanted, filled.audience, by)
                done(request, gettext("Help is asked for."))
                return redirect("help-request", made)
            audience = actions.with_asked(wanted, filled.audience)
            found = reach([actions.drafted(wanted, by)], audience, now_us=by.now_us)
            if not found.refused:
                return question(request, gettext("Ask for help"), reaches(found), reverse("help-ask", args=[form]))
            for sentence in found.refused:
                filled.add_error(None, told(sentence))
    context = {
        "form": filled,
        "chosen": chosen,
        "title": help_said(chosen.title),
        "note": help_said(chosen.note),
        "trail": [
            (gettext("Requests for help"), reverse("help-requests")),
            (gettext("Ask for help"), reverse("help-forms")),
            (help_said(chosen.title), ""),
        ],
    }
    return render(request, "console/response/ask.html", context, status=422 if filled.errors else 200)


def reaches(found: Any) -> str:
    """Whom it would reach, in a sentence."""
    who = ", ".join(one.member for one in found.receiving)
    if not who:
        return gettext("Nobody but your own member would get it.")
    return gettext("These would get it: %(members)s. It cannot be unread; you can withdraw it.") % {"members": who}


def own_points(who: Identity) -> list[tuple[str, str]]:
    """Our own points of contact, as a choice; none at first."""
    own = own_member().identity
    found = points.contacts(reader_of(who), now_us(), author=own)
    return [("", ""), *((view.id, view.content.name) for _, view in found)]


def _field(field: Any) -> forms.Field:
    options: dict[str, Any] = {
        "label": help_said(field.label),
        "required": field.required,
        "help_text": help_said(field.help),
    }
    if field.kind == "choice":
        return forms.ChoiceField(choices=[("", ""), *((one, help_said(one)) for one in field.choices)], **options)
    if field.kind == "day":
        return forms.CharField(widget=forms.DateInput(attrs={"type": "date"}), max_length=10, **options)
    if field.kind == "long":
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), max_length=20_000, **options)
    return forms.CharField(max_length=2 if field.kind == "country" else 500, **options)
