"""A change in two steps: who would gain and who would lose what, then the word that it is meant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commonwatch.base.parties.actions import By
from commonwatch.base.parties.changing import Report, change
from commonwatch.console.shell import cells
from commonwatch.console.shell.pages import done
from commonwatch.console.shell.tables import Column, Empty, Table
from commonwatch.console.shell.who import acting

SURE = "sure"
MOVED = Table(
    _("Who gains and who loses by it"),
    (
        Column("member", _("Member")),
        Column("purpose", _("For"), cells.code),
        Column("gained", _("Gains"), cells.number),
        Column("lost", _("Loses"), cells.number),
        Column("altered", _("Gets otherwise"), cells.number),
        Column("examples", _("For example"), cells.code),
    ),
)


def confirmed(request: HttpRequest, what: str, act: Callable[[By], Any], *, said: Any, back: str) -> HttpResponse:
    """Look at a change, or, where the person is sure, make it and go back."""
    who = acting(request)
    return carried(request, what, lambda preview: change(what, lambda: act(who), who, preview=preview)[1], said, back)


def carried(request: HttpRequest, what: str, carry: Callable[[bool], Report], said: Any, back: str) -> HttpResponse:
    """The same for changes that report by themselves; `carry` is told whether it is only looked at."""
    if is_sure(request):
        carry(False)
        done(request, said)
        return redirect(back)
    return looked(request, what, carry(True), back)


def form_page(
    request: HttpRequest,
    form: Form,
    title: Any,
    back: str,
    then: Callable[[dict[str, Any]], HttpResponse],
    *,
    wide: bool = False,
) -> HttpResponse:
    """A form on a page of its own; `then` answers with what was filled in, once that is right."""
    if request.method == "POST" and form.is_valid():
        return then(form.cleaned_data)
    return form_shown(request, form, title, back, wide=wide)


def form_shown(request: HttpRequest, form: Form, title: Any, back: str, *, wide: bool = False) -> HttpResponse:
    """The page alone, with what is wrong with what was filled in."""
    context = {"form": form, "title": title, "back": back, "wide": wide}
    return render(request, "console/shell/form_page.html", context, status=422 if form.errors else 200)


def is_sure(request: HttpRequest) -> bool:
    """Whether the person has seen what follows and says that it is meant."""
    return bool(request.POST.get(SURE))


def asked(request: HttpRequest, what: Any, text: Any, back: str, *, codes: Sequence[str] = ()) -> HttpResponse:
    """Say what an act does that cannot be taken back, with what is to be compared first, and ask whether it is meant."""
    context = {"what": what, "text": text, "codes": codes, "kept": _kept(request), "back": back}
    return render(request, "console/shell/sure.html", context)


def looked(request: HttpRequest, what: str, report: Report, back: str) -> HttpResponse:
    """Who would gain and who would lose what by a change, and the question whether it is meant."""
    found = report.data()
    rows = [_row(one) for one in found["moved"]]
    nobody = Empty(_("Nobody gains or loses anything by it"), _("What is shared today stays as it is."))
    context = {
        "what": what,
        "found": found,
        "moved": MOVED.listing(request, rows, total=len(rows), empty=nobody),
        "kept": _kept(request),
        "back": back,
    }
    return render(request, "console/shell/confirm.html", context)


def _kept(request: HttpRequest) -> list[tuple[str, str]]:
    """What was given, to be given again with the second word."""
    return [(name, value) for name, values in request.POST.lists() for value in values if name != "csrfmiddlewaretoken"]


def _row(one: dict[str, Any]) -> dict[str, Any]:
    examples = [*one["examples_gained"], *one["examples_lost"]]
    return {**one, "member": one["member"] or gettext("the public"), "examples": ", ".join(examples[:3])}
