"""The record's standing: own checkpoint, who cosigned it, whose records this node witnesses, and who was caught lying."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commonwatch.base.clock import now_us
from commonwatch.capabilities.transparency import queries, record, stamps, trusting, witnessing
from commonwatch.capabilities.transparency.queries import Held, LogState, WitnessState
from commonwatch.capabilities.transparency.stamps import StampState
from commonwatch.console.shell import cells
from commonwatch.console.shell.changing import asked, is_sure
from commonwatch.console.shell.pages import ADMINISTRATOR, OPERATOR, done, shown_to
from commonwatch.console.shell.tables import Column, Empty, Table
from commonwatch.console.shell.told import error_told
from commonwatch.console.shell.who import acting, identity
from commonwatch.core.errors import CommonwatchError
from commonwatch.core.merkle.checkpoints import parse_checkpoint
from commonwatch.core.merkle.notes import parse_note
from commonwatch.core.merkle.policies import NONE, parse_policy

CODES = {
    "fork": _("It signed two different records of one size: it showed one to some and the other to others."),
    "rewrite": _("Its larger record does not begin with the smaller one that it had signed: it was rewritten."),
    "rollback": _(
        "It showed a smaller record after a larger one: it was set back. This rests on the word of who saw it."
    ),
}
WITNESSES = Table(
    _("Witnesses of this node's record"),
    (
        Column("name", _("Witness")),
        Column("state", _("State"), cells.status),
        Column("size", _("Entries cosigned last"), cells.number),
        Column("at", _("When"), cells.moment),
        Column("trouble", _("Last error")),
        Column("url", _("Address"), cells.code),
    ),
)
LOGS = Table(
    _("Records that this node witnesses"),
    (
        Column("origin", _("Record"), cells.code),
        Column("state", _("State"), cells.status),
        Column("size", _("Entries cosigned last"), cells.number),
        Column("cosigned", _("When"), cells.moment),
        Column("seen", _("Entries seen last"), cells.number),
        Column("looked", _("Looked at"), cells.moment),
        Column("trouble", _("Last error")),
        Column("url", _("Address"), cells.code),
    ),
)


STAMPS = Table(
    _("Time stamps of the daily checkpoint, the last first"),
    (
        Column("day", _("Day"), cells.code),
        Column("authority", _("Authority")),
        Column("state", _("State"), cells.status),
        Column("size", _("Entries"), cells.number),
        Column("at", _("Stamped at"), cells.moment),
        Column("trouble", _("Last error")),
    ),
)


class WatchForm(forms.Form):
    """A partner's record to witness."""

    vkey = forms.CharField(label=_("Its key"), max_length=3_000, help_text="name+id+key")
    url = forms.URLField(
        label=_("Where it is served"),
        max_length=2_000,
        required=False,
        assume_scheme="https",
        help_text=_("With it this node also looks at what the record shows others."),
    )


class PolicyForm(forms.Form):
    """Whose records and whose cosignatures count."""

    policy = forms.CharField(
        label=_("Policy"),
        max_length=100_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 14, "dir": "ltr", "spellcheck": "false", "class": "source"}),
        help_text=_("Lines as of C2SP tlog-policy: log, witness, group, quorum."),
    )


@shown_to(OPERATOR)
@require_safe
def witnesses(request: HttpRequest) -> HttpResponse:
    """Everything that says whether the record can be believed."""
    head = parse_checkpoint(parse_note(record.checkpoint()).text)
    states, quorum = queries.witness_states(), queries.quorum_state()
    logs = queries.log_states()
    none = Empty(_("No witness is asked"), _("The policy names none: the record rests on this node's own word."))
    context = {
        "head": head,
        "checkpoint": record.checkpoint().decode(),
        "evidence": [_held(one) for one in queries.evidence()],
        "quorum": quorum,
        "is_asked": quorum.quorum != NONE,
        "witnesses": WITNESSES.listing(request, [_witness(one) for one in states], bare=True, empty=none),
        "stamps": STAMPS.listing(
            request,
            [_stamp(one) for one in stamps.states()],
            bare=True,
            empty=Empty(
                _("No checkpoint was stamped"), _("The settings name the authorities that are asked once a day.")
            ),
        ),
        "logs": LOGS.listing(
            request,
            [_log(one) for one in logs],
            bare=True,
            empty=Empty(_("No record is witnessed"), _("Witness a partner's record, so that it cannot lie unseen.")),
        ),
        "watched": list(dict.fromkeys(one.origin for one in logs)),
        "policy": trusting.policy_file().decode("latin-1"),
        "may_change": identity(request).may(ADMINISTRATOR),
    }
    return render(request, "console/partnership/witnesses.html", context)


