"""The original of an event, for the alert that names it: the line, object or row that has a record number in a place.

It is read again from where it was read first, so nothing of a log is copied until somebody asks. A file that was rotated away
since is not found; live inputs are asked for what they still hold (`telemetry.live`).
"""

from __future__ import annotations

import io
from itertools import islice
from pathlib import Path

import orjson

from commonwatch.capabilities.detection.telemetry import json_text
from commonwatch.capabilities.detection.telemetry.chunks import chunks
from commonwatch.capabilities.detection.telemetry.faults import Faults
from commonwatch.capabilities.detection.telemetry.opening import Opened, opened
from commonwatch.capabilities.detection.telemetry.recognising import EVTX, PARQUET
from commonwatch.core.errors import NotFound

LONGEST = 64 << 10  # characters that an alert shows


def record_text(place: str, record: int) -> str:
    """The original text of a record, cut at a length that a person can still read."""
    path, _, member = place.partition("!")
    with opened(Path(path)) as parts:
        for part in parts:
            if part.place == place or not member:
                found = _text(part, record)
                if found is not None:
                    return found[:LONGEST]
                break
    raise NotFound(
        "record-not-there",
        f"{place} has no record {record} any more.",
        "The file may have been rotated: look in its successor.",
    )


def _text(part: Opened, record: int) -> str | None:
    start = part.stream.peek(1 << 20)
    if start.startswith(PARQUET):
        return _row(part, record)
    if start.startswith(EVTX):
        return _evtx(part, record)
    if not json_text.is_lines(start):
        numbered = json_text.documents(part.stream, part.place, Faults())
        return next((orjson.dumps(event).decode() for number, event in numbered if number == record), None)
    return _line(part.stream, record)


def _line(stream: io.BufferedReader, record: int) -> str | None:
    for piece in chunks(stream):
        if piece.overlong:
            record -= 1
            if record == 0:
                return piece.data.decode("utf-8", "replace")
            continue
        lines = [line for line in piece.data.split(b"\n") if line and not line.isspace()]
        if record <= len(lines):
            return lines[record - 1].decode("utf-8", "replace").rstrip("\r")
        record -= len(lines)
    return None


def _row(part: Opened, record: int) -> str | None:
    import polars as pl

    if part.path is None:
        return None
    found = pl.scan_parquet(part.path, glob=False).slice(record - 1, 1).collect()
    return found.write_ndjson().rstrip("\n") if found.height else None


def _evtx(part: Opened, record: int) -> str | None:
    import evtx

    source = str(part.path) if part.path is not None else io.BytesIO(part.stream.read())
    found = next(islice(evtx.PyEvtxParser(source).records_json(), record - 1, record), None)
    return None if found is None else str(found["data"])
