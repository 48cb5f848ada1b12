"""Synthetic intelligence of realistic shape: 577 bytes an object on average, different every time, the same every run."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

AUTHOR = "identity--5a0f1b0e-3f7e-4c67-9d3a-6f1f1a8f9f10"
GREEN = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
SCO_NAMESPACE = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")  # STIX 2.1, section 2.9
START = datetime(2024, 1, 1, tzinfo=UTC)


def one(number: int) -> bytes:
    """Object `number`: seven indicators, two relationships and one address in every ten."""
    uid = _random("bench", number)
    when = (START + timedelta(seconds=37 * number)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    kind = number % 10
    if kind < 7:
        host = f"{uid.hex[:12]}.node-{number % 977}.example"
        return (
            f'{{"type":"indicator","spec_version":"2.1","id":"indicator--{uid}","created_by_ref":"{AUTHOR}",'
            f'"created":"{when}","modified":"{when}","name":"C2 host {host}",'
            f'"description":"Seen in campaign {number % 613} against energy.",'
            f'"indicator_types":["malicious-activity"],"pattern":"[domain-name:value = \'{host}\']",'
            f'"pattern_type":"stix","valid_from":"{when}","confidence":{number % 101},'
            f'"labels":["c2","campaign-{number % 613}"],"object_marking_refs":["{GREEN}"]}}'
        ).encode()
    if kind < 9:
        source = _random("bench", number - kind)
        target = _random("malware", number % 613)
        return (
            f'{{"type":"relationship","spec_version":"2.1","id":"relationship--{uid}","created_by_ref":"{AUTHOR}",'
            f'"created":"{when}","modified":"{when}","relationship_type":"indicates",'
            f'"description":"Contacted by samples in a sandbox.",'
            f'"source_ref":"indicator--{source}","target_ref":"malware--{target}","confidence":{number % 101},'
            f'"object_marking_refs":["{GREEN}"]}}'
        ).encode()
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    deterministic = uuid.uuid5(SCO_NAMESPACE, f'{{"value":"{address}"}}')
    return (
        f'{{"type":"ipv4-addr","spec_version":"2.1","id":"ipv4-addr--{deterministic}",'
        f'"value":"{address}","object_marking_refs":["{GREEN}"]}}'
    ).encode()


def _random(kind: str, number: int) -> uuid.UUID:
    """A version 4 UUID that is the same in every run."""
    return uuid.UUID(bytes=hashlib.md5(f"{kind} {number}".encode(), usedforsecurity=False).digest(), version=4)


def envelopes(count: int, size: int, start: int = 0, *, only_versioned: bool = False) -> Iterator[bytes]:
    """`count` objects in TAXII envelopes of `size`; without addresses for servers that refuse objects without dates."""
    numbers = (
        [n for n in range(start, start + count * 10 // 9 + 10) if n % 10 != 9]
        if only_versioned
        else range(start, start + count)
    )
    for first in range(0, count, size):
        objects = b",".join(one(number) for number in numbers[first : min(first + size, count)])
        yield b'{"objects":[' + objects + b"]}"
