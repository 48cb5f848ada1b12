"""An object: what it says in plain words, where it comes from, what was found in it; and as it was written."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from commonwatch.console.intelligence.about import about, held_for
from commonwatch.console.intelligence.facts import facts_of, json_of
from commonwatch.console.shell.pages import READER, shown_to
from commonwatch.console.shell.who import identity as looking
from commonwatch.console.shell.who import reader
from commonwatch.core.law.personal import personal_findings, secrecy_findings
from commonwatch.core.patterns.stix.reading import parse


@shown_to(READER)
@require_safe
def summary(request: HttpRequest, identity: str) -> HttpResponse:
    """What it says, and what was found in it."""
    one = held_for(request, identity)
    value = one.value
    reading = parse(str(value.get("pattern"))) if value.get("pattern_type") == "stix" else None
    context = {
        **about(request, one, "object"),
        "facts": facts_of(reader(request), value),
        "findings": [*personal_findings(value), *secrecy_findings(value)],
        "problem": str(reading.problem) if reading is not None and reading.problem is not None else "",
        "alerts": f"{reverse('alerts')}?{urlencode({'object': identity, 'verdict': 'any'})}"
        if looking(request).is_at_home
        else "",
    }
    return render(request, "console/intelligence/summary.html", context)


@shown_to(READER)
@require_safe
def original(request: HttpRequest, identity: str) -> HttpResponse:
    """As it was written, to be read."""
    one = held_for(request, identity)
    context = {**about(request, one, "object-original"), "json": json_of(one.value)}
    return render(request, "console/intelligence/original.html", context)


@shown_to(READER)
@require_safe
def download(request: HttpRequest, identity: str) -> HttpResponse:
    """The same bytes as a file."""
    one = held_for(request, identity)
    answer = HttpResponse(one.raw, content_type="application/stix+json;version=2.1")
    answer["Content-Disposition"] = f'attachment; filename="{one.head.id}.json"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
