"""Every release acted upon, on record: what, to whom, for which purpose, under which epoch.

A page is one line in a file of the process, written before the page is answered; the worker moves complete files into the
table. A line names collection, filter, first and last place and the epoch: with the journal, which only grows, and the epoch's
policies it says exactly which objects went, and with which obligations. A power failure may lose the lines of its last moments;
a process that dies loses none.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

import msgspec
from django.conf import settings

from commonwatch.base.clock import now_us
from commonwatch.base.release.access import Access
from commonwatch.base.release.models import Served
from commonwatch.core.taxii.filters import ObjectFilter

MINUTE_US = 60 * 1_000_000
_SETTLED = 2  # minutes after which nobody writes to a file any more


class Line(msgspec.Struct, frozen=True):
    """One page."""

    at_us: int
    reader: str
    recipient: int  # 0: nobody's grants; -1: who runs the node
    epoch: int
    kind: str  # objects, manifest
    slot: int
    filter: ObjectFilter
    first: int
    last: int
    count: int


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Line)
_lock = threading.Lock()
_open: tuple[int, int] | None = None  # minute and file descriptor


def record(access: Access, kind: str, slot: int, wanted: ObjectFilter, first: int, last: int, count: int) -> None:
    """Put a page on record, before it is answered."""
    if not access.reader:
        return
    recipient = -1 if access.recipient is None else access.recipient
    at_us = now_us()
    line = Line(at_us, access.reader, recipient, access.epoch, kind, slot, wanted, first, last, count)
    os.write(_file(at_us // MINUTE_US), _encoder.encode(line) + b"\n")


def forget() -> None:
    """For a process whose data folder was replaced under it: the next page opens a file anew."""
    global _open
    with _lock:
        if _open is not None:
            os.close(_open[1])
        _open = None


def collect(now: int) -> int:
    """Move what is complete into the table; how many lines."""
    moved = 0
    for path in sorted(_folder().glob("*.jsonl")):
        if int(path.stem.partition("-")[0]) > now // MINUTE_US - _SETTLED:
            continue
        rows = [_row(_decoder.decode(text)) for text in path.read_bytes().splitlines()]
        Served.objects.bulk_create(rows, batch_size=500)
        path.unlink()
        moved += len(rows)
    return moved


def _row(line: Line) -> Served:
    return Served(
        at_us=line.at_us,
        reader=line.reader,
        recipient=line.recipient,
        epoch=line.epoch,
        kind=line.kind,
        slot=line.slot,
        filter=msgspec.json.encode(line.filter).decode(),
        first=line.first,
        last=line.last,
        count=line.count,
    )


def _file(minute: int) -> int:
    """This process's file of the minute, open to append."""
    global _open
    with _lock:
        if _open is None or _open[0] != minute:
            if _open is not None:
                os.close(_open[1])
            path = _folder() / f"{minute}-{os.getpid()}.jsonl"
            _open = (minute, os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600))
        return _open[1]


def _folder() -> Path:
    folder: Path = settings.COMMONWATCH.data / "served"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
