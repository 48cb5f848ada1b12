"""Whole lines of a live input as batches, by the mapping's format. Small runs in Python, large ones through the libraries.

What has to be known between runs (the header of a Zeek or CSV log, the count of records) is the decoder's state, which is part
of the input's position.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from commonwatch.base.clock import MICROSECONDS, now_us
from commonwatch.capabilities.detection.telemetry import (
    delimited,
    json_files,
    json_text,
    syslog,
    windows,
    zeek,
)
from commonwatch.capabilities.detection.telemetry.chunks import LONGEST, Chunk, long_lines
from commonwatch.capabilities.detection.telemetry.faults import Faults
from commonwatch.capabilities.detection.telemetry.wanted import Wanted

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 8_000


class Decoder:
    """One stream of lines: a file, a pipe, a socket."""

    def __init__(self, want: Wanted, place: str, faults: Faults, state: dict[str, Any] | None = None) -> None:
        self.want, self.place, self.faults = want, place, faults
        state = state or {}
        self.records = int(state.get("records", 0))
        self.first = str(state.get("first", "")).encode()  # of a CSV file: its first line
        self.head = _head(state.get("head"))

    def state(self) -> dict[str, Any]:
        """What a decoder that goes on from here has to know."""
        state: dict[str, Any] = {"records": self.records}
        if self.head is not None:
            state["head"] = asdict(self.head)
        if self.first:
            state["first"] = self.first.decode("utf-8", "replace")
        return state

    def again(self) -> None:
        """The stream began anew: a file was rotated."""
        self.records, self.head, self.first = 0, None, b""

    def batches(self, data: bytes) -> list[pa.RecordBatch]:
        """The events of whole lines."""
        self.faults.records = self.records
        found = [batch for piece in long_lines(data, LONGEST) for batch in self._piece(piece) if batch.num_rows]
        self.records = self.faults.records
        return found

    def _piece(self, piece: Chunk) -> Iterator[pa.RecordBatch]:
        if piece.overlong:
            json_text.overlong(piece, self.place, self.faults)
            return
        form = self.want.mapping.format
        if form == "zeek" and (self.head is not None or piece.data.lstrip().startswith(b"#")):
            yield from self._zeek(piece.data)
        elif form == "csv":
            yield from self._csv(piece)
        elif form == "syslog":
            reference = datetime.fromtimestamp(now_us() / MICROSECONDS, UTC)
            yield from self._python(syslog.chunk_events(iter([piece]), self.place, reference, self.faults))
        elif form == "windows":
            numbered = json_text.line_events(piece.data, self.place, self.faults)
            yield from self._python((record, windows.flattened(event)) for record, event in numbered)
        else:
            yield from json_files.piece(piece.data, self.place, self.want, ROWS, self.faults)

    def _zeek(self, data: bytes) -> Iterator[pa.RecordBatch]:
        while data:
            head = self.head if self.head is not None else zeek.Header(())
            found, self.head, data = zeek.until_header(data, head, self.place, self.want, self.faults)
            yield found

    def _csv(self, piece: Chunk) -> Iterator[pa.RecordBatch]:
        if not self.first:
            self.first = piece.data.lstrip().split(b"\n", 1)[0]
        yield from self._python(delimited.events(iter([piece]), self.place, self.first, self.want, self.faults))

    def _python(self, numbered: Iterator[json_text.Numbered]) -> Iterator[pa.RecordBatch]:
        return json_files.in_python(numbered, self.want, ROWS, self.place, self.faults)


def _head(state: Any) -> zeek.Header | None:
    if isinstance(state, dict):
        with contextlib.suppress(TypeError, KeyError):
            return zeek.Header(**{**state, "fields": tuple(state["fields"])})
    return None
