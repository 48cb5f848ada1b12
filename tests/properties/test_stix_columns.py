"""STIX patterns on columns: the same answer as the reference evaluation of the same rows."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonwatch.capabilities.detection.matching.matcher import Memory
from commonwatch.capabilities.detection.matching.stix.layout import row_objects, things
from commonwatch.core.patterns.stix.evaluate import matches
from commonwatch.core.patterns.stix.observations import Observation
from tests.capabilities.detection.matching.stix_rows import MAPPING, batch, hits, matcher
from tests.core.patterns.stix.observed import planned

QUIET = settings(max_examples=200, suppress_health_check=list(HealthCheck))
LAYOUT = things(MAPPING)
MOMENT = 1_700_000_000_000_000
ADDRESSES = st.sampled_from(["198.51.100.7", "198.51.100.8", "2001:db8::1", "host.example", "198.51.100.0/24"])
NAMES = st.sampled_from(["a.exe", "A.exe", "b.exe", "ä.exe", "a\u0308.exe", "line\nbreak", ""])
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "source": ADDRESSES,
    "target": ADDRESSES,
    "port": st.sampled_from([0, 1, 443, 8080]),
    "protocol": st.sampled_from(["tcp", "udp"]),
    "service": st.sampled_from(["tcp", "dns"]),
    "query": ADDRESSES,
    "answers": st.lists(st.one_of(st.none(), ADDRESSES), max_size=3),
    "image": NAMES,
    "digest": st.sampled_from(["aa", "bb"]),
    "command": st.sampled_from(["a.exe -x", "b.exe\n-y", "ä", "c+d"]),
    "parent": NAMES,
    "hidden": st.booleans(),
    "score": st.sampled_from([0.0, 0.5, 1.0, 443.0]),
    "started": st.sampled_from([MOMENT, MOMENT + 1]),
    "machine": st.sampled_from(["4c01", "6", "aa"]),
    "recipients": st.lists(ADDRESSES, max_size=2),
}
ROWS = st.lists(st.fixed_dictionaries({}, optional=FIELDS), min_size=1, max_size=6)

TEXT_PATHS = [
    "network-traffic:src_ref.value",
    "network-traffic:dst_ref.value",
    "network-traffic:src_ref.type",
    "network-traffic:protocols[*]",
    "ipv4-addr:value",
    "ipv6-addr:value",
    "domain-name:value",
    "domain-name:resolves_to_refs[*].value",
    "domain-name:resolves_to_refs[*].type",
    "process:image_ref.name",
    "process:image_ref.hashes.MD5",
    "process:command_line",
    "process:parent_ref.image_ref.name",
    "file:name",
    "file:hashes.MD5",
    "email-message:to_refs[*].value",
    "email-addr:value",
]
TEXTS = [
    "198.51.100.7",
    "2001:db8::1",
    "host.example",
    "ipv4-addr",
    "tcp",
    "aa",
    "a.exe",
    "ä.exe",
    "",
    "198.51.100.0/24",
]


@st.composite
def comparison_texts(draw: st.DrawFn) -> str:
    path = draw(st.sampled_from(TEXT_PATHS))
    negation = draw(st.sampled_from(["", "", "NOT "]))
    text = draw(st.sampled_from(TEXTS))
    lack = draw(st.sampled_from(["src_ref.value", "dst_port", "protocols[*]"]))  # of types that a row has one object of
    regex = draw(
        st.sampled_from(
            ["a", "^a", "exe$", "a.exe -x", "b.exe.-y", "c\\\\+d", "x?a+", "[ab]\\\\.exe", "a|b", "(?i)A", "ä"]
        )
    )
    return draw(
        st.sampled_from(
            [
                f"{path} {negation}= '{text}'",
                f"{path} {negation}= '{text}'",
                f"{path} {negation}IN ('{text}', 'b.exe', 'dns')",
                f"{path} {draw(st.sampled_from(['!=', '<', '>=']))} '{text}'",
                f"{path} {negation}LIKE '{draw(st.sampled_from(['%a%', 'a%', '%.exe', '_.exe', '%', 'line%', '198.51.%']))}'",
                f"{path} {negation}MATCHES '{regex}'",
                f"{path} {negation}ISSUBSET '198.51.100.0/24'",
                f"EXISTS {path}",
                f"NOT EXISTS network-traffic:{lack}",
                f"network-traffic:dst_port {negation}{draw(st.sampled_from(['=', '>', '<=']))} {draw(st.sampled_from([443, 1.0, 0]))}",
                f"network-traffic:dst_port {negation}IN (443, 0.5)",
                f"process:is_hidden {negation}= {draw(st.sampled_from(['true', 'false']))}",
                "process:is_hidden = 1",
                f"process:x_score {negation}{draw(st.sampled_from(['=', '>']))} {draw(st.sampled_from(['0', '0.5', '443']))}",
                "process:created_time >= t'2023-11-14T22:13:20.000001Z'",
                f"file:extensions.'windows-pebinary-ext'.machine_hex {negation}= h'4c01'",
            ]
        )
    )


@st.composite
def bracket_texts(draw: st.DrawFn) -> str:
    parts = [draw(comparison_texts())]
    kind = parts[0].removeprefix("NOT ").removeprefix("EXISTS ").partition(":")[0]
    for other in draw(st.lists(comparison_texts(), max_size=2)):
        word = "AND" if other.removeprefix("NOT ").removeprefix("EXISTS ").partition(":")[0] == kind else "OR"
        if word == "AND":
            parts[-1] = f"{parts[-1]} {draw(st.sampled_from(['AND', 'OR']))} {other}"
        else:
            parts.append(other)
            kind = other.removeprefix("NOT ").removeprefix("EXISTS ").partition(":")[0]
    return f"[{' OR '.join(parts)}]"


def observation(row: dict[str, Any], second: int) -> Observation:
    """A row as the reference evaluation sees it."""
    return Observation(row_objects(LAYOUT, row), second * 1_000_000, second * 1_000_000, name=str(second))


@QUIET
@given(st.lists(bracket_texts(), min_size=1, max_size=5), ROWS)
def test_a_bracket_holds_for_the_rows_that_the_reference_evaluation_names(
    patterns: list[str], rows: list[dict[str, Any]]
) -> None:
    found = {(row, entry) for row, entry, _ in hits(matcher(*patterns), batch(rows))}
    expected = {
        (number, entry)
        for number, row in enumerate(rows)
        for entry, pattern in enumerate(patterns)
        if matches(planned(pattern), [observation(row, number)])
    }
    assert found == expected


@st.composite
def temporal_texts(draw: st.DrawFn, depth: int = 2) -> str:
    kind = draw(st.integers(0, 5 if depth else 0))
    if kind == 0:
        return draw(bracket_texts())
    part = draw(temporal_texts(depth=depth - 1))
    if kind == 1:
        return f"({part}) WITHIN {draw(st.sampled_from(['1', '2', '3']))} SECONDS"
    if kind == 2:
        return f"({part}) REPEATS {draw(st.integers(1, 3))} TIMES"
    return f"({part}) {['AND', 'OR', 'FOLLOWEDBY'][kind - 3]} ({draw(temporal_texts(depth=depth - 1))})"


@QUIET
@given(temporal_texts(), ROWS, st.lists(st.booleans(), min_size=6, max_size=6))
def test_a_stream_cut_anywhere_meets_a_pattern_where_the_reference_evaluation_does(
    pattern: str, rows: list[dict[str, Any]], cuts: list[bool]
) -> None:
    plan = planned(pattern)
    made = matcher(pattern)
    saved: dict[int, Memory] = {}
    found = []
    start = 0
    for number in range(len(rows)):
        if cuts[number] or number == len(rows) - 1:
            found += [start + row for row, _, _ in hits(made, batch(rows[start : number + 1], first=start + 1))]
            saved |= {memory.entry: memory for memory in made.memories()}
            made = matcher(pattern)
            assert all(made.resume(memory) for memory in saved.values())
            start = number + 1
    seen = [observation(row, number + 1) for number, row in enumerate(rows)]
    first = next((number for number in range(len(rows)) if matches(plan, seen[: number + 1])), None)
    assert (min(found) if found else None) == first
