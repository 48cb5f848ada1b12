"""Sources: made on first use, counted in the same transaction as what they sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from django.db import transaction

from commonwatch.base.clock import now_us
from commonwatch.base.intake.models import Source
from commonwatch.base.journal.driver import execute
from commonwatch.base.parties.models import HOME
from commonwatch.base.parties.queries import member_named, own_member
from commonwatch.core.errors import Conflict, InvalidInput
from commonwatch.core.stix.markings import MARKING_IDS

_COUNT = (
    "UPDATE intake_source SET admitted = admitted + %s, with_findings = with_findings + %s, duplicate = duplicate + %s, "
    "quarantined = quarantined + %s, refused = refused + %s, last_us = %s WHERE id = %s"
)


def ensure_source(name: str, default_marking: str, member: str = "") -> Source:
    """The source with this name, made if new; a known one keeps its default marking.

    `member` vouches for what it brings: the node's own where none is named. That never changes, because objects that
    are here already have been vouched for.
    """
    if default_marking not in MARKING_IDS:
        raise InvalidInput(
            "marking-unknown",
            f"{default_marking} is not a marking that can be a default.",
            f"Use one of {', '.join(sorted(MARKING_IDS))}.",
        )
    other = member_named(member) if member not in ("", HOME) else None
    with transaction.atomic():
        source, _ = Source.objects.select_related("member").get_or_create(
            name=name, defaults={"default_marking": default_marking, "member": other, "created_us": now_us()}
        )
        if member and source.member != other:
            vouching = source.member.name if source.member else HOME
            raise Conflict(
                "source-member", f"{vouching} vouches for source {name}.", "Choose another name for this one."
            )
    return source


def voucher_of(source: Source) -> str:
    """The STIX identity of the member that vouches for what a source brings."""
    return (source.member or own_member()).identity


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
