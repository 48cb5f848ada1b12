"""Observations for tests, as our reference takes them and as stix2-matcher does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from stix2matcher.matcher import match as oasis_match

from commonwatch.core.patterns.stix.evaluate import matches
from commonwatch.core.patterns.stix.observations import Observation, observations
from commonwatch.core.patterns.stix.planning import Plan, plan
from commonwatch.core.patterns.stix.reading import parse
from commonwatch.core.stix.times import format_time

START = 1_700_000_000_000_000


def at(seconds: float) -> str:
    """A timestamp so many seconds after the start of the tests' time."""
    return format_time(START + round(seconds * 1_000_000), 6)


def identifier(kind: str, number: int) -> str:
    return f"{kind}--{UUID(int=number, version=4)}"


def bundle(*seen: tuple[float, float, int, Sequence[dict[str, Any]]]) -> dict[str, Any]:
    """A bundle of observed-data: (first, last, how often, its objects), times in seconds."""
    objects: list[dict[str, Any]] = []
    for first, last, times, inside in seen:
        named = []
        for number, one in enumerate(inside):
            own = {"id": identifier(one["type"], len(objects) * 100 + number), "spec_version": "2.1", **one}
            named.append(own)
        objects.append(
            {
                "type": "observed-data",
                "spec_version": "2.1",
                "id": identifier("observed-data", len(objects) + 1),
                "first_observed": at(first),
                "last_observed": at(last),
                "number_observed": times,
                "object_refs": [one["id"] for one in named],
            }
        )
        objects.extend(named)
    return {"type": "bundle", "id": identifier("bundle", 1), "objects": objects}


def planned(pattern: str) -> Plan:
    reading = parse(pattern)
    assert reading.pattern is not None, reading.problem
    made = plan(reading.pattern)
    assert isinstance(made, Plan), made
    return made


def ours(pattern: str, stix: dict[str, Any]) -> bool:
    return matches(planned(pattern), observations(stix["objects"])) is not None


def oasis(pattern: str, stix: dict[str, Any]) -> bool | str:
    """What stix2-matcher says: true, false, or the exception that it ends in."""
    try:
        return bool(oasis_match(pattern, [json.loads(json.dumps(stix))], stix_version="2.1"))
    except Exception as problem:
        return type(problem).__name__


def moment(seconds: float, *objects: dict[str, Any]) -> Observation:
    """An observation of one moment, without identifiers."""
    time = START + round(seconds * 1_000_000)
    return Observation({str(number): one for number, one in enumerate(objects)}, time, time)
