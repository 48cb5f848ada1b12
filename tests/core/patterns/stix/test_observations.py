"""Observations are made of observed-data of both versions; paths lead through their objects."""

from __future__ import annotations

from typing import Any

import pytest

from commonwatch.core.patterns.stix.evaluate import matches
from commonwatch.core.patterns.stix.observations import observations
from tests.core.patterns.stix.observed import at, bundle, moment, ours, planned

TRAFFIC = [
    {"type": "network-traffic", "src_ref": "0", "dst_ref": "1", "dst_port": 443, "protocols": ["ipv4", "tcp"]},
    {"type": "ipv4-addr", "value": "198.51.100.7"},
]


def embedded(**changes: Any) -> dict[str, Any]:
    return {
        "type": "observed-data",
        "id": "observed-data--1",
        "first_observed": at(0),
        "last_observed": at(1),
        "number_observed": 1,
        "objects": {"0": {"type": "ipv4-addr", "value": "192.0.2.1"}, "1": TRAFFIC[1], "2": TRAFFIC[0]},
        **changes,
    }


def test_objects_stand_in_the_observed_data_or_are_named_by_it() -> None:
    pattern = planned("[network-traffic:dst_ref.value = '198.51.100.7' AND network-traffic:protocols[*] = 'tcp']")
    assert matches(pattern, observations([embedded()])) is not None
    named = observations(bundle((0, 0, 1, [{"type": "x-a", "text": "a"}]))["objects"])
    assert [one["text"] for one in named[0].objects.values()] == ["a"]


def test_references_are_resolved_in_the_observation_itself_only() -> None:
    other = {"type": "x-b", "id": "x-b--00000000-0000-4000-8000-000000000007", "text": "b"}
    pointing = {"type": "x-a", "other_ref": other["id"]}
    alone = bundle((0, 0, 1, [pointing]))
    alone["objects"].append(other)
    assert not ours("[x-a:other_ref.text = 'b']", alone)
    assert ours("[x-a:other_ref.text = 'b']", bundle((0, 0, 1, [pointing, other])))


@pytest.mark.parametrize(
    "changes",
    [
        {"first_observed": "yesterday"},
        {"last_observed": None},
        {"last_observed": at(-5)},
        {"number_observed": 0},
        {"number_observed": True},
    ],
)
def test_observed_data_without_usable_times_is_no_observation(changes: dict[str, Any]) -> None:
    assert observations([embedded(**changes)]) == []


def test_hostile_objects_lead_nowhere() -> None:
    hostile = embedded(objects={"0": {"type": "x-a", "list": [[]], "inner": 3, "o_hex": 7, "self_ref": "0"}, "1": None})
    seen = observations([hostile])
    for path in ("list[*].x", "list[9]", "inner.text", "o_hex", "self_ref[*].x", "absent"):
        assert matches(planned(f"[x-a:{path} != 'a']"), seen) is None
    assert matches(planned("[x-a:self_ref.self_ref.self_ref.inner = 3]"), seen) is not None


def test_a_match_names_its_observations_in_the_order_of_the_pattern() -> None:
    first, second = moment(0, {"type": "a", "b": 2}), moment(1, {"type": "a", "b": 1})
    match = matches(planned("[a:b = 1] AND [a:b = 2]"), [first, second])
    assert match is not None
    assert match.bound == ((0, second), (1, first))
    assert match.observations == (second, first)


def test_an_observation_seen_often_counts_as_often_but_is_named_once() -> None:
    often = observations([embedded(number_observed=10**9)])
    match = matches(planned("[ipv4-addr:value = '192.0.2.1'] REPEATS 3 TIMES"), often)
    assert match is not None
    assert len(match.bound) == 3
    assert len(match.observations) == 1
