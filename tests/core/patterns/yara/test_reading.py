"""YARA texts are compiled without reading anything else, and their faults have a place."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from commonwatch.core.patterns.yara.reading import read

GOOD = 'rule good { strings: $a = "abcdef" condition: $a }\n'


def test_every_open_rule_compiles(shared: Path) -> None:
    count = 0
    for path in sorted((shared / "intel/rules/yara").glob("*.yar")):
        reading = read(path.read_text())
        assert [problem for problem in reading.problems if problem.severity != "note"] == [], path.name
        count += len(reading.rules)
    assert count == 85  # nine more stand in comments


def test_a_broken_rule_costs_only_itself_and_says_where() -> None:
    reading = read(GOOD + "rule broken { condition: $nothing }\n" + GOOD.replace("good", "second"))
    assert reading.rules == ("good", "second")
    (problem,) = [problem for problem in reading.problems if problem.severity == "refuse"]
    assert problem.place == "line 2, column 26"
    assert problem.sentence == "Unknown pattern `$nothing`: this pattern is not declared in the `strings` section."


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ('include "/etc/passwd"\n', "line 1, column 1", "include"),
        ('import "vt"\nrule a { condition: vt.metadata.file.size > 1 }', "rule a", "module `vt`"),
        ('import "nothing"\nrule a { condition: nothing.x }', "line 1, column 1", "nothing"),
        ("rule a { condition: ", "line 1, column 21", "Syntax error"),
        ("rule a { condition: " + "(" * 5_000 + "true" + ")" * 5_000 + "}", "line 1, column", "Syntax error"),
        ("rule a { condition: " + "not " * 200_000 + "true}", "line 1, column", "Syntax error"),
        ("x" * 1_000_001, "", "at most 1,000,000"),
        ("", "", "no rule"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, place: str, said: str) -> None:
    started = time.process_time()
    reading = read(text)
    assert reading.rules == ()
    assert reading.problems[0].place.startswith(place)
    assert said in reading.problems[0].sentence
    assert time.process_time() - started < 2


def test_outside_variables_of_public_rules_are_there() -> None:
    reading = read('rule a { condition: filename == "x" and extension == ".y" and filepath contains "z" }')
    assert reading.rules == ("a",)
    assert reading.problems == ()


def test_rules_that_deserve_a_second_look_are_noted() -> None:
    reading = read("rule a { condition: true }")
    assert reading.rules == ("a",)
    assert [problem.severity for problem in reading.problems] == ["note"]
