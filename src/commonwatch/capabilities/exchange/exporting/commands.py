"""`commonwatch export`."""

from __future__ import annotations

import enum
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Annotated
from uuid import uuid4

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.parties.queries import member_named
from commonwatch.base.release.collections import collection
from commonwatch.base.release.epochs import begin_purpose
from commonwatch.base.release.pages import Page
from commonwatch.base.release.reader import Reader, for_member, operator
from commonwatch.base.release.stream import stream
from commonwatch.base.terminal import current
from commonwatch.capabilities.exchange.exporting import formats
from commonwatch.core.errors import InvalidInput
from commonwatch.core.policy.facts import DEFAULT_PURPOSE
from commonwatch.core.stix.ids import parse_id
from commonwatch.core.stix.times import parse_time
from commonwatch.core.taxii.filters import ObjectFilter

ACTOR = "command line"


class Format(enum.StrEnum):
    """What an export is written as."""

    STIX = "stix"
    NDJSON = "ndjson"
    CSV = "csv"
    VALUES = "values"


class Versions(enum.StrEnum):
    """Which versions of each object."""

    LAST = "last"
    FIRST = "first"
    ALL = "all"


def export(
    form: Annotated[
        Format, typer.Option("--format", help="A STIX bundle, NDJSON, CSV, or a plain list of values.")
    ] = Format.STIX,
    collection_id: Annotated[str, typer.Option("--collection", help="Id or alias of the collection.")] = "main",
    kinds: Annotated[
        list[str] | None, typer.Option("--type", help="Only this type of object. May be repeated.")
    ] = None,
    identifiers: Annotated[list[str] | None, typer.Option("--id", help="Only this object. May be repeated.")] = None,
    versions: Annotated[Versions, typer.Option("--version", help="Which versions of each object.")] = Versions.LAST,
    spec: Annotated[str, typer.Option("--spec-version", help="Only copies in this STIX version: 2.0 or 2.1.")] = "",
    since: Annotated[str, typer.Option(help="Only what was added after this time, e.g. 2026-11-23T00:00:00Z.")] = "",
    value_kinds: Annotated[
        list[str] | None, typer.Option("--kind", help="For values: only ipv4-addr, domain-name, url, file-hash ...")
    ] = None,
    to: Annotated[
        str, typer.Option(help="As this member may have it; default: everything, for who runs the node.")
    ] = "",
    purpose: Annotated[str, typer.Option(help="With --to: what for, network-defence, research ...")] = DEFAULT_PURPOSE,
    lifted: Annotated[bool, typer.Option("--lift", help="STIX 2.0 objects as 2.1.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write; else standard output.")] = None,
) -> None:
    """Write a collection, or part of it, as a stream: memory stays bounded whatever its size.

    Example: commonwatch export --format values --kind ipv4-addr --kind domain-name -o block.txt
    """
    reader = _reader(to, purpose)
    view = collection(reader, collection_id)
    wanted = _filter(kinds or [], identifiers or [], versions, spec, since)
    terminal = current()
    counted = [0]
    with terminal.progress("Exporting (objects)") as advance:

        def pages() -> Iterator[Page]:
            for page in stream(reader, view, wanted):
                counted[0] += page.count
                advance(page.count)
                yield page

        written = _write(_chunks(form, pages(), lifted, frozenset(value_kinds or ())), output)
    if output is not None:
        terminal.print(f"{counted[0]:,} objects, {written:,} bytes in {output}.")
        terminal.result({"objects": counted[0], "bytes": written, "file": str(output)})


def _reader(to: str, purpose: str) -> Reader:
    if not to:
        return operator(ACTOR)
    begin_purpose(member_named(to), purpose, ACTOR, now_us())
    return for_member(to, purpose, ACTOR)


def _chunks(form: Format, pages: Iterable[Page], lifted: bool, kinds: frozenset[str]) -> Iterator[bytes]:
    match form:
        case Format.STIX:
            return formats.bundle(pages, uuid4(), lifted=lifted)
        case Format.NDJSON:
            return formats.ndjson(pages, lifted=lifted)
        case Format.CSV:
            return formats.spreadsheet(pages)
        case Format.VALUES:
            return formats.values(pages, kinds)


def _write(chunks: Iterable[bytes], output: Path | None) -> int:
    """To standard output, or to a file that appears only when it is complete."""
    if output is None:
        out = sys.stdout.buffer
        size = sum(out.write(chunk) for chunk in chunks)
        out.flush()
        return size
    with NamedTemporaryFile(dir=output.parent, prefix=f".{output.name}.", delete=False) as part:
        try:
            size = sum(part.write(chunk) for chunk in chunks)
            part.flush()
            os.fsync(part.fileno())
        except BaseException:
            Path(part.name).unlink()
            raise
    Path(part.name).replace(output)
    return size


def _filter(kinds: list[str], identifiers: list[str], versions: Versions, spec: str, since: str) -> ObjectFilter:
    named = [parse_id(text) for text in identifiers]
    if None in named:
        raise InvalidInput("id-malformed", f"{identifiers[named.index(None)]} is no STIX id.", "Give type--UUID.")
    if spec not in ("", "2.0", "2.1"):
        raise InvalidInput("spec-version", f"{spec} is no version of STIX that is kept here.", "Give 2.0 or 2.1.")
    after = parse_time(since) if since else None
    if since and after is None:
        raise InvalidInput("time-unreadable", f"{since} is no time.", "Write it as 2026-11-23T00:00:00Z.")
    return ObjectFilter(
        ids=tuple(pair for pair in named if pair is not None),
        types=tuple(kinds),
        last=versions is Versions.LAST,
        first=versions is Versions.FIRST,
        every=versions is Versions.ALL,
        specs=((20,) if spec == "2.0" else (21,)) if spec else (),
        added_after=after[0] if after else None,
    )
