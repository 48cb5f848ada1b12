"""A plain value as a STIX indicator of this node's own member: so that lists are shared, marked and recalled like all else. Pure.

The id follows from who says it, under which source, and the value: the same list taken in twice is the same objects, and a
newer list makes newer versions of them. Patterns are such that `plain_patterns` reads the value back.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from commonwatch.core.patterns.values import Kind, Value
from commonwatch.core.stix.extensions import NAMESPACE


class Said(msgspec.Struct, frozen=True):
    """What goes for every value of a list. Moments as STIX writes them."""

    author: str
    source: str
    markings: tuple[str, ...]
    at: str  # created, modified and valid from
    confidence: int | None = None
    category: str = "malicious-activity"
    valid_until: str = ""


def indicator_of(value: Value, said: Said, name: str = "") -> dict[str, Any] | None:
    """The object; None for kinds that STIX has no way to name."""
    pattern = pattern_of(value)
    if pattern is None:
        return None
    identity = uuid.uuid5(NAMESPACE, f"indicator {said.author} {said.source} {value.kind} {value.text}")
    found: dict[str, Any] = {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{identity}",
        "created_by_ref": said.author,
        "created": said.at,
        "modified": said.at,
        "name": name or f"{value.text} ({said.source})"[:250],
        "indicator_types": [said.category],
        "pattern": pattern,
        "pattern_type": "stix",
        "valid_from": said.at,
        "object_marking_refs": list(said.markings),
    }
    if said.confidence is not None:
        found["confidence"] = said.confidence
    if said.valid_until:
        found["valid_until"] = said.valid_until
    return found


def pattern_of(value: Value) -> str | None:
    """The pattern that names a value; None for kinds that STIX has no way to name."""
    write = _PATTERNS.get(value.kind)
    return None if write is None else write(value.text)


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _equal(path: str) -> Callable[[str], str]:
    return lambda text: f"[{path} = {_quoted(text)}]"


def _family(text: str) -> str:
    return "ipv6-addr" if ":" in text else "ipv4-addr"


def _address(text: str) -> str:
    return f"[{_family(text)}:value = {_quoted(text)}]"


def _network(text: str) -> str:
    return f"[{_family(text)}:value ISSUBSET {_quoted(text)}]"


def _domain(text: str) -> str:
    return f"[domain-name:value = {_quoted(text)} OR domain-name:value LIKE {_quoted('%.' + text)}]"


def _endpoint(text: str) -> str:
    address, _, port = text.rpartition(":")
    bare = _quoted(address.strip("[]"))
    return " OR ".join(
        f"[network-traffic:{side}_ref.value = {bare} AND network-traffic:{side}_port = {port}]"
        for side in ("dst", "src")
    )


_USER_AGENT = "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'"


def _certificate(text: str) -> str:
    return f"[x509-certificate:hashes.'SHA-{1 if len(text) == 40 else 256}' = {_quoted(text)}]"


_PATTERNS: Mapping[Kind, Callable[[str], str]] = {
    Kind.ADDRESS: _address,
    Kind.NETWORK: _network,
    Kind.ENDPOINT: _endpoint,
    Kind.HOST: _equal("domain-name:value"),
    Kind.DOMAIN: _domain,
    Kind.URL: _equal("url:value"),
    Kind.MD5: _equal("file:hashes.MD5"),
    Kind.SHA1: _equal("file:hashes.'SHA-1'"),
    Kind.SHA256: _equal("file:hashes.'SHA-256'"),
    Kind.SHA512: _equal("file:hashes.'SHA-512'"),
    Kind.IMPHASH: _equal("file:hashes.IMPHASH"),
    Kind.EMAIL: _equal("email-addr:value"),
    Kind.FILE_NAME: _equal("file:name"),
    Kind.CERTIFICATE: _certificate,
    Kind.CERTIFICATE_SERIAL: _equal("x509-certificate:serial_number"),
    Kind.USER_AGENT: _equal(_USER_AGENT),
    Kind.REGISTRY_KEY: _equal("windows-registry-key:key"),
    Kind.MUTEX: _equal("mutex:name"),
}
