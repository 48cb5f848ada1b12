"""STIX patterns: the same answer as stix2-matcher where that follows the text, and as trying every set of observations."""

from __future__ import annotations

from itertools import combinations, product
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonwatch.core.patterns.stix.bindings import Arrival
from commonwatch.core.patterns.stix.evaluate import matches
from commonwatch.core.patterns.stix.machine import Machine
from commonwatch.core.patterns.stix.observations import Observation
from commonwatch.core.patterns.stix.planning import Horizon, Source
from commonwatch.core.patterns.stix.syntax import (
    Between,
    Bracket,
    Comparison,
    Either,
    Expression,
    Repeats,
    Together,
    Within,
)
from tests.core.patterns.stix.observed import START, at, bundle, oasis, ours, planned

QUIET = settings(max_examples=400, suppress_health_check=list(HealthCheck))
SECOND = 1_000_000

# Values and comparisons without what stix2-matcher is known to decide otherwise (tests/vectors/patterns): no line breaks, no
# IPv6, no EXISTS, no paths that end in a reference, no booleans in lists, no NOT over types that do not compare.
TEXTS = st.sampled_from(["", "a", "ab", "b.c", "ä", "a%b", "x'y", "c\\d", "198.51.100.7", "0", "1"])
NUMBERS = st.one_of(st.integers(-2, 3), st.sampled_from([0.5, 1.0, -1.5]))


def quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


@st.composite
def objects(draw: st.DrawFn) -> dict[str, Any]:
    made: dict[str, Any] = {"type": draw(st.sampled_from(["x-a", "x-b"]))}
    fields = {
        "text": TEXTS,
        "number": NUMBERS,
        "flag": st.booleans(),
        "list": st.lists(TEXTS, max_size=3),
        "inner": st.fixed_dictionaries({}, optional={"text": TEXTS, "other name": NUMBERS}),
        "o_hex": st.sampled_from(["", "61", "e4", "0001"]),
        "o_bin": st.sampled_from(["", "YQ==", "5A=="]),
        "time": st.integers(0, 3).map(at),
        "net": st.sampled_from(["198.51.100.0/28", "198.51.100.0/25", "203.0.113.0/24"]),
    }
    for name, values in fields.items():
        if draw(st.booleans()):
            made[name] = draw(values)
    return made


@st.composite
def comparison_texts(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(["x-a", "x-b"]))
    negation = draw(st.sampled_from(["", "NOT "]))
    equality = draw(st.sampled_from(["=", "!=", "==", "<>"]))
    order = draw(st.sampled_from(["<", ">", "<=", ">=", "=", "!="]))
    text_path = draw(st.sampled_from(["text", "list[*]", "list[1]", "inner.text"]))
    text = quoted(draw(TEXTS))
    like = quoted(draw(st.sampled_from(["%", "a%", "_", "%b", "a\\%b", "ä", "%.%", "_%_"])))
    regex = quoted(draw(st.sampled_from(["a", "^a", "b$", "^$", "[a-c]+", "ä|0", ".", "a.b", "^(a|b)\\.?c?$"])))
    texts = draw(st.lists(TEXTS, min_size=1, max_size=3))
    many = "(" + ", ".join(map(quoted, texts)) + ")"
    octets = draw(st.sampled_from(["h'61'", "b'YQ=='", "h''", "'a'", "'ä'", "h'e4'"]))
    return draw(
        st.sampled_from(
            [
                f"{kind}:{text_path} {negation}{order} {text}",
                f"{kind}:{text_path} {negation}LIKE {like}",
                f"{kind}:{text_path} {negation}MATCHES {regex}",
                f"{kind}:{text_path} {negation}IN {many}",
                f"{kind}:number {negation}{order} {draw(NUMBERS)}",
                f"{kind}:inner.'other name' {order} {draw(NUMBERS)}",
                f"{kind}:flag {negation}{equality} {draw(st.sampled_from(['true', 'false']))}",
                f"{kind}:text {equality} {draw(NUMBERS)}",
                f"{kind}:number {equality} {text}",
                f"{kind}:o_hex {negation}{order} {octets}",
                f"{kind}:o_bin {negation}{order} {octets}",
                f"{kind}:time {negation}{order} t'{at(draw(st.integers(0, 3)))}'",
                f"{kind}:net {negation}ISSUBSET '198.51.100.0/24'",
                f"{kind}:net {negation}ISSUPERSET '198.51.100.0/26'",
            ]
        )
    )


def typed(text: str, kind: str) -> str:
    return text.replace("x-b:", "x-a:") if kind == "x-a" else text.replace("x-a:", "x-b:")


@st.composite
def bracket_texts(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(["x-a", "x-b"]))
    parts = [typed(one, kind) for one in draw(st.lists(comparison_texts(), min_size=1, max_size=3))]
    joined = parts[0]
    for part in parts[1:]:
        joined = draw(st.sampled_from([f"{joined} AND {part}", f"{joined} OR {part}", f"({joined}) AND ({part})"]))
    return f"[{joined}]"


SEEN = st.tuples(st.integers(0, 6), st.integers(0, 2), st.integers(1, 2), st.lists(objects(), min_size=1, max_size=2))
BUNDLES = st.lists(SEEN, min_size=1, max_size=4).map(
    lambda seen: bundle(*((first, first + length, times, inside) for first, length, times, inside in seen))
)


@QUIET
@given(bracket_texts(), BUNDLES)
def test_a_bracket_means_what_the_reference_implementation_says(pattern: str, stix: dict[str, Any]) -> None:
    assert ours(pattern, stix) == oasis(pattern, stix)


# Temporal patterns over brackets that hold for what the first letters of an object's text say.
MARKS = ["a", "b", "c"]
BRACKETS = [f"[x-a:text LIKE '%{mark}%']" for mark in MARKS]


