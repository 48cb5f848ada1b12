"""Small logs for tests, made rather than copied: documentation addresses and names only."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from commonwatch.capabilities.detection.telemetry.batch import Batch, Mapping
from commonwatch.capabilities.detection.telemetry.mappings import mappings
from commonwatch.capabilities.detection.telemetry.wanted import Wanted, wanted

OURS = mappings()
ZEEK_HEAD = (
    b"#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n#open\t2026-01-01-00-00-00\n"
    b"#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tquery\tanswers\trejected\n"
    b"#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tvector[string]\tbool\n"
)


def ours(name: str) -> Mapping:
    """A shipped mapping."""
    return OURS[name]


def want(name: str, columns: Collection[str] | None = None) -> Wanted:
    """What a reading of a shipped mapping gives."""
    return wanted(OURS[name], columns)


def conn(number: int) -> dict[str, Any]:
    """One connection of a Zeek log."""
    return {
        "ts": 1_700_000_000.25 + number,
        "uid": f"C{number}",
        "id.orig_h": "192.0.2.1",
        "id.orig_p": 40_000 + number % 20_000,
        "id.resp_h": f"198.51.100.{number % 250}",
        "id.resp_p": 443,
        "proto": "tcp",
        "service": "ssl" if number % 2 else "",
        "conn_state": "SF",
    }


def ndjson(events: Iterable[dict[str, Any]]) -> bytes:
    """Events as lines."""
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def dns_line(number: int) -> bytes:
    """One line of a Zeek dns.log in TSV."""
    return (
        f"{1_700_000_000 + number}.500000\tC{number}\t192.0.2.1\t{40_000 + number}\t192.0.2.53\t53\tudp\t"
        f"n{number}.example.org\tcdn.example.net,203.0.113.{number % 250}\tF\n"
    ).encode()


def rows(batches: Iterable[Batch]) -> list[dict[str, Any]]:
    """All events of some batches, without what is absent."""
    return [
        {key: value for key, value in row.items() if value is not None}
        for batch in batches
        for row in batch.events.to_pylist()
    ]


def written(path: Path, data: bytes) -> Path:
    """A file with that content."""
    path.write_bytes(data)
    return path
