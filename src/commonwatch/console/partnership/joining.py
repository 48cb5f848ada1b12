"""Who is in the partnership, who decides that, what waits for approval; inviting a node and joining one with its code."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commonwatch.base.clock import now_us
from commonwatch.base.parties.models import MemberKind
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.collections import visible_collections
from commonwatch.capabilities.federation import joining, queries
from commonwatch.capabilities.federation.joining import Known
from commonwatch.capabilities.federation.membership import approving
from commonwatch.capabilities.federation.membership.register import Entry
from commonwatch.capabilities.federation.membership.standing import Role, Standing, standing
from commonwatch.capabilities.federation.queries import Invited
from commonwatch.capabilities.federation.transport import HttpTransport
from commonwatch.console.partnership.members import KINDS, countries
from commonwatch.console.shell import cells
from commonwatch.console.shell.changing import asked, form_shown, is_sure, looked
from commonwatch.console.shell.pages import ADMINISTRATOR, OPERATOR, done, reason_given, shown_to
from commonwatch.console.shell.tables import Column, Table
from commonwatch.console.shell.told import RefusalsOn
from commonwatch.console.shell.who import acting, identity, reader
from commonwatch.core.errors import NotFound

ROLES = {
    "root": _("Root: says who decides"),
    "targets": _("Register: who is a member"),
    "snapshot": _("Snapshot: which versions belong together"),
    "timestamp": _("Timestamp: that nothing is held back"),
}
ROLE_TABLE = Table(
    _("Who signs what, until when"),
    (
        Column("role", _("Part")),
        Column("signed_by", _("Signed by"), cells.code),
        Column("expires", _("Until"), cells.moment),
        Column("ours", _("This node's key is one of them")),
    ),
)
REGISTER = Table(
    _("Members of the partnership"),
    (
        Column("name", _("Member")),
        Column("title", _("As people write it")),
        Column("kind", _("Kind")),
        Column("country", _("Country"), cells.code),
        Column("identity", _("STIX identity"), cells.code),
    ),
)
INVITED = Table(
    _("Codes that are out"),
    (
        Column("name", _("For")),
        Column("kind", _("Kind")),
        Column("country", _("Country"), cells.code),
        Column("collection", _("Collection"), cells.code),
        Column("expires", _("Counts until"), cells.moment),
    ),
)


class KnownForm(forms.Form):
    """What you know of the other side; law decides by it, so it is never taken from the other side."""

    name = forms.CharField(label=_("Its name here"), max_length=100, help_text=_("Such as cert-no."))
    kind = forms.ChoiceField(label=_("Kind"), choices=list(KINDS.items()), help_text=_("Law treats them differently."))
    country = forms.ChoiceField(label=_("Country"), choices=countries, required=False)
    collection = forms.ChoiceField(label=_("Collection that is shared with it"))
    url = forms.URLField(
        label=_("Where this node answers"),
        max_length=500,
        required=False,
        assume_scheme="https",
        help_text=_("Empty when joining: this node cannot be called, and fetches."),
    )

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.POST or None, initial={"url": settings.COMMONWATCH.public_url})
        views = visible_collections(reader(request))
        self.fields["collection"] = forms.ChoiceField(
            label=_("Collection that is shared with it"),
            choices=[(one.alias or str(one.uuid), one.title) for one in views],
        )

    @property
    def known(self) -> Known:
        """The same, as the exchange knows it."""
        given = self.cleaned_data
        return Known(given["name"], MemberKind(given["kind"]), given["country"], given["collection"])


class JoinForm(KnownForm):
    """The same, with the code of the other side."""

    code = forms.CharField(
        label=_("Its invitation code"),
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "ltr", "spellcheck": "false", "autocomplete": "off"}),
    )
    field_order = ("code", "name", "kind", "country", "collection", "url")


@shown_to(OPERATOR)
@require_safe
def partnership(request: HttpRequest) -> HttpResponse:
    """How the partnership stands here."""
    now, may_change = now_us(), identity(request).may(ADMINISTRATOR)
    found = standing(now)
    context: dict[str, Any] = {
        "standing": found,
        "may_change": may_change,
        "invited": INVITED.listing(request, [_invited(one) for one in queries.invitations(now)], bare=True),
    }
    if found is not None:
        own = own_member().identity
        context |= {
            "roles": ROLE_TABLE.listing(request, [_role(one) for one in found.roles], bare=True),
            "register": REGISTER.listing(request, [_entry(one) for one in found.members], bare=True),
            "others": [one.name for one in found.members if one.identity != own],
            "decides": any(one.ours for one in found.roles if one.role == "targets"),
        }
    return render(request, "console/partnership/joining.html", context)


@shown_to(ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """A code that lets one node in; it is on the answer to this one request, and nowhere else."""
    form = KnownForm(request)
    if request.method == "POST" and form.is_valid():
        with RefusalsOn(form):
            if not is_sure(request):
                return _looked(request, form.known)
            code = joining.invite(form.known, form.cleaned_data["url"], acting(request))
            return render(request, "console/partnership/code.html", {"name": form.known.name, "code": code})
    return form_shown(request, form, _("Invite a node"), reverse("joining"))


@shown_to(ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    """Join another node with its code."""
    form = JoinForm(request)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        with RefusalsOn(form):
            joining.read_code(given["code"])
            if not is_sure(request):
                return _looked(request, form.known)
            with closing(HttpTransport()) as transport:
                joining.join(given["code"], form.known, given["url"], transport, acting(request))
            said = gettext("%(name)s is a peer. Compare its key with the other side by telephone.")
            done(request, said % {"name": given["name"]}, undo=reverse("peer-pause", args=[given["name"]]))
            return redirect("peer", given["name"])
    return form_shown(request, form, _("Join with a code"), reverse("joining"))


@shown_to(ADMINISTRATOR)
@require_POST
def approve(request: HttpRequest) -> HttpResponse:
    """Approve what waits, after the keys were compared."""
    name = request.POST.get("name", "")
    waits = next((one for one in _standing().waiting if one.name == name), None)
    if waits is not None and not is_sure(request):
        text = _(
            "Compare these keys with the member by telephone first. Approved, every node of the partnership goes by it."
        )
        return asked(request, f"{gettext('Approve')}: {waits.what}", text, reverse("joining"), codes=waits.keys)
    return _said(request, name, in_force=approving.approve(name, acting(request)))


@shown_to(ADMINISTRATOR)
@require_POST
def renew(request: HttpRequest) -> HttpResponse:
    """Sign the register for a further time."""
    return _said(request, gettext("The register is signed for anew"), in_force=approving.sign_anew(acting(request)))


@shown_to(ADMINISTRATOR)
@require_POST
def expel(request: HttpRequest) -> HttpResponse:
    """Propose that a member leaves the partnership; who loses what is said first, as far as this node is concerned."""
    name, reason, by = request.POST.get("name", ""), reason_given(request), acting(request)
    what = gettext("%(name)s is expelled from the partnership") % {"name": name}
    entry = next((one for one in _standing().members if one.name == name), None)
    if not is_sure(request) and entry is not None:
        return looked(request, what, approving.expulsion_report(name, reason, by), reverse("joining"))
    return _said(request, what, in_force=approving.expel(name, reason, by))


def _looked(request: HttpRequest, known: Known) -> HttpResponse:
    by = acting(request)
    what = gettext("%(name)s joins as a peer") % {"name": known.name}
    return looked(request, what, joining.joining_report(known, by), reverse("joining"))


def _said(request: HttpRequest, what: str, *, in_force: bool) -> HttpResponse:
    words = (
        gettext("%(what)s: in force, and goes to the peers with the next exchange.")
        if in_force
        else gettext("%(what)s: approved here; others have to approve it, too.")
    )
    done(request, words % {"what": what})
    return redirect("joining")


def _standing() -> Standing:
    found = standing(now_us())
    if found is None:
        raise NotFound("no-partnership", "This node is in no partnership.", "Join one.")
    return found


def _role(one: Role) -> dict[str, Any]:
    return {
        "role": ROLES.get(one.role, one.role),
        "signed_by": gettext("%(threshold)s of %(keys)s") % {"threshold": one.threshold, "keys": one.keys},
        "expires": one.expires,
        "ours": gettext("yes") if one.ours else "",
    }


def _entry(one: Entry) -> dict[str, Any]:
    return {
        "name": one.name,
        "title": one.title,
        "kind": KINDS.get(one.kind, one.kind),
        "country": one.country,
        "identity": one.identity,
    }


def _invited(one: Invited) -> dict[str, Any]:
    return {
        "name": one.name,
        "kind": KINDS.get(one.kind, one.kind),
        "country": one.country,
        "collection": one.collection,
        "expires": one.expires_us,
    }
