"""Notices as an iCalendar file (RFC 5545): a to-do and an event for each, with alarms. Pure.

1. Lines end with CRLF and are folded after 75 octets, never inside a character (3.1). 2. Text is escaped (3.3.11); what is no
text for a calendar, control characters above all, is left out. 3. UID is the same for ever, SEQUENCE counts changes (3.8.4.7,
3.8.7.4), DTSTAMP is the time of the last one. 4. What was sent is completed, what is not needed is cancelled (3.8.1.11).
5. Nothing of the case itself is said: calendars wander to telephones and to other people's servers.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

import msgspec

from commonwatch.core.stix.times import EPOCH

PRODUCT = "-//Commonwatch//Duties//EN"
_LINE = 75  # octets, without the line's end
_SECOND = 1_000_000


class Entry(msgspec.Struct, frozen=True):
    """A notice as the calendar shows it."""

    uid: str
    sequence: int
    changed_us: int
    summary: str
    description: str
    due_us: int
    start_us: int | None
    done_us: int | None
    cancelled: bool


def calendar(name: str, entries: Iterable[Entry], parts: Sequence[int]) -> bytes:
    """The file. `parts`: after which parts of its time, in per cent, a notice's alarm sounds."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODUCT}", "CALSCALE:GREGORIAN", "METHOD:PUBLISH"]
    lines += [f"X-WR-CALNAME:{_text(name)}", f"NAME:{_text(name)}", "REFRESH-INTERVAL;VALUE=DURATION:PT15M"]
    for entry in entries:
        lines += _todo(entry, parts)
        lines += _event(entry, parts)
    lines.append("END:VCALENDAR")
    return b"".join(_folded(line) for line in lines)


def _todo(entry: Entry, parts: Sequence[int]) -> Iterator[str]:
    yield "BEGIN:VTODO"
    yield from _shared(entry, "todo")
    yield f"DUE:{_moment(entry.due_us)}"
    if entry.cancelled:
        yield "STATUS:CANCELLED"
    elif entry.done_us is not None:
        yield "STATUS:COMPLETED"
        yield f"COMPLETED:{_moment(entry.done_us)}"
        yield "PERCENT-COMPLETE:100"
    else:
        yield "STATUS:NEEDS-ACTION"
    yield from _alarms(entry, parts, "END")
    yield "END:VTODO"


def _event(entry: Entry, parts: Sequence[int]) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield from _shared(entry, "event")
    yield f"DTSTART:{_moment(entry.due_us)}"
    yield f"STATUS:{'CANCELLED' if entry.cancelled else 'CONFIRMED'}"
    yield "TRANSP:TRANSPARENT"
    yield from _alarms(entry, parts, "START")
    yield "END:VEVENT"


def _shared(entry: Entry, kind: str) -> Iterator[str]:
    yield f"UID:{kind}-{_text(entry.uid)}"
    yield f"DTSTAMP:{_moment(entry.changed_us)}"
    yield f"LAST-MODIFIED:{_moment(entry.changed_us)}"
    yield f"SEQUENCE:{entry.sequence}"
    yield "CLASS:CONFIDENTIAL"
    done = "✓ " if entry.done_us is not None else ""
    yield f"SUMMARY:{done}{_text(entry.summary)}"
    yield f"DESCRIPTION:{_text(entry.description)}"


def _alarms(entry: Entry, parts: Sequence[int], related: str) -> Iterator[str]:
    if entry.cancelled or entry.done_us is not None or entry.start_us is None:
        return
    whole = max(entry.due_us - entry.start_us, 0) // _SECOND
    for seconds in sorted({whole * (100 - part) // 100 for part in parts} | {0}, reverse=True):
        yield "BEGIN:VALARM"
        yield "ACTION:DISPLAY"
        yield f"TRIGGER;RELATED={related}:{_before(seconds)}"
        yield f"DESCRIPTION:{_text(entry.summary)}"
        yield "END:VALARM"


def _before(seconds: int) -> str:
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, rest = divmod(rest, 60)
    clock = "".join(f"{number}{unit}" for number, unit in ((hours, "H"), (minutes, "M"), (rest, "S")) if number)
    return f"-P{f'{days}D' if days else ''}{'T' + clock if clock else ''}" if seconds else "PT0S"


def _moment(at_us: int) -> str:
    return f"{EPOCH + timedelta(seconds=at_us // _SECOND):%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    joined = "".join(_plain(text.replace("\r\n", "\n").replace("\r", "\n"), keep="\n"))
    return joined.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _plain(text: str, keep: str = "") -> Iterator[str]:
    """The characters that a calendar may hold: no controls, nothing that turns the direction of what follows."""
    return (char for char in text if char in keep or unicodedata.category(char) not in ("Cc", "Cf", "Cs"))


def _folded(line: str) -> bytes:
    raw, parts, most = line.encode(), [], _LINE
    while len(raw) > most:
        cut = most
        while raw[cut] & 0xC0 == 0x80:  # inside a character
            cut -= 1
        parts.append(raw[:cut])
        raw, most = raw[cut:], _LINE - 1  # the blank in front counts
    return b"\r\n ".join([*parts, raw]) + b"\r\n"
