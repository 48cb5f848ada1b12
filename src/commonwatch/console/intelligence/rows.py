"""How an object stands in lists: one shape for all pages of the area."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from commonwatch.base.search import history
from commonwatch.base.search.heads import Row
from commonwatch.console.shell import cells
from commonwatch.console.shell.who import reader
from commonwatch.core.stix.tables import OBSERVABLES


def row_of(one: Row) -> dict[str, Any]:
    """A row for tables with these columns, and the address of the object's page."""
    return {
        "id": one.id,
        "type": one.type,
        "name": (one.type, one.name),
        "line": one.line,
        "producer": one.producer,
        "producer_id": one.producer_id,
        "marking": marking_of(one),
        "modified": one.modified,
        "admitted": one.admitted,
        "state": "revoked" if one.revoked else "",
        "in_part": one.derived,
        "url": address_of(one.id),
    }


def originals(request: HttpRequest) -> Callable[[Sequence[str]], Sequence[bytes]]:
    """How lists of objects are taken along as a bundle: the bytes as the reader has them."""
    looks = reader(request)
    return lambda ids: history.originals(looks, ids)


def address_of(identity: str) -> str:
    """The object's page."""
    return reverse("object", args=[identity])


def marking_of(one: Row) -> str:
    """TLP, and PAP where there is one."""
    return f"{one.marking} {one.pap}".strip()


def titled(named: tuple[str, str]) -> SafeString:
    """An object's name as the text of a link: what is a value or a pattern is written so that nothing else links it."""
    kind, name = named
    return cells.code(cells.defanged(name)) if kind in OBSERVABLES or name[:1] == "[" else cells.text(name)


def brief(line: str) -> SafeString:
    """An object's line, cut to what a row of a list has room for; its page has it whole."""
    return format_html('<span class="brief">{}</span>', cells.text(line)) if line else cells.NOTHING
