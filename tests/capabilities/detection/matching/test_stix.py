"""STIX patterns on batches: hits, what cannot be executed, state over batches and restarts."""

from __future__ import annotations

from typing import Any

import pytest

from commonwatch.capabilities.detection.matching.stix.layout import row_objects, things
from commonwatch.capabilities.detection.matching.stix.literals import literal
from commonwatch.capabilities.detection.matching.stix.matcher import Entry, Origin, StixMatcher
from commonwatch.capabilities.detection.telemetry.batch import TIME, Column, Mapping
from commonwatch.core.errors import InvalidInput
from commonwatch.core.patterns.stix.planning import Source
from commonwatch.core.patterns.stix.reading import parse
from commonwatch.core.patterns.stix.syntax import comparisons
from tests.capabilities.detection.matching.stix_rows import MAPPING, batch, hits, matcher
from tests.steps import steps

FLOW: dict[str, Any] = {"source": "192.0.2.1", "target": "198.51.100.7", "port": 443}


def test_a_hit_names_row_entry_and_column() -> None:
    made = matcher("[ipv4-addr:value = '198.51.100.7']", "[network-traffic:dst_port = 443]")
    rows = [FLOW, {"source": "198.51.100.7", "target": "198.51.100.7"}, {"query": "host.example"}]
    assert hits(made, batch(rows)) == [(0, 0, "target"), (0, 1, "port"), (1, 0, "source"), (1, 0, "target")]


def test_conditions_on_several_columns_name_none() -> None:
    made = matcher("[network-traffic:dst_port = 443 AND network-traffic:dst_ref.value ISSUBSET '198.51.100.0/24']")
    assert hits(made, batch([FLOW, {**FLOW, "port": 80}])) == [(0, 0, "")]


def test_both_ends_of_a_flow_are_told_apart() -> None:
    made = matcher(
        "[network-traffic:src_ref.value = '192.0.2.1' AND network-traffic:src_ref.type = 'ipv4-addr']",
        "[network-traffic:dst_ref.value = '192.0.2.1']",
        "[network-traffic:src_ref.type = 'ipv6-addr']",
    )
    assert [entry for _, entry, _ in hits(made, batch([FLOW]))] == [0]


def test_a_row_is_the_objects_that_its_paths_say() -> None:
    row = {**FLOW, "answers": ["203.0.113.1", None], "query": "a.example", "image": "x.exe", "started": 0}
    objects = row_objects(things(MAPPING), row).values()
    of_type = {kind: [one for one in objects if one.get("type") == kind] for kind in ("domain-name", "process", "file")}
    assert of_type["domain-name"][0]["value"] == "a.example"
    assert of_type["process"][0]["created_time"] == "1970-01-01T00:00:00.000000Z"
    assert {one.get("name") for one in of_type["file"]} == {"x.exe"}
    assert sum(one.get("value") == "203.0.113.1" for one in objects) >= 2  # behind the name, and by itself


def test_what_a_mapping_cannot_meet_is_said_with_its_reason() -> None:
    small = Mapping("small", "Small", (Column("query", "q", stix=("domain-name:value",)),))
    made = matcher(
        "[domain-name:value = 'a.example']",
        "[file:name = 'x']",
        "[file:name = 'x' AND file:size > 3] OR [process:pid = 1]",
        "[file:name = 'x'] FOLLOWEDBY [domain-name:value = 'a.example']",  # other telemetry may hold the file
        "[file:name = 'x'] FOLLOWEDBY [file:name = 'y']",
        "[domain-name:value MATCHES '(a)\\\\1']",
    )
    never = made.unexecutable(small)
    assert {entry: one.reason for entry, one in never.items() if entry != 5} == {
        1: "small has no file:name",
        2: "small has no file:name, file:size, process:pid",
        4: "small has no file:name",
    }
    assert "linear time" in never[5].reason
    assert all(one.entry == entry for entry, one in never.items())


def test_an_equality_with_a_network_says_what_to_write() -> None:
    never = matcher("[ipv4-addr:value = '198.51.100.0/24']").unexecutable(MAPPING)
    assert "write ISSUBSET" in never[0].reason


def test_a_sequence_is_met_across_batches_mappings_and_restarts() -> None:
    small = Mapping("small", "Small", (Column("query", "q", stix=("domain-name:value",)),))
    text = "([domain-name:value = 'a.example'] FOLLOWEDBY [network-traffic:dst_port = 443]) WITHIN 60 SECONDS"
    made = matcher(text)
    assert hits(made, batch([{"query": "a.example"}], first=5, mapping=small)) == []
    again = matcher(text)
    (memory,) = made.memories()
    assert again.resume(memory)
    assert hits(again, batch([{"port": 80}, FLOW], first=8)) == [(1, 0, "")]
    met = again.met[1, 0]
    assert met.horizon.source is Source.WITHIN
    assert again.origins(met) == (Origin("place", 5), Origin("place", 9))
    made.kept()
    assert list(made.memories()) == [] and not matcher("[a:b = 1]").resume(memory)
    with pytest.raises(InvalidInput):
        again.resume(memory._replace(state=memory.state[:-1]))


