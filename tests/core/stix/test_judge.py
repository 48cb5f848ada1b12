"""The judgement on one object."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonwatch.core.stix.judge import judge
from commonwatch.core.stix.markings import TLP1, TLP2, redefines, strictest
from commonwatch.core.stix.tables import PROPERTIES
from commonwatch.core.stix.values import Admissible, Judgement, Piece, Rejected

NOW = 1_795_000_000_000_000  # November 2026
DAY = 86_400_000_000
UID = "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
INDICATOR: dict[str, Any] = {
    "type": "indicator",
    "spec_version": "2.1",
    "id": f"indicator--{UID}",
    "created": "2026-01-02T03:04:05.678Z",
    "modified": "2026-02-02T03:04:05.67Z",
    "pattern": "[ipv4-addr:value = '198.51.100.1']",
    "pattern_type": "stix",
    "valid_from": "2026-01-01T00:00:00Z",
}


def judged(value: object, spec: int = 0) -> Judgement:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return judge(Piece(raw, "/objects/0", spec), NOW, DAY, 1 << 20)


def codes(value: object, spec: int = 0) -> list[tuple[str, str, str]]:
    return [(finding.severity, finding.code, finding.place) for finding in judged(value, spec).findings]


def test_a_clean_object_has_its_head_read_and_no_findings() -> None:
    judgement = judged({**INDICATOR, "created_by_ref": f"identity--{UID}", "object_marking_refs": [TLP2["TLP:RED"]]})
    assert isinstance(judgement, Admissible) and not judgement.findings
    head = judgement.head
    assert (head.type, head.spec, head.digits, head.revoked) == ("indicator", 21, 2, False)
    assert head.author == f"identity--{UID}" and head.markings == (TLP2["TLP:RED"],)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"pattern": None}, ("hold", "property-empty", "/pattern")),
        ({"pattern": 3}, ("hold", "property-wrong-kind", "/pattern")),
        ({"created": "2025-15-08T00:00:00.000Z"}, ("hold", "time-unreadable", "/created")),
        ({"modified": 3}, ("hold", "time-unreadable", "/modified")),
        ({"modified": "2027-12-01T00:00:00Z"}, ("hold", "version-in-future", "/modified")),
        ({"id": f"indicator--{UID.upper()}"}, ("hold", "id-upper-case", "/id")),
        ({"id": f"malware--{UID}"}, ("hold", "id-type-mismatch", "/id")),
        ({"id": "indicator--1"}, ("hold", "id-malformed", "/id")),
        ({"id": None}, ("hold", "id-missing", "/id")),
        ({"type": None}, ("hold", "type-missing", "/type")),
        ({"object_marking_refs": ["TLP:RED"]}, ("hold", "property-wrong-kind", "/object_marking_refs")),
        ({"object_marking_refs": [3]}, ("hold", "property-wrong-kind", "/object_marking_refs")),
        ({"object_marking_refs": {"a": 1}}, ("hold", "property-wrong-kind", "/object_marking_refs")),
        ({"created_by_ref": "me"}, ("hold", "property-wrong-kind", "/created_by_ref")),
        ({"revoked": "yes"}, ("hold", "property-wrong-kind", "/revoked")),
        ({"granular_markings": [{"selectors": []}]}, ("hold", "granular-marking-unreadable", "/granular_markings/0")),
        ({"granular_markings": "RED"}, ("hold", "property-wrong-kind", "/granular_markings")),
        ({"confidence": 101}, ("note", "property-wrong-kind", "/confidence")),
        ({"labels": []}, ("note", "property-empty", "/labels")),
        ({"modified": "2025-01-01T00:00:00Z"}, ("note", "modified-before-created", "/modified")),
        ({"valid_until": "2025-01-01T00:00:00Z"}, ("note", "validity-empty", "/valid_until")),
        ({"pattern": "ipv4-addr:value = '198.51.100.1']"}, ("note", "pattern-bracket-missing", "/pattern")),
        ({"pattern": "[file:hashes.SHA256 = 'aa']"}, ("note", "pattern-hash-name", "/pattern")),
        ({"pattern": "[a:b = 'c"}, ("note", "pattern-quote-open", "/pattern")),
        ({"pattern": "[(a:b = 'c']"}, ("note", "pattern-parenthesis-missing", "/pattern")),
    ],
)
def test_what_is_off_is_found_with_its_place(change: dict[str, Any], expected: tuple[str, str, str]) -> None:
    """Abuse classes 38 and 41 among them: a far future version, and type confusion in markings."""
    assert expected in codes({**INDICATOR, **change})


@pytest.mark.parametrize("name", ["pattern", "pattern_type", "valid_from"])
def test_a_missing_required_property_is_named(name: str) -> None:
    value = {key: part for key, part in INDICATOR.items() if key != name}
    assert [finding.sentence for finding in judged(value).findings] == [f"The required property {name} is missing."]


def test_every_finding_is_reported_not_only_the_first() -> None:
    found = codes({**INDICATOR, "pattern": 3, "confidence": 500, "labels": []})
    assert [severity for severity, _, _ in found] == ["hold", "note", "note"]


def test_stix_20_is_judged_by_its_own_rules() -> None:
    old = {key: part for key, part in INDICATOR.items() if key not in ("spec_version", "pattern_type")}
    judgement = judged(old)
    assert isinstance(judgement, Admissible) and judgement.head.spec == 20 and not judgement.findings
    assert judged({**old, "spec_version": "2.1"}).findings[0].code == "property-missing"
    assert isinstance(judged(INDICATOR, spec=20), Admissible)


def test_an_observable_without_spec_version_is_21() -> None:
    judgement = judged({"type": "url", "id": f"url--{UID}", "value": "https://example.com/"})
    assert isinstance(judgement, Admissible) and judgement.head.spec == 21 and judgement.head.version == 0


def test_an_observable_whose_id_is_not_the_one_its_content_gives_is_noted() -> None:
    value = {"type": "ipv4-addr", "id": "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c5", "value": "198.51.100.3"}
    assert codes(value) == [("note", "id-not-deterministic", "/id")]
    assert codes({**value, "id": "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4"}) == []


def test_custom_types_and_properties_pass_without_a_word() -> None:
    custom = {"type": "x-acme-thing", "id": f"x-acme-thing--{UID}", "created": "2026-01-01T00:00:00Z", "anything": [1]}
    assert codes(custom) == [] and codes({**INDICATOR, "x_acme_score": {"a": None}}) == []
    assert codes({**custom, "object_marking_refs": "RED"}) == [("hold", "property-wrong-kind", "/object_marking_refs")]


def test_redefining_a_tlp_marking_is_refused() -> None:
    """Abuse class 40: whoever controls what TLP:RED's id means controls every policy."""
    definition = {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": TLP1["TLP:RED"],
        "created": "2017-01-20T00:00:00.000Z",
        "definition_type": "tlp",
        "definition": {"tlp": "white"},
    }
    assert codes(definition)[0][:2] == ("refuse", "marking-redefined")
    assert codes({**definition, "definition": {"tlp": "red"}}) == []
    extension = {"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d": {"tlp_2_0": "clear"}}
    assert codes({**definition, "definition": {}, "extensions": extension})[0][1] == "marking-redefined"


