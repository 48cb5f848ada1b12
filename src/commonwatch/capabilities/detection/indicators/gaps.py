"""What is in force and can never match events of one kind of log, counted by reason: a gap that is said, not silence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from commonwatch.capabilities.detection.indicators.engine import Engine
from commonwatch.capabilities.detection.models import Indicator
from commonwatch.capabilities.detection.telemetry.batch import Mapping
from commonwatch.capabilities.detection.telemetry.mappings import mappings
from commonwatch.core.errors import NotFound

EXAMPLES = 3
_AT_ONCE = 900  # numbers in one statement


@dataclass(frozen=True)
class Gap:
    """One reason, how many indicators it keeps from matching, and a few of them."""

    reason: str
    count: int
    examples: tuple[str, ...]


def gaps(name: str) -> list[Gap]:
    """Every reason for which indicators in force cannot match events of this mapping, the largest first."""
    mapping = _named(name)
    reasons: dict[str, set[int]] = {}
    for matcher in Engine().matchers():
        for entry, why in matcher.unexecutable(mapping).items():
            reasons.setdefault(why.reason, set()).add(entry)
    counts = Counter({reason: len(entries) for reason, entries in reasons.items()})
    return [Gap(reason, count, _examples(reasons[reason])) for reason, count in counts.most_common()]


def _examples(entries: set[int]) -> tuple[str, ...]:
    found = Indicator.objects.filter(pk__in=sorted(entries)[:_AT_ONCE]).order_by("pk")[:EXAMPLES]
    return tuple(row.name or row.stix_id for row in found)


def _named(name: str) -> Mapping:
    known = mappings()
    if name not in known:
        raise NotFound("mapping-unknown", f"There is no mapping {name}.", f"There are {', '.join(sorted(known))}.")
    return known[name]
