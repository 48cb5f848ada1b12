"""Correlations fire when, and only when, their hits say together what was asked, within bounded memory."""

from __future__ import annotations

from commonwatch.core.patterns.sigma.reading import read
from commonwatch.core.patterns.sigma.rules import Correlation
from commonwatch.core.patterns.sigma.sequence import Sequence

SECOND = 1_000_000


def correlation(section: str) -> Correlation:
    reading = read(f"title: C\nname: c\ncorrelation: {{{section}}}\n")
    assert [problem for problem in reading.problems if problem.severity != "note"] == []
    (one,) = reading.correlations
    return one


def fired(one: Correlation, *hits: tuple[str, int, str, str]) -> list[int]:
    """Which of the hits (rule, second, group, value) made it fire."""
    sequence = Sequence(one)
    return [
        place
        for place, (rule, second, group, value) in enumerate(hits)
        if sequence.hit(rule, second * SECOND, (group,), value)
    ]


def test_an_event_count_fires_within_its_time_span_and_its_group() -> None:
    one = correlation("type: event_count, rules: [r], group-by: [User], timespan: 10s, condition: {gte: 3}")
    assert fired(one, ("r", 0, "a", ""), ("r", 5, "a", ""), ("r", 10, "a", "")) == [2]
    assert fired(one, ("r", 0, "a", ""), ("r", 5, "a", ""), ("r", 11, "a", ""), ("r", 12, "a", "")) == [3]
    assert fired(one, ("r", 0, "a", ""), ("r", 1, "b", ""), ("r", 2, "a", "")) == []


def test_after_firing_a_group_starts_anew() -> None:
    one = correlation("type: event_count, rules: [r], timespan: 1h, condition: {gt: 1}")
    assert fired(one, *[("r", second, "", "") for second in range(6)]) == [1, 3, 5]


def test_late_events_count_by_their_own_time() -> None:
    one = correlation("type: event_count, rules: [r], timespan: 10s, condition: {gte: 2}")
    assert fired(one, ("r", 100, "", ""), ("r", 95, "", "")) == [1]
    assert fired(one, ("r", 100, "", ""), ("r", 10, "", ""), ("r", 105, "", "")) == [2]


def test_a_value_count_counts_distinct_values() -> None:
    one = correlation("type: value_count, rules: [r], timespan: 10s, condition: {field: Host, gte: 3}")
    hits = [("r", 0, "", "x"), ("r", 1, "", "x"), ("r", 2, "", "y"), ("r", 3, "", "z")]
    assert fired(one, *hits) == [3]
    assert fired(one, ("r", 0, "", "x"), ("r", 9, "", "y"), ("r", 11, "", "z"), ("r", 12, "", "x")) == [3]


def test_temporal_wants_every_rule_in_any_order() -> None:
    one = correlation("type: temporal, rules: [a, b, c], timespan: 10s")
    assert fired(one, ("c", 0, "", ""), ("a", 4, "", ""), ("a", 5, "", ""), ("b", 10, "", "")) == [3]
    assert fired(one, ("c", 0, "", ""), ("a", 4, "", ""), ("b", 11, "", "")) == []


def test_temporal_ordered_wants_them_in_order() -> None:
    one = correlation("type: temporal_ordered, rules: [a, b], timespan: 10s")
    assert fired(one, ("b", 0, "", ""), ("a", 1, "", ""), ("b", 2, "", "")) == [2]
    assert fired(one, ("a", 0, "", ""), ("a", 9, "", ""), ("b", 15, "", "")) == [2]
    assert fired(one, ("a", 0, "", ""), ("b", 11, "", "")) == []


def test_memory_is_bounded_by_groups_and_by_hits() -> None:
    one = correlation("type: event_count, rules: [r], timespan: 1h, condition: {gte: 100}")
    sequence = Sequence(one, max_groups=10)
    for number in range(1_000):
        sequence.hit("r", number, (str(number),))
    assert sequence.evicted == 990
    many = Sequence(correlation("type: value_count, rules: [r], timespan: 1s, condition: {field: H, gte: 5}"))
    for number in range(1_000):
        many.hit("r", number * 10 * SECOND, (), str(number))
    assert len(next(iter(many._groups.values()))) <= 5


def test_what_is_known_only_afterwards_says_so() -> None:
    below = correlation("type: event_count, rules: [r], timespan: 1h, condition: {lt: 5}")
    assert "only when its time span has passed" in below.unsupported
    total = correlation("type: value_sum, rules: [r], timespan: 1h, condition: {field: Bytes, gte: 5}")
    assert "needs every value" in total.unsupported
    mixed = correlation("type: temporal, timespan: 1h, condition: a and not b")
    assert "all `and` or all `or`" in mixed.unsupported
    assert correlation("type: temporal, timespan: 1h, condition: a and b").needed == 2
    assert correlation("type: temporal, timespan: 1h, condition: a or b").needed == 1


def test_ill_formed_correlations_are_refused() -> None:
    for section in (
        "type: event_count, rules: [r], condition: {gte: 1}",
        "type: nothing, rules: [r], timespan: 1h, condition: {gte: 1}",
        "type: event_count, rules: [r], timespan: 1h, condition: {gte: many}",
        "type: event_count, rules: [r], timespan: 1h, condition: {gte: 1000000000}",
        "type: event_count, timespan: 1h, condition: {gte: 1}",
    ):
        reading = read(f"title: C\ncorrelation: {{{section}}}\n")
        assert reading.correlations == ()
        assert reading.problems[0].place == "/correlation"
