"""The lists of law and holidays: every instrument with its source and whether it was verified; putting an edited list in."""

from __future__ import annotations

from typing import Any

import msgspec
from django import forms
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from commonwatch.base.clock import now_us
from commonwatch.capabilities.duties import law as lists
from commonwatch.capabilities.duties import lawmaking
from commonwatch.capabilities.duties.rules import standing
from commonwatch.capabilities.duties.words import recipient_said
from commonwatch.console.response import duty_words
from commonwatch.console.response.duty_forms import LawForm
from commonwatch.console.shell import cells
from commonwatch.console.shell.changing import is_sure
from commonwatch.console.shell.pages import ADMINISTRATOR, READER, done, reason_given, shown_to
from commonwatch.console.shell.tables import Column, Empty, Filter, Table
from commonwatch.console.shell.told import error_told
from commonwatch.console.shell.who import acting, identity
from commonwatch.core.errors import CommonwatchError
from commonwatch.core.law.duties import LARGEST

REGIMES = Table(
    _("Instruments that may require notice"),
    (
        Column("title", _("Instrument"), link=True),
        Column("jurisdiction", _("Where"), cells.code),
        Column("standing", _("Law"), duty_words.badge),
        Column("who", _("Whom it binds")),
        Column("recipient", _("To be told")),
        Column("deadlines", _("Limits"), duty_words.limits),
        Column("verified", _("Verified")),
        Column("confidence", _("Confidence"), cells.status),
        Column("id", _("Id"), cells.code, chosen=False),
    ),
)
STAGES = Table(
    _("Its notices"),
    (
        Column("name", _("Notice"), duty_words.stage),
        Column("deadlines", _("Limit"), duty_words.limits),
        Column("start", _("From"), duty_words.event),
        Column("text", _("In words")),
        Column("content", _("What it has to hold"), duty_words.points),
    ),
)
MOVES = Table(
    _("Open clocks that would move"),
    (
        Column("regime", _("Instrument"), link=True),
        Column("notice", _("Notice"), duty_words.stage),
        Column("title", _("About")),
        Column("before", _("Now"), duty_words.moved),
        Column("after", _("Then"), duty_words.moved),
        Column("why", _("Because"), duty_words.sentence),
    ),
)


class LawFilter(Filter):
    """Which instruments."""

    place = forms.CharField(label=_("Where"), max_length=40)
    words = forms.CharField(label=_("Words"), max_length=100)


@shown_to(READER, at_home=True)
@require_safe
def law(request: HttpRequest) -> HttpResponse:
    """Every instrument of the list in use."""
    asked, found, on = LawFilter(request), lists.duties_list(), lists.day_of(now_us())
    place, words = asked.wanted("place").strip(), asked.wanted("words").strip().lower()
    chosen = [
        {
            "id": one.id,
            "title": one.title,
            "jurisdiction": one.jurisdiction,
            "standing": standing(one, on),
            "who": one.who,
            "recipient": recipient_said(one.recipient),
            "deadlines": [stage.deadline for stage in one.stages],
            "verified": gettext("yes") if one.verified else gettext("no"),
            "confidence": one.confidence,
            "url": reverse("duties-instrument", args=[one.id]),
        }
        for one in found.regimes
        if place in ("", one.jurisdiction, *one.places)
        and words in f"{one.title} {one.instrument} {one.who} {one.recipient}".lower()
    ]
    holidays = lists.calendars()
    context = {
        "regimes": REGIMES.listing(
            request, chosen, total=len(chosen), filter=asked, empty=Empty(_("None is listed"), "")
        ),
        "found": found,
        "holidays": holidays,
        "warnings": [one.sentence for one in lists.examined(now_us()) if not one.fine],
        "own": [(kind, lists.in_use(kind)) for kind in (lists.DUTIES, lists.HOLIDAYS)],
        "may_change": identity(request).may(ADMINISTRATOR),
        "form": LawForm(),
    }
    return render(request, "console/response/duty_law.html", context)


