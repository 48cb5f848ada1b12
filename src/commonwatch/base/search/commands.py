"""`commonwatch search` and `commonwatch object`: what the node holds, found and shown on its machine."""

from __future__ import annotations

from typing import Annotated

import msgspec
import orjson
import typer

from commonwatch.base.release.reader import Reader, for_member, operator
from commonwatch.base.search import graph, history, queries
from commonwatch.base.search.follower import behind
from commonwatch.base.search.graph import Edge
from commonwatch.base.search.heads import Row
from commonwatch.base.search.history import Sighting, Version
from commonwatch.base.search.queries import MOST_ROWS, Facets
from commonwatch.base.search.wanted import Sort, Wanted, moment, sentence
from commonwatch.base.terminal import current
from commonwatch.core.policy.facts import DEFAULT_PURPOSE
from commonwatch.core.stix.difference import FieldChange

ACTOR = "command line"
To = Annotated[str, typer.Option("--to", help="As this member would find it; default: everything on this node.")]
Purpose = Annotated[str, typer.Option(help="What for that member would read.")]
_MOST_SHOWN = 20
_LONGEST_CELL = 100


def search(
    words: Annotated[list[str] | None, typer.Argument(help="Words that must occur; word*, -word.")] = None,
    type: Annotated[list[str] | None, typer.Option(help="Type of object.")] = None,
    producer: Annotated[list[str] | None, typer.Option(help="Id of the identity that produced it.")] = None,
    marking: Annotated[list[str] | None, typer.Option(help="TLP:CLEAR to TLP:RED.")] = None,
    label: Annotated[list[str] | None, typer.Option(help="Label.")] = None,
    value: Annotated[str, typer.Option(help="Address, name, URL, digest or mail address that it names.")] = "",
    since: Annotated[str, typer.Option(help="Admitted since: 2026-11-23 or a timestamp.")] = "",
    until: Annotated[str, typer.Option(help="Admitted before.")] = "",
    revoked: Annotated[bool | None, typer.Option("--revoked/--in-force", help="Only these.")] = None,
    sort: Annotated[Sort, typer.Option(help="newest, oldest, or modified.")] = "newest",
    limit: Annotated[int, typer.Option(min=1, max=MOST_ROWS, help="Most objects to show.")] = 50,
    facets: Annotated[
        bool, typer.Option("--facets", help="Count by type, producer, marking and label as well.")
    ] = False,
    to: To = "",
    purpose: Purpose = DEFAULT_PURPOSE,
) -> None:
    """Find objects by words, values and properties.

    Example: commonwatch search emotet --type malware --since 2026-11-01
    """
    reader = _reader(to, purpose)
    wanted = Wanted(
        " ".join(words or ()),
        tuple(type or ()),
        tuple(producer or ()),
        tuple(marking or ()),
        tuple(label or ()),
        moment(since),
        moment(until),
        value,
        revoked,
        sort,
    )
    page = queries.find(reader, wanted, None, limit)
    counted = queries.facets(reader, wanted) if facets else None
    out = current()
    out.print(sentence(page.said))
    _table(page.rows)
    if page.next is not None:
        out.print(f"There are more than {limit}: narrow it, or raise --limit.")
    if counted is not None:
        _facets(counted)
    out.result(
        {"sentence": sentence(page.said), "objects": page.rows, "more": page.next is not None, "facets": counted}
    )


def object_(
    identity: Annotated[str, typer.Argument(help="STIX id.")],
    to: To = "",
    purpose: Purpose = DEFAULT_PURPOSE,
    limit: Annotated[int, typer.Option(min=1, max=graph.MOST_EDGES, help="Most relations to show.")] = _MOST_SHOWN,
) -> None:
    """Show an object: what it says, what it is related to, its sightings, its versions and who brought them.

    Example: commonwatch object malware--31b940d4-6f7f-459a-80ea-9c1f17b58abc
    """
    reader = _reader(to, purpose)
    held = history.held(reader, identity)
    around = graph.edges(reader, identity, (), None, limit)
    seen, _ = history.sightings(reader, identity, None, limit)
    known = history.versions(reader, identity)
    out = current()
    out.print(f"{held.head.type}: {held.head.name}\n{held.head.line}")
    out.print(f"{held.head.marking}; produced by {held.head.producer or 'nobody named'}; admitted {held.head.admitted}")
    out.print("\n" + orjson.dumps(held.value, option=orjson.OPT_INDENT_2).decode())
    out.print("")
    _relations(around.edges, more=around.next is not None)
    _sightings(seen)
    _versions(known)
    out.result(
        {
            "head": held.head,
            "object": held.value,
            "relations": around.edges,
            "more_relations": around.next is not None,
            "sightings": seen,
            "versions": msgspec.to_builtins(known),
        }
    )


def _reader(to: str, purpose: str) -> Reader:
    if behind():
        current().note(
            "The index is behind the journal: what came last is not found yet. It follows while the node runs."
        )
    return for_member(to, purpose, ACTOR) if to else operator(ACTOR)


def _table(rows: tuple[Row, ...]) -> None:
    shown = [
        (row.type, _cut(row.name), _cut(row.line), row.marking, row.producer, row.admitted[:10], row.id) for row in rows
    ]
    columns = ["type", "name", "what it is", "marking", "producer", "admitted", "id"]
    current().table(columns, shown, "Nothing matches. Try fewer words, or word* for words that begin so.")


def _facets(counted: Facets) -> None:
    out = current()
    out.print(f"\n{counted.total:,} objects" if counted.total is not None else "\nToo many to count in the time given.")
    for name in ("type", "producer", "marking", "label", "revoked", "confidence"):
        values = counted.facets[name]
        if values:
            out.print(f"{name}: " + ", ".join(f"{one.name} {one.count:,}" for one in values[:10]))


def _relations(edges: tuple[Edge, ...], *, more: bool) -> None:
    rows = [
        ("→" if one.direction == "out" else "←", one.kind, one.other.type, _cut(one.other.name), one.other.id)
        for one in edges
    ]
    current().table(["", "relation", "type", "name", "id"], rows, "It has no relations that you may see.")
    if more:
        current().print("There are more relations: raise --limit.")


def _sightings(found: tuple[Sighting, ...]) -> None:
    rows = [(one.count, one.first_seen, one.last_seen, ", ".join(one.where), one.head.id) for one in found]
    if rows:
        current().print("")
        current().table(["seen", "first", "last", "where", "id"], rows, "")


def _versions(known: tuple[Version, ...]) -> None:
    out = current()
    for one in known:
        who = ", ".join(voucher.member for voucher in one.vouchers)
        out.print(
            f"\nVersion {one.head.modified or 'without a date'}, admitted {one.head.admitted}{f', brought by {who}' if who else ''}"
        )
        for change in one.changes:
            out.print(f"  {_said(change)}")


def _said(change: FieldChange) -> str:
    if change.kind == "added":
        return f"{change.field} came: {_json(change.new)}"
    if change.kind == "removed":
        return f"{change.field} went: {_json(change.old)}"
    if change.kind == "changed":
        return f"{change.field}: {_json(change.old)} became {_json(change.new)}"
    if change.kind == "order":
        return f"{change.field}: the same in another order"
    parts = [f"+ {_json(one)}" for one in change.came] + [f"- {_json(one)}" for one in change.went]
    return f"{change.field}: {' '.join(parts)}"


def _json(value: object) -> str:
    return _cut(orjson.dumps(value).decode())


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_CELL else text[: _LONGEST_CELL - 1] + "…"
