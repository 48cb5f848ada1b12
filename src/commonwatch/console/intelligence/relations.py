"""An object's neighbours: what it refers to, what refers to it, and relationships to and from it; newest first, in pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from commonwatch.base.search.graph import MOST_EDGES, Edge, edges
from commonwatch.console.intelligence.about import about, held_for
from commonwatch.console.intelligence.rows import brief, originals, row_of, titled
from commonwatch.console.shell import cells
from commonwatch.console.shell.pages import READER, shown_to
from commonwatch.console.shell.several import Several
from commonwatch.console.shell.tables import Column, Empty, Facet, Filter, Row, Table
from commonwatch.console.shell.taking import listed
from commonwatch.console.shell.who import reader

DIRECTIONS = {"out": _("from it"), "in": _("to it")}
RELATIONS = Table(
    _("Its relations, newest first"),
    (
        Column("kind", _("Relation"), cells.code),
        Column("direction", _("Direction")),
        Column("type", _("Type"), cells.code),
        Column("name", _("Name"), titled, link=True),
        Column("line", _("In short"), brief, chosen=False),
        Column("producer", _("Producer")),
        Column("marking", _("Marking"), cells.marking),
        Column("admitted", _("Admitted"), cells.moment),
        Column("by", _("Relationship"), cells.code, chosen=False),
    ),
)


class RelationFilter(Filter):
    """Which relations."""

    kind = Several(label=_("Relation"), max_length=100)


@shown_to(READER)
@require_safe
def relations(request: HttpRequest, identity: str) -> HttpResponse:
    """Both ways, of one kind or of all."""
    one, asked, looks = held_for(request, identity), RelationFilter(request), reader(request)

    def pages(after: Any, count: int) -> tuple[list[dict[str, Any]], Any]:
        found = edges(looks, identity, asked.wanted("kind") or (), after, min(count, MOST_EDGES))
        return [_row(edge) for edge in found.edges], found.next

    listing = RELATIONS.paged(
        request,
        pages,
        filter=asked,
        empty=Empty(
            _("Nothing is related to it"), _("Nothing that you may have refers to it, and it refers to nothing.")
        ),
    )
    listing = replace(listing, facets=_kinds(listing.rows))
    context = {**about(request, one, "object-relations"), "relations": listing}
    return listed(request, "console/intelligence/relations.html", context, "relations", originals(request))


def _row(edge: Edge) -> dict[str, Any]:
    return {**row_of(edge.other), "kind": edge.kind, "direction": DIRECTIONS[edge.direction], "by": edge.by}


def _kinds(found: Sequence[Row]) -> list[Facet]:
    """Of this page: all of an object's relations are too many to count for some."""
    counts: dict[str, int] = {}
    for edge in found:
        counts[edge["kind"]] = counts.get(edge["kind"], 0) + 1
    options = [(kind, kind, count) for kind, count in sorted(counts.items(), key=lambda pair: -pair[1])]
    return [Facet("kind", _("Relation, on this page"), options)] if options else []
