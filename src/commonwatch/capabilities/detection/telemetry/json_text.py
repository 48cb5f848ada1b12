"""JSON events out of bytes, one at a time in Python: lines, whole documents, lists, objects one after the other.

A line or object that is not JSON is a fault and costs no other. Records count every line that is not blank, or every object.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, BinaryIO

import orjson

from commonwatch.capabilities.detection.telemetry.chunks import LONGEST, Chunk
from commonwatch.capabilities.detection.telemetry.faults import Faults

Event = dict[str, Any]
Numbered = tuple[int, Event]
PIECE = 1 << 16
HELD = 8_192  # events that are objects at once: each takes kilobytes
TOKEN = re.compile(rb'["{}\[\]\\]')
BETWEEN = re.compile(rb"[\s,\[\]]*")


def line_events(data: bytes, place: str, faults: Faults) -> Iterator[Numbered]:
    """The events of some lines, each with its record; `faults.records` goes on counting."""
    for line in data.split(b"\n"):
        if not line or line.isspace():
            continue
        faults.records += 1
        event = parsed(line, place, faults)
        if event is not None:
            yield faults.records, event


def chunk_events(chunks: Iterator[Chunk], place: str, faults: Faults) -> Iterator[Numbered]:
    """The same for a whole stream."""
    for chunk in chunks:
        if chunk.overlong:
            overlong(chunk, place, faults)
        else:
            yield from line_events(chunk.data, place, faults)


def overlong(chunk: Chunk, place: str, faults: Faults) -> None:
    """Count a line that was dropped for its length."""
    faults.records += 1
    faults.add(place, faults.records, f"longer than {LONGEST:,} bytes", chunk.data)


def parsed(line: bytes, place: str, faults: Faults) -> Event | None:
    """One event; None, and a fault, for what is not an object. `null` is an event without fields, as DuckDB has it."""
    try:
        event = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        faults.add(place, faults.records, _reason(line, str(error)), line)
        return None
    if event is not None and not isinstance(event, dict):
        faults.add(place, faults.records, "not an object", line)
        return None
    return event or {}


def _reason(line: bytes, said: str) -> str:
    """The few words that lines with the same fault share."""
    if b"\0" in line:
        return "NUL bytes"
    if "utf-8" in said.lower() or "surrogate" in said.lower():
        return "not UTF-8"
    if "depth" in said.lower():
        return "nested too deep"
    return "not JSON" if line.rstrip().endswith(b"}") else "not whole"


def is_lines(start: bytes) -> bool:
    """Whether the beginning of a stream is a line for each event, rather than documents that go over lines."""
    first = start.lstrip(b"\xef\xbb\xbf \t\r\n").split(b"\n", 1)[0].strip()
    if first[:1] not in (b"{", b"["):
        return True
    try:
        whole = orjson.loads(first)
    except orjson.JSONDecodeError:
        return first[:1] == b"{" and first != b"{" and b"\n{" in start
    return not (isinstance(whole, list) and any(isinstance(entry, dict) for entry in whole))


def documents(stream: BinaryIO, place: str, faults: Faults, piece: int = PIECE) -> Iterator[Numbered]:
    """Objects one after the other, inside a list or not, over any number of lines."""
    held = b""
    scan = _Scan()
    while data := stream.read(piece):
        held += data
        for span in scan.objects(held):
            faults.records += 1
            event = parsed(held[span], place, faults)
            if event is not None:
                yield faults.records, event
        held = held[scan.keep() :]
        if len(held) > LONGEST:
            faults.records += 1
            faults.add(place, faults.records, f"longer than {LONGEST:,} bytes", held)
            held, scan = b"", _Scan()
    if BETWEEN.sub(b"", held):
        faults.records += 1
        faults.add(place, faults.records, "not whole", held)


class _Scan:
    """Where objects begin and end: depth of braces outside strings."""

    def __init__(self) -> None:
        self.at = self.start = self.depth = 0
        self.inside = False

    def objects(self, held: bytes) -> Iterator[slice]:
        for found in iter(lambda: TOKEN.search(held, self.at), None):
            token, self.at = found.group(), found.end()
            if token == b"\\":
                self.at += 1
            elif token == b'"':
                self.inside = not self.inside and self.depth > 0
            elif not self.inside:
                yield from self._brace(token)
        self.at = max(self.at, len(held))

    def _brace(self, token: bytes) -> Iterator[slice]:
        if token == b"{":
            if self.depth == 0:
                self.start = self.at - 1
            self.depth += 1
        elif token == b"}" and self.depth:
            self.depth -= 1
            if self.depth == 0:
                yield slice(self.start, self.at)
                self.start = self.at

    def keep(self) -> int:
        """How much of what is held is done with; the rest begins the next piece."""
        done = self.start if self.depth else self.at
        self.at -= done
        self.start = 0
        return done


def grouped(
    events: Iterator[Numbered], rows: int, shape: Callable[[Event], Event | None]
) -> Iterator[tuple[list[int], list[Event]]]:
    """Events in runs of at most `rows` or `HELD`, each brought to the shape that the mapping reads.

    Raw events are let go one by one: many nested objects at once cost the garbage collector more than their reading.
    """
    while True:
        records: list[int] = []
        shaped: list[Event] = []
        taken = 0
        for record, raw in islice(events, min(rows, HELD)):
            taken += 1
            event = shape(raw)
            if event is not None:
                records.append(record)
                shaped.append(event)
        if shaped:
            yield records, shaped
        if not taken:
            return


def first_document(start: bytes) -> list[Event]:
    """The first whole object of documents over several lines, if the beginning holds one."""
    for span in _Scan().objects(start):
        try:
            event = orjson.loads(start[span])
        except orjson.JSONDecodeError:
            return []
        return [event] if isinstance(event, dict) else []
    return []
