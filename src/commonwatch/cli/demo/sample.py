"""The sample that the demo makes itself where no other intelligence is given: documentation addresses and names only."""

from __future__ import annotations

import json
import uuid
import zlib
from typing import Any

_NAMESPACE = uuid.UUID("5f0c1c4e-4b0a-5a43-9a53-6a0e1f3f9c11")
_GREEN = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
_CLEAR = "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"
AT = "2026-01-05T08:00:00.000Z"
COUNT = 300
OWN = "beacon.c2.example"  # what the demo's first member saw itself


def bundle() -> bytes:
    """A STIX bundle of indicators against documentation networks (RFC 5737) and example domains (RFC 2606)."""
    objects = [_indicator(number) for number in range(COUNT)]
    return json.dumps({"type": "bundle", "id": f"bundle--{uuid.uuid5(_NAMESPACE, 'all')}", "objects": objects}).encode()


def telemetry(name: str) -> bytes:
    """Suricata events of a small network, with something bad among them; those of another name are others."""
    reached = (
        ("192.0.2.10", ""),
        ("192.0.2.11", "www.example.org"),
        ("192.0.2.11", OWN),
        ("192.0.2.11", "c2-1.example"),
    )
    lines = []
    for number, (address, asked) in enumerate(reached):
        flow = zlib.crc32(f"{name}{number}".encode())
        event: dict[str, Any] = {
            "timestamp": f"2026-01-06T10:00:{number:02d}.000000+0000",
            "flow_id": flow,
            "event_type": "dns" if asked else "flow",
            "src_ip": f"10.0.0.{flow % 200 + 1}",
            "src_port": 50_000 + flow % 1_000,
            "dest_ip": address,
            "dest_port": 53 if asked else 443,
            "proto": "UDP" if asked else "TCP",
        }
        if asked:
            event["dns"] = {"type": "query", "id": number, "rrname": asked, "rrtype": "A"}
        lines.append(json.dumps(event))
    return ("\n".join(lines) + "\n").encode()


def _indicator(number: int) -> dict[str, Any]:
    values = (f"[ipv4-addr:value = '203.0.113.{number % 256}']", f"[domain-name:value = 'c2-{number}.example']")
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{uuid.uuid5(_NAMESPACE, str(number))}",
        "created": AT,
        "modified": AT,
        "name": f"Sample {number}",
        "indicator_types": ["malicious-activity"],
        "pattern": values[number % 2],
        "pattern_type": "stix",
        "valid_from": AT,
        "object_marking_refs": [_GREEN if number % 3 else _CLEAR],
    }
