"""From a container to its objects: byte-exact slices, each with its place. One bad object costs only itself.

Read: STIX 2.1 and 2.0 bundles, single objects, JSON arrays, TAXII envelopes, NDJSON, the data file of a medallion server,
which holds collections of objects. What is called STIX and is not
(STIX 1.x in XML or JSON, MISP, CSAF, a schema ...) is named in the finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from commonwatch.core.stix.ijson import gate
from commonwatch.core.stix.recognise import foreign
from commonwatch.core.stix.slicing import elements
from commonwatch.core.stix.values import Finding, Piece

_WHITESPACE = b" \t\r\n"
_BUNDLE = re.compile(rb'"type"\s*:\s*"bundle"')
_SPEC_20 = re.compile(
    rb'"type"\s*:\s*"bundle"[^\[]*"spec_version"\s*:\s*"2\.0"|"spec_version"\s*:\s*"2\.0"[^\[]*"objects"'
)


class Split(msgspec.Struct, frozen=True, gc=False):
    """A container's objects, or the finding that says why it holds none that can be read."""

    kind: str  # bundle, envelope, array, object, ndjson, server-data, or "" where unreadable
    pieces: list[Piece]
    finding: Finding | None = None


class _Container(msgspec.Struct, gc=False):
    objects: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET
    type: object = msgspec.UNSET
    spec_version: object = msgspec.UNSET
    id: object = msgspec.UNSET
    more: object = msgspec.UNSET
    next: object = msgspec.UNSET


class _ServerCollection(msgspec.Struct, gc=False):
    objects: list[msgspec.Raw] = []


class _ServerRoot(msgspec.Struct, gc=False):
    collections: list[_ServerCollection] = []


_server = msgspec.json.Decoder(dict[str, msgspec.Raw])
_server_root = msgspec.json.Decoder(_ServerRoot)
_container = msgspec.json.Decoder(_Container)
_array = msgspec.json.Decoder(list[msgspec.Raw])
_single = msgspec.json.Decoder(msgspec.Raw)


def split(body: bytes) -> Split:
    """The objects of one document."""
    stripped = body.strip(_WHITESPACE)
    opening = stripped[:1]
    if opening == b"[":
        return _split_array(stripped)
    if opening != b"{":
        return Split("", [], foreign(stripped) or _unreadable(stripped))
    try:
        container = _container.decode(stripped)
    except msgspec.ValidationError:
        return _not_a_container(stripped)  # objects is no list, for example in STIX 2.0 observed-data
    except (msgspec.DecodeError, RecursionError):
        return _sliced(stripped) or _ndjson(stripped)
    if container.objects is msgspec.UNSET or (container.type != "bundle" and container.type is not msgspec.UNSET):
        return _not_a_container(stripped)
    is_bundle = container.type == "bundle"
    spec = 20 if is_bundle and container.spec_version == "2.0" else 0
    pieces = [Piece(bytes(raw), f"/objects/{index}", spec) for index, raw in enumerate(container.objects)]
    if stripped.count(b'"objects"') > 1 and (finding := _twice(stripped)) is not None:
        return Split("", [], finding)
    return Split("bundle" if is_bundle else "envelope", pieces)


def split_lines(lines: Iterable[bytes]) -> Iterator[Piece]:
    """NDJSON as a stream: each line an object, or a bundle of them. Empty lines are passed over."""
    for number, line in enumerate(lines, 1):
        text = line.strip(_WHITESPACE)
        if not text:
            continue
        if b'"bundle"' in text[:200]:
            inner = split(text)
            yield from (Piece(piece.raw, f"line {number}{piece.place}", piece.spec) for piece in inner.pieces)
        else:
            yield Piece(text, f"line {number}")


def _split_array(body: bytes) -> Split:
    try:
        return Split("array", [Piece(bytes(raw), f"/{index}") for index, raw in enumerate(_array.decode(body))])
    except (msgspec.DecodeError, RecursionError):
        return _sliced(body) or Split("", [], _unreadable(body))


def _sliced(body: bytes) -> Split | None:
    """A container in which some element is no JSON; None where not even the brackets pair."""
    raws = elements(body)
    if raws is None:
        return None
    if body[:1] == b"[":
        return Split("array", [Piece(raw, f"/{index}") for index, raw in enumerate(raws)])
    frame = body[:400]
    is_bundle = _BUNDLE.search(frame) is not None or _BUNDLE.search(body[-400:]) is not None
    spec = 20 if is_bundle and _SPEC_20.search(frame) else 0
    pieces = [Piece(raw, f"/objects/{index}", spec) for index, raw in enumerate(raws)]
    return Split("bundle" if is_bundle else "envelope", pieces)


def _not_a_container(body: bytes) -> Split:
    """One object, or something else altogether."""
    try:
        _single.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return _ndjson(body)
    if (finding := foreign(body)) is not None:
        pieces = list(_server_data(body)) if finding.code == "medallion-data" else []
        return Split("server-data", pieces) if pieces else Split("", [], finding)
    return Split("object", [Piece(body, "")])


def _server_data(body: bytes) -> Iterator[Piece]:
    """The objects of every collection of every API root in the data file of a medallion server."""
    for name, raw in _server.decode(body).items():
        try:
            root = _server_root.decode(raw)
        except msgspec.ValidationError:
            continue  # discovery, users and whatever else stands beside the roots
        for number, collection in enumerate(root.collections):
            for index, one in enumerate(collection.objects):
                yield Piece(bytes(one), f"/{name}/collections/{number}/objects/{index}")


def _ndjson(body: bytes) -> Split:
    """Several JSON texts one below the other; a broken document that is no NDJSON gets its own finding."""
    lines = [line for line in body.splitlines() if line.strip(_WHITESPACE)]
    whole = sum(1 for line in lines if line.strip(_WHITESPACE)[:1] == b"{" and line.strip(_WHITESPACE)[-1:] == b"}")
    if len(lines) > 1 and whole * 2 > len(lines):
        return Split("ndjson", list(split_lines(body.splitlines())))
    return Split("", [], foreign(body) or _unreadable(body))


def _twice(body: bytes) -> Finding | None:
    """A container that names `objects` twice means different things to different programs."""
    finding = gate(body)[1]
    return finding if finding is not None and finding.code == "duplicate-name" else None


def _unreadable(body: bytes) -> Finding:
    if not body:
        return Finding("empty", "refuse", "", "There is nothing in it.", "Give a STIX bundle, objects, or NDJSON.")
    finding = gate(body)[1]
    return finding or Finding(
        "not-stix",
        "refuse",
        "",
        "It is JSON, but no STIX object or container.",
        "Give a STIX 2.0 or 2.1 bundle or object.",
    )
