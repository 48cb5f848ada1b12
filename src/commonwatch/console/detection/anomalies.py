"""What is unusual in live telemetry: the list, one anomaly with all that made its score, and how learning goes. Says nothing of malice."""

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

from commonwatch.base.accounts.identify import Identity
from commonwatch.base.clock import MICROSECONDS, now_us
from commonwatch.capabilities.detection.alerts import sources
from commonwatch.capabilities.detection.anomalies import records
from commonwatch.capabilities.detection.anomalies.measured import Measured, measured
from commonwatch.capabilities.detection.anomalies.places import why_off
from commonwatch.capabilities.detection.watch.noticing import learned
from commonwatch.console.shell import cells
from commonwatch.console.shell.areas import Notice
from commonwatch.console.shell.pages import OPERATOR, READER, done, shown_to
from commonwatch.console.shell.several import Several
from commonwatch.console.shell.tables import Column, Empty, Facet, Filter, Table, by_key
from commonwatch.console.shell.taking import listed
from commonwatch.console.shell.who import acting, identity

DAY_US = 86_400 * MICROSECONDS
MODELS = {
    "online": _("Far from its own usual"),
    "first seen": _("First contact"),
    "generated name": _("Name that looks drawn by a program"),
}
MEANS = {
    "online": _(
        "In five minutes of one log the host did more or less of something than it usually does. "
        "One window in a thousand is an alarm, whatever happens: what comes of an attack among them is not known."
    ),
    "first seen": _(
        "The host was never seen with this before, and fewer than one host in a hundred was. "
        "New things are rarely attacks."
    ),
    "generated name": _(
        "The name is made of runs of letters that are more usual in names drawn by programs than in names people chose. "
        "Content networks draw names, too."
    ),
}
KINDS = {
    **MODELS,
    "clean rows": _("Score of a hunt, from clean telemetry alone"),
    "known attacks": _("Score of a hunt, with known attacks"),
}
SETS = {
    "": _("Nothing: what is unusual to one host is labelled nowhere"),
    "families-left-out": _("Names of 25 families of generators, five of them never learned from"),
    "nsl-kdd": _("NSL-KDD, with attacks of kinds that were never learned from"),
}
SPANS = {"1": _("Last day"), "7": _("Last week"), "30": _("Last 30 days")}

ANOMALIES = Table(
    _("What is unusual, the latest first"),
    (
        Column("at", _("When"), cells.moment, link=True),
        Column("entity", _("Host"), cells.code),
        Column("kind", _("Kind")),
        Column("because", _("Because")),
        Column("score", _("Score"), cells.number),
        Column("threshold", _("Alarms begin at"), cells.number),
        Column("about", _("About"), cells.indicator, chosen=False),
        Column("source", _("Telemetry"), cells.code, chosen=False),
    ),
)
REASONS = Table(
    _("What made the score"),
    (
        Column("feature", _("Feature"), cells.code),
        Column("sentence", _("In words")),
        Column("weight", _("Share of the score"), cells.number),
        Column("part", _("Per cent of these"), cells.number),
    ),
)
LEARNING = Table(
    _("How learning goes"),
    (
        Column("source", _("Telemetry")),
        Column("state", _("State"), cells.status),
        Column("entities", _("Hosts known"), cells.number),
        Column("contacts", _("Contacts known"), cells.number),
        Column("skipped", _("Events passed over"), cells.number),
        Column("untold", _("Not told, in floods"), cells.number),
        Column("names", _("Model of names"), cells.code),
        Column("trouble", _("Trouble")),
    ),
)
MEASURED = Table(
    _("How good each model is, at the threshold that it sets itself"),
    (
        Column("kind", _("Model")),
        Column("measured", _("Measured on")),
        Column("precision", _("Precision")),
        Column("recall", _("Recall")),
        Column("false_alarms", _("False alarms among clean ones")),
    ),
)


class AnomalyFilter(Filter):
    """Which anomalies."""

    model = Several(label=_("Kind"), choices=MODELS.items())
    entity = forms.CharField(label=_("Host"), max_length=300)
    source = Several(label=_("Telemetry"), max_length=1000)
    days = forms.ChoiceField(label=_("Seen"), choices=[("", _("Whenever")), *SPANS.items()])


@shown_to(READER, at_home=True)
@require_safe
def anomalies(request: HttpRequest) -> HttpResponse:
    """What the live watch noticed, by what the address asks; how learning goes, and how far the models can be trusted."""
    asked = AnomalyFilter(request)
    wanted = _wanted(asked)
    pages = by_key(
        lambda after, count: records.anomalies(replace(wanted, limit=count), after),
        records.place_of,
        lambda one: _row(records.shown(one)),
    )
    off, learning = why_off(), _learning()
    context = {
        "anomalies": ANOMALIES.paged(
            request,
            pages,
            total=records.count(wanted),
            filter=asked,
            facets=_facets(records.facets(wanted)),
            empty=_nothing(request, off, learning),
        ),
        "off": off,
        "learning": LEARNING.listing(request, learning, bare=True),
        "measured": MEASURED.listing(request, [_measured(one) for one in measured()], bare=True),
        "switches": learning if identity(request).may(OPERATOR) else (),
    }
    return listed(request, "console/detection/anomalies.html", context, "anomalies")


