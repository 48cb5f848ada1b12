"""Sigma texts are read whole or with their faults named, and hostile ones cost nothing."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from commonwatch.core.errors import InvalidInput
from commonwatch.core.patterns.sigma.evaluate import matches
from commonwatch.core.patterns.sigma.reading import filtered, read, read_filters
from commonwatch.core.patterns.sigma.rules import Reading, Rule
from commonwatch.core.patterns.sigma.tree import Absent, Any, Not, Text, Unsupported, leaves
from tests.steps import steps

MOST_STEPS = 2_000_000
HEAD = "title: T\nid: 5f2f2f5c-7f4e-4f0c-9f3a-0d6a2b3f1f10\nlogsource: {product: windows, category: process_creation}\n"


def rule(detection: str) -> Rule:
    """The one rule of a detection section, which must be sound."""
    reading = read(HEAD + "detection:\n" + detection)
    assert not [problem for problem in reading.problems if problem.severity != "note"], reading.problems
    (one,) = reading.rules
    return one


def holds(detection: str, **event: object) -> bool:
    return matches(rule(detection).condition, event)


def one(selection: str, **event: object) -> bool:
    """Whether an event meets a single-line selection."""
    return holds(f"  s: {{{selection}}}\n  condition: s\n", **event)


def problem(text: str) -> tuple[str, str]:
    reading = read(text)
    assert not reading.rules
    return reading.problems[0].place, reading.problems[0].sentence


def test_every_open_rule_is_read_and_survives_json(shared: Path) -> None:
    texts = [path.read_text() for path in sorted((shared / "intel/rules").glob("sigma*/**/*.yml"))]
    readings = [read(text) for text in texts]
    assert len(texts) == 437
    assert [reading.problems for reading in readings if reading.problems] == []
    for reading in readings:
        assert msgspec.json.decode(msgspec.json.encode(reading), type=Reading) == reading


def test_texts_ignore_case_and_stand_for_the_whole_value() -> None:
    assert one("Image: 'C:\\a\\CMD.exe'", Image="c:\\A\\cmd.EXE")
    assert not one("Image: cmd.exe", Image="C:\\cmd.exe")
    assert one("Image|endswith: '\\cmd.exe'", Image="C:\\cmd.exe")
    assert one("Image|contains: '\\Temp\\'", Image="C:\\temp\\x")
    assert one("Image|startswith: 'C:'", Image="c:\\")
    assert one("Image|cased: CMD.exe", Image="CMD.exe")
    assert not one("Image|cased: CMD.exe", Image="cmd.exe")
    assert not one("Image|contains|cased: CMD", Image="cmd.exe")
    assert one("Image|contains: 'Ä'", Image="bär")


def test_wildcards_stand_for_runs_and_single_characters_and_can_be_escaped() -> None:
    assert one("Image: '*\\a?c\\\\*.exe'", Image="C:\\abc\\long name.exe")
    assert not one("Image: '*\\a?c\\\\*.exe'", Image="C:\\ac\\x.exe")
    assert one("CommandLine: 'a\\*b'", CommandLine="a*b")
    assert not one("CommandLine: 'a\\*b'", CommandLine="axb")
    assert one("CommandLine: 'a*b*c'", CommandLine="a-b-b-c")
    assert not one("CommandLine: 'ab*ba'", CommandLine="aba")


def test_lists_are_alternatives_unless_all_is_said() -> None:
    assert one("CommandLine|contains: [x, y]", CommandLine="y")
    assert not one("CommandLine|contains|all: [x, y]", CommandLine="y")
    assert one("CommandLine|contains|all: [x, y]", CommandLine="y x")
    assert holds("  s:\n    - Image: a\n    - Image: b\n  condition: s\n", Image="b")
    assert one("EventID: [1, 2]", EventID="2")
    assert one("EventID: [1, 2]", EventID=1)
    assert one("Signed: true", Signed="True")


def test_absent_empty_and_dash_are_one() -> None:
    assert one("Image: null", Other="x")
    assert one("Image: ''", Image=None)
    assert one("Image: '-'", Image="-")
    assert one("Image: '-'")
    assert not one("Image: null", Image="x")
    assert one("Image|exists: true", Image="x")
    assert not one("Image|exists: true", Image="")
    assert one("Image|exists: false")
    assert one("Image: '*'", Image="x")
    assert not one("Image: '*'")


def test_negation_holds_where_a_field_is_absent() -> None:
    detection = "  s: {Image|endswith: x}\n  f: {User: system}\n  condition: s and not f\n"
    assert holds(detection, Image="x")
    assert holds(detection, Image="x", User="bob")
    assert not holds(detection, Image="x", User="SYSTEM")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("1 of sel*", True),
        ("all of sel*", False),
        ("1 of them", True),
        ("all of them", False),
        ("not sel_a and (sel_b or sel_a)", True),
        ("sel_a or sel_b and not sel_b", False),
    ],
)
def test_conditions_count_and_bind_as_the_specification_says(condition: str, expected: bool) -> None:
    assert holds(f"  sel_a: {{A: 1}}\n  sel_b: {{B: 1}}\n  condition: {condition}\n", A=2, B=1) is expected


def test_modifiers_encode_and_compare() -> None:
    assert one("C|base64offset|contains: 'http://'", C="xx" + "aHR0cDovL" + "3h4")
    assert one("C|wide|base64offset|contains: 'abc'", C="YQBiAGMA")
    assert one("C|windash|contains: ' -s '", C="tool /s x")
    assert one("C|windash|contains: ' -s '", C="tool \u2013s x")
    assert one("C|re: '^a{2,3}b$'", C="aaab")
    assert not one("C|re: '^a'", C="Ab")
    assert one("C|re|i: '^a'", C="Ab")
    assert one("C|re: '(?i)x(?=y)'", C="aXY")
    assert one("Ip|cidr: 10.0.0.0/8", Ip="10.255.0.1")
    assert not one("Ip|cidr: 10.0.0.0/8", Ip="11.0.0.1")
    assert one("Ip|cidr: 'fe80::/10'", Ip="fe80::1")
    assert not one("Ip|cidr: 10.0.0.0/8", Ip="no address")
    assert one("N|gte: 5", N="5")
    assert not one("N|gt: 5", N=5)
    assert not one("N|lt: 5", N="none")
    assert one("A|fieldref: B", A="x", B="X")
    assert one("A|fieldref|startswith: B", A="xy", B="X")
    assert not one("A|fieldref: B", A="x")
    assert one("T|hour: 23", T="2026-01-02T23:10:00Z")


def test_keywords_are_found_in_any_field() -> None:
    assert holds("  k: [evil, worse]\n  condition: k\n", Message="so EVIL indeed")
    assert holds("  k:\n    '|all': [evil, worse]\n  condition: k\n", A="evil", B="worse")
    assert not holds("  k:\n    '|all': [evil, worse]\n  condition: k\n", A="evil")
    assert holds("  k: ['ev*l?x']\n  condition: k\n", A="an evil-x here")


def test_placeholders_are_resolved_by_the_node_or_named() -> None:
    text = HEAD + "detection:\n  s: {User|expand: '%admins%'}\n  condition: s\n"
    (unresolved,) = read(text).rules
    assert [leaf.reason for leaf in leaves(unresolved.condition) if isinstance(leaf, Unsupported)] == [
        "has the placeholder %admins%, for which this node has no values"
    ]
    (resolved,) = read(text, {"admins": ["root", "adm*"]}).rules
    assert resolved.condition == Any((Text("User", ("root",)), Text("User", ("adm*",))))


def test_a_broken_rule_costs_only_itself_and_says_where() -> None:
    good = HEAD + "detection: {s: {Image: x}, condition: s}\n"
    broken = HEAD + "detection: {s: {Image|contians: x}, condition: s}\n"
    reading = read(f"{good}---\n{broken}---\n{good}")
    assert len(reading.rules) == 2
    assert [problem.place for problem in reading.problems] == ["document 2: /detection/s/Image|contians"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (HEAD + "detection: {s: {Image|re: '('}, condition: s}", "/detection/s/Image|re"),
        (HEAD + "detection: {s: {Image|cidr: 10.0.0.0/99}, condition: s}", "/detection/s/Image|cidr"),
        (HEAD + "detection: {s: {Image: x}, condition: t}", "/detection/condition"),
        (HEAD + "detection: {s: {Image: x}, condition: s and}", "/detection/condition"),
        (HEAD + "detection: {s: {Image: x}, condition: 5}", "/detection/condition"),
        (HEAD + "detection: {s: {Image: x}, condition: " + "(" * 40 + "s" + ")" * 40 + "}", "/detection/condition"),
        (HEAD + "detection: {s: {Image: x}, condition: " + "not " * 40 + "s}", "/detection/condition"),
        (HEAD + "detection: {s: {Image: x}, condition: 1 of *a*a*a*a*}", "/detection/condition"),
        (HEAD + "detection: nothing", "/detection"),
        (HEAD, "/detection"),
        ("title: T\ndetection: {s: {Image: x}, condition: s}", "/logsource"),
        ("title: T\nlogsource: {product: [a]}\ndetection: {s: {Image: x}, condition: s}", "/logsource"),
        ("- a list", ""),
        ("a: [1\n", "line 2"),
        ("a: 1\na: 2\n", "line 2"),
        ("a: !!python/object/apply:os.system [id]", "line 1"),
        ("a: &x [1]\nb: *x\n", "line 2"),
        ("? [a]\n: b\n", "line 1"),
        ("a: " + "[" * 100 + "]" * 100, "line 1"),
        ("a: [" + "1," * 70_000 + "]", "line 1"),
        ("x" * 1_000_001, ""),
        ("", ""),
        ("action: global\ntitle: x\n", "/action"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, place: str) -> None:
    assert problem(text)[0] == place
    assert steps(lambda: problem(text)) < MOST_STEPS


def test_an_expansion_beyond_all_bounds_is_refused() -> None:
    values = ", ".join(f"'a{number} -x -y -z'" for number in range(300))
    text = HEAD + f"detection: {{s: {{C|windash|contains: [{values}]}}, condition: s}}"
    place, sentence = problem(text)
    assert steps(lambda: problem(text)) < MOST_STEPS
    assert place == "/detection/s/C|windash|contains"
    assert "more than 30,000 values" in sentence


def test_untidy_heads_are_noted_and_the_rule_is_used() -> None:
    text = HEAD.replace("title: T\n", "") + "date: yesterday\ndetection: {s: {Image: x}, condition: s}"
    reading = read(text)
    assert len(reading.rules) == 1
    assert {problem.severity for problem in reading.problems} == {"note"}


def test_filters_narrow_the_rules_of_their_text_and_a_node_s_own_narrow_all() -> None:
    source = "logsource: {product: windows}\n"
    narrowing = f"title: F\n{source}filter: {{rules: any, own: {{User: bob}}, condition: not own}}\n"
    text = HEAD + "detection: {s: {Image: x}, condition: s}\n---\n" + narrowing
    (narrowed,) = read(text).rules
    assert matches(narrowed.condition, {"Image": "x"})
    assert not matches(narrowed.condition, {"Image": "x", "User": "bob"})
    plain = rule("  s: {Image: x}\n  condition: s\n")
    (by_node,) = filtered([plain], read_filters(narrowing))
    assert by_node.condition == narrowed.condition
    (named,) = filtered([plain], read_filters(narrowing.replace("any", "[other]")))
    assert named.condition == plain.condition
    with pytest.raises(InvalidInput, match="no filter"):
        read_filters(HEAD + "detection: {s: {Image: x}, condition: s}\n")


def test_a_hostile_regular_expression_ends() -> None:
    """By trying every way it would take 2 to the 60th steps."""
    assert not one("C|re: '^(a+)+$'", C="a" * 60 + "b")


def test_conditions_are_simplified() -> None:
    assert rule("  s: {Image: x}\n  condition: not not s\n").condition == Text("Image", ("x",))
    assert rule("  s: {Image|exists: false}\n  condition: not s\n").condition == Not(Absent("Image"))
