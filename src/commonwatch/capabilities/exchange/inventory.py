"""How many object versions the node holds, by type and source: a follower of the journal, for `status`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from django.db.models import F, Sum

from commonwatch.base.journal import reading
from commonwatch.base.journal.values import Act, Entry
from commonwatch.capabilities.exchange.models import InventoryCount


class InventoryFollower:
    """Counts admissions up and erasures down."""

    name = "inventory"
    version = 1

    def apply(self, entries: Sequence[Entry]) -> None:
        """Add up a run of entries; cost grows with the distinct (type, source) pairs in it, not with its length."""
        changes: Counter[tuple[str, int]] = Counter()
        for entry in entries:
            if not isinstance(entry, Act):
                changes[entry.type, entry.source] += 1
            elif entry.kind == "erase":
                erased = reading.admission(entry.target)
                changes[erased.type, erased.source] -= 1
        for (kind, source), change in changes.items():
            InventoryCount.objects.get_or_create(type=kind, source=source)
            InventoryCount.objects.filter(type=kind, source=source).update(count=F("count") + change)

    def reset(self) -> None:
        """Forget everything, before a rebuild from entry 0."""
        InventoryCount.objects.all().delete()


def counts_by_type() -> dict[str, int]:
    """Object versions held, by type, most first."""
    rows = (
        InventoryCount.objects.values_list("type").annotate(total=Sum("count")).filter(total__gt=0).order_by("-total")
    )
    return dict(rows)
