"""CSV and its kin: columns by header or by number, records by line. In Python, a line at a time: flows of this form are few.

1. A mapping's source is the name of a column in the header, or `#3` for the third column of a file without one.
2. Quotes are honoured as RFC 4180 has them, but not across lines: a log line is an event.
3. What is not a number where one is due is no value. A line with too few columns is a fault.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from commonwatch.capabilities.detection.telemetry import json_text
from commonwatch.capabilities.detection.telemetry.chunks import Chunk, chunks
from commonwatch.capabilities.detection.telemetry.faults import Faults
from commonwatch.capabilities.detection.telemetry.json_files import python_batch
from commonwatch.capabilities.detection.telemetry.wanted import Wanted

if TYPE_CHECKING:
    import pyarrow as pa

DELIMITERS = ",\t;|"
LARGEST = 2_000  # columns of a file


def header_of(line: bytes, delimiter: str = "") -> tuple[str, ...]:
    """The names in a header line; split where most columns come out when the mapping does not say."""
    text = line.decode("utf-8", "replace").lstrip("\ufeff").rstrip("\r\n")
    options = [delimiter] if delimiter else list(DELIMITERS)
    split = max((next(csv.reader([text], delimiter=option), []) for option in options), key=len)
    return tuple(name.strip() for name in split[:LARGEST])


def delimiter_of(line: bytes, delimiter: str = "") -> str:
    """The delimiter of a file: the mapping's, or what its first line shows."""
    return delimiter or max(DELIMITERS, key=lambda option: line.count(option.encode()))


def names_of(first: bytes, want: Wanted) -> tuple[tuple[str, ...], bool]:
    """The names of the columns, and whether the first line is a header: it is, unless the mapping counts columns."""
    sources = [column.source for column in want.mapping.columns if column.source]
    found = header_of(first, want.mapping.delimiter)
    if sources and all(source.startswith("#") for source in sources):
        return tuple(f"#{number}" for number in range(1, len(found) + 1)), False
    return found, True


def read(
    place: str, stream: io.BufferedReader, first: bytes, want: Wanted, rows: int, faults: Faults
) -> Iterator[pa.RecordBatch]:
    """Every event of a stream of lines; `first` is the file's first line, which need not be in the stream."""
    numbered = events(chunks(stream), place, first, want, faults)
    for records, run in json_text.grouped(numbered, rows, lambda event: event):
        yield python_batch(want, run, records, place, faults)


def events(
    pieces: Iterator[Chunk], place: str, first: bytes, want: Wanted, faults: Faults
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each line as an event by the names of the columns."""
    names, headed = names_of(first, want)
    delimiter = delimiter_of(first, want.mapping.delimiter)
    head = first.strip() if headed else None
    for piece in pieces:
        if piece.overlong:
            json_text.overlong(piece, place, faults)
            continue
        for line in piece.data.split(b"\n"):
            if not line.strip():
                continue
            faults.records += 1
            if line.strip() != head and (event := _event(line, names, delimiter, place, faults)) is not None:
                yield faults.records, event


def _event(line: bytes, names: tuple[str, ...], delimiter: str, place: str, faults: Faults) -> dict[str, Any] | None:
    try:
        text = line.decode().rstrip("\r")
    except UnicodeDecodeError:
        faults.add(place, faults.records, "not UTF-8", line)
        text = line.decode("utf-8", "replace").rstrip("\r")
    if "\0" in text:
        faults.add(place, faults.records, "NUL bytes", line)
        return None
    cells = next(csv.reader([text], delimiter=delimiter), []) if '"' in text else text.split(delimiter)
    if len(cells) < len(names):
        faults.add(place, faults.records, "not whole", line)
        return None
    return {name: cell.strip() for name, cell in zip(names, cells, strict=False)}
