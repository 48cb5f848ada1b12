"""What fired here: the list, one alert with all that it rests on, and what people say it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from commonwatch.base.clock import MICROSECONDS, now_us
from commonwatch.base.jobs.many import did
from commonwatch.capabilities.detection.alerts import queries, together
from commonwatch.capabilities.detection.alerts import triage as actions
from commonwatch.console.response.case_notices import begun_from
from commonwatch.console.shell import cells
from commonwatch.console.shell.areas import WorkKind
from commonwatch.console.shell.meant import meant, moment_asked, newest
from commonwatch.console.shell.pages import CONTRIBUTOR, READER, done, reason_given, shown_to
from commonwatch.console.shell.several import Several
from commonwatch.console.shell.tables import Act, Column, Empty, Facet, Filter, Table, by_key
from commonwatch.console.shell.taking import listed
from commonwatch.console.shell.who import acting, identity

OPEN, ANY = "open", "any"
DAY_US = 86_400 * MICROSECONDS
VERDICTS = {
    "true": _("It was true"),
    "false": _("It was false"),
    "benign": _("True, and harmless"),
    "unknown": _("Nobody can tell"),
}
SEVERITIES = {"high": _("High"), "medium": _("Medium"), "low": _("Low"), "none": _("None")}
SPANS = {"1": _("Last day"), "7": _("Last week"), "30": _("Last 30 days")}

ALERTS = Table(
    _("Alerts, the most severe first"),
    (
        Column("severity", _("Severity"), cells.status),
        Column("value", _("What matched"), cells.indicator),
        Column("name", _("Object"), link=True),
        Column("entity", _("Host"), cells.code),
        Column("count", _("Events"), cells.number),
        Column("last", _("Last seen"), cells.moment),
        Column("first", _("First seen"), cells.moment, chosen=False),
        Column("marking", _("Marking"), cells.marking),
        Column("verdict", _("Verdict"), cells.status),
        Column("source", _("Telemetry"), cells.code, chosen=False),
        Column("object", _("Id"), cells.code, chosen=False),
    ),
)
HISTORY = Table(
    _("What was said of it"),
    (
        Column("at", _("When"), cells.moment),
        Column("verdict", _("Verdict"), cells.status),
        Column("note", _("Why")),
        Column("actor", _("Who")),
        Column("stands", _("Stands")),
    ),
)


class AlertFilter(Filter):
    """Which alerts."""

    verdict = forms.ChoiceField(
        label=_("Verdict"), choices=[("", _("Open")), *VERDICTS.items(), (ANY, _("All"))], required=False
    )
    severity = Several(label=_("Severity"), choices=SEVERITIES.items())
    entity = forms.CharField(label=_("Host"), max_length=300)
    source = Several(label=_("Telemetry"), max_length=1000)
    object = forms.CharField(label=_("Object's id"), max_length=300)
    days = forms.ChoiceField(label=_("Seen"), choices=[("", _("Whenever")), *SPANS.items()], required=False)
    suppressed = forms.BooleanField(label=_("Kept back, instead"))


@shown_to(READER, at_home=True)
@require_safe
def alerts(request: HttpRequest) -> HttpResponse:
    """Alerts, by what the address asks."""
    asked = AlertFilter(request)
    wanted = _wanted(asked)
    pages = by_key(
        lambda after, count: queries.alerts(replace(wanted, limit=count), after),
        queries.place_of,
        lambda one: _row(queries.line_of(one)),
    )
    counts = queries.facets(wanted)
    context = {
        "counts": queries.counts(),
        "alerts": ALERTS.paged(
            request,
            pages,
            total=queries.matching(wanted).count(),
            filter=asked,
            facets=_facets(counts),
            acts=_acts(request),
            newest=newest(queries.matching(wanted)),
            empty=_nothing(),
        ),
    }
    return listed(request, "console/detection/alerts.html", context, "alerts")


@shown_to(READER, at_home=True)
@require_safe
def alert(request: HttpRequest, number: int) -> HttpResponse:
    """One alert: which object, whose, under which marking, which log lines, and why it weighs what it weighs."""
    found = queries.whole(queries.alert(number))
    address, cases = begun_from(identity(request), _for_a_case(found))
    history = [{**row, "stands": gettext("yes") if row["stands"] else gettext("no")} for row in found["history"]]
    context = {
        "alert": found,
        "verdicts": [(reverse("alert-triage", args=[number]), value, label) for value, label in VERDICTS.items()],
        "case_address": address,
        "cases": cases,
        "may_judge": identity(request).may(CONTRIBUTOR),
        "is_judged": found["verdict"] != OPEN,
        "undo_address": reverse("alert-undo", args=[number]),
        "history": HISTORY.listing(request, history, total=len(history)),
        "trail": [(gettext("Alerts"), reverse("alerts")), (found["name"] or found["value"], "")],
    }
    return render(request, "console/detection/alert.html", context)


def _for_a_case(found: dict[str, Any]) -> dict[str, str]:
    """What a case that begins with an alert knows already."""
    return {
        "name": found["name"] or found["value"],
        "object": found["object"],
        "detected": found["first"] or "",
        # Not where our telemetry lies: a case is for partners, who learn what fired and no more.
        "source": gettext("Our own telemetry: %(value)s") % {"value": found["value"]},
    }


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def triage(request: HttpRequest, number: int) -> HttpResponse:
    """Say what an alert was."""
    verdict = request.POST.get("verdict", "")
    actions.triage(number, verdict, reason_given(request), actor=_actor(request), now_us=now_us())
    done(request, _said(queries.whole(queries.alert(number))["told"]), undo=reverse("alert-undo", args=[number]))
    return redirect("alert", number)


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def undo(request: HttpRequest, number: int) -> HttpResponse:
    """Take the latest verdict back."""
    actions.undo(number, request.POST.get("reason", ""), actor=_actor(request), now_us=now_us())
    done(request, _("The verdict is taken back, and so is what the author was told."))
    return redirect("alert", number)


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def triage_many(request: HttpRequest, verdict: str) -> HttpResponse:
    """Say of all that are meant what they were, with one reason."""
    numbers = meant(request, queries.matching(_wanted(AlertFilter(request))))
    reason, by = reason_given(request), acting(request)
    job = together.judge(numbers, verdict, reason, actor=by.actor, now_us=by.now_us)
    if job is not None:
        return redirect("work", job.pk)
    done(request, _judged(len(numbers)), undo=_back(by.now_us))
    return redirect("alerts")


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def undo_many(request: HttpRequest) -> HttpResponse:
    """Take back what this person said of several at one moment."""
    by = acting(request)
    count, job = together.reopen(moment_asked(request), actor=by.actor, now_us=by.now_us)
    if job is not None:
        return redirect("work", job.pk)
    done(request, _reopened(count))
    return redirect("alerts")


def _judged(count: int) -> str:
    return ngettext("%(count)s alert was judged.", "%(count)s alerts were judged.", count) % {"count": f"{count:,}"}


def _reopened(count: int) -> str:
    sentence = ngettext("%(count)s alert is open again.", "%(count)s alerts are open again.", count)
    return sentence % {"count": f"{count:,}"}


def _back(said_us: int) -> str:
    return f"{reverse('alerts-undo')}?{urlencode({'at': said_us})}"


WORKS = (
    WorkKind(
        together.JUDGE,
        _("Alerts are judged"),
        "alerts",
        lambda job: _judged(did(job)),
        lambda job: _back(job.payload["at_us"]),
    ),
    WorkKind(together.REOPEN, _("Verdicts are taken back"), "alerts", lambda job: _reopened(did(job))),
)


def _wanted(asked: Filter) -> queries.Wanted:
    verdict, days = asked.wanted("verdict"), asked.wanted("days")
    return queries.Wanted(
        suppressed=bool(asked.wanted("suppressed")),
        verdict="" if verdict == ANY else verdict or OPEN,
        severities=asked.wanted("severity"),
        object=asked.wanted("object").strip(),
        sources=asked.wanted("source"),
        entity=asked.wanted("entity").strip(),
        since_us=now_us() - int(days) * DAY_US if days else None,
    )


def _row(line: dict[str, Any]) -> dict[str, Any]:
    return {
        **line,
        "id": line["alert"],
        "name": line["name"] or line["object"],
        "url": reverse("alert", args=[line["alert"]]),
    }


def _facets(counts: dict[str, dict[str, int]]) -> list[Facet]:
    severities = [(value, SEVERITIES[value], number) for value, number in counts["severity"].items()]
    sources = [(value, value, number) for value, number in counts["source"].items()]
    return [Facet("severity", _("Severity"), severities), Facet("source", _("Telemetry"), sources)]


def _acts(request: HttpRequest) -> list[Act]:
    if not identity(request).may(CONTRIBUTOR):
        return []
    return [Act(label, reverse("alerts-triage", args=[value])) for value, label in VERDICTS.items()]


def _nothing() -> Empty:
    return Empty(
        _("Nothing has fired"),
        _("Alerts come from telemetry that is watched, or that a hunt looks through."),
        _("See the telemetry"),
        reverse("telemetry"),
    )


def _said(told: dict[str, Any] | None) -> str:
    """What the author learns of a verdict."""
    if told is None:
        return gettext("It is judged. There is nothing to tell its author.")
    if told["outcome"] == "sent":
        return gettext("It is judged, and %(member)s is told.") % {"member": queries.member_or_id(told["to"])}
    if told["outcome"] == "revoked":
        return gettext("It is judged, and what the author was told is revoked.")
    return gettext("It is judged. The author is not told: %(why)s") % {"why": " ".join(told["reasons"])}


def _actor(request: HttpRequest) -> str:
    return acting(request).actor
