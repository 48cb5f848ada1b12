"""Stored telemetry cut into shares that processes can read apart: spans of large files, and every small file as a whole.

Packed files, and formats in which an event may stretch over lines, are never cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from commonwatch.capabilities.detection.telemetry import json_text, parquet
from commonwatch.capabilities.detection.telemetry.batch import Mapping
from commonwatch.capabilities.detection.telemetry.reading import Span
from commonwatch.capabilities.detection.telemetry.recognising import PARQUET

BYTES = 64 << 20  # of lines: a third of a second's work
ROWS = 1_000_000  # of Parquet, in whole row groups
_PACKED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04")
_START = 1 << 20


@dataclass(frozen=True)
class Share:
    """A part of a file for one process; `number` counts files. Without a mapping it is recognised by whoever reads it.

    `counted`: its records count from the share's first line, not the file's.
    """

    path: Path
    number: int
    mapping: Mapping | None = None
    span: Span | None = None
    counted: bool = False


def is_worth_cutting(path: Path, size: int = BYTES) -> bool:
    """Whether more than one process may have to do with a file. Parquet is packed so well that its size says little."""
    if path.stat().st_size > size:
        return True
    with path.open("rb") as file:
        return file.read(len(PARQUET)) == PARQUET


def shares(path: Path, number: int, mapping: Mapping, size: int = BYTES, rows: int = ROWS) -> Iterator[Share]:
    """The shares of a file, in order."""
    with path.open("rb") as file:
        start = file.read(_START)
    if start.startswith(PARQUET):
        spans: Iterable[Span | None] = _of_rows(path, rows)
    elif start.startswith(_PACKED) or not _of_lines(mapping, start):
        spans = (None,)
    else:
        spans = _of_bytes(path, size)
    counted = not start.startswith(PARQUET)
    for span in spans:
        yield Share(path, number, mapping, span, counted and span is not None)


def _of_lines(mapping: Mapping, start: bytes) -> bool:
    return mapping.format == "zeek" or (mapping.format == "json" and json_text.is_lines(start))


def _of_bytes(path: Path, size: int) -> Iterator[Span | None]:
    end = path.stat().st_size
    if end <= size:
        yield None
        return
    for start in range(0, end, size):
        yield Span(start, min(start + size, end))


def _of_rows(path: Path, rows: int) -> Iterator[Span]:
    first = last = 0
    for group in parquet.groups(path):
        last += group
        if last - first >= rows:
            yield Span(first, last)
            first = last
    if last > first or not last:
        yield Span(first, last)
