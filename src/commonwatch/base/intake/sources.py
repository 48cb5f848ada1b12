"""Sources: made on first use, counted in the same transaction as what they sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from django.db import transaction

from commonwatch.base.clock import now_us
from commonwatch.base.intake.models import Source
from commonwatch.base.journal.driver import execute
from commonwatch.core.errors import InvalidInput
from commonwatch.core.stix.markings import MARKING_IDS

_COUNT = (
    "UPDATE intake_source SET admitted = admitted + %s, with_findings = with_findings + %s, duplicate = duplicate + %s, "
    "quarantined = quarantined + %s, refused = refused + %s, last_us = %s WHERE id = %s"
)


def ensure_source(name: str, default_marking: str) -> Source:
    """The source with this name, made if new. A known source keeps its own default marking unless another is given."""
    if default_marking not in MARKING_IDS:
        raise InvalidInput(
            "marking-unknown",
            f"{default_marking} is not a marking that can be a default.",
            f"Use one of {', '.join(sorted(MARKING_IDS))}.",
        )
    with transaction.atomic():
        source, _ = Source.objects.get_or_create(
            name=name, defaults={"default_marking": default_marking, "created_us": now_us()}
        )
    return source


class Counted(NamedTuple):
    """One batch's tally, for its source."""

    source: int
    tally: dict[str, int]
    at_us: int


def count(batches: Sequence[Counted]) -> None:
    """Add tallies to their sources' counters: one statement for each source, however many batches it sent."""
    sums: dict[int, Counter[str]] = {}
    for batch in batches:
        sums.setdefault(batch.source, Counter()).update(batch.tally)
    last = max(batch.at_us for batch in batches)
    for source, tally in sorted(sums.items()):
        numbers = [tally[key] for key in ("admitted", "with_findings", "duplicate", "quarantined", "refused")]
        execute(_COUNT, [*numbers, last, source])
