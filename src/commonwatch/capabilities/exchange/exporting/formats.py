"""Export formats: each turns pages of stored bytes into text, page by page."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network
from uuid import UUID

import msgspec

from commonwatch.base.release.pages import Page
from commonwatch.core.stix.lift import lift
from commonwatch.core.stix.reading import observables

CSV_COLUMNS = (
    "type",
    "id",
    "created",
    "modified",
    "created_by_ref",
    "name",
    "value_kind",
    "value",
    "valid_from",
    "valid_until",
    "confidence",
    "labels",
    "object_marking_refs",
    "revoked",
)
# A cell that begins with one of these is a formula to a spreadsheet (CWE-1236); an apostrophe makes it text.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
VALUES_REMEMBERED = 1_000_000  # duplicates are left out as far back as this many values

_raws = msgspec.json.Decoder(list[msgspec.Raw])
_dicts = msgspec.json.Decoder(list[dict[str, object]])


def bundle(pages: Iterable[Page], identifier: UUID, *, lifted: bool) -> Iterator[bytes]:
    """A STIX bundle of the original bytes, or of objects lifted to 2.1."""
    yield f'{{"type":"bundle","id":"bundle--{identifier}","objects":['.encode()
    separator = b"\n"
    for page in pages:
        yield separator + (b",\n".join(_lifted(page)) if lifted else page.body)
        separator = b",\n"
    yield b"\n]}\n"


def ndjson(pages: Iterable[Page], *, lifted: bool) -> Iterator[bytes]:
    """One object a line. An object that its author wrote over several lines is put on one; all others stay as they are."""
    for page in pages:
        raws = _lifted(page) if lifted else map(bytes, _raws.decode(b"[" + page.body + b"]"))
        yield b"".join([(msgspec.json.format(raw, indent=-1) if b"\n" in raw else raw) + b"\n" for raw in raws])


def spreadsheet(pages: Iterable[Page]) -> Iterator[bytes]:
    """CSV with a header; one row for each value of an object, or one for the object."""
    yield csv_row(CSV_COLUMNS)
    for page in pages:
        yield b"".join([csv_row(cells) for value in _decoded(page) for cells in _cells(value)])


def values(pages: Iterable[Page], kinds: frozenset[str]) -> Iterator[bytes]:
    """One value a line, of these kinds (empty: all); revoked objects and networks that mean everyone are left out."""
    seen: dict[str, None] = {}
    for page in pages:
        lines = []
        for value in _decoded(page):
            if value.get("revoked") is True:
                continue
            for kind, text in observables(value):
                if (kinds and kind not in kinds) or text in seen or not _is_listable(kind, text):
                    continue
                seen[text] = None
                if len(seen) > VALUES_REMEMBERED:
                    del seen[next(iter(seen))]
                lines.append(text.encode() + b"\n")
        if lines:
            yield b"".join(lines)


def _is_listable(kind: str, text: str) -> bool:
    """Whether a block list may hold it: one line, and not a network so wide that it would block the world."""
    if not text.isprintable():
        return False
    if kind not in ("ipv4-addr", "ipv6-addr"):
        return bool(text)
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return False
    return network.prefixlen >= (8 if network.version == 4 else 19) and not network.network_address.is_unspecified


def _cells(value: Mapping[str, object]) -> Iterator[list[str]]:
    found = list(dict.fromkeys(observables(value))) or [("", "")]
    for kind, text in found:
        own = {**value, "value_kind": kind, "value": text}
        yield [_text(own.get(column, "")) for column in CSV_COLUMNS]


def _text(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def csv_row(cells: Iterable[str]) -> bytes:
    """One line of CSV in which no cell is a formula."""
    out = io.StringIO()
    csv.writer(out).writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return out.getvalue().encode()


def _decoded(page: Page) -> list[dict[str, object]]:
    return _dicts.decode(b"[" + page.body + b"]")


def _lifted(page: Page) -> list[bytes]:
    return [msgspec.json.encode(lift(value)) for value in _decoded(page)]
