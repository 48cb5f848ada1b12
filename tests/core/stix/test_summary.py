"""What an object is, in a name and a line; what changed between two versions, field by field."""

from __future__ import annotations

from typing import Any

import pytest

from commonwatch.core.stix.difference import FieldChange, difference
from commonwatch.core.stix.summary import summary
from commonwatch.core.stix.tables import PROPERTIES


@pytest.mark.parametrize(
    ("value", "name", "line"),
    [
        (
            {
                "type": "indicator",
                "name": "C2",
                "pattern": "[a:b = 'c']",
                "indicator_types": ["malicious-activity"],
                "valid_from": "2026-01-02T00:00:00Z",
            },
            "C2",
            "malicious-activity; matches [a:b = 'c']; valid from 2026-01-02",
        ),
        (
            {
                "type": "indicator",
                "pattern": "rule x {}",
                "pattern_type": "yara",
                "valid_from": "2026-01-02T00:00:00Z",
                "valid_until": "2026-02-02T00:00:00Z",
            },
            "rule x {}",
            "a yara rule; valid from 2026-01-02 to 2026-02-02",
        ),
        (
            {
                "type": "malware",
                "name": "Emotet",
                "malware_types": ["loader"],
                "aliases": ["Emotet", "Geodo"],
                "description": "A\nlong\tstory",
                "revoked": True,
            },
            "Emotet",
            "revoked; loader; also Geodo; A long story",
        ),
        (
            {
                "type": "attack-pattern",
                "name": "Command line",
                "external_references": [{"source_name": "mitre-attack", "external_id": "T1059"}],
            },
            "Command line",
            "T1059",
        ),
        (
            {
                "type": "relationship",
                "relationship_type": "attributed-to",
                "source_ref": "intrusion-set--x",
                "target_ref": "threat-actor--y",
            },
            "intrusion set attributed to threat actor",
            "intrusion set attributed to threat actor",
        ),
        ({"type": "sighting", "sighting_of_ref": "malware--x"}, "malware seen", "malware seen"),
        (
            {
                "type": "sighting",
                "sighting_of_ref": "malware--x",
                "count": 3,
                "first_seen": "2026-01-01T00:00:00Z",
                "last_seen": "2026-01-05T00:00:00Z",
            },
            "malware seen 3 times from 2026-01-01 to 2026-01-05",
            "malware seen 3 times from 2026-01-01 to 2026-01-05",
        ),
        (
            {"type": "opinion", "opinion": "strongly-agree", "explanation": "Seen it", "object_refs": ["a", "b"]},
            "strongly agree; Seen it; about 2 objects",
            "strongly agree; Seen it; about 2 objects",
        ),
        (
            {"type": "note", "abstract": "In short", "content": "At length", "object_refs": ["a"]},
            "In short",
            "At length",
        ),
        (
            {
                "type": "report",
                "name": "R",
                "published": "2026-01-02T00:00:00Z",
                "object_refs": ["a", "b"],
                "report_types": ["threat-report"],
            },
            "R",
            "threat-report; published 2026-01-02; about 2 objects",
        ),
        (
            {
                "type": "observed-data",
                "id": "observed-data--1",
                "first_observed": "2026-01-01",
                "last_observed": "2026-01-02",
                "number_observed": 4,
                "objects": {"0": {}},
            },
            "1 things observed 4 times, 2026-01-01 to 2026-01-02",
            "1 things observed 4 times, 2026-01-01 to 2026-01-02",
        ),
        (
            {"type": "marking-definition", "id": "m", "definition_type": "tlp", "definition": {"tlp": "green"}},
            "tlp: green",
            "tlp: green",
        ),
        ({"type": "marking-definition", "id": "m"}, "a marking", "a marking"),
        ({"type": "location", "id": "l", "city": "Wien", "country": "AT"}, "Wien, AT", "Wien, AT"),
        ({"type": "file", "id": "f", "hashes": {"MD5": "aa"}, "size": 3}, "aa", "MD5 aa; 3 bytes"),
        ({"type": "file", "id": "f", "hashes": {"MD5": 1}}, "MD5 1", "MD5 1"),
        ({"type": "software", "name": "S", "vendor": "V", "version": "1"}, "S", "V 1"),
        (
            {"type": "network-traffic", "id": "n", "protocols": ["ipv4", "tcp"], "src_port": 1, "dst_port": 2},
            "ipv4/tcp traffic, port 1 to 2",
            "ipv4/tcp traffic, port 1 to 2",
        ),
        ({"type": "autonomous-system", "number": 64496}, "AS64496", ""),
        ({"type": "ipv4-addr", "value": "192.0.2.1"}, "192.0.2.1", ""),
        (
            {"type": "recall", "id": "r", "object_refs": ["a"], "reason": "narrowed"},
            "takes 1 objects back: narrowed",
            "takes 1 objects back: narrowed",
        ),
        (
            {"type": "receipt", "id": "r", "answer": "complied"},
            "answers a recall: complied",
            "answers a recall: complied",
        ),
        ({"type": "x-unknown", "id": "x-unknown--1"}, "x-unknown--1", ""),
    ],
)
def test_an_object_is_said_in_plain_words(value: dict[str, Any], name: str, line: str) -> None:
    assert (summary(value).name, summary(value).line) == (name, line)


@pytest.mark.parametrize("kind", sorted(PROPERTIES))
@pytest.mark.parametrize("rubbish", [None, 1, [], {}, "x" * 100_000, [None, {"a": 1}], True])
def test_no_type_is_upset_by_rubbish_and_none_is_without_a_name(kind: str, rubbish: Any) -> None:
    said = summary({**dict.fromkeys(PROPERTIES[kind], rubbish), "type": kind, "id": f"{kind}--1"})
    assert said.name and len(said.name) <= 200 and len(said.line) <= 300


def test_every_field_that_differs_is_told_once_and_none_that_does_not() -> None:
    old = {
        "a": 1,
        "gone": 2,
        "list": [1, 2, 2],
        "order": [1, 2],
        "in": {"x": 1, "y/z": 2},
        "same": [1.0],
        "objects": [{"k": 1}],
    }
    new = {
        "a": 3,
        "came": 4,
        "list": [2, 5],
        "order": [2, 1],
        "in": {"x": 1, "y/z": 9},
        "same": [1],
        "objects": [{"k": 1}, {"k": 2}],
    }
    assert difference(old, new) == (
        FieldChange("/a", "changed", 1, 3),
        FieldChange("/came", "added", new=4),
        FieldChange("/gone", "removed", old=2),
        FieldChange("/in/y~1z", "changed", 2, 9),
        FieldChange("/list", "members", came=(5,), went=(1, 2)),
        FieldChange("/objects", "members", came=({"k": 2},)),
        FieldChange("/order", "order"),
    )
    assert difference(new, new) == ()
