"""How much came into collections, hour by hour and class by class: a follower of the journal, for overviews.

1. A reader's numbers are summed from the classes that it is granted, in the collections that it may read: what is withheld is in
no number. 2. What is moved, withdrawn or erased later has come in all the same. 3. An object in two collections came in twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
from django.db.models import F

from commonwatch.base.journal import rows
from commonwatch.base.journal.driver import fetch
from commonwatch.base.journal.schema import SLOT_SHIFT, seq_to_us
from commonwatch.base.journal.values import Admission, Entry
from commonwatch.base.release.access import access_of
from commonwatch.base.release.collections import visible_collections
from commonwatch.base.release.models import Arrival
from commonwatch.base.release.reader import Reader

HOUR_US = 3600 * 1_000_000


class Arrived(msgspec.Struct, frozen=True):
    """So many objects that one member (its identity's id) brought in the hour that began then."""

    hour_us: int
    voucher: str
    count: int


class ArrivalFollower:
    """Counts placements of what is admitted."""

    name = "arrivals"
    version = 1

    def apply(self, entries: Sequence[Entry]) -> None:
        """Add up a run of entries."""
        classes = {entry.seq: entry.release_class for entry in entries if isinstance(entry, Admission)}
        placed = rows.placements_of(list(classes), rows.slots()) if classes else []
        counted: Counter[tuple[int, int, int]] = Counter()
        for pos, seq, _ in placed:
            counted[pos >> SLOT_SHIFT, seq_to_us(seq) // HOUR_US, classes[seq]] += 1
        for (slot, hour, klass), count in counted.items():
            Arrival.objects.get_or_create(slot=slot, hour=hour, klass=klass)
            Arrival.objects.filter(slot=slot, hour=hour, klass=klass).update(count=F("count") + count)

    def reset(self) -> None:
        """Forget everything, before a rebuild from entry 0."""
        Arrival.objects.all().delete()


def arrivals(reader: Reader, since_us: int) -> list[Arrived]:
    """What came in since the beginning of the hour of a moment, as this reader may know it, by hour."""
    slots = [view.slot for view in visible_collections(reader) if view.can_read]
    if not slots:
        return []
    recipient = access_of(reader).recipient
    granted = "" if recipient is None else "JOIN release_grant g ON g.class = a.klass AND g.recipient = %s "
    values: list[Any] = [*([] if recipient is None else [recipient]), since_us // HOUR_US, *slots]
    found = fetch(
        f"SELECT a.hour, a.klass, sum(a.count) FROM release_arrival a {granted}"
        f"WHERE a.hour >= %s AND a.slot IN ({','.join(['%s'] * len(slots))}) GROUP BY a.hour, a.klass ORDER BY a.hour",
        values,
    )
    vouchers = {number: one.voucher for number, one in rows.classes_of(list({row[1] for row in found})).items()}
    return [Arrived(hour * HOUR_US, vouchers.get(klass, ""), int(count)) for hour, klass, count in found]
