"""Recalls: what was taken back, from whom, why, and who confirmed it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from commonwatch.base.edge import rows
from commonwatch.base.release.holders import Holder, holders, holders_of, shown_holder
from commonwatch.base.release.models import Recall
from commonwatch.base.release.shown import shown_recall
from commonwatch.console.shell import cells
from commonwatch.console.shell.pages import READER, shown_to
from commonwatch.console.shell.tables import Column, Empty, Filter, Table, by_key
from commonwatch.console.shell.taking import listed
from commonwatch.console.shell.who import reader
from commonwatch.core.errors import NotFound

ANSWERS = {"complied": "done", "refused": "refused", "partly": "medium"}
RECALLS = Table(
    _("Recalls, the last first"),
    (
        Column("made", _("When"), cells.moment),
        Column("member", _("From whom"), link=True),
        Column("objects", _("Objects"), cells.number),
        Column("reason", _("Why")),
        Column("answer", _("Answer"), cells.status),
        Column("answered", _("Answered"), cells.moment),
        Column("recall", _("Id"), cells.code, chosen=False),
    ),
)


HOLDERS = Table(
    _("Who holds what was taken back"),
    (
        Column("member", _("Member"), link=True),
        Column("holding", _("What it says"), cells.status),
        Column("objects", _("Objects"), cells.number),
        Column("since", _("Since"), cells.moment),
        Column("reminders", _("Reminders"), cells.number),
        Column("next_reminder", _("Next reminder"), cells.moment),
    ),
)


class RecallFilter(Filter):
    """Which recalls."""

    member = forms.CharField(label=_("Member"), max_length=100)
    object = forms.CharField(label=_("Object"), max_length=300)
    open = forms.BooleanField(label=_("Without an answer"))


@shown_to(READER)
@require_safe
def recalls(request: HttpRequest) -> HttpResponse:
    """Those to the reader's member; for operators, to every member."""
    asked = RecallFilter(request)
    found = _seen(request)
    if asked.wanted("member"):
        found = found.filter(member__name=asked.wanted("member").strip())
    named = asked.wanted("object").strip()
    held = [_holder(one) for one in (holders_of(found, named) if named else holders(found))]
    if named:
        found = found.filter(named__object=named)
    if asked.wanted("open"):
        found = found.filter(answered_us=None, lifted_us=None)
    empty = Empty(
        _("Nothing has been taken back"),
        _(
            "When an audience narrows, an object is revoked or a member leaves, those who had it are asked to delete it."
        ),
    )
    listing = RECALLS.paged(
        request, by_key(rows(found, "-pk"), lambda one: one.pk, _row), total=found.count(), filter=asked, empty=empty
    )
    context = {"recalls": listing, "holders": HOLDERS.listing(request, held, bare=True) if held else None}
    return listed(request, "console/sharing/recalls.html", context, "recalls")


@shown_to(READER)
@require_safe
def recall(request: HttpRequest, identity: str) -> HttpResponse:
    """One with its receipt."""
    one = _seen(request).filter(recall=identity).first()
    if one is None:
        raise NotFound("recall-unknown", f"There is no recall {identity}.", gettext("The list has yours."))
    context = {
        "recall": _row(one),
        "receipt": one.receipt,
        "kept": list(one.named.filter(kept=True).values_list("object", flat=True)),
        "trail": [(gettext("Recalls"), reverse("recalls")), (identity, "")],
    }
    return render(request, "console/sharing/recall.html", context)


def _seen(request: HttpRequest) -> QuerySet[Recall]:
    who = reader(request)
    found = Recall.objects.select_related("member")
    return found if who.sees_all else found.filter(member=who.member)


def _holder(one: Holder) -> dict[str, Any]:
    return {**shown_holder(one), "url": reverse("member", args=[one.member])}


def _row(one: Recall) -> dict[str, Any]:
    shown = shown_recall(one)
    return {
        **shown,
        "answer": ANSWERS.get(shown["answer"] or "", "lifted" if shown["lifted"] else "waiting"),
        "url": reverse("recall", args=[one.recall]),
    }
