"""STIX 2.0 as 2.1, checked by an implementation that we did not write; values read for lists."""

from __future__ import annotations

import json
from pathlib import Path

import stix2

from commonwatch.core.stix.lift import lift
from commonwatch.core.stix.reading import observables
from commonwatch.core.stix.split import split


def test_lifted_objects_of_the_real_world_are_valid_21(shared: Path) -> None:
    lifted = 0
    for path in sorted((shared / "intel/stix/vendor-unit42-reports").glob("*.json"))[:10]:
        for piece in split(path.read_bytes()).pieces:
            value = json.loads(piece.raw)
            if value["type"] in ("indicator", "malware", "attack-pattern", "tool", "campaign", "relationship"):
                parsed = stix2.parse(lift(value), allow_custom=True)
                assert parsed["spec_version"] == "2.1" and parsed["id"] == value["id"]
                lifted += 1
    assert lifted > 100


def test_lifting_twice_changes_nothing_more() -> None:
    once = lift({"type": "indicator", "id": "x", "labels": ["malicious-activity"]})
    assert lift(once) == once
    assert once["indicator_types"] == ["malicious-activity"] and once["pattern_type"] == "stix"


def test_only_values_that_are_asked_for_by_equality_are_read() -> None:
    pattern = (
        "[domain-name:value = 'a.example' OR url:value = 'http://b.example/\\'x'] AND [ipv4-addr:value != '198.51.100.1'] "
        "OR [file:hashes.'SHA-256' = 'abc' AND file:name = 'a.exe' AND process:name = 'x' AND domain-name:value LIKE 'c%']"
    )
    assert list(observables({"type": "indicator", "pattern": pattern, "pattern_type": "stix"})) == [
        ("domain-name", "a.example"),
        ("url", "http://b.example/'x"),
        ("file-hash", "abc"),
        ("file-name", "a.exe"),
    ]
    assert list(observables({"type": "file", "hashes": {"MD5": "x"}, "name": "n"})) == [
        ("file-hash", "x"),
        ("file-name", "n"),
    ]
    assert list(observables({"type": "ipv4-addr", "value": "198.51.100.1"})) == [("ipv4-addr", "198.51.100.1")]
    assert list(observables({"type": "malware", "name": "x"})) == []


def test_malware_of_20_described_families_and_custom_types_only_get_a_version() -> None:
    assert lift({"type": "malware", "id": "x"})["is_family"] is True
    assert lift({"type": "malware", "id": "x", "is_family": False})["is_family"] is False
    assert lift({"type": 5}) == {"type": 5, "spec_version": "2.1"}


def test_a_file_without_a_name_or_with_odd_hashes_gives_what_it_has() -> None:
    assert list(observables({"type": "file", "hashes": {"MD5": "aa", "x": 1}})) == [("file-hash", "aa")]
    assert list(observables({"type": "file", "hashes": "aa", "name": "a.exe"})) == [("file-name", "a.exe")]
    assert list(observables({"type": "malware", "name": "x"})) == []
