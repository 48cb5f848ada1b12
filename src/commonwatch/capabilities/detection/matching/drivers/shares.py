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
    """A part of a file for one process. `counted`: its records count from the share's first line, not the file's."""

    path: Path
    mapping: Mapping
    span: Span | None = None
    counted: bool = False


def shares(files: Iterable[tuple[Path, Mapping]], size: int = BYTES, rows: int = ROWS) -> Iterator[Share]:
    """The shares of these files, in order."""
    for path, mapping in files:
        with path.open("rb") as file:
            start = file.read(_START)
        if start.startswith(PARQUET):
            yield from _of_rows(path, mapping, rows)
        elif start.startswith(_PACKED) or not _of_lines(mapping, start):
            yield Share(path, mapping)
        else:
            yield from _of_bytes(path, mapping, size)


def _of_lines(mapping: Mapping, start: bytes) -> bool:
    return mapping.format == "zeek" or (mapping.format == "json" and json_text.is_lines(start))


def _of_bytes(path: Path, mapping: Mapping, size: int) -> Iterator[Share]:
    end = path.stat().st_size
    if end <= size:
        yield Share(path, mapping)
        return
    for start in range(0, end, size):
        yield Share(path, mapping, Span(start, min(start + size, end)), counted=True)


def _of_rows(path: Path, mapping: Mapping, rows: int) -> Iterator[Share]:
    first = last = 0
    for group in parquet.groups(path):
        last += group
        if last - first >= rows:
            yield Share(path, mapping, Span(first, last))
            first = last
    if last > first:
        yield Share(path, mapping, Span(first, last))
