"""Text lines as events: RFC 5424, RFC 3164, and what programs write into their own files. Every line is an event.

1. `<PRI>` gives facility and severity; without it there are none. What is not one of the forms is a message as a whole.
2. RFC 3164 names no year and no zone: the year is the last in which that day is not after `reference` (the file's last change,
   or now), the zone UTC.
3. Only the first bytes of a line are looked at for its head, with expressions of linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from commonwatch.capabilities.detection.telemetry import cells, json_text
from commonwatch.capabilities.detection.telemetry.chunks import Chunk
from commonwatch.capabilities.detection.telemetry.faults import Faults

HEAD = 2_048  # characters of a line in which its head lies
DAY_SLACK = timedelta(days=1)  # a sender's clock or zone may be ahead
FACILITIES = (
    *("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"),
    *(
        "ntp",
        "security",
        "console",
        "clock",
        "local0",
        "local1",
        "local2",
        "local3",
        "local4",
        "local5",
        "local6",
        "local7",
    ),
)
SEVERITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

PRI = re.compile(r"<([0-9]{1,3})>")
RFC5424 = re.compile(r"1 (\S{1,40}) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) ")
STAMP = r"([A-Z][a-z]{2}) {1,2}([0-9]{1,2}) (?:([0-9]{4}) )?([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]{1,9})?"
RFC3164 = re.compile(STAMP + r" (\S{1,255}) ")
BARE = re.compile(STAMP + r" ")
TAG = re.compile(r"([^\s:\[\]]{1,128}(?: [^\s:\[\]]{1,64}){0,2})(?:\[([0-9]{1,10})\])?: ?")
ISO = re.compile(
    r"\[?([0-9]{4}[-/][0-9]{2}[-/][0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2})(?:[.,]([0-9]{1,9}))?(Z|[+-][0-9]{2}:?[0-9]{2})?\]?,? ?"
)
WRITTEN = re.compile(r"\[[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([0-9]{2}) ([0-9:]{8})(?:\.[0-9]+)? ([0-9]{4})\] ?")
SINCE_1970 = re.compile(r"\S{0,12} ?(1[0-9]{9}) ")


def line_event(line: str, reference: datetime) -> dict[str, Any]:
    """One line by its parts: time, host, program, pid, message, facility, severity, whichever it has."""
    event: dict[str, Any] = {}
    line = line.rstrip("\r\n\0 ")
    if pri := PRI.match(line):
        value = int(pri.group(1))
        if value < len(FACILITIES) * 8:
            event = {"facility": FACILITIES[value >> 3], "severity": SEVERITIES[value & 7]}
            line = line[pri.end() :]
    for form in (_rfc5424, _rfc3164, _iso, _written, _since_1970):
        found = form(line, reference)
        if found is not None:
            return event | found
    return event | {"message": line}


def _rfc5424(line: str, reference: datetime) -> dict[str, Any] | None:
    head = RFC5424.match(line, 0, HEAD)
    if head is None:
        return None
    names = ("time", "host", "program", "pid", "msgid")
    event = {name: value for name, value in zip(names, head.groups(), strict=True) if value != "-"}
    end = _after_data(line, head.end())
    if end > head.end() + 1:
        event["data"] = line[head.end() : end]
    return event | {"message": line[end:].lstrip(" ").removeprefix("\ufeff")}


def _after_data(line: str, at: int) -> int:
    """Where structured data ends: `-`, or elements in brackets, with quoted values in which `]` may stand."""
    if line.startswith("-", at):
        return at + 1
    quoted = False
    depth = 0
    while at < len(line):
        character = line[at]
        if character == "\\" and quoted:
            at += 1
        elif character == '"':
            quoted = not quoted
        elif not quoted and character in "[]":
            depth += 1 if character == "[" else -1
        elif not quoted and depth == 0:
            break
        at += 1
    return at


def _rfc3164(line: str, reference: datetime) -> dict[str, Any] | None:
    head = RFC3164.match(line, 0, HEAD)
    if head is None:
        return _bare(line, reference)
    month, day, year, clock, host = head.groups()
    time = _dated(month, day, year, clock, reference)
    if time is None:
        return None
    return {"time": time, "host": host} | _tagged(line[head.end() :])


def _bare(line: str, reference: datetime) -> dict[str, Any] | None:
    head = BARE.match(line, 0, HEAD)
    if head is None:
        return None
    month, day, year, clock = head.groups()
    time = _dated(month, day, year, clock, reference)
    return None if time is None else {"time": time, "message": line[head.end() :]}


def _tagged(rest: str) -> dict[str, Any]:
    tag = TAG.match(rest, 0, HEAD)
    if tag is None:
        return {"message": rest}
    event = {"program": tag.group(1), "message": rest[tag.end() :]}
    return event | ({"pid": tag.group(2)} if tag.group(2) else {})


def _dated(month: str, day: str, year: str | None, clock: str, reference: datetime) -> str | None:
    """ISO text of a moment without a year: the last such day that is not in the future."""
    if month not in MONTHS:
        return None
    for candidate in [int(year)] if year else range(reference.year + 1, reference.year - 8, -1):
        try:
            hours, minutes, seconds = (int(part) for part in clock.split(":"))
            moment = datetime(
                candidate, MONTHS.index(month) + 1, int(day), hours, minutes, min(seconds, 59), tzinfo=UTC
            )
        except ValueError:
            continue  # 29 February
        if year or moment <= reference + DAY_SLACK:
            return moment.isoformat()
    return None


def _iso(line: str, reference: datetime) -> dict[str, Any] | None:
    head = ISO.match(line, 0, HEAD)
    if head is None:
        return None
    written, fraction, zone = head.groups()
    text = (
        written.replace("/", "-").replace(" ", "T") + (f".{fraction[:6]:0<6}" if fraction else "") + (zone or "+00:00")
    )
    try:
        cells.instant(text)
    except cells.WrongType:
        return None
    return {"time": text, "message": line[head.end() :]}


def _written(line: str, reference: datetime) -> dict[str, Any] | None:
    head = WRITTEN.match(line, 0, HEAD)
    if head is None:
        return None
    month, day, clock, year = head.groups()
    time = _dated(month, day, year, clock, reference)
    return None if time is None else {"time": time, "message": line[head.end() :]}


def _since_1970(line: str, reference: datetime) -> dict[str, Any] | None:
    head = SINCE_1970.match(line, 0, HEAD)
    return None if head is None else {"time": int(head.group(1)), "message": line[head.end() :]}


def chunk_events(
    pieces: Iterator[Chunk], place: str, reference: datetime, faults: Faults
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Every line that is not blank as an event."""
    for piece in pieces:
        if piece.overlong:
            json_text.overlong(piece, place, faults)
            continue
        for line in piece.data.split(b"\n"):
            if line and not line.isspace():
                faults.records += 1
                yield faults.records, decoded(line, faults.records, place, reference, faults)


def decoded(line: bytes, record: int, place: str, reference: datetime, faults: Faults) -> dict[str, Any]:
    """One line of bytes; what is not UTF-8 is a fault and replaced, the event stays."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        faults.add(place, record, "not UTF-8", line)
        text = line.decode("utf-8", "replace")
    if "\0" in text:
        faults.add(place, record, "NUL bytes", line)
        text = text.replace("\0", "")
    return line_event(text, reference)
