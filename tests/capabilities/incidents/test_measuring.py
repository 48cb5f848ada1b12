"""Figures from raw times: medians by class and severity, open cases counted as open, a void close no close."""

from __future__ import annotations

from typing import Any

import pytest

from commonwatch.capabilities.incidents.rules.case import Case
from commonwatch.capabilities.incidents.rules.fold import fold
from commonwatch.capabilities.incidents.rules.measured import Measured, efficiency, last_close, measured
from commonwatch.core.stix.times import format_time
from tests.capabilities.incidents.parts import DAY, HOUR, LEAD, START, Made


def closed_after(hours: int, **more: Any) -> Case:
    made = Made()
    made.root(rsit="fraud.phishing", severities=(), **more)
    made.say(LEAD, "severity", {"scheme": "partnership", "value": "low"}, START)
    made.say(LEAD, "root-cause", "known", START)
    made.say(LEAD, "state", "closed", START + hours * HOUR)
    return case_of(made)


def case_of(made: Made) -> Case:
    found = fold(made.parts)
    assert found is not None
    return found


def span(cases: list[Case], name: str, now_us: int = START + 100 * DAY) -> Measured:
    found = [one for one in measured(cases, now_us) if one.name == name]
    assert len(found) == 1
    return found[0]


def test_median_and_ninetieth_percentile_are_of_those_that_have_both_moments() -> None:
    cases = [closed_after(hours) for hours in (1, 2, 3, 4, 100)]
    found = span(cases, "time to close")
    assert (found.rsit, found.level, found.cases, found.done, found.open) == ("fraud", "low", 5, 5, 0)
    assert found.median_seconds == 3 * 3600
    assert found.p90_seconds == pytest.approx((4 + (100 - 4) * 0.6) * 3600)


def test_open_cases_are_counted_with_their_age_and_unknown_ones_beside() -> None:
    made = Made()
    made.root(rsit="fraud.phishing")
    made.say(LEAD, "severity", {"scheme": "partnership", "value": "low"}, START)
    found = span([case_of(made), closed_after(2)], "time to close", START + DAY)
    assert (found.done, found.open, found.oldest_open_seconds, found.median_seconds) == (1, 1, 86_400, 7_200)
    assert span([case_of(made)], "time to contain").unknown == 1  # nobody said when it was detected


def test_moments_the_wrong_way_round_are_unknown() -> None:
    made = Made()
    made.root()
    for kind, at in (("detected", START), ("contained", START - HOUR)):
        made.say(LEAD, "time", {"kind": kind, "at": format_time(at, 0)}, START)
    found = span([case_of(made)], "time to contain")
    assert (found.unknown, found.done, found.open) == (1, 0, 0)


def reopened_after(days: int) -> Case:
    made = Made()
    made.root()
    made.say(LEAD, "root-cause", "known", START)
    first = made.say(LEAD, "state", "closed", START + DAY)
    made.say(LEAD, "state", "responding", START + (1 + days) * DAY, after_refs=[first.id])
    return case_of(made)


def test_a_reopening_within_thirty_days_voids_the_close() -> None:
    assert last_close(reopened_after(29)) is None
    assert span([reopened_after(29)], "time to close").open == 1
    kept = last_close(reopened_after(31))
    assert kept is not None and kept.at_us == START + DAY
    assert efficiency([reopened_after(29), closed_after(1)]).resolved == 1
    found = efficiency([reopened_after(31), closed_after(1)])
    assert (found.closed, found.resolved, found.reopened, found.open) == (2, 1, 1, 1)
