"""Binary Windows event logs (EVTX) as the same events that `windows` makes of JSON.

The library needs to go back and forth in the file, so a packed one is unpacked into memory, up to a limit. A record or chunk
that is broken is a fault; the log goes on after it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commonwatch.capabilities.detection.telemetry import json_files, json_text, windows
from commonwatch.capabilities.detection.telemetry.faults import Faults
from commonwatch.capabilities.detection.telemetry.wanted import Wanted
from commonwatch.core.errors import InvalidInput

if TYPE_CHECKING:
    import pyarrow as pa

LARGEST_PACKED = 512 << 20  # bytes unpacked: a log of Windows is cut at 20 MB to 4 GB, and large ones are not packed
BROKEN = 10_000  # faults of one log, after which it is given up


def read(
    place: str, stream: io.BufferedReader, path: Path | None, want: Wanted, rows: int, faults: Faults
) -> Iterator[pa.RecordBatch]:
    """Every event of a log."""
    import evtx

    try:
        parser = evtx.PyEvtxParser(str(path) if path is not None else _held(place, stream))
    except (RuntimeError, OSError) as error:
        raise InvalidInput("evtx-refused", f"{place} is no whole event log: {error}.", "Copy it again.") from None
    numbered = _events(iter(parser.records_json()), place, faults)
    for records, run in json_text.grouped(numbered, rows, windows.flattened):
        yield json_files.python_batch(want, run, records, place, faults)


def _held(place: str, stream: io.BufferedReader) -> io.BytesIO:
    data = stream.read(LARGEST_PACKED + 1)
    if len(data) > LARGEST_PACKED:
        raise InvalidInput(
            "evtx-packed", f"{place} unpacks to over {LARGEST_PACKED >> 20} MB.", "Unpack it to a file first."
        )
    return io.BytesIO(data)


def _events(records: Iterator[Any], place: str, faults: Faults) -> Iterator[json_text.Numbered]:
    broken = 0
    while broken < BROKEN:
        try:
            record = next(records)
        except StopIteration:
            return
        except RuntimeError as error:
            faults.records += 1
            broken += 1
            faults.add(place, faults.records, "broken record", str(error).encode())
            continue
        faults.records += 1
        event = json_text.parsed(record["data"].encode(), place, faults)
        if event is not None:
            yield faults.records, event
