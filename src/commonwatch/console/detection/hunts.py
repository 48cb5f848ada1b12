"""Hunts: what was looked for in stored telemetry, what came of it, and a new one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commonwatch.base.clock import now_us
from commonwatch.base.edge import rows
from commonwatch.base.jobs.models import Job
from commonwatch.capabilities.detection.alerts import sources
from commonwatch.capabilities.detection.hunts.asked import (
    HUNT,
    Wish,
    ask_hunt,
    end_hunt,
    hunt_numbered,
    hunts,
    shown_hunt,
)
from commonwatch.console.shell import cells
from commonwatch.console.shell.areas import WorkKind
from commonwatch.console.shell.pages import CONTRIBUTOR, READER, done, reason_given, shown_to
from commonwatch.console.shell.tables import Column, Empty, Table, by_key
from commonwatch.console.shell.taking import listed
from commonwatch.console.shell.told import RefusalsOn
from commonwatch.console.shell.who import acting, identity
from commonwatch.core.stix.times import parse_time

HUNTS = Table(
    _("Hunts, the latest first"),
    (
        Column("asked", _("Asked"), cells.moment, link=True),
        Column("by", _("By")),
        Column("where", _("Telemetry")),
        Column("since", pgettext_lazy("period", "From"), cells.moment),
        Column("until", pgettext_lazy("period", "To"), cells.moment),
        Column("state", _("State"), cells.status),
        Column("events", _("Events"), cells.number),
        Column("hits", _("New hits"), cells.number),
        Column("raised", _("New alerts"), cells.number),
        Column("reason", _("Why"), chosen=False),
    ),
)


class HuntForm(forms.Form):
    """What to look for, where and when."""

    telemetry = forms.MultipleChoiceField(
        label=_("Telemetry"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all that is stored."),
    )
    since = forms.DateField(
        label=pgettext_lazy("period", "From"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("A day, in UTC."),
    )
    until = forms.DateField(
        label=pgettext_lazy("period", "To"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    indicators = forms.CharField(
        label=_("Only these indicators"),
        required=False,
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("STIX ids, one in a line. Empty: everything in force."),
    )
    reason = forms.CharField(label=_("Why"), max_length=2000)

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        stored = [row["name"] for row in sources.shown_sources() if not sources.is_stream(row["place"])]
        field = self.fields["telemetry"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - for the type checker
        field.choices = [(name, name) for name in stored]

    def wish(self) -> Wish:
        """As the room takes it: the last day is part of the period."""
        given = self.cleaned_data
        return Wish(
            given["telemetry"],
            _midnight(given["since"], 0),
            _midnight(given["until"], 1),
            given["indicators"].split(),
        )


def _midnight(day: Any, days_later: int) -> int | None:
    if day is None:
        return None
    read = parse_time(f"{day:%Y-%m-%d}T00:00:00Z")
    return read[0] + days_later * 86_400_000_000 if read else None


@shown_to(READER, at_home=True)
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Every hunt that was asked for."""
    may_hunt = identity(request).may(CONTRIBUTOR)
    empty = Empty(
        _("Nobody hunted yet"),
        _("A hunt looks through stored telemetry of any period for everything that is in force now."),
        _("New hunt") if may_hunt else "",
        reverse("hunt-new") if may_hunt else "",
    )
    pages = by_key(rows(hunts(), "-pk"), lambda one: one.pk, _row)
    context = {"hunts": HUNTS.paged(request, pages, total=hunts().count(), empty=empty), "may_hunt": may_hunt}
    return listed(request, "console/detection/hunts.html", context, "hunts")


@shown_to(CONTRIBUTOR, at_home=True)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Ask for one; `indicator` in the address names what to look for."""
    form = HuntForm(request.POST or None, initial={"indicators": request.GET.get("indicator", "")})
    if request.method == "POST" and form.is_valid():
        by = acting(request)
        with RefusalsOn(form):
            job = ask_hunt(form.wish(), reason=form.cleaned_data["reason"], actor=by.actor, now_us=by.now_us)
            return redirect("work", job.pk)
    context = {"form": form, "back": reverse("hunts"), "none": not form.fields["telemetry"].choices}  # type: ignore[attr-defined]
    return render(request, "console/detection/hunt_new.html", context, status=422 if form.errors else 200)


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def end(request: HttpRequest, number: int) -> HttpResponse:
    """End one that waits or goes on."""
    by = acting(request)
    end_hunt(number, reason=reason_given(request), actor=by.actor, now_us=by.now_us)
    done(request, _("The hunt ends. What it found stays."))
    return redirect("hunts")


@shown_to(READER, at_home=True)
@require_safe
def one(request: HttpRequest, number: int) -> HttpResponse:
    """One hunt: what was asked, what came of it, what could not be read."""
    found = shown_hunt(hunt_numbered(number), now_us())
    context = {
        "hunt": found,
        "goes_on": found["finished_us"] is None,
        "may_end": identity(request).may(CONTRIBUTOR),
        "trail": [(gettext("Hunts"), reverse("hunts")), (f"{number}", "")],
        "end_address": reverse("hunt-end", args=[number]),
    }
    return render(request, "console/detection/hunt.html", context)


def _row(job: Job) -> dict[str, Any]:
    found = shown_hunt(job, now_us())
    return {
        **found,
        "id": str(job.pk),
        "url": reverse("hunt", args=[job.pk]),
        "asked": found["asked_us"],
        "where": ", ".join(found["telemetry"]) or gettext("all that is stored"),
        "since": found["since_us"],
        "until": found["until_us"],
    }


def _said(job: Job) -> str:
    found = job.payload.get("found", {})
    events, alerts = found.get("events", 0), found.get("raised", 0)
    read = ngettext("%(count)s event was read.", "%(count)s events were read.", events) % {"count": f"{events:,}"}
    raised = ngettext("It raised %(count)s new alert.", "It raised %(count)s new alerts.", alerts)
    return f"{read} {raised % {'count': f'{alerts:,}'}}"


WORKS = (WorkKind(HUNT, _("Stored telemetry is looked through"), "hunts", _said),)
