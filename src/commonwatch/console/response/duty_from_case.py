"""What a case says, as the form of an assessment takes it: a person sees it filled in, and corrects it, before anything is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.http import HttpRequest

from commonwatch.base.parties.models import Member
from commonwatch.capabilities.incidents import queries
from commonwatch.capabilities.incidents.rules.case import Case
from commonwatch.console.shell.who import reader
from commonwatch.core.errors import NotFound
from commonwatch.core.stix.response.incidents import Level, TimeKind
from commonwatch.core.stix.times import EPOCH

# The partnership's scale in the words of duties. What nobody rated stays open.
_SEVERITIES: Mapping[Level, str] = {
    "none": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "severe": "critical",
    "emergency": "critical",
}
_TIMES: Mapping[TimeKind, str] = {
    "occurred": "occurred",
    "detected": "detected",
    "aware": "aware",
    "recovered": "recovered",
    "closed": "handled",
}
_LONGEST = 20_000  # characters of one fact


def initial_from_case(request: HttpRequest, identity: str) -> dict[str, Any]:
    """The form from a case, as its reader may have it, on the track of the own member; nothing where there is none."""
    who = reader(request)
    try:
        whole = queries.case(who, identity)
        found = queries.case(who, identity, queries.track_of(who, whole))
    except NotFound:
        return {}
    countries = _countries(found)
    texts = {
        "summary": found.description,
        "kind": found.rsit,
        "cause": found.root_cause,
        "impact": "\n".join(piece.text or piece.name for piece in found.of("impact")),
        "measures": "\n".join(task.name for task in found.tasks if task.outcome == "successful"),
        "indicators": "\n".join(link for link in found.links if link.startswith("indicator--")),
        "countries": ", ".join(countries),
    }
    return {
        "title": found.name[:300],
        "case": found.id,
        "severity": _SEVERITIES[found.level] if found.level else "",
        **({"flag_cross_border": "yes"} if len(countries) > 1 else {}),
        **{
            f"time_{name}": EPOCH + timedelta(microseconds=found.times[kind].at_us)
            for kind, name in _TIMES.items()
            if kind in found.times
        },
        **{f"text_{name}": text[:_LONGEST] for name, text in texts.items() if text},
    }


def _countries(found: Case) -> list[str]:
    known = Member.objects.filter(identity__in=found.involved()).exclude(country="")
    return sorted(set(known.values_list("country", flat=True)))
