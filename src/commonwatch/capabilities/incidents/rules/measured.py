"""Figures of many cases, from their raw times.

1. Times between two moments: median and 90th percentile of the cases that have both, per class and level; never a mean. 2. A case
without the later moment is open (right-censored): it is counted beside, with how long it has been open, and never left out.
3. A case without the earlier moment, or whose moments are the wrong way round, is counted as unknown. 4. A close that is followed by
a reopening within 30 days is void: the case counts as open from then on, until it is closed again. 5. Each figure has its population.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from commonwatch.capabilities.incidents.rules.case import Case, Known
from commonwatch.core.stix.response.incidents import TimeKind

DAY_US = 86_400_000_000
VOID_WITHIN_US = 30 * DAY_US
DEFINITION = "1"
# Metrics of the field by their usual names: from which moment to which.
SPANS: tuple[tuple[str, TimeKind, TimeKind], ...] = (
    ("time to detect", "occurred", "detected"),
    ("time to acknowledge", "reported", "acknowledged"),
    ("time to triage", "reported", "triaged"),
    ("time to first share", "detected", "shared"),
    ("time to a partner's action", "shared", "partner_action"),
    ("time to contain", "detected", "contained"),
    ("time to recover", "detected", "recovered"),
    ("time to close", "reported", "closed"),
)


class Measured(msgspec.Struct, frozen=True):
    """One span over the cases of a class and level; durations in seconds."""

    name: str
    rsit: str
    level: str
    cases: int
    done: int
    open: int
    unknown: int
    median_seconds: float | None
    p90_seconds: float | None
    oldest_open_seconds: float | None


class Efficiency(msgspec.Struct, frozen=True):
    """How many closed cases have a root cause and stayed closed."""

    closed: int
    resolved: int
    reopened: int
    open: int


def last_close(case: Case) -> Known | None:
    """When it was closed for good as far as is known (rule 4)."""
    closes = [one for one in case.all_times if one.kind == "closed" and not one.stated]
    reopened = [one for one in case.all_times if one.kind == "reopened"]
    if case.is_open or not closes:
        # Closed, reopened after more than 30 days: the first close stays a fact, though the case is open.
        lasting = [
            one for one in closes if not any(0 <= again.at_us - one.at_us <= VOID_WITHIN_US for again in reopened)
        ]
        return lasting[-1] if lasting else None
    return case.times.get("closed", closes[-1])


def measured(cases: Iterable[Case], now_us: int) -> list[Measured]:
    """Every span for every class and level that occurs."""
    groups: defaultdict[tuple[str, str], list[Case]] = defaultdict(list)
    for case in cases:
        groups[case.rsit.partition(".")[0] or "unclassified", case.level or "unrated"].append(case)
    found = []
    for (rsit, level), among in sorted(groups.items()):
        found += [_span(name, start, end, rsit, level, among, now_us) for name, start, end in SPANS]
    return found


def _span(
    name: str, start: TimeKind, end: TimeKind, rsit: str, level: str, among: Sequence[Case], now_us: int
) -> Measured:
    done: list[int] = []
    still: list[int] = []
    unknown = 0
    for case in among:
        begun = case.times.get(start)
        ended = last_close(case) if end == "closed" else case.times.get(end)
        if begun is None or (ended is not None and ended.at_us < begun.at_us):
            unknown += 1
        elif ended is None:
            still.append(max(now_us - begun.at_us, 0))
        else:
            done.append(ended.at_us - begun.at_us)
    return Measured(
        name, rsit, level, len(among), len(done), len(still), unknown,
        _quantile(done, 0.5), _quantile(done, 0.9), max(still) / 1e6 if still else None,
    )  # fmt: skip


def _quantile(values: Sequence[int], share: float) -> float | None:
    """Between the two nearest values, in proportion (type 7 of Hyndman and Fan); in seconds."""
    if not values:
        return None
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return (ordered[below] + (ordered[above] - ordered[below]) * (place - below)) / 1e6


def efficiency(cases: Iterable[Case]) -> Efficiency:
    """Closed with a root cause and not reopened, of all closed."""
    every = list(cases)
    closed = [case for case in every if last_close(case) is not None]
    resolved = [case for case in closed if case.root_cause and "reopened" not in case.times]
    reopened = [case for case in every if "reopened" in case.times]
    return Efficiency(len(closed), len(resolved), len(reopened), sum(case.is_open for case in every))