@st.composite
def temporal_texts(draw: st.DrawFn, depth: int = 3) -> str:
    kind = draw(st.integers(0, 6 if depth else 0))
    if kind == 0:
        return draw(st.sampled_from(BRACKETS))
    part = draw(temporal_texts(depth=depth - 1))
    if kind == 1:
        return f"({part}) WITHIN {draw(st.sampled_from(['1', '2', '2.5', '4']))} SECONDS"
    if kind == 2:
        return f"({part}) REPEATS {draw(st.integers(1, 3))} TIMES"
    if kind == 3:
        start = draw(st.integers(0, 4))
        return f"({part}) START t'{at(start)}' STOP t'{at(start + draw(st.integers(1, 4)))}'"
    word = {4: "AND", 5: "OR", 6: "FOLLOWEDBY"}[kind]
    return f"({part}) {word} ({draw(temporal_texts(depth=depth - 1))})"


MARKED = st.lists(
    st.tuples(
        st.integers(0, 7), st.sampled_from([0, 0, 1, 3]), st.sampled_from(["a", "b", "c", "ab", "bc", "abc", "d"])
    ),
    min_size=1,
    max_size=6,
)


def seen_at(marked: list[tuple[int, int, str]]) -> list[Observation]:
    return [
        Observation(
            {"0": {"type": "x-a", "text": text}},
            START + first * SECOND,
            START + (first + length) * SECOND,
            name=str(number),
        )
        for number, (first, length, text) in enumerate(marked)
    ]


def mark_of(bracket: Bracket) -> str:
    test = bracket.test
    assert isinstance(test, Comparison)
    return str(test.constants[0]).strip("%")


def every_binding(expression: Expression, seen: list[Observation]) -> set[tuple[int, ...]]:
    """All sets of observations that meet an expression, tried one by one: the text of 9.5, as slowly as it can be."""
    if isinstance(expression, Bracket):
        mark = mark_of(expression)
        return {(number,) for number, one in enumerate(seen) if mark in one.objects["0"]["text"]}
    if isinstance(expression, Within | Between):
        inner = every_binding(expression.part, seen)
        return {binding for binding in inner if inside(expression, [seen[number] for number in binding])}
    if isinstance(expression, Repeats):
        inner = every_binding(expression.part, seen)
        return {
            flat
            for several in combinations(sorted(inner), expression.times)
            if len(set(flat := tuple(sorted(number for one in several for number in one)))) == len(flat)
        }
    parts = [every_binding(part, seen) for part in expression.parts]
    if isinstance(expression, Either):
        return set().union(*parts)
    found = set()
    for several in product(*parts):
        flat = tuple(number for one in several for number in one)
        if len(set(flat)) == len(flat) and (isinstance(expression, Together) or in_order(several, seen)):
            found.add(tuple(sorted(flat)))
    return found


def in_order(several: tuple[tuple[int, ...], ...], seen: list[Observation]) -> bool:
    return all(
        seen[left].first <= seen[right].last
        for place, lefts in enumerate(several)
        for rights in several[place + 1 :]
        for left in lefts
        for right in rights
    )


def inside(window: Within | Between, bound: list[Observation]) -> bool:
    if isinstance(window, Within):
        return max(one.first for one in bound) - min(one.last for one in bound) < window.microseconds
    return all(one.first < window.stop and one.last >= window.start for one in bound)


@QUIET
@given(temporal_texts(), MARKED)
def test_a_temporal_pattern_means_what_trying_every_set_says(pattern: str, marked: list[tuple[int, int, str]]) -> None:
    seen = seen_at(marked)
    plan = planned(pattern)
    found = matches(plan, seen)
    expected = every_binding(plan.pattern.root, seen)
    assert (found is not None) == bool(expected)
    if found is not None:
        assert tuple(sorted(int(one.name) for _, one in found.bound)) in expected


CENTURY = Horizon(100 * 366 * 86_400 * SECOND, Source.SITE)


def arrivals(seen: list[Observation]) -> list[Arrival]:
    """Observations as a stream gives them: each with the brackets that hold for it."""
    return [
        Arrival(
            number,
            one.first,
            one.last,
            frozenset(place for place, mark in enumerate(MARKS) if mark in one.objects["0"]["text"]),
        )
        for number, one in enumerate(seen)
    ]


def with_brackets(pattern: str, arrival: Arrival) -> Arrival:
    """The marks of an arrival as numbers of the pattern's brackets."""
    brackets = planned(pattern).pattern.brackets
    wanted = {MARKS[number] for number in arrival.brackets}
    return arrival._replace(brackets=frozenset(one.number for one in brackets if mark_of(one) in wanted))


@QUIET
@given(temporal_texts(), MARKED, st.randoms(use_true_random=False), st.lists(st.booleans(), min_size=6, max_size=6))
def test_a_stream_in_any_order_and_cut_finds_what_files_find(
    pattern: str, marked: list[tuple[int, int, str]], shuffle: Random, cuts: list[bool]
) -> None:
    plan = planned(pattern)
    seen = seen_at(marked)
    coming = [with_brackets(pattern, one) for one in arrivals(seen)]
    shuffle.shuffle(coming)
    machine = Machine(plan, CENTURY, lateness=20 * SECOND)
    met = []
    for arrival, cut in zip(coming, cuts, strict=False):
        met.append(machine.take(arrival))
        if cut:
            saved = machine.snapshot()
            machine = Machine(plan, CENTURY, lateness=20 * SECOND)
            machine.restore(saved)
    expected = every_binding(plan.pattern.root, seen)
    assert any(met) == bool(expected) == (matches(plan, seen) is not None)
    assert all(tuple(sorted(one.keys)) in expected for one in met if one)
