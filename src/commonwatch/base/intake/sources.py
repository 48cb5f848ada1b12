"""Sources: made on first use, counted in the same transaction as what they sent."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import connection, transaction

from commonwatch.base.clock import now_us
from commonwatch.base.intake.models import Source
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


def count(source: int, tally: Mapping[str, int], at_us: int) -> None:
    """Add one batch's tally to the source's counters."""
    numbers = [tally[key] for key in ("admitted", "with_findings", "duplicate", "quarantined", "refused")]
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [*numbers, at_us, source])
