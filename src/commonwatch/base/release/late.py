"""What becomes visible late is delivered late, not never: the visible-from order.

A recipient who was served before may have read past an object that a change now allows. Such an object enters its order
again, at a new place after everything before; to others nothing moves. Recipients who were never served have no cursor that
could have passed anything: they find it where it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from commonwatch.base.journal.appending import Appending
from commonwatch.base.journal.driver import execute, fetch
from commonwatch.base.journal.schema import SEQ_MASK
from commonwatch.base.release.grants import Difference
from commonwatch.base.release.models import Recipient

_LATE = (
    "FROM release_grant g JOIN journal_placement p ON p.class = g.class "
    f"WHERE g.recipient = %s AND g.since = %s AND (p.pos & {SEQ_MASK}) <= %s"
)


def since(appending: Appending, found: Difference, recipients: Iterable[int]) -> dict[int, int]:
    """For those of the recipients who were served before: the last place they may have read."""
    gaining = [number for number in recipients if found.gained.get(number)]
    if not gaining:
        return {}
    served = Recipient.objects.filter(pk__in=gaining, served_us__isnull=False).values_list("pk", flat=True)
    return dict.fromkeys(served, appending.start - 1)


def place(appending: Appending, gained: Mapping[int, int]) -> None:
    """Give the objects behind grants that were made just now their new places. Cost grows with their number."""
    counts = {
        recipient: fetch(f"SELECT count(*) {_LATE}", [recipient, upto, upto])[0][0]
        for recipient, upto in gained.items()
    }
    if not any(counts.values()):
        return
    first = appending.reserve(max(counts.values()))
    for recipient, upto in gained.items():
        parameters = [recipient, upto, upto]
        execute(
            f"DELETE FROM release_extra WHERE recipient = %s AND orig IN (SELECT p.pos {_LATE})",
            [recipient, *parameters],
        )
        execute(
            "DELETE FROM release_extra WHERE recipient = %s AND orig = 0 AND uid IN "
            f"(SELECT v.uid FROM journal_version v WHERE v.seq IN (SELECT p.seq {_LATE}))",
            [recipient, *parameters],
        )
        # All these are visible to this one recipient, so that consecutive places tell it nothing.
        execute(
            "INSERT INTO release_extra (recipient, pos, orig) "
            f"SELECT g.recipient, p.pos - (p.pos & {SEQ_MASK}) + %s + row_number() OVER (ORDER BY p.pos), p.pos {_LATE}",
            [first - 1, *parameters],
        )
