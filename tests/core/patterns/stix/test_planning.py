"""Plans say what executing a pattern needs, and refuse what cannot be executed."""

from __future__ import annotations

import pytest

from commonwatch.core.patterns.stix.planning import SITE_HORIZON, Horizon, Source, plan
from commonwatch.core.patterns.stix.problems import Problem
from commonwatch.core.patterns.stix.reading import parse
from tests.core.patterns.stix import observed
from tests.core.patterns.stix.observed import ours, planned

A, B = "[a:b = 1]", "[a:b = 2]"
WINDOW = "START t'2026-01-01T00:00:00Z' STOP t'2026-01-01T01:00:00Z'"


def refused(pattern: str) -> Problem:
    read = parse(pattern).pattern
    assert read is not None
    made = plan(read)
    assert isinstance(made, Problem)
    return made


@pytest.mark.parametrize(
    ("pattern", "seconds", "source"),
    [
        (A, 0, Source.WITHIN),
        (f"({A} FOLLOWEDBY {B}) WITHIN 300 SECONDS", 300, Source.WITHIN),
        (f"({A} FOLLOWEDBY {B}) {WINDOW}", 3600, Source.STOP),
        (f"(({A} FOLLOWEDBY {B}) {WINDOW}) WITHIN 300 SECONDS", 300, Source.WITHIN),
        (f"({A} AND {B} WITHIN 5 SECONDS)", 50, Source.VALID_UNTIL),
        (f"{A} REPEATS 3 TIMES", 50, Source.VALID_UNTIL),
        (f"{A} OR ({A} AND {B}) WITHIN 7 SECONDS", 7, Source.WITHIN),
    ],
)
def test_a_horizon_says_how_long_and_why(pattern: str, seconds: int, source: Source) -> None:
    assert planned(pattern).horizon(0, 50_000_000) == Horizon(seconds * 1_000_000, source)


def test_without_any_bound_the_site_decides() -> None:
    assert planned(f"{A} AND {B}").horizon() == Horizon(SITE_HORIZON, Source.SITE)


@pytest.mark.parametrize(
    ("pattern", "slots", "stateless"),
    [
        (A, 1, True),
        (f"{A} OR {B} WITHIN 5 SECONDS", 1, True),
        (f"{A} REPEATS 1 TIMES {WINDOW}", 1, True),
        (f"{A} AND {B}", 2, False),
        (f"({A} FOLLOWEDBY {B}) REPEATS 5 TIMES OR {A}", 10, False),
    ],
)
def test_what_one_observation_decides_needs_no_memory(pattern: str, slots: int, stateless: bool) -> None:
    made = planned(pattern)
    assert (made.slots, made.stateless) == (slots, stateless)


@pytest.mark.parametrize(
    ("regex", "reason"),
    [
        ("(a)\\\\1", "refers back"),
        ("a(?=b)", "looks ahead"),
        ("(?<!a)b", "looks ahead or behind"),
        ("a++b", "possessive"),
        ("(?>a)b", "atomic"),
        ("a{2000}", "repetition"),
        ("[a", "missing ]"),
        ("a" * 10_001, "longer than"),
    ],
)
def test_an_expression_that_is_not_linear_is_refused_with_its_reason(regex: str, reason: str) -> None:
    problem = refused(f"[a:b MATCHES '{regex}']")
    assert problem.code == "pattern-regex"
    assert reason in problem.sentence


def test_counts_that_no_memory_holds_are_refused() -> None:
    assert refused(f"({A} REPEATS 1000 TIMES) REPEATS 1000 TIMES").code == "pattern-too-many"


@pytest.mark.parametrize(
    ("regex", "text", "found"),
    [
        ("a$", "a\n", True),  # as PCRE has it
        ("a$", "a\nb", False),
        ("(?m)a$", "a\nb", True),
        ("[$]", "$", True),
        ("\\\\$", "a\n", False),
        ("a\\\\sb", "a\x0bb", True),
        ("a[\\\\s]b", "a\x0bb", True),
        ("a\\\\Sb", "a\x0bb", False),
        ("(?i)ÄB", "äb", True),
        ("(a+)+$", "a" * 60 + "!", False),  # linear: a search that goes back would never end
        ("^\\\\p{L}+$", "äß", True),
        ("a{1,3}?b|c", "xxc", True),
    ],
)
def test_expressions_find_what_pcre_finds(regex: str, text: str, found: bool) -> None:
    assert ours(f"[a:b MATCHES '{regex}']", observed.bundle((0, 0, 1, [{"type": "a", "b": text}]))) is found
