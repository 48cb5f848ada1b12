"""Windows events as batches, for tests of rules: one flat mapping of texts an event, as Sigma names the fields."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from commonwatch.capabilities.detection.telemetry import batch as batches

WINDOWS = batches.Mapping("windows", "Windows events", (), {"product": "windows"}, open=True)
Event = Mapping[str, Any]


def objects(text: str) -> Iterator[Any]:
    """JSON objects that stand one after the other."""
    decoder, place = json.JSONDecoder(), 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        value, place = decoder.raw_decode(text, place)
        yield value


def flat(event: dict[str, Any]) -> Event:
    """An event as the Windows log writes it, flattened; one that is flat already stays as it is."""
    if "Event" not in event:
        return {key: value for key, value in event.items() if value not in ("", "-", None)}
    event = event["Event"]
    system = event["System"]
    result: dict[str, Any] = {
        "Provider_Name": system["Provider"]["#attributes"]["Name"],
        "EventID": system["EventID"]["#text"] if isinstance(system["EventID"], dict) else system["EventID"],
        "Channel": system["Channel"],
        "Computer": system["Computer"],
    }
    for part in ("EventData", "UserData"):
        _into(result, event.get(part))
    return {key: value for key, value in result.items() if value not in ("", "-", None)}


def _into(result: dict[str, Any], part: Any) -> None:
    for key, value in (part or {}).items():
        if isinstance(value, dict):
            _into(result, {name: inner for name, inner in value.items() if name != "#attributes"})
        else:
            result[key] = value


def batch_of(events: Iterable[Event], mapping: batches.Mapping = WINDOWS) -> batches.Batch:
    """Events as a batch: every field a column of text."""
    rows = list(events)
    names = sorted({name for row in rows for name in row} - {batches.TIME, batches.RECORD})
    columns: dict[str, pa.Array] = {name: _column([row.get(name) for row in rows]) for name in names}
    columns[batches.TIME] = pa.array([row.get(batches.TIME) for row in rows], pa.int64())
    columns[batches.RECORD] = pa.array(range(1, len(rows) + 1), pa.int64())
    return batches.Batch(pa.RecordBatch.from_pydict(columns), mapping)


def _column(values: list[Any]) -> pa.Array:
    kinds = {type(value) for value in values if value is not None}
    if (
        (kinds <= {int} and all(abs(value or 0) < 1 << 62 for value in values))
        or kinds <= {list}
        or kinds <= {bool}
        or kinds <= {float}
    ):
        return pa.array(values)
    return pa.array([value if value is None or isinstance(value, str) else json.dumps(value) for value in values])


def events_of(path: Path) -> Iterator[Event]:
    """Events of a file: JSON objects, plain, gzipped, or a zip of such files."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                for line in archive.read(name).decode("utf-8-sig").splitlines():
                    if line.strip():
                        yield flat(json.loads(line))
        return
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8-sig")
    for event in objects(text):
        yield flat(event)