def test_a_matcher_of_other_patterns_goes_on_with_those_that_stayed() -> None:
    first = "[domain-name:value = 'a.example'] FOLLOWEDBY [network-traffic:dst_port = 443]"
    second = "[domain-name:value = 'a.example'] FOLLOWEDBY [network-traffic:dst_port = 80]"
    made = matcher(first, second)
    assert hits(made, batch([{"query": "a.example"}])) == []
    texts = [first, second.replace("FOLLOWEDBY", "AND"), "[network-traffic:dst_port = 443]"]
    patterns = [pattern for text in texts if (pattern := parse(text).pattern) is not None]
    again = StixMatcher([Entry(number, one) for number, one in enumerate(patterns)], before=made)
    assert hits(again, batch([{"port": 443}, {"port": 80}], first=2)) == [(0, 0, ""), (0, 2, "port")]
    assert [one.entry for one in again.memories()] == [0, 1]


def test_another_validity_changes_the_horizon_and_not_what_is_remembered() -> None:
    text = "[domain-name:value = 'a.example'] FOLLOWEDBY [network-traffic:dst_port = 443]"
    made = matcher(text)
    assert hits(made, batch([{"query": "a.example"}])) == []
    pattern = parse(text).pattern
    assert pattern is not None
    renewed = StixMatcher([Entry(0, pattern, 0, 5_000_000)], before=made)
    assert hits(renewed, batch([{"port": 443}], first=2)) == [(0, 0, "")]
    assert renewed.met[0, 0].horizon.source is Source.VALID_UNTIL


def test_rows_of_a_batch_need_not_be_in_the_order_of_time() -> None:
    text = "[domain-name:value = 'a.example'] FOLLOWEDBY [network-traffic:dst_port = 443]"
    rows = [{**FLOW, TIME: 9_000_000}, {"query": "a.example", TIME: 2_000_000}]
    assert hits(matcher(text), batch(rows)) == [(0, 0, "")]
    late = matcher(text, lateness=60_000_000)
    assert hits(late, batch(rows[:1])) == []
    assert hits(late, batch(rows[1:], first=2)) == [(0, 0, "")]


def test_a_row_without_a_time_takes_no_part_where_time_matters() -> None:
    window = "START t'1970-01-01T00:00:00Z' STOP t'1970-01-01T00:00:02Z'"
    made = matcher(f"[network-traffic:dst_port = 443] {window}", "[network-traffic:dst_port = 443]")
    rows = [{**FLOW, TIME: None}, {**FLOW, TIME: 1_999_999}, {**FLOW, TIME: 2_000_000}]
    assert [hit[:2] for hit in hits(made, batch(rows))] == [(0, 1), (1, 0), (1, 1), (2, 1)]
    assert made.timeless == 1


def test_the_horizon_follows_the_validity_of_the_indicator() -> None:
    pattern = parse("[network-traffic:dst_port = 80] FOLLOWEDBY [network-traffic:dst_port = 443]").pattern
    assert pattern is not None
    made = StixMatcher([Entry(7, pattern, 0, 3_000_000)], generation=12)
    assert made.generation == 12
    rows = [{"port": 80}, {}, {}, {"port": 443}, {"port": 443}]
    assert hits(made, batch(rows)) == [(3, 7, "")]
    assert made.met[3, 7].horizon.source is Source.VALID_UNTIL


def test_an_empty_batch_and_no_patterns_give_no_hits() -> None:
    assert hits(matcher("[domain-name:value = 'a']"), batch([])) == []
    assert hits(matcher(), batch([FLOW])) == []


def test_a_thousand_patterns_cost_little_more_than_one() -> None:
    rows = [{**FLOW, "target": f"198.51.{n % 250}.{n % 199}", "query": f"h{n}.example"} for n in range(20_000)]
    given = batch(rows)

    def spent(count: int) -> int:
        made = matcher(*(f"[domain-name:value = 'x{n}.example']" for n in range(count)))
        made.match(given)
        return steps(lambda: made.match(given))

    assert spent(1000) < 10 * spent(1)


@pytest.mark.parametrize(
    ("test", "wanted"),
    [
        ("LIKE '%abc_de%'", "abc"),
        ("MATCHES '^https://x+yz?w'", "https://x"),
        ("MATCHES 'ab|cd'", ""),
        ("MATCHES '(?i)abc'", ""),
        ("MATCHES '\\\\x41bc'", ""),
        ("MATCHES '\\\\pLbc'", ""),
        ("MATCHES 'a[bc]*defg{2}h'", "def"),
        ("MATCHES 'host\\\\.example$'", "host.example"),
        ("ISSUBSET '198.51.100.0/22'", "198.51."),
        ("ISSUBSET '2001:db8::/32'", ""),
        ("ISSUBSET '0.0.0.0/0'", ""),
    ],
)
def test_only_a_literal_that_is_certain_is_looked_for(test: str, wanted: str) -> None:
    pattern = parse(f"[a:b {test}]").pattern
    assert pattern is not None
    assert literal(comparisons(pattern.brackets[0].test)[0]) == wanted
