"""What fired, here and at others, object by object: what authors learn of what they wrote."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from commonwatch.base.edge import among
from commonwatch.capabilities.detection.alerts import queries
from commonwatch.console.shell import cells
from commonwatch.console.shell.pages import READER, shown_to
from commonwatch.console.shell.tables import Column, Empty, Filter, Table, by_key
from commonwatch.console.shell.taking import listed

FEEDBACK = Table(
    _("Objects that fired, and how often they were wrong"),
    (
        Column("name", _("Object"), link=True),
        Column("hits", _("Events here"), cells.number),
        Column("alerts", _("Alerts here"), cells.number),
        Column("right", _("True"), cells.number),
        Column("wrong", _("False"), cells.number),
        Column("members", _("Members who report"), cells.number),
        Column("wrong_rate", _("False of those judged")),
        Column("object", _("Id"), cells.code, chosen=False),
    ),
)
SAID = Table(
    _("What others report"),
    (
        Column("by", _("Member")),
        Column("kind", _("Says")),
        Column("count", _("Events"), cells.number),
        Column("first", _("From"), cells.moment),
        Column("last", _("Until"), cells.moment),
    ),
)
ALERTS = Table(
    _("Alerts here"),
    (
        Column("severity", _("Severity"), cells.status),
        Column("value", _("What matched"), cells.indicator),
        Column("entity", _("Host"), cells.code, link=True),
        Column("count", _("Events"), cells.number),
        Column("last", _("Last seen"), cells.moment),
        Column("verdict", _("Verdict"), cells.status),
    ),
)
KINDS = {
    "sighting": _("has seen it"),
    "false-positive": _("was misled by it"),
    "confirmation": _("agrees with it"),
}


class FeedbackFilter(Filter):
    """Whose objects."""

    ours = forms.BooleanField(label=_("Written by us"))


@shown_to(READER, at_home=True)
@require_safe
def feedback(request: HttpRequest) -> HttpResponse:
    """Every object that matched here or of which a member says something."""
    asked = FeedbackFilter(request)
    found = [row for row in queries.sightings() if row["ours"] or not asked.wanted("ours")]
    empty = Empty(
        _("Nothing has matched yet, and nobody has reported anything"),
        _("What fires here is counted here; what others report of your objects arrives by itself."),
        _("See the alerts"),
        reverse("alerts"),
    )
    pages = by_key(among(found, _place), _place, _row)
    listing = FEEDBACK.paged(request, pages, total=len(found), filter=asked, empty=empty)
    return listed(request, "console/detection/feedback.html", {"feedback": listing}, "feedback")


@shown_to(READER, at_home=True)
@require_safe
def of_object(request: HttpRequest, identity: str) -> HttpResponse:
    """One object: who reports what of it, and the alerts here."""
    found = queries.sightings_of(identity)
    alerts = [{**row, "url": reverse("alert", args=[row["alert"]])} for row in found["alerts_here"]]
    said = [{**row, "kind": KINDS.get(row["kind"], row["kind"])} for row in found["said"]]
    context = {
        "found": found,
        "said": SAID.listing(request, said, total=len(said), empty=Empty(_("Nobody else reports anything"), "")),
        "alerts": ALERTS.listing(
            request, alerts, total=len(alerts), empty=Empty(_("It has not matched anything here"), "")
        ),
        "trail": [(gettext("Feedback"), reverse("feedback")), (found["name"] or identity, "")],
    }
    return render(request, "console/detection/object.html", context)


def _place(row: dict[str, Any]) -> list[Any]:
    return [-row["hits"], row["object"]]


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "name": row["name"] or row["object"],
        "right": row["true"] + row["true_elsewhere"],
        "wrong": row["false"] + row["false_elsewhere"],
        "wrong_rate": f"{row['wrong_rate']:.0%}" if row["wrong_rate"] is not None else "",
        "url": reverse("feedback-of", args=[row["object"]]),
    }
