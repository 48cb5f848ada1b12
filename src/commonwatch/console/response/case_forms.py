"""What is written into a case, and what is said of it, each on a form; who gets it is shown before the button."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from commonwatch.base.parties import visibility
from commonwatch.base.parties.models import HOME
from commonwatch.capabilities.incidents.actions import entries
from commonwatch.capabilities.incidents.actions.writing import called
from commonwatch.capabilities.incidents.rules.case import Case
from commonwatch.console.response.case_fields import KINDS, SAYINGS, TaskChangeForm, Written
from commonwatch.console.response.case_new import moment, reaches
from commonwatch.console.response.cases import found
from commonwatch.console.shell.changing import asked as question
from commonwatch.console.shell.changing import is_sure
from commonwatch.console.shell.pages import CONTRIBUTOR, done, shown_to
from commonwatch.console.shell.told import RefusalsOn, told
from commonwatch.console.shell.who import acting, identity
from commonwatch.core.errors import NotFound


@shown_to(CONTRIBUTOR, at_home=True)
@require_http_methods(["GET", "POST"])
def write(request: HttpRequest, name: str, kind: str) -> HttpResponse:
    """Write something into a case: filled in, seen whom it reaches, written."""
    if kind not in KINDS:
        raise NotFound("kind-unknown", f"Nothing of the kind {kind} can be written.", "See the case.")
    title, made = KINDS[kind]
    case, _names = found(request, name)
    known = {
        one: request.GET.get(one, "")[:500]
        for one in ("name", "at", "source", "description")
        if one in made.base_fields
    }
    form = made(case, request.POST or None, initial={one: text for one, text in known.items() if text})
    form.order_fields([*(one for one in form.fields if one not in Written.base_fields), *Written.base_fields])
    by = acting(request)
    if request.method == "POST" and form.is_valid():
        with RefusalsOn(form):
            if is_sure(request):
                form.write(name, by)
                done(request, gettext("It is written."))
                return redirect("case-record" if kind in ("note", "impact", "decision", "report") else "case", name)
            would = entries.would_get(name, form.for_, by)
            if not would.refused:
                return question(request, title, reaches(would), reverse("case-write", args=[name, kind]))
            for sentence in would.refused:
                form.add_error(None, told(sentence))
    return _page(request, case, form, title, gettext("See whom it reaches"))


@shown_to(CONTRIBUTOR, at_home=True)
@require_http_methods(["GET", "POST"])
def say(request: HttpRequest, name: str, what: str) -> HttpResponse:
    """Say something of a case as a whole."""
    if what not in SAYINGS:
        raise NotFound("kind-unknown", f"Nothing of the kind {what} can be said.", "See the case.")
    title, made = SAYINGS[what]
    case, _names = found(request, name)
    form = made(case, request.POST or None)
    if what == "add":
        member: Any = form.fields["member"]
        others = visibility.members(identity(request)).exclude(name=HOME).order_by("title", "name")
        member.choices = [(one.name, one.title or one.name) for one in others]
    return _said(request, case, form, title, lambda: form.say(name, acting(request)))


@shown_to(CONTRIBUTOR, at_home=True)
@require_http_methods(["GET", "POST"])
def task(request: HttpRequest, name: str, task: str) -> HttpResponse:
    """Say how a task stands."""
    case, _names = found(request, name)
    now = case.task(task)
    if now is None:
        raise NotFound("task-unknown", f"There is no task {task} in this case.", "See the case.")
    owner = called([now.owner])[0] if now.owner else ""
    initial = {"outcome": now.outcome, "owner": owner, "person": now.person, "result": now.result}
    form = TaskChangeForm(case, request.POST or None, initial=initial)

    def change() -> None:
        said = form.cleaned_data
        changed = {
            field: said[field] for field in ("outcome", "owner", "person", "result") if said[field] != initial[field]
        }
        due = moment(said["due"])
        entries.change_task(name, task, entries.Change(**changed, due_us=due, reason=said["reason"]), acting(request))

    return _said(request, case, form, now.name, change)


def _said(request: HttpRequest, case: Case, form: forms.Form, title: Any, act: Callable[[], Any]) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        with RefusalsOn(form):
            act()
            done(request, gettext("It is said. Everybody who takes part is told."))
            return redirect("case", case.id)
    return _page(request, case, form, title, gettext("Say it"))


def _page(request: HttpRequest, case: Case, form: forms.Form, title: Any, label: str) -> HttpResponse:
    involved = ", ".join(called(case.involved()))
    context = {
        "form": form,
        "title": title,
        "label": label,
        "case": case,
        "involved": involved,
        "back": reverse("case", args=[case.id]),
        "trail": [
            (gettext("Cases"), reverse("cases")),
            (case.name, reverse("case", args=[case.id])),
            (title, ""),
        ],
    }
    return render(request, "console/response/case_form.html", context, status=422 if form.errors else 200)
