"""Patterns are read, repaired where that is certain, and otherwise refused with a place and a remedy."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from commonwatch.core.patterns.stix.limits import LONGEST, MOST_NESTED, MOST_TERMS
from commonwatch.core.patterns.stix.plain import plain_values
from commonwatch.core.patterns.stix.planning import Plan, plan
from commonwatch.core.patterns.stix.reading import parse
from commonwatch.core.patterns.stix.syntax import (
    EVERY,
    AllOf,
    AnyOf,
    Between,
    Bracket,
    Comparison,
    Either,
    Instant,
    Operator,
    Repeats,
    Sequence,
    Together,
    Within,
)
from tests.steps import steps

MOST_STEPS = 10  # a character


def comparison(text: str) -> Comparison:
    reading = parse(f"[{text}]")
    assert reading.pattern is not None, reading.problem
    root = reading.pattern.root
    assert isinstance(root, Bracket)
    assert isinstance(root.test, Comparison)
    return root.test


def problem(text: str) -> tuple[str, int]:
    reading = parse(text)
    assert reading.pattern is None
    assert reading.problem is not None
    assert reading.problem.remedy
    assert reading.problem.clause.startswith("9")
    return reading.problem.code, reading.problem.place


def repairs(text: str) -> list[str]:
    reading = parse(text)
    assert reading.pattern is not None, reading.problem
    return [repair.code for repair in reading.repairs]


@pytest.mark.parametrize("operator", ["=", "==", "!=", "<>", "<", ">", "<=", ">="])
def test_every_sign_is_read(operator: str) -> None:
    wanted = {"==": "=", "<>": "!="}.get(operator, operator)
    assert comparison(f"a:b {operator} 1").operator == wanted
    assert comparison(f"a:b NOT{operator}1").negated


def test_every_word_is_read() -> None:
    assert comparison("a:b IN ('x', 'y')").constants == ("x", "y")
    assert comparison("a:b NOT IN ()").negated
    for word in ("LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET"):
        assert comparison(f"a:b NOT {word} '192.0.2.0/24'").operator is Operator(word)
    assert comparison("EXISTS a:b").operator is Operator.EXISTS
    assert comparison("NOT EXISTS a:b").negated


def test_every_constant_is_read() -> None:
    written = ["'a\\'b\\\\c'", "-7", "+1.5", "true", "false", "t'2026-11-23T08:00:00.5Z'", "h'00fF'", "b'YQ=='"]
    read = [comparison(f"a:b = {one}").constants[0] for one in written]
    assert read == ["a'b\\c", -7, 1.5, True, False, Instant(1_795_420_800_500_000), b"\x00\xff", b"a"]


def test_paths_are_read_with_their_lists_names_and_references() -> None:
    path = comparison("network-traffic:extensions.'http-request-ext'.list[*].x_refs[2].'a.b' = 1").path
    assert path.steps == ("extensions", "http-request-ext", "list", EVERY, "x_refs", 2, "a.b")
    assert path.text == "network-traffic:extensions.'http-request-ext'.list[*].x_refs[2].'a.b'"


def test_and_binds_before_or_inside_and_between_brackets() -> None:
    inside = parse("[a:b = 1 OR a:c = 2 AND a:d = 3]").pattern
    assert inside is not None
    assert isinstance(inside.brackets[0].test, AnyOf)
    assert isinstance(inside.brackets[0].test.tests[1], AllOf)
    between = parse("[a:b=1] FOLLOWEDBY [a:b=2] OR [a:b=3] AND [a:b=4]").pattern
    assert between is not None
    assert isinstance(between.root, Sequence)
    assert isinstance(between.root.parts[1], Either)
    assert isinstance(between.root.parts[1].parts[1], Together)


def test_a_qualifier_binds_to_the_nearest_expression() -> None:
    near = parse("[a:b=1] FOLLOWEDBY [a:b=2] REPEATS 5 TIMES WITHIN 2.5 SECONDS").pattern
    assert near is not None
    assert isinstance(near.root, Sequence)
    assert near.root.parts[1] == Within(Repeats(near.brackets[1], 5), 2_500_000)
    whole = parse("([a:b=1] OR [a:b=2]) START t'2026-01-01T00:00:00Z' STOP t'2026-01-02T00:00:00Z'").pattern
    assert whole is not None
    assert isinstance(whole.root, Between)
    assert whole.root.stop - whole.root.start == 86_400_000_000


def test_comments_and_white_space_mean_nothing() -> None:
    plain, spaced = parse("[a:b = 1]").pattern, parse("/* x */ [ a:b // y\n =\t1 ]\r\n").pattern
    assert plain is not None
    assert spaced is not None
    assert spaced.brackets[0].test == Comparison(
        comparison("a:b = 1").path, Operator.EQUAL, (1,), place=spaced.text.index("a:b")
    )


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("", "pattern-empty", 0),
        ("[a:b = 'c'", "pattern-bracket-missing", 10),
        ("[a:b = 'c]", "pattern-quote-open", 7),
        ("a:b = 'c']", "pattern-bracket-missing", 0),
        ("[a:b = c]", "pattern-constant", 7),
        ("[a:b ~ 'c']", "pattern-character", 5),
        ("[a:b 'c']", "pattern-operator", 5),
        ("[a = 'c']", "pattern-sign-missing", 3),
        ("[a:b > true]", "pattern-order", 7),
        ("[a:b LIKE 3]", "pattern-string", 10),
        ("[a:b ISSUBSET '10.0.0.0/33']", "pattern-network", 14),
        ("[a:b IN (1, 'a')]", "pattern-list-mixed", 9),
        ("[a:b IN (1, true)]", "pattern-list-mixed", 9),
        ("[a:b[-1] = 1]", "pattern-index", 5),
        ("[a:b = h'0']", "pattern-octets", 7),
        ("[a:b = b'Y']", "pattern-octets", 7),
        ("[a:b = t'2026-13-01T00:00:00Z']", "pattern-time", 7),
        ("[a:b = 'a\\n\\'b']", "pattern-escape", 7),
        ("[a:b = 1] WITHIN 0 SECONDS", "pattern-within", 17),
        ("[a:b = 1] REPEATS 0 TIMES", "pattern-repeats", 18),
        ("[a:b = 1] WITHIN 5 MINUTES", "pattern-keyword-missing", 19),
        ("[a:b = 1] WITHIN 5 SECONDS WITHIN 6 SECONDS", "pattern-qualifier-twice", 34),
        ("[a:b = 1] START t'2026-01-02T00:00:00Z' STOP t'2026-01-01T00:00:00Z'", "pattern-window", 45),
        ("[a:b = 1] [a:b = 2]", "pattern-rest", 10),
        ("[a:b = 1 AND c:d = 2]", "pattern-types-mixed", 1),
        ("[(a:b = 1 OR c:d = 1) AND e:f = 2]", "pattern-types-mixed", 1),
    ],
)
def test_a_problem_has_its_place_and_remedy(text: str, code: str, place: int) -> None:
    assert problem(text) == (code, place)


def test_what_is_certain_is_repaired_and_said() -> None:
    assert repairs("[file:hashes.SHA256 = 'aa']") == ["pattern-hash-name"]
    assert repairs("file:hashes.'SHA-256' = 'aa']") == ["pattern-bracket-missing"]
    assert repairs("[file:hashes.SHA-256 = 'aa']") == ["pattern-name-bare"]
    assert repairs("[a:b = 1 and a:c = 2] followedby [a:b = 3]") == ["pattern-keyword"] * 2
    assert repairs("[file:name = 'C:\\Windows\\x.exe']") == ["pattern-backslash"]
    assert repairs("[a:b=1] START '2026-01-01T00:00:00Z' STOP t'2026-01-02T00:00:00Z'") == ["pattern-time-bare"]
    assert repairs("[file:hashes.'SHA-256' = 'C:\\\\x']") == []
    assert comparison("file:hashes.sha1 = 'aa'").path.text == "file:hashes.'SHA-1'"
    assert comparison("file:name = 'C:\\Windows'").constants == ("C:\\Windows",)


def test_what_is_not_certain_is_not_repaired() -> None:
    assert problem("[file:name = 'x' OR file:name = 'y'")[0] == "pattern-bracket-missing"  # may have been cut
    assert problem("le:name = 'x']")[0] == "pattern-bracket-missing"  # no known type: the start may have been cut
    assert problem("[file:name = ‘x’]")[0] == "pattern-character"


@pytest.mark.parametrize(
    "text",
    [
        "[" + " OR ".join(f"ipv4-addr:value = '198.51.{n // 250}.{n % 250}'" for n in range(500)) + "]",
        "(" * 3000 + "[a:b=1]" + ")" * 3000,
        "(" * 3000,
        "[" + "(" * 3000,
        " OR ".join(f"[a:b={n}]" for n in range(2500)),
        "[" + " OR ".join(f"a:b={n}" for n in range(2500)) + "]",
        " FOLLOWEDBY ".join("[a:b=1]" for _ in range(1000)),
        "[a:b = 1]" + " WITHIN 5 SECONDS" * 3000,
        "[a:" + "b." * 3000 + "c = 1]",
        "[a:b IN (" + "'x'," * 30_000 + "'x')]",
        "[a:b='" + "\\\\" * 300_000,
        "/*" * 100_000,
        "[a:b = " + "9" * 100_000 + "]",
        "NOT " * 100_000,
        "x" * (LONGEST + 1),
    ],
    ids=lambda text: f"{text[:12]}-{len(text)}",
)
def test_hostile_patterns_are_answered_in_linear_time(text: str) -> None:
    reading = parse(text)
    assert (reading.pattern is None) != (reading.problem is None)
    assert steps(lambda: parse(text)) < 1_000 + len(text) * MOST_STEPS


def test_the_limits_are_where_they_are_said_to_be() -> None:
    nested = "(" * MOST_NESTED + "[a:b=1]" + ")" * MOST_NESTED
    assert parse(nested).pattern is not None
    assert problem(f"({nested})")[0] == "pattern-too-deep"
    many = ",".join("1" for _ in range(MOST_TERMS - 1))
    assert parse(f"[a:b IN ({many})]").pattern is not None
    assert problem(f"[a:b IN ({many},1)]")[0] == "pattern-too-many"


def test_a_thousand_steps_in_time_can_be_planned() -> None:
    made = parse(" FOLLOWEDBY ".join("[a:b=1]" for _ in range(1000))).pattern
    assert made is not None
    planned = plan(made)
    assert isinstance(planned, Plan)
    assert planned.slots == 1000


def indicators(folder: Path) -> Iterator[dict[str, Any]]:
    for path in filter(Path.is_file, sorted(folder.rglob("*"))):
        try:
            waiting = [json.loads(path.read_bytes())]
        except ValueError:
            continue
        while waiting:
            one = waiting.pop()
            if isinstance(one, dict):
                if one.get("type") == "indicator" and isinstance(one.get("pattern"), str):
                    yield one
                waiting.extend(one.values())
            elif isinstance(one, list):
                waiting.extend(one)


# Of 12,228 patterns of the open set none is refused. A change here is a change in what the node understands.
PUBLIC = {"read": 11_688, "repaired": 540, "pattern-hash-name": 540, "pattern-bracket-missing": 9}
PLAIN = 11_875


def test_every_public_pattern_is_read_or_refused_with_a_reason(shared: Path) -> None:
    outcome: Counter[str] = Counter()
    plain = 0
    for folder in ("stix", "taxii", "dirty"):
        for one in indicators(shared / "intel" / folder):
            reading = parse(one["pattern"])
            outcome[reading.problem.code if reading.problem else "repaired" if reading.repairs else "read"] += 1
            outcome.update(repair.code for repair in reading.repairs)
            if reading.pattern is not None:
                assert isinstance(plan(reading.pattern), Plan)
                plain += plain_values(reading.pattern) is not None
    assert outcome == PUBLIC
    assert plain == PLAIN
