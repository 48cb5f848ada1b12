"""Playbooks, and their runs in a case: each step is shown, done by a person, and put on record. The node executes nothing."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from commonwatch.base.threads.queries import names as names_of
from commonwatch.capabilities.incidents.actions import playbooks as actions
from commonwatch.capabilities.incidents.rules.playbooks import MOST_BYTES, parse_playbook
from commonwatch.capabilities.incidents.rules.values import Held, Piece, Values
from commonwatch.console.response import case_words as words
from commonwatch.console.response.asking import AudienceForm
from commonwatch.console.response.case_tables import Names
from commonwatch.console.response.cases import found, frame, may_act
from commonwatch.console.response.run_text import cell, told
from commonwatch.console.shell import cells
from commonwatch.console.shell.pages import CONTRIBUTOR, READER, done, shown_to
from commonwatch.console.shell.tables import Column, Empty, Table, by_key
from commonwatch.console.shell.told import error_told
from commonwatch.console.shell.who import acting, identity, reader
from commonwatch.core.errors import CommonwatchError

FIELD = "variable "  # what forms call the value of a variable, and then its name
PLAYBOOKS = Table(
    _("Playbooks, what changed last first"),
    (
        Column("name", _("Playbook"), link=True),
        Column("by", _("By")),
        Column("description", _("What it is for")),
        Column("marking", _("Marking"), cells.marking),
        Column("id", _("Id"), cells.code, chosen=False),
    ),
)
STEPS = Table(
    _("Steps"),
    (
        Column("name", _("Step"), cell),
        Column("type", _("Kind"), cells.code),
        Column("asks", _("What it asks"), cell),
        Column("commands", _("What to do"), cell),
        Column("who", _("By"), cell),
        Column("id", _("Id"), cells.code, chosen=False),
    ),
)
DONE = Table(
    _("What was done"),
    (
        Column("name", _("Step")),
        Column("outcome", _("State"), words.outcome),
        Column("branch", _("Found")),
        Column("person", _("By")),
        Column("at", _("When"), cells.moment),
    ),
)


VARIABLES = Table(
    _("What the variables hold"),
    (
        Column("name", _("Name"), cells.code),
        Column("description", _("What it is for")),
        Column("value", _("Value"), cell),
        Column("by", _("By")),
        Column("type", _("Kind"), cells.code),
        Column("step", _("Step"), chosen=False),
    ),
)


class TakeInForm(AudienceForm):
    """A playbook and whom it is for."""

    playbook = forms.CharField(
        label=_("CACAO 2.0 playbook, as JSON"), widget=forms.Textarea(attrs={"rows": 12}), max_length=MOST_BYTES
    )
    field_order = ("playbook", "members", "communities", "tlp", "altered")


class StartForm(forms.Form):
    """Which playbook is run, and who is in charge."""

    playbook = forms.ChoiceField(label=_("Playbook"))
    person = forms.CharField(label=_("Who is in charge"), max_length=500, required=False)


@shown_to(READER)
@require_safe
def playbooks(request: HttpRequest) -> HttpResponse:
    """The playbooks that the reader may have."""
    who = reader(request)
    pages = by_key(
        lambda after, count: actions.playbooks(who, after, count),
        lambda one: one.seq,
        lambda one: {
            "id": one.id,
            "name": str(one.value.get("name", "")),
            "url": reverse("playbook", args=[one.id]),
            "by": names_of(who, {one.author})[one.author],
            "description": str(one.value.get("description", ""))[:500],
            "marking": one.marking,
        },
    )
    may = may_act(identity(request))
    title, text = (
        _("There is no playbook"),
        _("A playbook says who does what in which order; people run it step by step."),
    )
    empty = Empty(title, text, _("Take one in"), reverse("playbook-new")) if may else Empty(title, text)
    context = {"playbooks": PLAYBOOKS.paged(request, pages, empty=empty), "may_add": may}
    return render(request, "console/response/playbooks.html", context)


@shown_to(READER)
@require_safe
def playbook(request: HttpRequest, name: str) -> HttpResponse:
    """One playbook with its steps."""
    read = parse_playbook(actions.playbook_bytes(reader(request), name))
    held = Values(read)
    rows = [_step_row(held, one) for one in read.workflow]
    context = {
        "playbook": read,
        "name": name,
        "steps": STEPS.listing(request, rows, bare=True),
        "has_variables": bool(held.seen_by(read.workflow)),
        "variables": VARIABLES.listing(
            request, [_variable_row(held, one, {}) for one in held.seen_by(read.workflow)], bare=True
        ),
        "trail": [(gettext("Playbooks"), reverse("playbooks")), (read.name, "")],
    }
    return render(request, "console/response/playbook.html", context)


@shown_to(READER)
@require_safe
def file(request: HttpRequest, name: str) -> HttpResponse:
    """The playbook as it came in."""
    answer = HttpResponse(actions.playbook_bytes(reader(request), name), content_type="application/json")
    answer["Content-Disposition"] = 'attachment; filename="playbook.json"'
    return answer


@shown_to(CONTRIBUTOR, at_home=True)
@require_http_methods(["GET", "POST"])
def take_in(request: HttpRequest) -> HttpResponse:
    """Check a playbook and keep it."""
    form = TakeInForm(identity(request), request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.take_in(form.cleaned_data["playbook"].encode(), form.audience, acting(request))
        except CommonwatchError as problem:
            form.add_error("playbook", error_told(problem))
        else:
            done(request, gettext("The playbook is kept."))
            return redirect("playbook", made)
    context = {
        "form": form,
        "trail": [(gettext("Playbooks"), reverse("playbooks")), (gettext("Take a playbook in"), "")],
    }
    return render(request, "console/response/playbook_new.html", context, status=422 if form.errors else 200)


@shown_to(CONTRIBUTOR, at_home=True)
@require_http_methods(["GET", "POST"])
def start(request: HttpRequest, name: str) -> HttpResponse:
    """Begin a run in a case."""
    case, names = found(request, name)
    form = StartForm(request.POST or None, initial={"person": identity(request).name})
    chosen: Any = form.fields["playbook"]
    chosen.choices = [
        (one.id, str(one.value.get("name", one.id))) for one in actions.playbooks(reader(request), None, 200)
    ]
    if request.method == "POST" and form.is_valid():
        made = actions.start(name, form.cleaned_data["playbook"], form.cleaned_data["person"], acting(request))
        done(request, gettext("The run is begun."))
        return redirect("case-run", name, made)
    context = {
        "form": form,
        "title": gettext("Run a playbook"),
        "label": gettext("Begin"),
        "case": case,
        "involved": ", ".join(names.get(one, one) for one in case.involved()),
        "back": reverse("case", args=[name]),
        "trail": [
            (gettext("Cases"), reverse("cases")),
            (case.name, reverse("case", args=[name])),
            (gettext("Run a playbook"), ""),
        ],
    }
    return render(request, "console/response/case_form.html", context, status=422 if form.errors else 200)


@shown_to(READER)
@require_http_methods(["GET", "POST"])
def run(request: HttpRequest, name: str, run: str) -> HttpResponse:
    """Where a run stands; posted to, a step that somebody did goes on record."""
    case, names = found(request, name)
    if request.method == "POST":
        return _given(request, name, run) if request.POST.get("act") == "values" else _done(request, name, run)
    task, read, now = actions.run_of(reader(request), case, run)
    held = Values(read, case, run)
    seen = held.seen_by(now.waiting)
    by_task = {one.id: one for one in case.tasks}
    rows = [
        {
            "name": by_task[one.task].name,
            "outcome": "successful" if one.ok else "failed",
            "branch": one.branch,
            "person": by_task[one.task].person,
            "at": one.ended_us,
        }
        for one in now.done
    ]
    context = {
        **frame(request, case, names, "case"),
        "run": task,
        "playbook": read,
        "standing": now,
        "failed_at": read.workflow[now.failed_at].name if now.failed_at else "",
        "waiting": [_waiting(held, one) for one in now.waiting],
        "asked": held.asked(now.waiting),
        "own_variables": [one for one in held.seen_by() if one.may_change],
        "has_variables": bool(seen),
        "variables": VARIABLES.listing(request, [_variable_row(held, one, names) for one in seen], bare=True),
        "has_done": bool(rows),
        "done_steps": DONE.listing(request, rows, bare=True),
    }
    return render(request, "console/response/case_run.html", context)


@shown_to(CONTRIBUTOR, at_home=True)
def _done(request: HttpRequest, name: str, run: str) -> HttpResponse:
    given = request.POST
    did = actions.Did(
        given.get("step", "")[:120],
        given.get("ok", "yes") == "yes",
        given.get("branch", "")[:500],
        given.get("person", "")[:500],
        given.get("note", "")[:20_000],
        _values(request),
    )
    actions.do_step(name, run, did, acting(request))
    done(request, gettext("It is on record."))
    return redirect("case-run", name, run)


@shown_to(CONTRIBUTOR, at_home=True)
def _given(request: HttpRequest, name: str, run: str) -> HttpResponse:
    step = request.POST.get("step", "")[:120]
    actions.set_values(name, run, _values(request), acting(request), step=step)
    done(request, gettext("It is on record."))
    return redirect("case-run", name, run)


def _values(request: HttpRequest) -> dict[str, str]:
    """What was filled in, by variable; a field that was left empty says nothing."""
    given = {name.removeprefix(FIELD): str(text) for name, text in request.POST.items() if name.startswith(FIELD)}
    return {name: text for name, text in given.items() if text}


def _waiting(held: Values, name: str) -> dict[str, Any]:
    """A step that waits, and the variables that only it and what stands around it see."""
    step = held.playbook.workflow[name]
    own = {one.key for one in held.seen_by()}
    return {
        **_step_row(held, name),
        "steps": [(one.type, told(held.told(name, one.words))) for one in step.commands],
        "targets": [told(held.told(name, held.playbook.party(one))) for one in step.targets],
        "gives_back": held.set_by(name),
        "variables": [one for one in held.seen_by([name]) if one.may_change and one.key not in own],
    }


def _step_row(held: Values, name: str) -> dict[str, Any]:
    step = held.playbook.workflow[name]
    commands = "; ".join(f"{one.type}: {one.words}" for one in step.commands)[:5_000]
    return {
        "id": name,
        "name": told(held.told(name, step.name or name)),
        "type": step.type,
        "asks": told(held.told(name, step.condition or step.switch)),
        "commands": told(held.told(name, commands)),
        "who": told(held.told(name, held.playbook.party(step.agent))),
        "choices": step.choices(),
        "description": told(held.told(name, step.description)),
    }


def _variable_row(held: Values, one: Held, names: Names) -> dict[str, Any]:
    step = held.playbook.workflow.get(one.step)
    return {
        "name": one.name,
        "description": one.variable.description,
        "value": told([Piece(one.value if one.state == "given" else one.name, one.name, one.state)]),
        "by": names.get(one.said.author, one.said.author) if one.said else gettext("the playbook") if one.value else "",
        "type": one.variable.type,
        "step": (step.name or one.step) if step else "",
    }