@shown_to(READER, at_home=True)
@require_safe
def anomaly(request: HttpRequest, number: int) -> HttpResponse:
    """One of them: every feature that made the score, and how good its model is."""
    found = records.shown(records.anomaly(number))
    whole = sum(reason["weight"] for reason in found["reasons"]) or 1.0
    reasons = [
        {**one, "weight": round(one["weight"], 2), "part": round(100 * one["weight"] / whole)}
        for one in found["reasons"]
    ]
    figures = [_measured(one) for one in measured() if one.model == found["model"]]
    host = {"entity": found["entity"]}
    context = {
        "anomaly": found,
        "kind": MODELS.get(found["model"], found["model"]),
        "means": MEANS.get(found["model"], ""),
        "score": round(found["score"], 2),
        "threshold": round(found["threshold"], 2),
        "reasons": REASONS.listing(request, reasons, bare=True),
        "measured": MEASURED.listing(request, figures, bare=True),
        "others": f"{reverse('anomalies')}?{urlencode(host)}",
        "alerts": f"{reverse('alerts')}?{urlencode({**host, 'verdict': 'any'})}",
        "trail": [(gettext("Anomalies"), reverse("anomalies")), (found["entity"], "")],
    }
    return render(request, "console/detection/anomaly.html", context)


@shown_to(OPERATOR, at_home=True)
@require_POST
def switch(request: HttpRequest, name: str, *, on: bool) -> HttpResponse:
    """Learn from telemetry, or no longer."""
    sources.change_source(name, anomalies=on, names=None, actor=acting(request).actor, now_us=now_us())
    said = _("It is learned from, from now on.") if on else _("It is no longer learned from.")
    done(request, said, undo=_switch(name, on=not on))
    return redirect("anomalies")


def lately(who: Identity) -> list[Notice]:
    """What was noticed in the last day; of the node's own member's telemetry, so for its people only."""
    if not who.is_at_home:
        return []
    number = records.count(records.Wanted(since_us=now_us() - DAY_US))
    said = ngettext(
        "%(count)s unusual thing happened in the last day", "%(count)s unusual things happened in the last day", number
    )
    address = f"{reverse('anomalies')}?days=1"
    return [Notice(said % {"count": number}, address, "info")] if number else []


def _wanted(asked: Filter) -> records.Wanted:
    days = asked.wanted("days")
    return records.Wanted(
        asked.wanted("source"),
        asked.wanted("entity").strip(),
        asked.wanted("model"),
        now_us() - int(days) * DAY_US if days else None,
    )


def _row(found: dict[str, Any]) -> dict[str, Any]:
    return {
        **found,
        "kind": MODELS.get(found["model"], found["model"]),
        "because": "; ".join(found["because"][:3]),
        "score": round(found["score"], 2),
        "threshold": round(found["threshold"], 2),
        "url": reverse("anomaly", args=[found["anomaly"]]),
    }


def _facets(counts: dict[str, dict[str, int]]) -> list[Facet]:
    models = [(value, MODELS.get(value, value), number) for value, number in counts["model"].items()]
    places = [(value, value, number) for value, number in counts["source"].items()]
    return [Facet("model", _("Kind"), models), Facet("source", _("Telemetry"), places)]


def _learning() -> list[dict[str, Any]]:
    """Every live telemetry with how learning from it goes, and where that is switched over."""
    known = {one.source: one for one in learned()}
    rows = []
    for source in sources.shown_sources():
        if not source["live"]:
            continue
        now = known.get(source["name"])
        state = (
            "off" if not source["anomalies"] else "waiting" if now is None else "active" if now.learning else "failed"
        )
        numbers = {name: getattr(now, name, 0) for name in ("entities", "contacts", "skipped", "untold")}
        trouble = now.trouble if now is not None and source["anomalies"] else ""
        rows.append(
            {
                **numbers,
                "source": source["name"],
                "state": state,
                "names": source["names"],
                "trouble": trouble,
                "is_on": source["anomalies"],
                "address": _switch(source["name"], on=not source["anomalies"]),
            }
        )
    return rows


def _switch(name: str, *, on: bool) -> str:
    return reverse("learning-on" if on else "learning-off", args=[name])


def _measured(one: Measured) -> dict[str, Any]:
    rates = {"precision": one.precision, "recall": one.recall, "false_alarms": one.false_alarms}
    return {
        **{name: "" if rate is None else f"{rate:.1%}" for name, rate in rates.items()},
        "kind": KINDS[one.model],
        "measured": SETS[one.set],
    }


def _nothing(request: HttpRequest, off: str, learning: list[dict[str, Any]]) -> Empty:
    """What has to be done so that something can be noticed, or that nothing has to."""
    if off:
        text = _("This node lacks what learning needs. On its machine: ./run install learning")
        return Empty(_("Learning is off"), text)
    if not learning:
        may_add = identity(request).may(OPERATOR)
        return Empty(
            _("No telemetry is watched, so nothing can be unusual"),
            _(
                "Add telemetry that is watched as it grows: connections, DNS, HTTP and TLS of Zeek or Suricata, or Sysmon."
            ),
            _("Add telemetry") if may_add else "",
            reverse("telemetry-add") if may_add else "",
        )
    if not any(row["is_on"] for row in learning):
        return Empty(
            _("Learning is switched off for all telemetry"),
            _("Whoever runs the node switches it on with the button above."),
        )
    return Empty(
        _("Nothing unusual was noticed"),
        _("A first alarm takes 1,000 windows of five minutes of a log; a first contact, 100 events of the host."),
    )