@shown_to(OPERATOR)
@require_safe
def evidence(request: HttpRequest, number: int) -> HttpResponse:
    """One piece of evidence, to hand over."""
    return download(queries.evidence_file(number), f"evidence-{number}.tlog-evidence")


@shown_to(ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
def watch(request: HttpRequest) -> HttpResponse:
    """Witness a partner's record."""
    form = WatchForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            key = witnessing.watch(given["vkey"].strip(), acting(request).actor, now_us(), given["url"])
        except CommonwatchError as error:
            form.add_error("vkey", error_told(error))
        else:
            done(request, gettext("%(name)s is witnessed from now on.") % {"name": key.name})
            return redirect("witnesses")
    return _form(request, form, _("Witness a record"), _("Witness it"))


@shown_to(ADMINISTRATOR)
@require_POST
def unwatch(request: HttpRequest) -> HttpResponse:
    """Witness it no longer."""
    origin = request.POST.get("origin", "")
    if not is_sure(request):
        what = gettext("%(name)s is witnessed no longer") % {"name": origin}
        text = _("What it shows others is not looked at any more. What was cosigned of it is remembered.")
        return asked(request, what, text, reverse("witnesses"))
    witnessing.unwatch(origin, acting(request).actor, now_us())
    done(request, gettext("%(name)s is not witnessed any more.") % {"name": origin})
    return redirect("witnesses")


@shown_to(ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
def policy(request: HttpRequest) -> HttpResponse:
    """Change whose word this node believes."""
    form = PolicyForm(request.POST or None, initial={"policy": trusting.policy_file().decode("latin-1")})
    if request.method == "POST" and form.is_valid():
        raw = form.cleaned_data["policy"].replace("\r\n", "\n").encode()
        try:
            parsed = parse_policy(raw)
        except CommonwatchError as error:
            form.add_error("policy", error_told(error))
        else:
            if not is_sure(request):
                text = _("From now on the records and witnesses named here are believed, and no others:")
                names = [*(key.name for key in parsed.logs), *parsed.witnesses, f"quorum {parsed.quorum}"]
                return asked(request, gettext("Whose word counts"), text, reverse("witnesses"), codes=names)
            trusting.set_policy(raw, acting(request).actor, now_us())
            done(request, _("The policy is in force."))
            return redirect("witnesses")
    return _form(request, form, _("Whose word counts"), _("See what follows"))


def download(raw: bytes, name: str, kind: str = "application/octet-stream") -> HttpResponse:
    """A file to keep."""
    return HttpResponse(
        raw,
        content_type=kind,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "X-Robots-Tag": "none"},
    )


def _form(request: HttpRequest, form: forms.Form, title: Any, label: Any) -> HttpResponse:
    context = {"form": form, "title": title, "label": label, "back": reverse("witnesses")}
    return render(request, "console/partnership/form.html", context, status=422 if form.errors else 200)


def _held(one: Held) -> dict[str, Any]:
    return {
        "number": one.number,
        "origin": one.origin,
        "meaning": CODES.get(one.code, one.code),
        "observer": one.observer,
        "at": one.at,
        "own": one.origin == record.origin(),
    }


def _witness(one: WitnessState) -> dict[str, Any]:
    state = "done" if one.cosigned else "failed" if one.trouble else "waiting"
    return {
        "name": one.name,
        "state": state,
        "size": one.size,
        "at": one.at,
        "trouble": one.trouble,
        "url": one.url,
    }


def _log(one: LogState) -> dict[str, Any]:
    return {
        "origin": one.origin,
        "state": "failed" if one.trouble else "ok" if one.looked or one.cosigned else "waiting",
        "size": one.size,
        "cosigned": one.cosigned,
        "seen": one.seen,
        "looked": one.looked,
        "trouble": one.trouble,
        "url": one.url,
    }


def _stamp(one: StampState) -> dict[str, Any]:
    return {
        "day": one.day,
        "authority": one.authority,
        "state": "done" if one.at else "failed" if one.trouble else "waiting",
        "size": one.size,
        "at": one.at,
        "trouble": one.trouble,
    }
