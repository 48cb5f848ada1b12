"""What a list shows, taken along as a file: CSV, JSON or, where its rows are objects, a STIX bundle. Page by page, never whole in memory.

1. The address is the list's own with `take=csv`: the same filter, order and columns. 2. Rows that were left out because they are too
many, and objects that the reader has in part only, are counted and said: at the end of a CSV and in the head of the JSON's last
part; a bundle has no place for it, so its name and the next page say it. 3. Of what the reader may not have nothing is said:
that it exists is not theirs to know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import msgspec
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from commonwatch.capabilities.exchange.exporting.formats import csv_row
from commonwatch.console.shell import cells
from commonwatch.console.shell.tables import Column, Listing, Row

MOST_ROWS = 50_000
MOST_OBJECTS = 10_000  # of one bundle; their ids are held until it is sent
AT_ONCE = 500
TYPES = {
    "csv": ("csv", "text/csv; charset=utf-8"),
    "json": ("json", "application/json"),
    "stix": ("json", "application/stix+json;version=2.1"),
}
FORMS = {"csv": "CSV", "json": "JSON", "stix": "STIX"}

Objects = Callable[[Sequence[str]], Sequence[bytes]]  # the objects with these ids, as the reader has them


@dataclass
class Tally:
    """How much was taken, and what is missing of it."""

    rows: int = 0
    in_part: int = 0
    more: bool = False


def listed(
    request: HttpRequest, template: str, context: dict[str, Any], name: str, objects: Objects | None = None
) -> HttpResponse:
    """A page with a list, which stands in the context by this name; or what the list shows as a file, where that is asked for."""
    listing: Listing = context[name]
    takes = ("csv", "json", "stix") if objects else ("csv", "json")
    wanted = request.GET.get("take", "")
    if wanted not in takes:
        links = [(FORMS[one], listing.address(take=one)) for one in takes]
        return render(request, template, {**context, name: replace(listing, takes=links)})
    if wanted == "stix" and objects:
        return _bundle(request, listing, name, objects)
    tally = Tally()
    parts = _csv(listing, tally) if wanted == "csv" else _json(listing, tally)
    return _file(parts, wanted, name)


def _file(parts: Iterator[bytes], form: str, name: str) -> HttpResponse:
    ending, kind = TYPES[form]
    # Between two parts the server does other things: each is made in the language of who asked.
    answer: Any = StreamingHttpResponse(_in_language(parts, translation.get_language()), content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}.{ending}"'
    return answer  # type: ignore[no-any-return]  # a response like any other


def _in_language(parts: Iterator[bytes], language: str | None) -> Iterator[bytes]:
    while True:
        with translation.override(language):
            part = next(parts, None)
        if part is None:
            return
        yield part


def _csv(listing: Listing, tally: Tally) -> Iterator[bytes]:
    columns = listing.columns
    yield csv_row([one.name for one in columns])
    for rows in _pages(listing, tally, MOST_ROWS):
        yield b"".join([csv_row([_text(_plain(one, row)) for one in columns]) for row in rows])
    if missing := _missing(tally, listing.total):
        yield csv_row([f"# {missing}"])


def _json(listing: Listing, tally: Tally) -> Iterator[bytes]:
    columns = listing.columns
    asked = [{"field": one.name, "value": one.value, "said": one.words} for one in _filtered(listing)]
    head = msgspec.json.encode(
        {"filter": asked, "order": listing.wanted.sort, "columns": [one.name for one in columns]}
    )
    yield head[:-1] + b',"rows":['
    separator = b"\n"
    for rows in _pages(listing, tally, MOST_ROWS):
        lines = [msgspec.json.encode({one.name: _plain(one, row) for one in columns}) for row in rows]
        if lines:
            yield separator + b",\n".join(lines)
            separator = b",\n"
    end = {"count": tally.rows, "left_out": _left(tally, listing.total), "in_part": tally.in_part}
    yield b"\n]," + msgspec.json.encode({**end, "missing": _missing(tally, listing.total)})[1:] + b"\n"


def _filtered(listing: Listing) -> Sequence[Any]:
    return listing.filter.said if listing.filter else ()


def _bundle(request: HttpRequest, listing: Listing, name: str, objects: Objects) -> HttpResponse:
    """The objects themselves, each once. What is missing is known before the first is sent."""
    tally = Tally()
    ids = list(dict.fromkeys(str(row["id"]) for rows in _pages(listing, tally, MOST_OBJECTS) for row in rows))

    def parts() -> Iterator[bytes]:
        yield f'{{"type":"bundle","id":"bundle--{uuid4()}","objects":['.encode()
        separator = b"\n"
        for first in range(0, len(ids), AT_ONCE):
            if found := objects(ids[first : first + AT_ONCE]):
                yield separator + b",\n".join(found)
                separator = b",\n"
        yield b"\n]}\n"

    if missing := _missing(tally, listing.total):
        messages.warning(request, missing)
    return _file(parts(), "stix", f"{name}-first-{len(ids)}" if tally.more else name)


def _pages(listing: Listing, tally: Tally, most: int) -> Iterator[Sequence[Row]]:
    if listing.pages is None:
        yield _counted(listing.rows, tally)
        return
    after = None
    while True:
        rows, after = listing.pages(after, min(AT_ONCE, most - tally.rows))
        yield _counted(rows, tally)
        tally.more = after is not None
        if after is None or tally.rows >= most:
            return


def _counted(rows: Sequence[Row], tally: Tally) -> Sequence[Row]:
    tally.rows += len(rows)
    tally.in_part += sum(bool(row.get("in_part")) for row in rows)
    return rows


def _left(tally: Tally, total: int | None) -> int | None:
    """How many rows were left out; None where nobody counted them."""
    return max((total or 0) - tally.rows, 0) if total is not None or not tally.more else None


def _missing(tally: Tally, total: int | None) -> str:
    """What is not in the file; empty where nothing is missing."""
    said = []
    left = _left(tally, total)
    if left:
        sentence = ngettext(
            "%(left)s more row is left out: narrow the filter.",
            "%(left)s more rows are left out: narrow the filter.",
            left,
        )
        said.append(sentence % {"left": f"{left:,}"})
    elif tally.more:
        said.append(_("There are more rows, which are left out: narrow the filter."))
    if tally.in_part:
        sentence = ngettext(
            "%(count)s object is not whole: parts of it are withheld from you.",
            "%(count)s objects are not whole: parts of them are withheld from you.",
            tally.in_part,
        )
        said.append(sentence % {"count": f"{tally.in_part:,}"})
    return " ".join(said)


def _plain(column: Column, row: Row) -> Any:
    """A cell's value without what shows it."""
    value = row.get(column.name)
    if column.show in (cells.moment, cells.both_moments):
        return cells.instant(value)
    if isinstance(value, tuple):
        return str(value[-1])  # an object's type and name, of which the type decides how it is shown
    return value if value is None or isinstance(value, bool | int | float | str | list | dict) else str(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return msgspec.json.encode(value).decode() if isinstance(value, list | dict | bool) else str(value)
