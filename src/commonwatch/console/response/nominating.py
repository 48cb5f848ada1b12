"""Nominating a point of contact, correcting, confirming and taking it back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from commonwatch.base.clock import now_us
from commonwatch.capabilities.contacts import actions, given, queries
from commonwatch.console.response.asking import AudienceForm
from commonwatch.console.shell.pages import CONTRIBUTOR, done, reason_given, shown_to
from commonwatch.console.shell.told import RefusalsOn
from commonwatch.console.shell.who import acting, identity, reader
from commonwatch.core.stix.response import contacts as stix

ROLES: Mapping[str, Any] = {
    "technical": _("Technical"),
    "diplomatic": _("Diplomatic"),
    "law-enforcement": _("Law enforcement"),
    "round-the-clock": _("Around the clock"),
    "policy": _("Policy"),
}


class ContactFields(forms.Form):
    """Who is reached in which matter, when, how."""

    name = forms.CharField(label=_("Name"), max_length=200, help_text=_("An office rather than a person."))
    roles = forms.MultipleChoiceField(label=_("For"), choices=list(ROLES.items()), widget=forms.CheckboxSelectMultiple)
    position = forms.CharField(label=_("Position"), max_length=300, required=False)
    telephone = forms.CharField(label=_("Telephone"), max_length=300, required=False)
    email = forms.EmailField(label=_("Mail address"), max_length=300, required=False)
    channel = forms.CharField(label=_("Secure channel"), max_length=300, required=False)
    languages = forms.CharField(
        label=pgettext_lazy("spoken", "Languages"),
        max_length=200,
        required=False,
        help_text=_("By their codes: en fr ar."),
    )
    time_zone = forms.CharField(
        label=_("Time zone"), max_length=60, initial="UTC", help_text=_("Such as Africa/Nairobi.")
    )
    hours = forms.CharField(
        label=_("Hours"),
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        help_text=_("One a line: mon-fri 09:00-17:00. None: always."),
    )
    away = forms.CharField(
        label=_("When nobody is there"),
        widget=forms.Textarea(attrs={"rows": 2}),
        required=False,
        help_text=_("One a line: 2026-12-24T00:00:00Z/2026-12-27T00:00:00Z."),
    )
    level = forms.IntegerField(label=_("Tried as"), min_value=1, max_value=9, initial=1)
    openpgp = forms.CharField(label=_("Fingerprint of an OpenPGP key"), max_length=60, required=False)

    @property
    def content(self) -> stix.Contact:
        """The same, as it is written."""
        said = self.cleaned_data
        return stix.Contact(
            name=said["name"],
            roles=tuple(said["roles"]),
            position=said["position"],
            telephone=said["telephone"],
            email=said["email"],
            channel=said["channel"],
            languages=tuple(said["languages"].split()),
            time_zone=said["time_zone"],
            hours=given.hours([line for line in said["hours"].splitlines() if line.strip()]),
            away=given.away(said["away"].split()),
            level=said["level"],
            openpgp=said["openpgp"].replace(" ", "").upper(),
        )


class NewContactForm(ContactFields, AudienceForm):
    """The same, and who may know of it."""

    field_order = tuple(ContactFields.base_fields)


@shown_to(CONTRIBUTOR, at_home=True)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Nominate one."""
    form = NewContactForm(identity(request), request.POST or None)
    if request.method == "POST" and form.is_valid():
        with RefusalsOn(form):
            made = actions.nominate(form.content, form.audience, acting(request))
            done(request, gettext("The contact is nominated. Confirm it within a year."))
            return redirect("contact", made)
    return form_of_contacts(request, form, gettext("Nominate a contact"), gettext("Nominate a contact"))


@shown_to(CONTRIBUTOR, at_home=True)
@require_http_methods(["GET", "POST"])
def correct(request: HttpRequest, name: str) -> HttpResponse:
    """Correct one of our own."""
    said = queries.contact(reader(request), name, now_us()).content
    hours = "\n".join(f"{','.join(span.days)} {span.begins}-{span.ends}" for span in said.hours)
    simple = ("name", "position", "telephone", "email", "channel", "time_zone", "level", "openpgp")
    now = {field: getattr(said, field) for field in simple}
    now |= {"away": "\n".join(f"{one.begins}/{one.ends}" for one in said.away)}
    now |= {"roles": list(said.roles), "languages": " ".join(said.languages), "hours": hours}
    form = ContactFields(request.POST or None, initial=now)
    if request.method == "POST" and form.is_valid():
        with RefusalsOn(form):
            actions.change(name, form.content, acting(request))
            done(request, gettext("It is corrected, and confirmed with that."))
            return redirect("contact", name)
    return form_of_contacts(request, form, said.name, gettext("Save"))


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def confirm(request: HttpRequest, name: str) -> HttpResponse:
    """Say that it still holds."""
    actions.confirm(name, acting(request))
    done(request, gettext("Confirmed for a year."))
    return redirect("contact", name)


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def end(request: HttpRequest, name: str) -> HttpResponse:
    """Take one of our own back."""
    actions.end(name, reason_given(request), acting(request))
    done(request, gettext("The contact is taken back."))
    return redirect("contacts")


def form_of_contacts(request: HttpRequest, form: forms.Form, title: str, label: str) -> HttpResponse:
    """A form on a page of its own, under the contacts."""
    trail = [(gettext("Points of contact"), reverse("contacts")), (title, "")]
    context = {"form": form, "title": title, "label": label, "trail": trail}
    return render(request, "console/response/form.html", context, status=422 if form.errors else 200)
