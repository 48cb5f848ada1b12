"""The graph around an object, opened node by node. Its whole state stands in the address, so that going back is undoing.

`open`: the objects whose neighbours are shown, in the order of opening; `limit`: how many of each; `hide`: relations that are
left out; `without`: types of object that are left out with their relations.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from commonwatch.base.search.graph import edges
from commonwatch.base.search.heads import Row
from commonwatch.console.intelligence.about import about, held_for
from commonwatch.console.intelligence.rows import address_of, marking_of, titled
from commonwatch.console.shell import cells
from commonwatch.console.shell.pages import READER, shown_to
from commonwatch.console.shell.who import reader
from commonwatch.core.errors import NotFound
from commonwatch.core.stix.ids import parse_id

LIMITS = (10, 25, 50, 100)
DEFAULT_LIMIT = 25
MOST_OPEN = 12  # objects of one graph; with LIMITS some 1,200 nodes, which a browser still draws at once
MOST_LETTERS = 60  # of a name in the drawing


class Line(NamedTuple):
    """One edge of the drawing, from one head to another."""

    source: Row
    kind: str
    target: Row


class Around(NamedTuple):
    """What was found: the objects that are open, the lines between everything, and which of the open have more than is shown."""

    open: tuple[Row, ...]
    lines: tuple[Line, ...]
    unfinished: tuple[Row, ...]


@shown_to(READER)
@require_safe
def graph(request: HttpRequest, identity: str) -> HttpResponse:
    """The neighbours of an object, and of those that were opened from there."""
    one, query = held_for(request, identity), request.GET
    limit = int(query.get("limit", "")) if query.get("limit", "") in map(str, LIMITS) else DEFAULT_LIMIT
    found = _around(request, one.head, query.getlist("open")[: MOST_OPEN - 1], limit)
    hidden, without = set(query.getlist("hide")), set(query.getlist("without"))
    shown = [
        line for line in found.lines if line.kind not in hidden and not {line.source.type, line.target.type} & without
    ]
    context = {
        **about(request, one, "object-graph"),
        "lines": [_drawn(line, query, found.open) for line in shown],
        "nodes": len({row.id for line in shown for row in (line.source, line.target)} | {one.head.id}),
        "hidden": len(found.lines) - len(shown),
        "kinds": _choices(query, "hide", [line.kind for line in found.lines], one.head),
        "types": _choices(query, "without", [row.type for line in found.lines for row in _ends(line)], one.head),
        "limits": [(size, _address(query, limit=[str(size)]), size == limit) for size in LIMITS],
        "unfinished": [(titled((row.type, row.name)), address_of(row.id)) for row in found.unfinished],
        "undo": _address(query, open=query.getlist("open")[:-1]) if query.getlist("open") else "",
        "start": "?" if query else "",
        "full": len(found.open) >= MOST_OPEN,
    }
    return render(request, "console/intelligence/graph.html", context)


def _around(request: HttpRequest, centre: Row, opened: Sequence[str], limit: int) -> Around:
    """Edges of each open object, every edge once; what the reader has not, or has no longer, opens nothing."""
    heads, wanted = {centre.id: centre}, list(dict.fromkeys([centre.id, *opened]))
    lines: dict[tuple[str, str, str, str], Line] = {}
    shown, unfinished = [], []
    for identity in wanted:
        if identity not in heads:  # only what the graph has reached can be opened
            continue
        me = heads[identity]
        page = _edges(request, identity, limit)
        if page is None:
            continue
        shown.append(me)
        if page.next is not None:
            unfinished.append(me)
        for edge in page.edges:
            heads.setdefault(edge.other.id, edge.other)
            source, target = (me, edge.other) if edge.direction == "out" else (edge.other, me)
            lines.setdefault((source.id, edge.kind, target.id, edge.by), Line(source, edge.kind, target))
    return Around(tuple(shown), tuple(dict.fromkeys(lines.values())), tuple(unfinished))


def _edges(request: HttpRequest, identity: str, limit: int) -> Any:
    if parse_id(identity) is None:
        return None
    try:
        return edges(reader(request), identity, limit=limit, passing=("relationship",))  # these are lines, not nodes
    except NotFound:
        return None


def _ends(line: Line) -> tuple[Row, Row]:
    return line.source, line.target


def _drawn(line: Line, query: QueryDict, opened: Sequence[Row]) -> dict[str, Any]:
    return {"kind": line.kind, "source": _node(line.source, query, opened), "target": _node(line.target, query, opened)}


def _node(row: Row, query: QueryDict, opened: Sequence[Row]) -> dict[str, Any]:
    is_open = any(row.id == one.id for one in opened)
    may_open = not is_open and len(opened) < MOST_OPEN
    name = cells.visible(cells.defanged(row.name))
    return {
        "id": row.id,
        "type": row.type,
        "label": name if len(name) <= MOST_LETTERS else f"{name[: MOST_LETTERS - 1]}…",
        "title": titled((row.type, row.name)),
        "marking": marking_of(row),
        "url": address_of(row.id),
        "is_open": is_open,
        "open": _address(query, open=[*query.getlist("open"), row.id]) if may_open else "",
    }


def _choices(query: QueryDict, name: str, values: Sequence[str], centre: Row) -> list[tuple[str, int, bool, str]]:
    """Each value with how many lines have it, whether it is hidden, and the address that turns that round."""
    now = query.getlist(name)
    counts = {value: values.count(value) for value in dict.fromkeys([*values, *now])}
    if name == "without":
        counts.pop(centre.type, None)
    return [
        (
            value,
            count,
            value in now,
            _address(query, **{name: [one for one in now if one != value] if value in now else [*now, value]}),
        )
        for value, count in sorted(counts.items())
    ]


def _address(query: QueryDict, **changes: list[str]) -> str:
    changed = query.copy()
    for name, values in changes.items():
        changed.setlist(name, values)
    return "?" + changed.urlencode()