@shown_to(READER, at_home=True)
@require_safe
def instrument(request: HttpRequest, name: str) -> HttpResponse:
    """One instrument whole."""
    found, duties = lists.regime_named(name), lists.duties_list()
    rows = [
        {
            "name": one.stage,
            "deadlines": [one.deadline],
            "start": duties.start(one.clock_start).means or one.clock_start,
            "text": one.text,
            "content": [] if one.general_content else [field.text for field in one.content],
        }
        for one in found.stages
    ]
    context = {
        "regime": found,
        "recipient": recipient_said(found.recipient),
        "standing": duty_words.badge(standing(found, lists.day_of(now_us()))),
        "counting": duties.counting(found.counting),
        "counting_said": duty_words.counting(duties.counting(found.counting).title),
        "stages": STAGES.listing(request, rows, bare=True),
        "trail": [(gettext("Law and holidays"), reverse("duties-law")), (found.title, "")],
    }
    return render(request, "console/response/duty_instrument.html", context)


@shown_to(READER, at_home=True)
@require_safe
def take(request: HttpRequest, kind: str) -> HttpResponse:
    """The list in use as a file, to be edited."""
    if kind not in (lists.DUTIES, lists.HOLIDAYS):
        raise Http404
    answer = HttpResponse(lists.raw_list(kind), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="{kind}.json"'
    return answer


@shown_to(ADMINISTRATOR, at_home=True)
@require_POST
def put(request: HttpRequest) -> HttpResponse:
    """Say what an edited list would change and which open clocks it would move; once that is meant, use it."""
    if is_sure(request):
        kind, raw, reason = _kept(request)
        change = lawmaking.put_in(kind, raw, reason, acting(request))
        done(request, _moved(change))
        return redirect("duties-law")
    form = LawForm(request.POST, request.FILES)
    if not form.is_valid():
        return _wrong(request, form, [])
    given = form.cleaned_data
    raw = given["file"].read(LARGEST + 1)
    mistakes = lawmaking.examine(given["kind"], raw)
    if mistakes:
        return _wrong(request, form, mistakes)
    try:
        change = lawmaking.preview(given["kind"], raw)
    except CommonwatchError as problem:
        form.add_error("file", error_told(problem))
        return _wrong(request, form, [])
    kept = {"draft": signing.dumps([given["kind"], raw.decode(), given["reason"]], salt=_SALT, compress=True)}
    return _looked(request, change, kept, reverse("duties-law-put"), _("Use this list"))


@shown_to(ADMINISTRATOR, at_home=True)
@require_POST
def undo(request: HttpRequest, kind: str) -> HttpResponse:
    """Take the last list back; first say which clocks move back."""
    reason = reason_given(request)
    if is_sure(request):
        change = lawmaking.undo(kind, reason, acting(request))
        done(request, _moved(change))
        return redirect("duties-law")
    return _looked(
        request,
        lawmaking.preview_undo(kind),
        {"reason": reason},
        reverse("duties-law-undo", args=[kind]),
        _("Take it back"),
    )


_SALT = "duties-law"


def _kept(request: HttpRequest) -> tuple[str, bytes, str]:
    """The list that was looked at: it stood in the page, signed, so that what is put in is what was shown."""
    try:
        kind, text, reason = signing.loads(request.POST.get("draft", ""), salt=_SALT, max_age=3600)
    except signing.BadSignature:
        raise Http404 from None
    return kind, text.encode(), reason


def _looked(
    request: HttpRequest, change: lawmaking.Change, kept: dict[str, str], address: str, label: Any
) -> HttpResponse:
    rows = [{**msgspec.to_builtins(one), "url": reverse("duty", args=[one.duty])} for one in change.moves]
    nothing = Empty(_("No open clock moves"), "")
    context = {
        "change": change,
        "moves": MOVES.listing(request, rows, bare=True, empty=nothing),
        "kept": kept,
        "address": address,
        "label": label,
        "trail": [(gettext("Law and holidays"), reverse("duties-law")), (gettext("What would change"), "")],
    }
    return render(request, "console/response/duty_law_change.html", context)


def _wrong(request: HttpRequest, form: LawForm, mistakes: list[tuple[str, str]]) -> HttpResponse:
    trail = [(gettext("Law and holidays"), reverse("duties-law")), (gettext("Put a list in"), "")]
    context = {"form": form, "mistakes": mistakes[:200], "many": len(mistakes), "trail": trail}
    return render(request, "console/response/duty_law_wrong.html", context, status=422)


def _moved(change: lawmaking.Change) -> str:
    many = len(change.moves)
    said = ngettext("The list is in use; %(count)s clock moved.", "The list is in use; %(count)s clocks moved.", many)
    return said % {"count": many}
