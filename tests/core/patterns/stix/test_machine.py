"""The machine on streams: bounded memory, entities, late observations, snapshots."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise, permutations

import pytest

from commonwatch.core.errors import InvalidInput
from commonwatch.core.patterns.stix import machine as machines
from commonwatch.core.patterns.stix.bindings import MOST_OPEN, Arrival
from commonwatch.core.patterns.stix.machine import Machine, Met
from commonwatch.core.patterns.stix.planning import Horizon, Source
from tests.core.patterns.stix.observed import planned

A, B, C = "[a:b = 1]", "[a:b = 2]", "[a:b = 3]"
SECOND = 1_000_000


def machine(pattern: str, lateness: int = 0) -> Machine:
    made = planned(pattern)
    return Machine(made, made.horizon(), lateness * SECOND)


def feed(to: Machine, hits: Iterable[tuple[float, int]], start: int = 0) -> list[Met | None]:
    """Take hits (second, number of bracket), one observation each."""
    return [
        to.take(Arrival(start + key, int(second * SECOND), int(second * SECOND), frozenset({bracket})))
        for key, (second, bracket) in enumerate(hits)
    ]


def when(met: list[Met | None]) -> list[int]:
    return [number for number, one in enumerate(met) if one]


def test_a_sequence_within_a_window_is_met_by_the_observation_that_completes_it() -> None:
    met = feed(
        machine(f"({A} FOLLOWEDBY {B}) WITHIN 5 SECONDS"), [(0, 1), (1, 0), (7, 1), (8, 0), (9, 1), (12.9, 1), (13, 1)]
    )
    assert when(met) == [4, 5]
    assert met[4] == Met((3, 4), (0, 1), 8 * SECOND, 9 * SECOND, Horizon(5 * SECOND, Source.WITHIN))


def test_repeats_are_counted_in_a_window_that_slides() -> None:
    met = feed(machine(f"{A} REPEATS 3 TIMES WITHIN 10 SECONDS"), [(0, 0), (6, 0), (12, 0), (13, 0), (14, 0)])
    assert when(met) == [3, 4]
    assert met[3] is not None
    assert met[3].keys == (1, 2, 3)


def test_one_observation_is_not_two() -> None:
    both = machine(f"{A} AND {B}")
    assert both.take(Arrival(0, 0, 0, frozenset({0, 1}))) is None
    assert both.take(Arrival(1, 0, 0, frozenset({0, 1}))) is not None


def test_a_horizon_that_the_site_set_ends_a_match_and_is_said() -> None:
    day = 86_400
    assert when(feed(machine(f"{A} FOLLOWEDBY {B}"), [(0, 0), (day, 1), (day + 1, 1)])) == [1]
    met = feed(machine(f"{A} FOLLOWEDBY {B}"), [(0, 0), (5, 1)])[1]
    assert met is not None
    assert met.horizon.source is Source.SITE


def test_a_late_observation_counts_as_if_it_had_been_in_time() -> None:
    pattern = f"({A} FOLLOWEDBY {B} FOLLOWEDBY {C}) WITHIN 30 SECONDS"
    noise = [(10 + number / 100, 0) for number in range(500)]
    late = [(0, 0), *noise, (20, 2), (5, 1)]
    assert when(feed(machine(pattern, lateness=60), late)) == [502]
    forgetful = machine(pattern)
    feed(forgetful, late)
    assert forgetful.counts().too_late == 1


def test_a_part_that_began_early_still_finds_what_came_before_it() -> None:
    hits = [(0, 0), (1, 1), *((2 + number / 1000, 0) for number in range(3000)), (6, 2)]
    assert when(feed(machine(f"{A} FOLLOWEDBY ({B} AND {C})"), hits)) == [3002]


def test_pairs_are_repeated_without_sharing_observations() -> None:
    hits = [(0, 0), *((1 + number, 1) for number in range(200)), (300, 0), (301, 1)]
    met = feed(machine(f"({A} FOLLOWEDBY {B}) REPEATS 2 TIMES"), hits)
    assert when(met) == [202]


def test_memory_is_bounded_whatever_the_stream() -> None:
    for pattern in (f"{A} FOLLOWEDBY {B}", f"{A} REPEATS 5 TIMES WITHIN 1 SECONDS", f"({A} AND {B}) REPEATS 3 TIMES"):
        running = machine(pattern)
        feed(running, ((number, 0) for number in range(5_000)))
        assert running.counts().bindings < 200
        assert running.counts().forgotten == 0


def test_what_waits_for_late_observations_is_bounded_and_its_loss_is_counted() -> None:
    running = machine(f"{A} FOLLOWEDBY {B}", lateness=1_000_000)
    feed(running, ((number, 0) for number in range(3 * MOST_OPEN)))
    assert running.counts().bindings <= 2 * MOST_OPEN
    assert running.counts().forgotten >= MOST_OPEN


def test_entities_are_kept_apart_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machines, "MOST_ENTITIES", 10)
    running = machine(f"{A} FOLLOWEDBY {B}")
    assert running.take(Arrival(0, 0, 0, frozenset({0})), "host 1") is None
    assert running.take(Arrival(1, 1, 1, frozenset({1})), "host 2") is None
    assert running.take(Arrival(2, 2, 2, frozenset({1})), "host 1") is not None
    for number in range(20):
        running.take(Arrival(number, 3, 3, frozenset({0})), f"other {number}")
    assert running.counts().entities == 10
    assert running.counts().forgotten == 12
    running.forget(200_000 * SECOND)
    assert running.counts().entities == 0


def test_a_snapshot_goes_on_where_it_was_taken() -> None:
    pattern = f"({A} FOLLOWEDBY {B}) WITHIN 5 SECONDS"
    hits = [(0.0, 0), (3.0, 1), (4.0, 0), (8.0, 1), (20.0, 1)]
    whole = feed(machine(pattern), hits)
    for cut in range(len(hits)):
        first, second = machine(pattern), machine(pattern)
        before = feed(first, hits[:cut])
        second.restore(first.snapshot())
        assert before + feed(second, hits[cut:], cut) == whole


def test_a_snapshot_of_another_pattern_is_refused() -> None:
    saved = machine(f"{A} FOLLOWEDBY {B}").snapshot()
    with pytest.raises(InvalidInput, match="another pattern"):
        machine(f"{A} AND {B}").restore(saved)
    with pytest.raises(InvalidInput, match="cannot be read"):
        machine(f"{A} AND {B}").restore(saved[:-1])


def test_a_thousand_steps_in_time_are_followed() -> None:
    running = machine(" FOLLOWEDBY ".join(A for _ in range(1000)))
    met = [running.take(Arrival(n, n, n, frozenset({n}))) for n in range(1000)]
    assert when(met) == [999]
    assert met[-1] is not None
    assert all(left < right for left, right in pairwise(met[-1].keys))


def test_sets_of_the_same_observations_do_not_crowd_out_others() -> None:
    """Two pairs before a third one, of six observations that all are needed, in every order in which they may come."""
    pattern = f"((({A}) AND ({B})) REPEATS 2 TIMES) FOLLOWEDBY (({B}) AND ({B}))"
    seen = [(0, 0, "b"), (0, 1, "a"), (0, 1, "ab"), (0, 3, "b"), (2, 2, "a"), (2, 2, "b")]
    brackets = {"a": frozenset({0}), "b": frozenset({1, 2, 3}), "ab": frozenset({0, 1, 2, 3})}
    coming = [Arrival(n, first * SECOND, last * SECOND, brackets[what]) for n, (first, last, what) in enumerate(seen)]
    for order in list(permutations(coming))[::7]:
        to = machine(pattern, lateness=20)
        assert any(to.take(one) for one in order)
