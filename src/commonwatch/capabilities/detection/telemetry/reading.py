"""A place of telemetry as batches: any packing, any format, one call. Constant memory, whatever the size.

1. `read` gives batches in the order of the file. Faults are counted in `faults`, which the caller may pass in.
2. `columns` names the columns that are needed: what nobody asks for is not parsed where the format allows.
3. `span` is a range of bytes of a plain file of lines, or of rows of a Parquet file: spans that touch share out a file among processes without loss or
   double. Records then count from the span's first line; add the records of the spans before it.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from commonwatch.base.clock import MICROSECONDS, now_us
from commonwatch.capabilities.detection.telemetry import (
    delimited,
    evtx_files,
    json_files,
    json_text,
    parquet,
    syslog,
    windows,
    zeek,
)
from commonwatch.capabilities.detection.telemetry.batch import Batch, Mapping
from commonwatch.capabilities.detection.telemetry.chunks import chunks, spanned
from commonwatch.capabilities.detection.telemetry.faults import Faults
from commonwatch.capabilities.detection.telemetry.opening import Opened, opened
from commonwatch.capabilities.detection.telemetry.recognising import (
    EVTX,
    PARQUET,
    Unrecognised,
    recognise,
    recognise_start,
)
from commonwatch.capabilities.detection.telemetry.wanted import Wanted, wanted
from commonwatch.core.errors import InvalidInput

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 65_536  # events of a batch: what the matcher's filters are tuned to
START = 1 << 20


@dataclass(frozen=True)
class Span:
    """A range of bytes, the end not included."""

    start: int
    end: int


def read(
    source: Path | BinaryIO,
    mapping: Mapping | None = None,
    *,
    rows: int = ROWS,
    columns: Collection[str] | None = None,
    span: Span | None = None,
    faults: Faults | None = None,
    place: str = "",
    known: Collection[Mapping] | None = None,
    threads: int | None = None,
    views: bool = False,
    codes: bool = False,
) -> Iterator[Batch]:
    """Every event of a file or stream. Without a mapping, it is recognised, among `known` or ours; else InvalidInput."""
    faults = Faults() if faults is None else faults
    with opened(source, place) as parts:
        for part in parts:
            here = mapping or _recognised(part, known, faults)
            if here is None:
                continue
            want = wanted(here, columns, views=views, codes=codes)
            faults.records = 0
            for found in _batches(part, want, rows, span, faults, threads):
                if found.num_rows:
                    yield Batch(found, here, part.place, want if codes else None)
            for reason in part.broken:
                faults.add(part.place, faults.records, "the packing breaks off", reason.encode())


def _recognised(part: Opened, known: Collection[Mapping] | None, faults: Faults) -> Mapping | None:
    """The mapping of a stream. None, and a fault, for one of several in a zip that is no log."""
    if part.path is not None and part.stream.peek(START).startswith(PARQUET):
        found = recognise(part.path, known)
    else:
        found = recognise_start(part.stream.peek(START), Path(part.place.rsplit("!", 1)[-1]).name, known)
    if isinstance(found, Unrecognised):
        if "!" in part.place and part.path is None:
            faults.add(part.place, 0, found.reason, " ".join(part.broken).encode())
            return None
        raise InvalidInput(
            "telemetry-unrecognised", f"{part.place}: {found.reason}.", found.advice, data={"place": part.place}
        )
    return found


def _batches(
    part: Opened, want: Wanted, rows: int, span: Span | None, faults: Faults, threads: int | None
) -> Iterator[pa.RecordBatch]:
    """The reader of the format, on the whole stream or a span of it."""
    place, stream, path = part.place, part.stream, part.path
    start = stream.peek(START)
    form = want.mapping.format
    if start.startswith(PARQUET):
        yield from _stored(part, want, rows, span, faults)
        return
    if start.startswith(EVTX):
        yield from evtx_files.read(place, stream, path, want, rows, faults)
        return
    if form == "zeek" and (head := zeek.header(start)) is not None:
        limited = stream if span is None else _limited(part, span)[0]
        yield from zeek.continued(place, chunks(limited, zeek.PIECE), head, want, rows, faults)
        return
    lines = None
    if span is not None:
        stream, lines = _limited(part, span)
    if form == "syslog":
        yield from _text_lines(part, stream, want, rows, faults)
    elif form == "csv":
        yield from delimited.read(place, stream, start.split(b"\n", 1)[0], want, rows, faults)
    elif form == "windows":
        yield from _windows(json_files.Source(place, stream, path, lines), want, rows, faults)
    else:
        yield from json_files.read(json_files.Source(place, stream, path, lines), want, rows, faults, threads)


def _stored(part: Opened, want: Wanted, rows: int, span: Span | None, faults: Faults) -> Iterator[pa.RecordBatch]:
    """Parquet, whose spans are of rows."""
    if part.path is None:
        raise InvalidInput(
            "parquet-stream", f"{part.place} is Parquet that is packed or a stream.", "Store it as a plain file."
        )
    import polars as pl
    import pyarrow as pa

    first, last = (span.start, span.end) if span else (0, None)
    try:
        yield from parquet.read(part.path, want, rows, faults, first, last)
    except (pl.exceptions.PolarsError, pa.ArrowException, OSError) as error:
        raise parquet.refused(part.place, error) from None


def _limited(part: Opened, span: Span) -> tuple[io.BufferedReader, tuple[int, int]]:
    """The lines that begin in a span, and where they lie in the file."""
    if part.path is None:
        raise InvalidInput(
            "span-of-packed", f"{part.place} is packed or a stream: it has no ranges.", "Read it as a whole."
        )
    return spanned(part.stream, span.start, span.end)


def _windows(source: json_files.Source, want: Wanted, rows: int, faults: Faults) -> Iterator[pa.RecordBatch]:
    if source.span is not None or json_text.is_lines(source.stream.peek(START)):
        numbered = json_text.chunk_events(chunks(source.stream), source.place, faults)
    else:
        numbered = json_text.documents(source.stream, source.place, faults)
    for records, run in json_text.grouped(numbered, rows, windows.flattened):
        yield json_files.python_batch(want, run, records, source.place, faults)


def _text_lines(
    part: Opened, stream: io.BufferedReader, want: Wanted, rows: int, faults: Faults
) -> Iterator[pa.RecordBatch]:
    changed = now_us() if part.path is None else part.path.stat().st_mtime_ns // 1_000
    reference = datetime.fromtimestamp(changed / MICROSECONDS, UTC)
    numbered = syslog.chunk_events(chunks(stream), part.place, reference, faults)
    for records, run in json_text.grouped(numbered, rows, lambda event: event):
        yield json_files.python_batch(want, run, records, part.place, faults)
