"""The first start, step by step: member and jurisdiction, second factor, languages, first source, first peer.

What is done is seen from the node itself, not remembered; every step can be skipped, and that be undone.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commonwatch.base.clock import now_us
from commonwatch.base.outbound import check_url
from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.changing import change
from commonwatch.base.parties.countries import country_facts
from commonwatch.base.parties.models import HOME, MemberKind
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.collections import collection
from commonwatch.capabilities.exchange.sources import actions as exchange
from commonwatch.capabilities.exchange.sources.queries import servers
from commonwatch.capabilities.federation import actions as federation
from commonwatch.capabilities.federation import joining
from commonwatch.capabilities.federation.queries import states
from commonwatch.capabilities.federation.transport import HttpTransport
from commonwatch.console.desk.actions import skip_step
from commonwatch.console.desk.queries import skipped_steps
from commonwatch.console.shell.pages import ADMINISTRATOR, done, shown_to
from commonwatch.console.shell.told import RefusalsOn
from commonwatch.console.shell.who import acting, person, reader

KINDS = [
    (MemberKind.STATE_BODY, gettext_lazy("State body")),
    (MemberKind.INTERNATIONAL_ORGANISATION, gettext_lazy("International organisation")),
    (MemberKind.COMPANY, gettext_lazy("Company")),
    (MemberKind.UNIVERSITY, gettext_lazy("University")),
    (MemberKind.CIVIL_SOCIETY, gettext_lazy("Civil society")),
]
MARKINGS = ["TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED"]
INTERVAL_SECONDS = 3600
MAIN = "main"


@dataclass(frozen=True)
class Step:
    """One step: what it is for, where it is taken, and how one sees that it is done."""

    name: str
    title: Any
    text: Any
    url: str
    is_done: Callable[[HttpRequest], bool]


STEPS = (
    Step(
        "security",
        gettext_lazy("Protect your account"),
        gettext_lazy("A code or a passkey beside the password."),
        "mfa_index",
        lambda request: is_mfa_enabled(request.user),
    ),
    Step(
        "member",
        gettext_lazy("Say who you are"),
        gettext_lazy("Name, kind and jurisdiction of your organisation: they decide what law lets it have and share."),
        "first-member",
        lambda request: bool(own_member().country) or own_member().kind == MemberKind.INTERNATIONAL_ORGANISATION,
    ),
    Step(
        "languages",
        gettext_lazy("Language and time zone"),
        gettext_lazy("How the console speaks to you; everybody chooses for themselves."),
        "preferences",
        lambda request: bool((account := person(request)) and (account.language or account.time_zone)),
    ),
    Step(
        "source",
        gettext_lazy("First source"),
        gettext_lazy("A TAXII server from which this node takes intelligence in."),
        "first-source",
        lambda request: bool(servers(now_us())),
    ),
    Step(
        "peer",
        gettext_lazy("First peer"),
        gettext_lazy("Another node of the partnership, with which this one exchanges."),
        "first-peer",
        lambda request: bool(states(now_us())),
    ),
)


class MemberForm(forms.Form):
    """Who runs this node."""

    title = forms.CharField(label=gettext_lazy("Name of the organisation"), max_length=200)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=KINDS)
    country = forms.ChoiceField(label=gettext_lazy("Jurisdiction"), required=False)

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.fields["country"] = _country_field()


class SourceForm(forms.Form):
    """A remote TAXII collection."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100, help_text=gettext_lazy("As you call it."))
    url = forms.URLField(
        label=gettext_lazy("Address of the API root"),
        assume_scheme="https",
        help_text="https://taxii.example.org/api1/",
    )
    collection = forms.CharField(label=gettext_lazy("Id of the collection"), max_length=200)
    username = forms.CharField(label=gettext_lazy("Name there"), max_length=200, required=False)
    secret = forms.CharField(
        label=gettext_lazy("Password or token there"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    marking = forms.ChoiceField(
        label=gettext_lazy("Marking of what comes without one"),
        choices=[(one, one) for one in MARKINGS],
        initial="TLP:AMBER",
    )


class PeerForm(forms.Form):
    """What you know of the other side; with its code you join it, without you invite it."""

    name = forms.CharField(
        label=gettext_lazy("Its name here"), max_length=100, help_text=gettext_lazy("Such as cert-no.")
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=KINDS)
    country = forms.ChoiceField(label=gettext_lazy("Jurisdiction"), required=False)
    code = forms.CharField(
        label=gettext_lazy("Its invitation code"),
        required=False,
        help_text=gettext_lazy("Leave it empty to invite the other side with a code of ours."),
        widget=forms.Textarea(attrs={"rows": 3, "dir": "ltr", "spellcheck": "false"}),
    )

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.fields["country"] = _country_field()


@shown_to(ADMINISTRATOR)
@require_safe
def steps(request: HttpRequest) -> HttpResponse:
    """Every step with its state."""
    skipped = skipped_steps()
    shown = [(one, "done" if one.is_done(request) else "skipped" if one.name in skipped else "to do") for one in STEPS]
    return render(request, "console/overview/first_start.html", {"steps": shown})


@shown_to(ADMINISTRATOR)
@require_POST
def skip(request: HttpRequest) -> HttpResponse:
    """Do without a step, or after all not."""
    name = request.POST.get("step", "")
    if name in {one.name for one in STEPS}:
        skip_step(name, skipped=request.POST.get("skipped") == "yes")
    return redirect("first-start")


@shown_to(ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
def member(request: HttpRequest) -> HttpResponse:
    """Name, kind and jurisdiction of the node's own member."""
    own = own_member()
    form = MemberForm(request.POST or None, initial={"title": own.title, "kind": own.kind, "country": own.country})
    if request.method == "POST" and form.is_valid():
        given, by = form.cleaned_data, acting(request)

        def act() -> object:
            return parties.change_member(
                HOME, title=given["title"], kind=MemberKind(given["kind"]), country=given["country"], by=by
            )

        if _tried(form, lambda: change("This node says who it is", act, by)):
            done(request, _("This node now says who you are."))
            return redirect("first-start")
    return _form(request, form, _("Say who you are"))


@shown_to(ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
def source(request: HttpRequest) -> HttpResponse:
    """A remote TAXII collection, pulled every hour from now on."""
    form = SourceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data

        def add() -> None:
            check_url(given["url"])
            exchange.add_source(
                given["name"],
                given["url"],
                given["collection"],
                username=given["username"],
                secret=given["secret"],
                default_marking=given["marking"],
                member=HOME,
                interval_seconds=INTERVAL_SECONDS,
                into=collection(reader(request), MAIN),
                actor=acting(request).actor,
            )

        if _tried(form, add):
            undo = reverse("remove-first-source", args=[given["name"]])
            done(request, _("The source %(name)s is added and pulled every hour.") % {"name": given["name"]}, undo=undo)
            return redirect("first-start")
    return _form(request, form, _("First source"))


@shown_to(ADMINISTRATOR)
@require_POST
def remove_source(request: HttpRequest, name: str) -> HttpResponse:
    """Take back that a source was added."""
    exchange.remove_source(name, actor=acting(request).actor)
    done(request, _("The source %(name)s is removed.") % {"name": name})
    return redirect("first-start")


@shown_to(ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
def peer(request: HttpRequest) -> HttpResponse:
    """Join another node with its code, or make a code for it."""
    form = PeerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given, by = form.cleaned_data, acting(request)
        known = joining.Known(given["name"], MemberKind(given["kind"]), given["country"])
        url = settings.COMMONWATCH.public_url
        if given["code"]:
            with closing(HttpTransport()) as transport:
                joined = _tried(form, lambda: joining.join(given["code"], known, url, transport, by))
            if joined:
                undo = reverse("pause-first-peer", args=[known.name])
                done(request, _("%(name)s is a peer. Undoing pauses the exchange.") % {"name": known.name}, undo=undo)
                return redirect("first-start")
        elif made := _tried(form, lambda: joining.invite(known, url or request.build_absolute_uri("/"), by)):
            return render(request, "console/overview/invitation.html", {"name": known.name, "code": made})
    return _form(request, form, _("First peer"))


@shown_to(ADMINISTRATOR)
@require_POST
def pause_peer(request: HttpRequest, name: str) -> HttpResponse:
    """Stop the exchange with a peer."""
    federation.pause(name, paused=True, by=acting(request))
    done(request, _("The exchange with %(name)s is paused.") % {"name": name})
    return redirect("first-start")


def open_steps(request: HttpRequest) -> int:
    """How many steps are neither done nor skipped."""
    skipped = skipped_steps()
    return sum(one.name not in skipped and not one.is_done(request) for one in STEPS)


def _tried(form: forms.Form, act: Callable[[], Any]) -> Any:
    """What an action gives (True for nothing); None where it refuses, which the form then says."""
    with RefusalsOn(form):
        return act() or True
    return None


def _form(request: HttpRequest, form: forms.Form, title: str) -> HttpResponse:
    context = {"form": form, "title": title}
    return render(request, "console/overview/step.html", context, status=422 if form.errors else 200)


def _country_field() -> forms.ChoiceField:
    names = sorted((one.name, code) for code, one in country_facts().by_code().items())
    return forms.ChoiceField(
        label=gettext_lazy("Jurisdiction"),
        help_text=gettext_lazy("None for international organisations."),
        choices=[("", gettext_lazy("None")), *((code, name) for name, code in names)],
        required=False,
    )
