"""Who can see an object and who cannot, and why: of everybody for those who run the node, of themselves for others."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from commonwatch.base.release.received import conditions
from commonwatch.console.intelligence.about import about, held_for
from commonwatch.console.sharing.explaining import AUDIENCE, audience_rows, purpose_field
from commonwatch.console.shell.pages import READER, shown_to
from commonwatch.console.shell.tables import Filter
from commonwatch.console.shell.taking import listed
from commonwatch.console.shell.who import identity as looking
from commonwatch.console.shell.who import reader
from commonwatch.core.policy.facts import DEFAULT_PURPOSE


class PurposeFilter(Filter):
    """What for."""

    purpose = purpose_field()


@shown_to(READER)
@require_safe
def audience(request: HttpRequest, identity: str) -> HttpResponse:
    """Everybody's answer with its rules, or one's own conditions."""
    one = held_for(request, identity)
    context: dict[str, Any] = about(request, one, "object-audience")
    if looking(request).sees_all:
        asked = PurposeFilter(request)
        rows = audience_rows(looking(request), identity, asked.wanted("purpose") or DEFAULT_PURPOSE)
        reached = sum(row["outcome"] != "refuse" for row in rows)
        context |= {
            "audience": AUDIENCE.listing(request, rows, total=len(rows), filter=asked),
            "reached": reached,
            "refused": len(rows) - reached,
        }
        return listed(request, "console/intelligence/audience.html", context, "audience")
    context["received"] = conditions(reader(request), identity)
    return render(request, "console/intelligence/audience.html", context)
