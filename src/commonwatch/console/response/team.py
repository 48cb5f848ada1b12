"""A team's profile after RFC 2350: shown, taken along, written anew."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from commonwatch.base.clock import now_us
from commonwatch.base.parties import visibility
from commonwatch.base.parties.models import HOME
from commonwatch.base.parties.queries import member_named
from commonwatch.capabilities.contacts import actions, profile, queries
from commonwatch.console.response.asking import AudienceForm
from commonwatch.console.response.helping import may_act
from commonwatch.console.response.nominating import form_of_contacts
from commonwatch.console.shell import cells
from commonwatch.console.shell.pages import CONTRIBUTOR, READER, done, shown_to
from commonwatch.console.shell.tables import Column, Table
from commonwatch.console.shell.told import RefusalsOn
from commonwatch.console.shell.who import acting, identity, reader
from commonwatch.core.errors import NotFound

SECTIONS = Table(
    _("Profile after RFC 2350"),
    (Column("number", _("Section"), cells.code), Column("title", _("Title")), Column("text", _("What it says"))),
)


class ProfileForm(AudienceForm):
    """A document after RFC 2350."""

    name = forms.CharField(label=_("Name of the team"), max_length=200)
    text = forms.CharField(
        label=_("Document"),
        widget=forms.Textarea(attrs={"rows": 16}),
        max_length=profile.MOST_BYTES,
        help_text=_("Its headings begin with the numbers of the RFC, such as 3.2 Constituency."),
    )
    field_order = ("name", "text")


@shown_to(READER)
@require_safe
def team(request: HttpRequest, name: str = HOME) -> HttpResponse:
    """A team's profile; `take=text` gives the document."""
    who = identity(request)
    member = member_named(name, visibility.members(who))
    trail = [(gettext("Points of contact"), reverse("contacts")), (gettext("Profile"), "")]
    context: dict[str, Any] = {"member": member, "may_change": may_act(who) and name == HOME, "trail": trail}
    try:
        found = queries.team(reader(request), member.identity, now_us())
    except NotFound:
        return render(request, "console/response/team.html", context)
    if request.GET.get("take") == "text":
        answer = HttpResponse(found.text, content_type="text/plain; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="rfc2350.txt"'
        return answer
    rows = [
        {"number": number, "title": profile.SECTIONS[number], "text": text}
        for number, text in found.sections.items()
        if text
    ]
    context |= {"found": found, "sections": SECTIONS.listing(request, rows, bare=True)}
    return render(request, "console/response/team.html", context)


@shown_to(CONTRIBUTOR, at_home=True)
@require_http_methods(["GET", "POST"])
def write_profile(request: HttpRequest) -> HttpResponse:
    """Set our own profile from a document."""
    form = ProfileForm(identity(request), request.POST or None, initial={"tlp": "TLP:GREEN"})
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        with RefusalsOn(form):
            actions.set_profile(profile.read(said["text"], said["name"]), form.audience, acting(request))
            done(request, gettext("The profile is kept."))
            return redirect("team", HOME)
    return form_of_contacts(request, form, gettext("Profile"), gettext("Save"))
