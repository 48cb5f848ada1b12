"""What this member matches with: how much of each kind, what cannot be used and why, what is withheld and why."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from commonwatch.base.clock import now_us
from commonwatch.base.journal.schema import seq_to_us
from commonwatch.capabilities.detection.indicators import queries
from commonwatch.console.shell import cells
from commonwatch.console.shell.pages import READER, shown_to
from commonwatch.console.shell.tables import Column, Empty, Row, Table
from commonwatch.console.shell.taking import listed

MOST = 1_000
NUMBERS = (Column("kind", _("Kind"), cells.code), Column("number", _("How many"), cells.number))
TYPES = Table(_("Indicators in force, by the language of their pattern"), NUMBERS)
VALUES = Table(_("Values that are looked for, by kind"), NUMBERS)
BENIGN = Table(
    _("Lists of values known to be harmless"),
    (
        Column("name", _("List")),
        Column("entries", _("Entries"), cells.number),
        Column("effect", _("What a match does")),
        Column("version", _("Version"), cells.code),
    ),
)
UNUSABLE = Table(
    _("Indicators that no matcher can read"),
    (
        Column("name", _("Name")),
        Column("type", _("Language"), cells.code),
        Column("reason", _("Why")),
        Column("pattern", _("Pattern"), cells.code, chosen=False),
        Column("object", _("Id"), cells.code),
    ),
)
WITHHELD = Table(
    _("Indicators that are held, and not in force"),
    (Column("object", _("Id"), cells.code), Column("state", _("State")), Column("reason", _("Why"))),
)
STATES = {
    "in-force": _("In force"),
    "unexecutable": _("Cannot be used"),
    "withheld": _("Withheld"),
    "revoked": _("Revoked"),
    "superseded": _("Replaced by a newer version"),
    "recalled": _("Recalled"),
    "withdrawn": _("Withdrawn"),
    "erased": _("Erased"),
}
EFFECTS = {
    "suppress": _("no alert by itself"),
    "lower": _("a less severe alert"),
    "inform": _("a remark in the alert"),
}


@shown_to(READER, at_home=True)
@require_safe
def in_force(request: HttpRequest) -> HttpResponse:
    """Numbers, and how far the follower has come."""
    found = queries.numbers(now_us())
    nothing = Empty(
        _("Nothing is in force yet"),
        _("Indicators come with intelligence: from files, sources and partners."),
    )
    benign = [{**row, "effect": EFFECTS[row["effect"]]} for row in queries.benign_lists()]
    entry = found["follower"]["entry"] if found["follower"] else 0
    context = {
        "found": found,
        "followed": seq_to_us(entry) if entry else None,
        "states": [(STATES.get(state, state), number) for state, number in found["states"].items()],
        "types": TYPES.listing(request, _numbers(found["types"]), empty=nothing, bare=True),
        "values": VALUES.listing(request, _numbers(found["values"]), empty=nothing, bare=True),
        "benign": BENIGN.listing(
            request,
            benign,
            bare=True,
            empty=Empty(
                _("There are no lists of harmless values"),
                _("Without them an indicator for a site that everybody visits fires all day: commonwatch benign add."),
            ),
        ),
        "tabs": _tabs("in-force"),
    }
    return render(request, "console/detection/in_force.html", context)


@shown_to(READER, at_home=True)
@require_safe
def unusable(request: HttpRequest) -> HttpResponse:
    """What no matcher can execute."""
    found = queries.unexecutable(MOST)
    listing = UNUSABLE.listing(request, found, empty=Empty(_("Every indicator that is in force can be executed"), ""))
    context = {"listing": listing, "title": _("What cannot be used"), "tabs": _tabs("unusable")}
    return listed(request, "console/detection/standing.html", context, "listing")


@shown_to(READER, at_home=True)
@require_safe
def withheld(request: HttpRequest) -> HttpResponse:
    """What is held and must not be matched with: revoked, recalled, withdrawn, erased, not granted."""
    found = queries.not_in_force(MOST)
    listing = WITHHELD.listing(request, found, empty=Empty(_("Every indicator is in force"), ""))
    context = {"listing": listing, "title": _("What is withheld"), "tabs": _tabs("withheld")}
    return listed(request, "console/detection/standing.html", context, "listing")


def _numbers(found: dict[str, int]) -> list[Row]:
    return [{"kind": kind, "number": number} for kind, number in found.items()]


def _tabs(here: str) -> list[tuple[Any, str, bool]]:
    parts = [
        ("in-force", gettext("In force")),
        ("unusable", gettext("Cannot be used")),
        ("withheld", gettext("Withheld")),
    ]
    return [(label, reverse(name), name == here) for name, label in parts]
