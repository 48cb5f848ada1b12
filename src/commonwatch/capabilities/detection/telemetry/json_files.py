"""JSON logs as batches: DuckDB on the file itself where it can, on pieces of the stream, in Python for what is odd.

1. A plain file is one query over the file. At the first line that it cannot read, the rest is read in pieces.
2. A piece is one query too; a piece with a fault is read line by line in Python. So are small pieces, documents over
   several lines, and open mappings.
3. The events, their order and their records are the same whichever way they came.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from commonwatch.capabilities.detection.telemetry import events, json_sql, json_text
from commonwatch.capabilities.detection.telemetry.batch import RECORD, TIME
from commonwatch.capabilities.detection.telemetry.chunks import Chunk, chunks
from commonwatch.capabilities.detection.telemetry.faults import Faults
from commonwatch.capabilities.detection.telemetry.wanted import Wanted, finished

if TYPE_CHECKING:
    import pyarrow as pa

SAMPLE = 1 << 20  # bytes that are looked at before a file is read
EVENTS = 200  # of them
SMALL = 1 << 17  # bytes below which a query costs more than Python: some 400 events
ANEW = 3  # times that, where connection and plan are made for this one piece
KEPT = 64 << 20  # bytes of memory for a span
GLOB = frozenset("*?[]{}")  # DuckDB would take a path with these for many paths


@dataclass(frozen=True)
class Source:
    """What is read: a stream, whose file DuckDB may open itself when `path` is set and the stream stands at its start.

    `span` is the part of the file that the stream is limited to: lines, whatever it begins with.
    """

    place: str
    stream: io.BufferedReader
    path: Path | None = None
    span: tuple[int, int] | None = None


def read(
    source: Source, want: Wanted, rows: int, faults: Faults, threads: int | None = None
) -> Iterator[pa.RecordBatch]:
    """Every event of a JSON stream."""
    start = source.stream.peek(SAMPLE)
    if source.span is None and not json_text.is_lines(start):
        yield from in_python(json_text.documents(source.stream, source.place, faults), want, rows, source.place, faults)
        return
    how = json_sql.plan(want, sample(start))
    if how is None:
        pieces = chunks(source.stream)
        yield from in_python(json_text.chunk_events(pieces, source.place, faults), want, rows, source.place, faults)
    elif source.path is not None and _queried(source.path, source.span):
        yield from _whole(source, source.path, how, want, rows, faults, threads)
    else:
        yield from _pieces(chunks(source.stream), source.place, how, want, rows, faults, threads)


def sample(start: bytes) -> list[dict[str, Any]]:
    """The first events, without those that are cut or broken."""
    found = []
    for line in start.split(b"\n", EVENTS)[:EVENTS]:
        with contextlib.suppress(orjson.JSONDecodeError):
            event = orjson.loads(line)
            if isinstance(event, dict):
                found.append(event)
    return found


def in_python(
    numbered: Iterator[json_text.Numbered], want: Wanted, rows: int, place: str, faults: Faults
) -> Iterator[pa.RecordBatch]:
    """Events that are already objects."""
    for records, run in json_text.grouped(numbered, rows, lambda event: event):
        yield python_batch(want, run, records, place, faults)


def python_batch(
    want: Wanted, run: list[dict[str, Any]], records: list[int], place: str, faults: Faults
) -> pa.RecordBatch:
    """One batch of them, whose wrong values are faults."""

    def fault(position: int, reason: str) -> None:
        faults.add(place, records[position], reason, orjson.dumps(run[position]))

    return events.batch(want, run, records, fault)


def _queried(path: Path, span: tuple[int, int] | None) -> bool:
    """Whether one query reads it."""
    if span is not None:
        return span[1] - span[0] > SMALL
    return not GLOB & set(str(path)) and path.stat().st_size > SMALL


def _whole(
    source: Source, path: Path, how: json_sql.Plan, want: Wanted, rows: int, faults: Faults, threads: int | None
) -> Iterator[pa.RecordBatch]:
    """One query over the file or the span; what it had not given when it failed comes in pieces."""
    given = 0
    try:
        with _readable(path, source.span) as there, json_sql.connection(threads) as connection:
            for found in json_sql.answered(connection, how.query(there), rows):
                yield _numbered(found, given, how, want)
                given += found.num_rows
                faults.records += found.num_rows
    except json_sql.Unreadable:
        rest = _after(chunks(source.stream), given)
        yield from _pieces(rest, source.place, how, want, rows, faults, threads)


@contextlib.contextmanager
def _readable(path: Path, span: tuple[int, int] | None) -> Iterator[str]:
    """A path at which DuckDB finds the file, or the span and nothing else: copied by the system, which costs a tenth of parsing it."""
    if span is None:
        yield str(path)
        return
    at, end = span
    with _scratch() as (file, there), path.open("rb") as whole:
        file.seek(0)
        while at < end and (sent := os.sendfile(file.fileno(), whole.fileno(), at, end - at)):
            at += sent
        file.truncate(span[1] - span[0])
        yield there


def _after(pieces: Iterator[Chunk], lines: int) -> Iterator[Chunk]:
    """What comes after so many lines that are not blank."""
    for piece in pieces:
        if lines <= 0 or piece.overlong:
            yield piece
            lines -= 1 if lines > 0 else 0
            continue
        rest = io.BytesIO(piece.data)
        while lines > 0 and (line := rest.readline()):
            lines -= not line.isspace()
        data = rest.read()
        if data:
            yield Chunk(data)


def piece(
    data: bytes, place: str, want: Wanted, rows: int, faults: Faults, threads: int | None = None
) -> Iterator[pa.RecordBatch]:
    """The events of some whole lines: those of a live input, which are looked at anew each time."""
    how = json_sql.plan(want, sample(data)) if len(data) >= ANEW * SMALL else None
    if how is None:
        yield from in_python(json_text.line_events(data, place, faults), want, rows, place, faults)
    else:
        yield from _pieces(iter([Chunk(data)]), place, how, want, rows, faults, threads)


def _pieces(
    pieces: Iterator[Chunk],
    place: str,
    how: json_sql.Plan,
    want: Wanted,
    rows: int,
    faults: Faults,
    threads: int | None,
) -> Iterator[pa.RecordBatch]:
    with _scratch() as (file, path), json_sql.connection(threads) as connection:
        for piece in pieces:
            if piece.overlong:
                json_text.overlong(piece, place, faults)
                continue
            found: list[pa.RecordBatch] | None = None
            if len(piece.data) >= SMALL:
                file.seek(0)
                file.write(piece.data)
                file.truncate()
                with contextlib.suppress(json_sql.Unreadable):
                    found = list(json_sql.answered(connection, how.query(path), rows))
            if found is None:
                numbered = json_text.line_events(piece.data, place, faults)
                yield from in_python(numbered, want, rows, place, faults)
                continue
            for one in found:
                yield _numbered(one, faults.records, how, want)
                faults.records += one.num_rows


_idle: list[io.FileIO] = []


@contextlib.contextmanager
def _scratch() -> Iterator[tuple[io.FileIO, str]]:
    """A file in memory that DuckDB can open by a path, kept for the next: its pages are the costly part of it."""
    if not hasattr(os, "memfd_create"):
        with tempfile.NamedTemporaryFile(buffering=0) as named:
            yield named.file, named.name  # type: ignore[misc]
        return
    file = _idle.pop() if _idle else io.FileIO(os.memfd_create("telemetry"), "r+")
    try:
        yield file, f"/proc/self/fd/{file.fileno()}"
    finally:
        file.truncate(min(KEPT, os.fstat(file.fileno()).st_size))
        _idle.append(file)


def _numbered(found: pa.RecordBatch, before: int, how: json_sql.Plan, want: Wanted) -> pa.RecordBatch:
    """The answer as events: with their records, and with what is taken from its columns."""
    import numpy as np
    import pyarrow as pa

    records = pa.array(np.arange(before + 1, before + 1 + found.num_rows, dtype=np.int64))
    time, *read = (found.column(place) for place in how.places)
    names = [TIME, RECORD, *(column.name for column in want.read)]
    return finished(pa.RecordBatch.from_arrays([time, records, *read], names=names), want)
