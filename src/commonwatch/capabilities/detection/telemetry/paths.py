"""Where a mapping's source lies in a JSON event: `id.orig_h`, `dns.rrname`, `dns.answers[].rdata`.

A source is first one key with full stops in it (as Zeek and some ECS shippers write), then a way down through objects.
`[]` goes through every entry of a list. The same source is read in Python here and in SQL (`json_sql`), with equal answers.
"""

from __future__ import annotations

import functools
from typing import Any

DEEPEST = 12  # objects inside objects that a source may go through


@functools.lru_cache(maxsize=4096)
def steps(source: str) -> tuple[str, ...]:
    """`dns.answers[].rdata` as `dns`, `answers[]`, `rdata`."""
    return tuple(source.split(".")[:DEEPEST])


def is_key(source: str) -> bool:
    """Whether a source is nothing but one key."""
    return len(steps(source)) == 1 and "[]" not in source


def at(event: dict[str, Any], source: str) -> Any:
    """The value at a source, or None."""
    value = event.get(source)
    if value is not None:
        return value
    way = steps(source)
    return None if way == (source,) and "[]" not in source else _down(event, way)


def _down(value: Any, way: tuple[str, ...]) -> Any:
    for position, step in enumerate(way):
        if not isinstance(value, dict):
            return None
        if step.endswith("[]"):
            entries = value.get(step[:-2])
            if not isinstance(entries, list):
                return None
            return [_down(entry, way[position + 1 :]) for entry in entries]
        value = value.get(step)
    return value