def test_tlp_clear_under_the_id_of_tlp_white_is_noted() -> None:
    definition = {
        "type": "marking-definition",
        "id": TLP1["TLP:WHITE"],
        "created": "2017-01-20T00:00:00.000Z",
        "definition_type": "tlp",
        "definition": {"tlp": "clear"},
        "name": "TLP:CLEAR",
    }
    assert codes(definition) == [("note", "marking-renamed", "/name")]


def test_the_strictest_marking_wins() -> None:
    """Abuse classes 13, 14 and 20: several TLP markings never weaken one another."""
    assert strictest([TLP2["TLP:CLEAR"], TLP1["TLP:AMBER"], TLP2["TLP:GREEN"]]) == "TLP:AMBER"
    assert strictest([TLP1["TLP:RED"], TLP2["TLP:AMBER+STRICT"]]) == "TLP:RED"
    assert strictest([f"marking-definition--{UID}"]) is None


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"3", "not-an-object"),
        (b"{}", "not-stix"),
        (b'{"type":"bundle","id":"bundle--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","objects":[]}', "bundle-in-bundle"),
        (b'{"Event":{}}', "misp-event"),
        (b'{"a":' + b'"' + b"x" * (1 << 20) + b'"}', "object-too-large"),
    ],
)
def test_what_is_no_object_is_named(raw: bytes, code: str) -> None:
    judgement = judged(raw)
    assert isinstance(judgement, Rejected) and judgement.findings[0].code == code


@pytest.mark.parametrize("terms", [500, 3000])
def test_a_pattern_of_any_size_is_looked_at_in_one_pass(terms: int) -> None:
    """Abuse classes 26 and 27: no recursion, so no depth that breaks it."""
    nested = "[" + "(" * terms + "a:b = 'c'" + ")" * terms + "]"
    chained = " OR ".join(["[ipv4-addr:value = '198.51.100.1']"] * terms)
    assert codes({**INDICATOR, "pattern": nested}) == [] and codes({**INDICATOR, "pattern": chained}) == []


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no fault of the test
@given(st.sampled_from(sorted(PROPERTIES)), st.data())
def test_no_value_of_any_property_makes_it_raise(kind: str, data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(sorted({*PROPERTIES[kind], "id", "type", "spec_version"})), max_size=6))
    value = {"type": kind, "id": f"{kind}--{UID}", "created": "2026-01-01T00:00:00Z"}
    judgement = judged(json.dumps({**value, **{name: data.draw(_JSON) for name in names}}).encode())
    assert isinstance(judgement, Admissible) or judgement.findings[0].severity in ("hold", "refuse")
    assert all(finding.remedy and finding.sentence for finding in judgement.findings)


@given(st.binary(max_size=120))
def test_no_bytes_make_it_raise(raw: bytes) -> None:
    assert isinstance(judged(raw), Admissible | Rejected)


def test_a_whole_number_is_a_number() -> None:
    place = {"type": "location", "spec_version": "2.1", "id": f"location--{UID}", "created": "2026-01-01T00:00:00Z",
             "modified": "2026-01-01T00:00:00Z", "latitude": 48, "longitude": 11.5, "precision": 10.0}  # fmt: skip
    assert codes(place) == []
    assert codes({**place, "latitude": "48"}) == [("note", "property-wrong-kind", "/latitude")]


def test_an_extension_that_is_no_object_or_no_tlp_claims_nothing() -> None:
    marking = {"type": "marking-definition", "spec_version": "2.1", "id": f"marking-definition--{UID}",
               "created": "2026-01-01T00:00:00Z", "extensions": {"a": "tlp:red", "b": {"tlp_2_0": "red"}, "c": {"tlp_2_0": 1}}}  # fmt: skip
    assert codes(marking) == []


def test_a_tlp_marking_with_extensions_of_others_is_still_itself() -> None:
    red = "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"
    assert redefines({"id": red, "name": "TLP:RED", "extensions": {"a": "x", "b": {"tlp_2_0": "red"}}}) is None
    assert redefines({"id": red, "extensions": {"a": 1, "b": {"tlp_2_0": "clear"}}}) == "TLP:CLEAR"
