"""Grants as rows: computed for a world, compared with those that serve, swapped in one transaction.

What is computed beside a running node (`compute`) is used in the transaction only if the world is still the same; classes
that came meanwhile are decided there. While it runs, the old grants serve.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from commonwatch.base.journal.driver import execute_many, fetch
from commonwatch.base.parties.models import Member
from commonwatch.base.release.deciding import Grant, Worlds, grants_of, recipient_numbers
from commonwatch.base.release.models import Recipient
from commonwatch.base.release.report import ChangeReport, Moved, counted
from commonwatch.base.release.types import type_name
from commonwatch.core.parts import parts
from commonwatch.core.policy.classes import ClassAttributes, decode_class
from commonwatch.core.policy.facts import DEFAULT_PURPOSE
from commonwatch.core.stix.ids import format_id

_EXAMPLES = 3


@dataclass
class Difference:
    """What has to change in `release_grant`, by recipient's number."""

    gained: dict[int, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))  # class to code
    altered: dict[int, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    lost: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    def __bool__(self) -> bool:
        return bool(self.gained or self.altered or self.lost)


def all_classes() -> dict[int, ClassAttributes]:
    """Every release class that occurs."""
    return {number: decode_class(text) for number, text in fetch("SELECT id, attributes FROM journal_class", [])}


def ensure_recipients() -> dict[tuple[str, str], int]:
    """A number for every member and the public, for the purpose that all read for; inside a transaction.

    For others, members have one as soon as somebody reads for them (`epochs.begin_purpose`).
    """
    numbers = recipient_numbers()
    members: list[tuple[int | None, str]] = [(None, ""), *Member.objects.values_list("pk", "name")]
    missing = [
        Recipient(member_id=member, purpose=DEFAULT_PURPOSE)
        for member, name in members
        if (name, DEFAULT_PURPOSE) not in numbers
    ]
    if missing:
        Recipient.objects.bulk_create(missing)
        numbers = recipient_numbers()
    return numbers


def difference(wanted: Iterable[Grant], classes: Iterable[int] | None = None) -> Difference:
    """From the grants that serve (of these classes only, where given) to these."""
    new = {(grant.recipient, grant.klass): grant.code for grant in wanted}
    found = Difference()
    for recipient, klass, code in _serving(classes):
        after = new.pop((recipient, klass), None)
        if after is None:
            found.lost[recipient].append(klass)
        elif after != code:
            found.altered[recipient][klass] = after
    for (recipient, klass), code in new.items():
        found.gained[recipient][klass] = code
    return found


def write(found: Difference, since: Mapping[int, int]) -> None:
    """Carry a difference out. `since`: for recipients who were served before, the place up to which they may have read."""
    execute_many(
        "DELETE FROM release_grant WHERE recipient = %s AND class = %s",
        [(recipient, klass) for recipient, classes in found.lost.items() for klass in classes],
    )
    execute_many(
        "UPDATE release_grant SET code = %s WHERE recipient = %s AND class = %s",
        [(code, recipient, klass) for recipient, classes in found.altered.items() for klass, code in classes.items()],
    )
    execute_many(
        "INSERT INTO release_grant (recipient, class, code, since) VALUES (%s, %s, %s, %s)",
        [
            (recipient, klass, code, since.get(recipient, 0))
            for recipient, classes in found.gained.items()
            for klass, code in sorted(classes.items())
        ],
    )


def report_of(
    what: str, before: str, worlds: Worlds, found: Difference, names: Mapping[int, tuple[str, str]]
) -> ChangeReport:
    """The difference in numbers and examples. Objects are counted as they stand in collections, once in each."""
    per_class = placed_by_class() if found else {}
    moved = []
    for number in sorted({*found.gained, *found.lost, *found.altered}, key=lambda one: names[one]):
        gained, lost = sorted(found.gained.get(number, {})), found.lost.get(number, [])
        altered = sorted(found.altered.get(number, {}))
        one = Moved(
            *names[number],
            counted(per_class, gained),
            counted(per_class, lost),
            counted(per_class, altered),
            _examples(gained),
            _examples(lost),
        )
        if one.gained or one.lost or one.altered:
            moved.append(one)
    return ChangeReport(what, before, worlds.digest, len(per_class), len(names), tuple(moved))


def decide_all(worlds: Worlds, numbers: Mapping[tuple[str, str], int]) -> list[Grant]:
    """The grants of every class."""
    return grants_of(worlds, all_classes(), numbers)


def count_visible() -> None:
    """Count for each recipient what it may see: steers how pages are found. Inside a transaction."""
    per_class = placed_by_class()
    seen: dict[int, int] = defaultdict(int)
    for recipient, klass, _ in _serving(None):
        seen[recipient] += per_class.get(klass, 0)
    total = sum(per_class.values())
    numbers = Recipient.objects.values_list("pk", flat=True)
    execute_many(
        "UPDATE release_recipient SET visible = %s, placements = %s WHERE id = %s",
        [(seen[number], total, number) for number in numbers],
    )


def placed_by_class() -> dict[int, int]:
    """How many placements each class has: read from the index alone."""
    return dict(fetch("SELECT class, count(*) FROM journal_placement GROUP BY class", []))


def _serving(classes: Iterable[int] | None) -> list[tuple[int, int, int]]:
    query = "SELECT recipient, class, code FROM release_grant"
    if classes is None:
        return fetch(query, [])
    found: list[tuple[int, int, int]] = []
    wanted = list(classes)
    for chunk in parts(wanted):
        found += fetch(f"{query} WHERE class IN ({','.join(['%s'] * len(chunk))})", chunk)
    return found


def _examples(classes: list[int]) -> tuple[str, ...]:
    """Ids of a few objects of these classes."""
    found: list[str] = []
    for klass in classes[:_EXAMPLES]:
        query = "SELECT v.type, v.uid FROM journal_placement p JOIN journal_version v ON v.seq = p.seq WHERE p.class = %s LIMIT 1"
        found += [format_id(type_name(kind), getattr(uid, "bytes", uid)) for kind, uid in fetch(query, [klass])]
    return tuple(found)
