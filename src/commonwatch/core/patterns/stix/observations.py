"""Observations: what a pattern is evaluated over. One observed-data object is one, with its objects and its time.

1. Objects stand in the observed-data itself (2.0, `objects`) or are named by `object_refs` (2.1) and found by their ids.
   References are resolved among these only (9.7.4).
2. An observation has happened some time from `first_observed` to `last_observed`. An observed-data seen n times counts as n
   observations (`number_observed`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from commonwatch.core.patterns.stix.graph import Objects
from commonwatch.core.stix.times import parse_time


@dataclass(frozen=True)
class Observation:
    """Objects seen together, when (microseconds), and how often."""

    objects: Objects
    first: int
    last: int
    times: int = 1
    name: str = ""  # the caller's: an id, a line


def observations(stix: Iterable[Mapping[str, Any]]) -> list[Observation]:
    """The observations in a collection of STIX objects; observed-data without usable times or objects is none."""
    objects = list(stix)
    by_id = {one["id"]: one for one in objects if isinstance(one.get("id"), str)}
    made = (_observation(one, by_id) for one in objects if one.get("type") == "observed-data")
    return [one for one in made if one is not None]


def _observation(data: Mapping[str, Any], by_id: Objects) -> Observation | None:
    first, last = (_time(data.get(name)) for name in ("first_observed", "last_observed"))
    times = data.get("number_observed", 1)
    if first is None or last is None or last < first or type(times) is not int or times < 1:
        return None
    return Observation(_objects(data, by_id), first, last, times, str(data.get("id", "")))


def _objects(data: Mapping[str, Any], by_id: Objects) -> Objects:
    inside = data.get("objects")
    if isinstance(inside, Mapping):
        return {key: one for key, one in inside.items() if isinstance(one, Mapping)}
    named = data.get("object_refs")
    if not isinstance(named, list):
        return {}
    return {one: by_id[one] for one in named if isinstance(one, str) and one in by_id}


def _time(value: object) -> int | None:
    read = parse_time(value) if isinstance(value, str) else None
    return None if read is None else read[0]
