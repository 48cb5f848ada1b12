"""Which mapping a file is for, told from what is in it; the file's name only decides among Zeek's JSON logs.

Binary forms by their first bytes, Zeek by its header, JSON by the keys of its first events, CSV by its header, text lines by
a time near their beginning. What fits nothing gets a reason and the way out; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from commonwatch.capabilities.detection.telemetry import delimited, json_text, parquet, windows, zeek
from commonwatch.capabilities.detection.telemetry.batch import Mapping
from commonwatch.capabilities.detection.telemetry.mappings import mappings
from commonwatch.capabilities.detection.telemetry.opening import opened
from commonwatch.core.errors import CommonwatchError

START = 1 << 20
LINES = 50
EVTX, PARQUET = b"ElfFile\x00", b"PAR1"
ENOUGH = 0.6  # of the first lines have to show a time: logs have continuation lines
TIMED = re.compile(rb"^.{0,80}?(?:[0-9]{1,2}:[0-9]{2}:[0-9]{2}|\b1[0-9]{9}\b|\b[0-9]{6} [0-9]{6}\b)")
FILES = 100_000  # of one folder


@dataclass(frozen=True)
class Unrecognised:
    """Why no mapping was found, and what to do."""

    reason: str
    advice: str


def recognise(path: Path, known: Collection[Mapping] | None = None) -> Mapping | Unrecognised:
    """The mapping for a file, or why there is none. A zip counts by its first member."""
    try:
        with opened(path) as parts:
            for part in parts:
                start = part.stream.peek(START)
                if start.startswith(PARQUET) and part.path is not None:
                    return _by_keys(parquet.fields(part.path), "", _all(known)) or _unknown(
                        "Parquet columns that no mapping has"
                    )
                if part.broken and not start:
                    return Unrecognised(f"cannot be unpacked: {part.broken[0]}", "Check whether the file is whole.")
                return recognise_start(start, Path(part.place.rsplit("!", 1)[-1]).name, known)
    except CommonwatchError as error:
        return Unrecognised(error.sentence.rstrip("."), error.advice)
    except (OSError, EOFError, ValueError) as error:
        return Unrecognised(f"cannot be unpacked: {error}", "Check whether the file is whole.")
    return Unrecognised("holds nothing", "Wait until something is written to it.")


def recognise_folder(
    folder: Path, known: Collection[Mapping] | None = None
) -> Iterator[tuple[Path, Mapping | Unrecognised]]:
    """Every file below a folder, in order of their names."""
    known = _all(known)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    for path in files[:FILES]:
        yield path, recognise(path, known)


def recognise_start(start: bytes, name: str, known: Collection[Mapping] | None = None) -> Mapping | Unrecognised:
    """The same from the beginning of what is unpacked."""
    known = _all(known)
    if not start.strip():
        return Unrecognised("holds nothing", "Wait until something is written to it.")
    if start.startswith(EVTX):
        return _named("windows", known) or _unknown("a binary Windows log, but there is no mapping named windows")
    if (head := zeek.header(start)) is not None:
        return (
            _by_path(head.path, known)
            or _named("zeek", known)
            or _unknown("a Zeek log, but there is no mapping named zeek")
        )
    events = _first_events(start)
    if events:
        return _by_events(events, name, known)
    if b"\0" in start[:4096]:
        return _unknown("binary content")
    return _by_header(start, known) or _by_lines(start, known)


def _all(known: Collection[Mapping] | None) -> Collection[Mapping]:
    return tuple(mappings().values()) if known is None else known


def _unknown(reason: str) -> Unrecognised:
    return Unrecognised(reason, "Name a mapping, or write one: see docs/telemetry.md.")


def _named(name: str, known: Collection[Mapping]) -> Mapping | None:
    return next((mapping for mapping in known if mapping.name == name), None)


def _by_path(path: str, known: Collection[Mapping]) -> Mapping | None:
    return next((mapping for mapping in known if path and path in mapping.signs.paths), None)


def _first_events(start: bytes) -> list[dict[str, Any]]:
    """Some events from the beginning, whether lines or documents."""
    if json_text.is_lines(start):
        found = []
        for line in start.split(b"\n", LINES)[:LINES]:
            try:
                event = orjson.loads(line)
            except orjson.JSONDecodeError:
                continue
            if isinstance(event, dict):
                found.append(event)
        return found
    return json_text.first_document(start)


def _by_events(events: Sequence[dict[str, Any]], name: str, known: Collection[Mapping]) -> Mapping | Unrecognised:
    if any(windows.is_windows(event) for event in events):
        return _named("windows", known) or _unknown("Windows events, but there is no mapping named windows")
    keys = {key for event in events for key in _keys(event)}
    stem = next((event["_path"] for event in events if isinstance(event.get("_path"), str)), name.split(".")[0])
    found = _by_keys(keys, stem, known)
    if found is None and all(isinstance(event.get("ts"), int | float) for event in events):
        found = _named("zeek", known)
    return found or _unknown(f"JSON with fields that no mapping has: {', '.join(sorted(events[0])[:8])}")


def _keys(event: dict[str, Any]) -> Iterator[str]:
    """Keys of an event and of the objects in it, as ways."""
    for key, value in event.items():
        yield key
        if isinstance(value, dict):
            for inner in _keys(value) if len(key) < 200 else ():
                yield f"{key}.{inner}"


def _by_keys(keys: Collection[str], stem: str, known: Collection[Mapping]) -> Mapping | None:
    """The mapping most of whose keys are there; among equals, the one whose Zeek path is the file's name."""
    have = set(keys) | {key.replace(".", "_") for key in keys}
    fits = [
        m for m in known if m.signs.keys and all(key in have or key.replace(".", "_") in have for key in m.signs.keys)
    ]
    return max(fits, key=lambda m: (stem in m.signs.paths, len(m.signs.keys)), default=None)


def _by_header(start: bytes, known: Collection[Mapping]) -> Mapping | None:
    line = start.split(b"\n", 1)[0]
    found = [m for m in known if m.signs.header and set(m.signs.header) <= set(delimited.header_of(line, m.delimiter))]
    return max(found, key=lambda m: len(m.signs.header), default=None)


def _by_lines(start: bytes, known: Collection[Mapping]) -> Mapping | Unrecognised:
    lines = [line for line in start.split(b"\n", LINES)[:LINES] if line.strip()]
    timed = sum(TIMED.match(line) is not None for line in lines)
    if timed < ENOUGH * len(lines):
        return _unknown("text without times")
    return _named("syslog", known) or _unknown("text lines, but there is no mapping named syslog")
