"""The keys of this node: which sign what, since when, by which fingerprint; and new ones in their place."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from commonwatch.base.keys.node import node_key, public_name
from commonwatch.base.parties.key_histories import keys_of
from commonwatch.base.parties.queries import own_member
from commonwatch.capabilities.federation.membership import rotation
from commonwatch.capabilities.federation.membership.partnership import own_approver
from commonwatch.capabilities.federation.queries import node_keys
from commonwatch.capabilities.transparency import queries, record, witnessing
from commonwatch.console.partnership.peers import grouped
from commonwatch.console.shell import cells
from commonwatch.console.shell.changing import asked, is_sure
from commonwatch.console.shell.pages import ADMINISTRATOR, OPERATOR, done, reason_given, shown_to
from commonwatch.console.shell.tables import Column, Table
from commonwatch.console.shell.who import acting, identity
from commonwatch.core.errors import NotFound

KEYS = Table(
    _("Keys of this node"),
    (
        Column("what", _("Signs")),
        Column("state", _("State"), cells.status),
        Column("fingerprint", _("Fingerprint"), cells.code),
        Column("since", _("Since"), cells.moment),
        Column("until", _("Until"), cells.moment),
        Column("reason", _("Why")),
    ),
)
NODE, MEMBER, APPROVER, LOG, WITNESS = (
    _("Requests and bundles between nodes"),
    _("What the node's own member writes"),
    _("Changes of who is a member"),
    _("Checkpoints of the record"),
    _("Cosignatures of partners' records"),
)
ROTATED = {
    "node": _("Peers hear of the new key with the next exchange."),
    "member": _("What the old key signed stays proven. An approver then signs for the new one."),
    "log": _("The next checkpoint is signed by the new key alone: witnesses and partners need it, or they refuse it."),
}


class RotationForm(forms.Form):
    """A new key in place of one."""

    what = forms.ChoiceField(
        label=_("Which key"), choices=[("node", _("Node")), ("member", _("Member")), ("log", _("Record"))]
    )
    stolen_since = forms.CharField(
        label=_("In other hands since"),
        max_length=40,
        required=False,
        help_text=_("Of the member's key only, where it was stolen: 2026-11-23T08:00:00Z."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=2_000, widget=forms.Textarea(attrs={"rows": 3}))


@shown_to(OPERATOR)
@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    """Every key, the public half of it."""
    found = [*_node(), *_member(), *_approver(), *_log()]
    witness = witnessing.witness_key()
    found.append(_row(WITNESS, witness.raw.hex()))
    context = {
        "keys": KEYS.listing(request, found, bare=True),
        "log_keys": [one.vkey for one in queries.own_log_keys() if one.until_us is None],
        "witness": witness.text,
        "form": RotationForm() if identity(request).may(ADMINISTRATOR) else None,
    }
    return render(request, "console/partnership/keys.html", context)


@shown_to(ADMINISTRATOR)
@require_POST
def rotate(request: HttpRequest) -> HttpResponse:
    """Put a new key in place of one, after it was said what follows."""
    what, reason, by = request.POST.get("what", ""), reason_given(request), acting(request)
    if what not in ROTATED:
        raise NotFound("key-unknown", f"There is no key {what}.", "See the list of keys.")
    given = request.POST.get("stolen_since", "").strip()
    since = rotation.since_us(given) if given else None
    if not is_sure(request):
        return asked(request, gettext("A new key in place of the old one"), ROTATED[what], reverse("keys-of-node"))
    if what == "node":
        rotation.rotate_node(reason, by)
    elif what == "member":
        rotation.rotate_member(since, reason, by)
    else:
        record.rotate_key(by.actor, reason)
    done(request, _("The new key is in use."))
    return redirect("keys-of-node")


def _node() -> list[dict[str, Any]]:
    rows = node_keys()
    if not rows:
        return [_row(NODE, public_name(node_key()))]
    return [_row(NODE, one.key, one.since_us, one.until_us, one.reason) for one in rows]


def _member() -> list[dict[str, Any]]:
    return [
        {
            **_row(MEMBER, "", one.from_us, one.until_us, one.reason),
            "fingerprint": one.key.id,  # as `party show` and approvers have it
            "state": "revoked" if one.revoked_since_us is not None else "active" if one.is_current() else "expired",
        }
        for one in keys_of(own_member().identity)
    ]


def _approver() -> list[dict[str, Any]]:
    key = own_approver()
    return [_row(APPROVER, key.raw.hex())] if key is not None else []


def _log() -> list[dict[str, Any]]:
    return [
        _row(LOG, one.vkey.partition("+")[2].partition("+")[0], one.since_us, one.until_us)
        for one in queries.own_log_keys()
    ]


def _row(what: Any, key: str, since: int | None = None, until: int | None = None, reason: str = "") -> dict[str, Any]:
    return {
        "what": what,
        "state": "active" if until is None else "expired",
        "fingerprint": grouped(key),
        "since": since,
        "until": until,
        "reason": reason,
    }
