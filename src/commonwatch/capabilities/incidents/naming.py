"""The values that objects name: of an indicator its pattern's, of an observable its own. For finding cases that have them in common."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

_QUOTED = re.compile(r"'((?:[^'\\]|\\.){3,2000})'")


def named_values(raws: Iterable[bytes], most: int) -> list[str]:
    """Values, each once, at most so many."""
    found: dict[str, None] = {}
    for raw in raws:
        for value in _of(orjson.loads(raw)):
            if len(found) >= most:
                return list(found)
            found[value] = None
    return list(found)


def _of(value: dict[str, Any]) -> Iterator[str]:
    pattern = value.get("pattern")
    if isinstance(pattern, str):
        yield from (text.replace("\\'", "'") for text in _QUOTED.findall(pattern[:100_000]))
    own = value.get("value")
    if isinstance(own, str) and len(own) <= 2_000:
        yield own
    hashes = value.get("hashes")
    if isinstance(hashes, dict):
        yield from (digest for digest in hashes.values() if isinstance(digest, str) and len(digest) <= 200)
