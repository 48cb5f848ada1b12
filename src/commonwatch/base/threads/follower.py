"""Threads as a follower of the journal: every version of a root or a part has a row, whatever becomes of it later.

What is current, erased, withdrawn or not for a reader is never kept here: `queries` asks release.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from commonwatch.base.journal import followers
from commonwatch.base.journal.values import Admission, Entry
from commonwatch.base.threads.models import ThreadEntry
from commonwatch.core.stix.ids import format_id
from commonwatch.core.stix.threads import may_be_in_thread, root_of

ENTRIES_AT_ONCE = 1_000


class ThreadFollower:
    """Keeps the table of `models`."""

    name = "threads"
    version = 1

    def apply(self, entries: Sequence[Entry]) -> None:
        """Apply a run of entries; the same again changes nothing."""
        found = [
            ThreadEntry(seq=entry.seq, object_id=format_id(entry.type, entry.uid), root_id=root, kind=entry.type)
            for entry in entries
            if isinstance(entry, Admission) and entry.raw and may_be_in_thread(entry.type, entry.raw)
            if (root := root_of(orjson.loads(entry.raw)))
        ]
        ThreadEntry.objects.bulk_create(found, ignore_conflicts=True)

    def reset(self) -> None:
        """Forget everything, before a rebuild from entry 0."""
        ThreadEntry.objects.all().delete()


def catch_up() -> None:
    """Apply what the worker has not yet: who has just written something reads it, also where no worker runs."""
    followers.catch_up(ThreadFollower(), ENTRIES_AT_ONCE)
