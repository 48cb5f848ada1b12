"""Simple observables inside an object: what value lists and spreadsheets are made of.

Only values that a pattern asks for by equality are taken: a pattern that says LIKE or != names no single value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_COMPARISON = re.compile(r"([a-z0-9-]+):([A-Za-z0-9_.'\[\]*-]+?)\s*(?<![!<>])=\s*'((?:[^'\\]|\\.)*)'")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_VALUE_TYPES = frozenset({"domain-name", "ipv4-addr", "ipv6-addr", "url", "email-addr", "mac-addr"})


def observables(value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(kind, value) pairs: kind is an observable type, `file-hash` or `file-name`."""
    kind = value.get("type")
    pattern = value.get("pattern")
    if kind == "indicator" and isinstance(pattern, str) and value.get("pattern_type", "stix") == "stix":
        for match in _COMPARISON.finditer(pattern):
            named = _kind(match[1], match[2])
            if named is not None:
                yield named, _ESCAPE.sub(r"\1", match[3])
    elif kind in _VALUE_TYPES and isinstance(value.get("value"), str):
        yield kind, value["value"]
    elif kind == "file":
        hashes = value.get("hashes")
        if isinstance(hashes, dict):
            yield from (("file-hash", part) for part in hashes.values() if isinstance(part, str))
        if isinstance(value.get("name"), str):
            yield "file-name", value["name"]


def _kind(observable: str, path: str) -> str | None:
    if observable in _VALUE_TYPES and path == "value":
        return observable
    if observable == "file" and path.startswith("hashes."):
        return "file-hash"
    return "file-name" if observable == "file" and path == "name" else None
