"""Patterns that mean plain values become values; all others are left to the matcher of patterns."""

from __future__ import annotations

import pytest

from commonwatch.capabilities.detection.indicators.plain_patterns import pattern_values
from commonwatch.core.patterns.stix.reading import parse
from commonwatch.core.patterns.values import Kind, Value

BELOW = "[domain-name:value = 'Evil.example' OR domain-name:value LIKE '%.evil.example']"
BOTH = (
    "[network-traffic:dst_ref.value = '192.0.2.1' AND network-traffic:dst_port = 449] OR "
    "[network-traffic:src_port = 449 AND network-traffic:src_ref.value = '192.0.2.1']"
)


def values(text: str) -> tuple[Value, ...] | None:
    pattern = parse(text).pattern
    assert pattern is not None
    return pattern_values(pattern)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (BELOW, [(Kind.DOMAIN, "evil.example")]),
        ("[domain-name:value = 'evil.example']", [(Kind.HOST, "evil.example")]),
        (BOTH, [(Kind.ENDPOINT, "192.0.2.1:449")]),
        (f"{BOTH} OR {BELOW}", [(Kind.ENDPOINT, "192.0.2.1:449"), (Kind.DOMAIN, "evil.example")]),
        ("[ipv6-addr:value = '2001:DB8:0::1']", [(Kind.ADDRESS, "2001:db8::1")]),
        (
            "[file:hashes.'SHA-1' = 'DA39A3EE5E6B4B0D3255BFEF95601890AFD80709']",
            [(Kind.SHA1, "da39a3ee5e6b4b0d3255bfef95601890afd80709")],
        ),
    ],
)
def test_what_means_values_is_values(text: str, expected: list[tuple[Kind, str]]) -> None:
    assert values(text) == tuple(Value(kind, text) for kind, text in expected)


@pytest.mark.parametrize(
    "text",
    [
        "[domain-name:value LIKE '%.evil.example']",
        "[domain-name:value = 'evil.example' OR domain-name:value LIKE '%evil.example']",
        "[domain-name:value = 'evil.example' OR domain-name:value LIKE '%.other.example']",
        "[domain-name:value = 'a.example' AND domain-name:value LIKE '%.a.example']",
        "[network-traffic:dst_ref.value = '192.0.2.1' AND network-traffic:dst_port = 449]",
        f"{BOTH} WITHIN 5 SECONDS",
        "[domain-name:value = 'not a name']",
    ],
)
def test_what_means_more_is_left_to_the_matcher_of_patterns(text: str) -> None:
    assert values(text) is None
