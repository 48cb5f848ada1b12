"""Personal data and secrets: the labelled sample, the test on bytes, and what hostile text costs."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tools.personal_report import cases, expected_in, found_in

from commonwatch.core.law.personal import (
    PersonalFinding,
    may_hold_personal,
    personal_classes,
    personal_findings,
    secrecy_findings,
)

CASES = list(cases())
TYPES = sorted({case["object"]["type"] for _, case in CASES} | {"course-of-action", "grouping", "x-custom"})


def strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in inner for text in strings(part)]


FRAGMENTS = sorted({text for _, case in CASES for text in strings(case["object"])})


@pytest.mark.parametrize(("file", "case"), CASES, ids=[f"{file}: {case['name']}" for file, case in CASES])
def test_a_labelled_object_gives_what_a_person_wrote_down(file: str, case: dict[str, Any]) -> None:
    found, expected = found_in(case["object"]), expected_in(case)
    if "known" in case:
        assert found != expected, "It is found by now: take the note away."
    else:
        assert found == expected


@pytest.mark.parametrize(("file", "case"), CASES, ids=[f"{file}: {case['name']}" for file, case in CASES])
def test_offsets_point_at_the_value(file: str, case: dict[str, Any]) -> None:
    for one in [*personal_findings(case["object"]), *secrecy_findings(case["object"])]:
        part: Any = case["object"]
        for step in one.place.split("/")[1:]:
            part = part[int(step)] if isinstance(part, list) else part[step.replace("~1", "/").replace("~0", "~")]
        text = str(part)
        assert one.value == (text[one.start : one.end] if one.end else text)


def test_the_sample_is_large_and_half_of_it_is_hard_to_leave_alone() -> None:
    assert len(CASES) >= 300
    assert sum(not expected_in(case) for _, case in CASES) >= 80
    names = [(file, case["name"]) for file, case in CASES]
    assert len(set(names)) == len(names)


def holds(value: dict[str, Any]) -> bool:
    return bool(personal_classes(personal_findings(value)) or secrecy_findings(value))


def written(value: dict[str, Any]) -> list[bytes]:
    """The same object as different programs write it."""
    plain = json.dumps(value, ensure_ascii=False).encode()
    compact = json.dumps(value, separators=(",", ":")).encode()
    return [plain, compact, compact.replace(b"/", b"\\/"), json.dumps(value, indent=2, sort_keys=True).encode()]


@pytest.mark.parametrize(("file", "case"), CASES, ids=[f"{file}: {case['name']}" for file, case in CASES])
def test_the_test_on_bytes_lets_no_labelled_object_pass(file: str, case: dict[str, Any]) -> None:
    if holds(case["object"]):
        assert all(may_hold_personal(raw) for raw in written(case["object"]))


NAMES = ["name", "description", "pattern", "labels", "objects", "extensions", "x_phone", "x_username", "authors"]
NAMES += ["contact_information", "value", "source_ref", "identity_class"]

_text = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=12)), min_size=1, max_size=3).map("".join)
_joined = st.tuples(_text, st.sampled_from(["", " ", "\n", "\t", '"', "\\", ": "]), _text).map("".join)
_values = st.recursive(
    _joined,
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(st.sampled_from(["type", "phone", "x_login", "a/b"]), inner, max_size=2),
    ),
    max_leaves=4,
)
_objects = st.builds(
    lambda kind, rest, last: {**rest, "type": kind} if last else {"type": kind, **rest},
    st.one_of(st.sampled_from(TYPES), st.text(max_size=3)),
    st.dictionaries(
        st.sampled_from(NAMES),
        _values,
        max_size=4,
    ),
    st.booleans(),
)


@settings(max_examples=600)
@given(_objects)
def test_the_test_on_bytes_is_never_wrong_when_it_says_no(value: dict[str, Any]) -> None:
    for raw in written(value):
        if not may_hold_personal(raw):
            assert not holds(value)


@settings(max_examples=200)
@given(st.sampled_from([case["object"] for _, case in CASES]), st.data())
def test_a_labelled_object_cut_anywhere_is_still_read(value: dict[str, Any], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(value)))
    if isinstance(value[name], str) and name != "type":
        cut = data.draw(st.integers(0, len(value[name])))
        value = {**value, name: value[name][cut:]}
    for raw in written(value):
        assert may_hold_personal(raw) or not holds(value)


def test_what_is_nested_is_not_taken_for_the_object_itself() -> None:
    inner = {"name": "Aino Virtanen", "identity_class": "individual"}
    raw = json.dumps({"list": [{"type": "indicator"}], **inner, "type": "identity", "more": [{}]}).encode()
    assert may_hold_personal(raw)
    assert may_hold_personal(b'{"name":"x"}')
    assert not may_hold_personal(b'{"kill_chain_phases":[{"phase_name":"x"}],"name":"x","type":"indicator"}')


def test_only_what_protects_someone_is_a_class() -> None:
    attacker = PersonalFinding("e-mail", "attacker", "/pattern", 1, 2, "x")
    victim = PersonalFinding("e-mail", "victim", "/description", 1, 2, "x")
    suspect = PersonalFinding("suspicion", "attacker", "/name", 0, 0, "x")
    assert personal_classes([attacker]) == ()
    assert personal_classes([suspect, victim, attacker]) == ("e-mail", "suspicion")


def test_places_are_json_pointers() -> None:
    value = {"type": "report", "x_a/b~c": ["", "write to l.moreau@ville-beaumont.fr"]}
    (one,) = personal_findings(value)
    assert (one.place, one.start) == ("/x_a~1b~0c/1", 9)


@pytest.mark.parametrize(
    "value",
    [
        {"type": "email-addr", "value": 7},
        {"type": "email-message", "body_multipart": {"body": "x"}},
        {"type": "email-message", "body_multipart": ["x", {"body": ["x"]}]},
        {"type": "observed-data", "objects": []},
        {"type": "observed-data", "objects": {"0": "x", "1": {"type": "network-traffic", "dst_ref": 5, "to_refs": 5}}},
        {"type": "observed-data", "objects": {"0": {"type": "email-message", "to_refs": [5]}}},
        {"type": "location", "precision": 5, "latitude": "x"},
        {"type": "note", "authors": "x"},
        {"type": "identity", "identity_class": "individual", "roles": [5], "contact_information": 5},
        {"type": "user-account", "account_login": 5, "user_id": "S-1-5-18"},
        {"type": ["x"], "name": None, "list": [[], {}, 1.5, True]},
        {"type": "relationship", "source_ref": 5},
        {},
    ],
)
def test_what_is_not_as_the_type_says_is_passed_over(value: dict[str, Any]) -> None:
    assert personal_findings(value) == () and secrecy_findings(value) == ()


@pytest.mark.parametrize(
    "text",
    [
        "Phone: 2025-03-04 10:11:12",
        "IMEI 123456789012 is too short",
        "Passport valid until 2031-03-04",
        "Dr. Web Scanner found it",
        "编号 110105194913310021 and 11010519491231002Y",
        "529.982.247-26",
        "Write to lena@domain.com",
        "GB29NWBK60161331926818, ZZ29NWBK60161331926819",
    ],
)
def test_what_only_looks_alike_is_left_alone(text: str) -> None:
    assert personal_findings({"type": "report", "description": text}) == ()


def test_of_two_readings_of_the_same_place_the_more_certain_one_stays() -> None:
    (one,) = personal_findings({"type": "report", "description": "user: .\\Users\\mrossi\\abc.d"})
    assert (one.category, one.value) == ("path", "mrossi")


def test_a_word_that_a_sample_asks_for_is_nobodys() -> None:
    pattern = "[process:command_line = 'rar --password=Herbst#2025 C:\\\\Users\\\\mrossi\\\\a']"
    (one,) = personal_findings({"type": "indicator", "pattern": pattern})
    assert (one.category, one.value) == ("path", "mrossi")


def test_depth_costs_no_stack() -> None:
    value: Any = "write to l.moreau@ville-beaumont.fr"
    for _ in range(5_000):
        value = [value]
    assert len(personal_findings({"type": "report", "x_deep": value})) == 1


HOSTILE = [
    "a", "@", "a@", "a.", "a@a.", "a@" + "b" * 60 + ".", " at a dot ", "[at]", "%40", "://a:", "://a:b@", "+1", "1 ", "1-",
    "1.", "1(", "0000 ", "tel ", "tel 1 ", "phone: 1-", "account number ", "passport A1 ", "imei 1 ", "2001:", "2a02::", "aa:",
    "AA00", "DE89 ", "\\Users\\", "C:\\Users\\a ", "/home/", "/home" + "/a", "password", "password=", "password: a1 ", "eyJ", "eyJa.",
    "-----BEGIN ", "-----BEGIN PRIVATE KEY-----", "Bearer aaaaaaaaaaaaaaaaaaaaa", "Mr A", "Mr Aa ", "Aa ", "A. ", "Aa was ",
    "suspect Aa ", "user: ", "user 'a", "telegram @", "S-1-5-21-1-", "victim ", "SECRET//A", "TOP SECRET//A ", "(S//A",
    "imsi ", "call records ", "'", "\\'", "a:b", "[a:b = '", "email-addr:value = '", "姓名：", "手机 ", "é", "@é",
]  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE)
@pytest.mark.parametrize("kind", ["report", "indicator"])
def test_hostile_text_costs_in_proportion_to_its_length(kind: str, unit: str) -> None:
    name = "pattern" if kind == "indicator" else "description"

    def cost(length: int) -> float:
        value = {"type": kind, name: (unit * (length // len(unit) + 1))[:length]}
        raw = json.dumps(value, ensure_ascii=False).encode()
        spent = []
        for _ in range(3):
            start = time.process_time()
            may_hold_personal(raw)
            personal_findings(value)
            secrecy_findings(value)
            spent.append(time.process_time() - start)
        return min(spent)

    # Eight times the length: quadratic cost would be 64 times as much.
    assert cost(32_000) < 24 * cost(4_000) + 0.02
