"""`matches`: one pattern over a set of observations, to the letter of the specification.

The order in which observations are given does not matter, only their times. There is no horizon: a pattern without WITHIN
may bind observations years apart. Of all ways to meet the pattern the answer is one of the first to be complete.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from commonwatch.core.patterns.stix.bindings import Arrival
from commonwatch.core.patterns.stix.frontier import Frontier
from commonwatch.core.patterns.stix.graph import holder
from commonwatch.core.patterns.stix.observations import Observation
from commonwatch.core.patterns.stix.planning import Plan

WIDTH = 64  # sets kept of those that others dominate: more than patterns written by people have brackets


@dataclass(frozen=True)
class Match:
    """Observations that meet a pattern: (number of the bracket, the observation), in the order of the pattern."""

    bound: tuple[tuple[int, Observation], ...]

    @property
    def observations(self) -> tuple[Observation, ...]:
        """The observations, each once."""
        return tuple({id(one): one for _, one in self.bound}.values())


def matches(plan: Plan, observations: Sequence[Observation]) -> Match | None:
    """Evaluate a pattern; None if the observations do not meet it."""
    brackets = [(bracket.number, holder(bracket.test)) for bracket in plan.pattern.brackets]
    frontier = Frontier(plan.pattern.root, max(WIDTH, plan.slots + 1))
    state = frontier.fresh()
    copies = plan.slots  # one observed-data counts as often as it was seen, and a match binds no more than that
    for place in sorted(range(len(observations)), key=lambda number: observations[number].first):
        one = observations[place]
        met = frozenset(number for number, holds in brackets if holds(one.objects))
        for copy in range(min(one.times, copies) if met else 0):
            found = frontier.arrive(state, Arrival(place * copies + copy, one.first, one.last, met))
            if found:
                keys, numbers = found[-1].keys, found[-1].brackets
                return Match(tuple((n, observations[key // copies]) for n, key in zip(numbers, keys, strict=True)))
    return None
