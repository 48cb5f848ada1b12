"""Indicators as a follower of the journal: what is admitted, revoked, recalled, withdrawn, erased or re-marked counts at once.

1. One row for each object and voucher: the latest version that this voucher brought. So that a forged version never takes
   the place of what another brought. A member's own voice goes before what others brought of its objects.
2. Bytes come from `base.release`, as this member has them; the journal's entries only say where to look.
3. Grants change without entries, too: when the world moves, or a marking-definition comes late, every class is looked up
   again (`refresh`).
4. Every change of a row takes the next `change`, by which matchers follow; `generation` is the entry behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from django.db import transaction

from commonwatch.base.journal.values import Act, Entry
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.holding import epoch
from commonwatch.capabilities.detection.indicators import recalling, rows, sayings
from commonwatch.capabilities.detection.indicators.terms import held_index, refresh_terms, world_moved
from commonwatch.capabilities.detection.models import Index, Indicator, Recalled, ReleaseTerms, Saying

SAYINGS = frozenset({"sighting", "opinion"})


class IndicatorFollower:
    """Keeps `detection_indicator` and what others say of indicators."""

    name = "indicators"
    version = 1

    def apply(self, entries: Sequence[Entry]) -> None:
        """Apply a run of entries; cost grows with the indicators in it."""
        own = own_member()
        generation = entries[-1].seq if entries else 0
        acts = [entry.target for entry in entries if isinstance(entry, Act)]
        admitted = [entry for entry in entries if not isinstance(entry, Act)]
        stamp = rows.Stamp(held_index().change, generation)
        recalling.note(own, [entry.seq for entry in admitted if entry.type == "recall"], stamp)
        rows.take(own, [entry.seq for entry in admitted if entry.type == "indicator"], stamp)
        sayings.take(own, [entry.seq for entry in admitted if entry.type in SAYINGS], stamp)
        if acts:
            rows.look_again(own, Indicator.objects.filter(seq__in=acts), stamp)
            sayings.look_again(own, acts, stamp)
        if any(entry.type == "marking-definition" for entry in admitted):
            _refresh(stamp)
        Index.objects.filter(pk=1).update(change=stamp.change, generation=generation)

    def reset(self) -> None:
        """Forget everything, before a rebuild from entry 0. `change` goes on: matchers must not miss what is made anew."""
        for table in (Indicator, Saying, Recalled, ReleaseTerms):
            table.objects.all().delete()
        row = held_index()
        Index.objects.update(generation=0, change=row.change + 1, made=uuid4().hex)


def refresh() -> bool:
    """Rule 3, called between the worker's rounds: whether there was anything to do."""
    if not world_moved():
        return False
    with transaction.atomic():
        row = held_index()
        stamp = rows.Stamp(row.change, row.generation)
        _refresh(stamp)
        Index.objects.filter(pk=1).update(change=stamp.change, epoch=epoch())
    return True


def _refresh(stamp: rows.Stamp) -> None:
    own = own_member()
    changed = refresh_terms(own)
    if changed:
        rows.look_again(own, Indicator.objects.filter(terms__in=changed), stamp)
        sayings.refresh(own, stamp)
