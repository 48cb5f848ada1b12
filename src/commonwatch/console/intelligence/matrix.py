"""The matrix of techniques: which are known here at which step of an attack, and by how many objects each is used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from commonwatch.base.search.techniques import Technique, techniques
from commonwatch.console.intelligence.rows import originals, row_of, titled
from commonwatch.console.shell import cells
from commonwatch.console.shell.figures import Chart
from commonwatch.console.shell.pages import READER, shown_to
from commonwatch.console.shell.several import Several
from commonwatch.console.shell.tables import Column, Empty, Facet, Filter, Table
from commonwatch.console.shell.taking import listed
from commonwatch.console.shell.who import reader

MOST_DRAWN = 30  # rows of the heat map: the most used; the list below has the rest
MOST_LISTED = 1_000
MOST_LETTERS = 40
# The tactics of MITRE ATT&CK in the order of an attack; phases of other chains follow in that of the alphabet.
TACTICS = (
    *("reconnaissance", "resource-development", "initial-access", "execution", "persistence", "privilege-escalation"),
    *("defense-evasion", "stealth", "defense-impairment", "credential-access", "discovery", "lateral-movement"),
    *(
        "collection",
        "command-and-control",
        "exfiltration",
        "inhibit-response-function",
        "impair-process-control",
        "impact",
    ),
)
TECHNIQUES = Table(
    _("Techniques, the most used first"),
    (
        Column("number", _("Number"), cells.code),
        Column("name", _("Technique"), titled, link=True),
        Column("phases", _("Steps of an attack")),
        Column("users", _("Used by"), cells.number),
        Column("producer", _("Producer"), chosen=False),
        Column("marking", _("Marking"), cells.marking),
        Column("modified", _("Modified"), cells.moment, chosen=False),
    ),
)


class MatrixFilter(Filter):
    """Which techniques."""

    chain = Several(label=_("Model of attacks"), max_length=100)
    phase = Several(label=_("Step of an attack"), max_length=100)
    used = forms.BooleanField(label=_("Used by something here"))


@shown_to(READER)
@require_safe
def matrix(request: HttpRequest) -> HttpResponse:
    """A heat map of the most used, and all of them in a list."""
    asked = MatrixFilter(request)
    known = techniques(reader(request))
    found = [one for one in known if _wanted(one, asked)]
    listing = TECHNIQUES.listing(
        request,
        [_row(one) for one in found[:MOST_LISTED]],
        total=len(found),
        filter=asked,
        facets=_facets(known, asked),
        empty=Empty(
            _("No techniques are known here"),
            _(
                "Import a catalogue of attack patterns, such as MITRE ATT&CK in STIX, and what partners share is counted by it."
            ),
        ),
    )
    context = {"techniques": listing, "heat": _heat(found, asked.wanted("phase")) if found else None}
    return listed(request, "console/intelligence/matrix.html", context, "techniques", originals(request))


def _wanted(one: Technique, asked: MatrixFilter, but: str = "") -> bool:
    """Whether a technique fits the filter, leaving out one of its fields."""
    chains, phases = ("" if name == but else asked.wanted(name) for name in ("chain", "phase"))
    return (
        (not chains or any(name in chains for name, __ in one.phases))
        and (not phases or any(name in phases for __, name in one.phases))
        and (not asked.wanted("used") or one.users > 0)
    )


def _heat(found: Sequence[Technique], phases: Sequence[str]) -> Chart:
    drawn = [one for one in found if one.phases][:MOST_DRAWN]
    steps = sorted({name for one in drawn for __, name in one.phases if not phases or name in phases}, key=_place)
    rows = [
        (_label(one), *(one.users if step in {name for __, name in one.phases} else "" for step in steps))
        for one in drawn
    ]
    used = sum(one.users > 0 for one in found)
    sentence = ngettext(
        "%(used)s of %(known)s technique is used by something that you may have.",
        "%(used)s of %(known)s techniques are used by something that you may have.",
        len(found),
    ) % {"used": f"{used:,}", "known": f"{len(found):,}"}
    head = (gettext("Technique"), *(cells.visible(step) for step in steps))
    return Chart(gettext("The most used, by step of an attack"), sentence, head, rows, "heat")


def _label(one: Technique) -> str:
    name = cells.visible(f"{one.number} {one.head.name}".strip())
    return name if len(name) <= MOST_LETTERS else f"{name[: MOST_LETTERS - 1]}…"


def _place(step: str) -> tuple[int, str]:
    return (TACTICS.index(step) if step in TACTICS else len(TACTICS), step)


def _row(one: Technique) -> dict[str, Any]:
    return {
        **row_of(one.head),
        "number": one.number,
        "phases": ", ".join(name for __, name in one.phases),
        "users": one.users,
    }


def _facets(known: Sequence[Technique], asked: MatrixFilter) -> list[Facet]:
    chains = _counted({name for name, __ in one.phases} for one in known if _wanted(one, asked, but="chain"))
    steps = _counted({name for __, name in one.phases} for one in known if _wanted(one, asked, but="phase"))
    by_chain = [(name, name, count) for name, count in sorted(chains.items())]
    by_step = [(name, name, steps[name]) for name in sorted(steps, key=_place)]
    facets = (Facet("chain", _("Model of attacks"), by_chain), Facet("phase", _("Step of an attack"), by_step))
    return [one for one in facets if one.options]


def _counted(names: Iterable[set[str]]) -> Counter[str]:
    return Counter(name for each in names for name in each)
