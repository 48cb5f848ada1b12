"""What release costs on the way out: pages with and without it, for members who see most, half and five of what there is.

    .venv/bin/python -m bench.release_pages [--objects 1000000] [--pages 300]

Runs on the database that COMMONWATCH_DATABASE_URL names, SQLite in a temporary folder without one. Prints, in one run: the page
of 1,000 from a random place without release (the limit) and with it, medians and 95th percentiles; a sweep of the whole
collection with and without; a member joining; an object of a new class published and read.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
from statistics import median, quantiles
from time import perf_counter
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commonwatch.site.settings")
os.environ.setdefault("COMMONWATCH_DATA", tempfile.mkdtemp(prefix="commonwatch-bench-"))

MEMBERS = 50
COMMUNITIES = 12
BATCH = 1000


def main() -> None:
    """Fill, measure, print."""
    options = argparse.ArgumentParser()
    options.add_argument("--objects", type=int, default=1_000_000)
    options.add_argument("--pages", type=int, default=300)
    given = options.parse_args()
    import django

    django.setup()
    from commonwatch.cli import node

    node.prepare()
    _partners()
    _fill(given.objects)
    _measure(given.objects, given.pages)
    node.close()


def _partners() -> None:
    from commonwatch.base.clock import now_us
    from commonwatch.base.parties import actions as parties
    from commonwatch.base.parties.actions import By
    from commonwatch.base.parties.changing import change
    from commonwatch.base.parties.models import MemberKind

    chance = random.Random(1)
    by = By("bench", now_us())

    def act() -> bool:
        for number in range(COMMUNITIES):
            parties.create_community(f"c{number}", "", now_us=by.now_us)
        for number in range(MEMBERS):
            country = ("AT", "DE", "JP", "SG", "US")[number % 5]
            parties.create_member(f"m{number}", "", MemberKind.STATE_BODY, country, "", by)
            for one in chance.sample(range(COMMUNITIES), 6 if number % 2 else 3):
                parties.join_community(f"c{one}", f"m{number}", reason="bench", by=by)
        parties.create_member("few", "", MemberKind.STATE_BODY, "FR", "", by)
        return True

    change("partners", act, by)


def _fill(objects: int) -> None:
    from commonwatch.base.journal.sequencer import sequencer
    from commonwatch.base.journal.values import Batch

    classes = _classes()
    chance = random.Random(2)
    started = perf_counter()
    for first in range(0, objects, BATCH):
        arrivals = [_arrival(first + n, chance.choice(classes)) for n in range(min(BATCH, objects - first))]
        sequencer().append(Batch(arrivals, 1, "bench", (1,)))
    print(f"{objects:,} objects in {len(classes)} classes, filled in {perf_counter() - started:.0f} s")


def _classes() -> list[Any]:
    """Markings with audiences, for owners who are members; the last one is for `few` alone."""
    from commonwatch.base.journal.values import ReleaseClass
    from commonwatch.base.parties.models import Member
    from commonwatch.core.policy.classes import ClassAttributes, encode_class

    owners = list(Member.objects.filter(name__startswith="m").values_list("identity", flat=True))
    found = []
    for number, owner in enumerate(owners):
        for category in ("indicators", "threats", "incidents", "context"):
            for default in ("TLP:AMBER", "TLP:AMBER+STRICT"):
                personal = ("e-mail",) if number % 10 == 0 else ()
                found.append(ClassAttributes(author=owner, category=category, default=default, personal=personal))
    return [ReleaseClass(*encode_class(one)) for one in found]


def _arrival(number: int, release_class: Any) -> Any:
    from uuid import UUID

    from commonwatch.base.journal.values import Arrival

    uid = UUID(int=(number * 0x9E3779B97F4A7C15 << 40 | number) % (1 << 128)).bytes
    identity = f"indicator--{UUID(bytes=uid)}"
    body = b'{"type":"indicator","id":"' + identity.encode() + b'","x":"' + b"x" * 480 + b'"}'
    return Arrival(identity, "indicator", uid, 21, 1_700_000_000_000_000 + number, 3, False, None, release_class, body)


def _measure(objects: int, pages: int) -> None:
    from commonwatch.base.clock import now_us
    from commonwatch.base.journal.sequencer import sequencer
    from commonwatch.base.journal.values import Batch, ReleaseClass
    from commonwatch.base.parties import actions as parties
    from commonwatch.base.parties.actions import By
    from commonwatch.base.parties.changing import change
    from commonwatch.base.parties.models import Member
    from commonwatch.base.release.access import EVERYTHING, access_for
    from commonwatch.base.release.epochs import refresh
    from commonwatch.core.policy.classes import ClassAttributes, encode_class
    from commonwatch.core.stix.markings import TLP2

    few = Member.objects.get(name="few")
    green = ReleaseClass(*encode_class(ClassAttributes(author=few.identity, default="TLP:RED")))
    sequencer().append(Batch([_arrival(objects + n, green) for n in range(5)], 1, "bench", (1,)))
    _count()
    refresh(By("bench", now_us()))
    who = {
        "m1 (6 communities)": Member.objects.get(name="m1").pk,
        "m0 (3)": Member.objects.get(name="m0").pk,
        "few": few.pk,
    }
    limit = _pages(EVERYTHING, pages)
    print(f"page of 1,000, random place          without release  p50 {limit[0]:6.2f}  p95 {limit[1]:6.2f} ms")
    for name, member in who.items():
        access = access_for(member)
        access = access_for(member)
        p50, p95 = _pages(access, pages)
        print(
            f"page of 1,000, random place  {name:20} p50 {p50:6.2f}  p95 {p95:6.2f} ms   {p50 / limit[0]:.2f} x  {_seen(member)}"
        )
    plain, served = _sweep(EVERYTHING), _sweep(access_for(who["m1 (6 communities)"]))
    print(
        f"whole collection, us an object       without release {plain:.2f}, with {served:.2f}: {served / plain:.2f} x"
    )
    started = perf_counter()
    by = By("bench", now_us())
    change("join", lambda: parties.join_community("c1", "few", reason="bench", by=by), by)
    print(f"one member joins a community: {perf_counter() - started:.2f} s")
    fresh = ReleaseClass(
        *encode_class(ClassAttributes(author=few.identity, markings=(TLP2["TLP:GREEN"],), category="defences"))
    )
    started = perf_counter()
    sequencer().append(Batch([_arrival(objects + 9, fresh)], 1, "bench", (1,)))
    print(
        f"one object of a new class, decided for {MEMBERS + 3} recipients and durable: {(perf_counter() - started) * 1e3:.1f} ms"
    )


def _count() -> None:
    from django.db import connection, transaction

    from commonwatch.base.release.grants import count_visible

    with transaction.atomic():
        count_visible()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def _seen(member: int) -> str:
    from commonwatch.base.release.models import Recipient

    one = Recipient.objects.get(member_id=member)
    return f"(sees {one.visible:,} of {one.placements:,})"


def _pages(access: Any, pages: int) -> tuple[float, float]:
    from commonwatch.base.journal.driver import fetch
    from commonwatch.base.release.pages import objects_page
    from commonwatch.core.taxii.filters import ObjectFilter

    low, high = fetch("SELECT min(pos), max(pos) FROM journal_placement WHERE pos < %s", [2 << 51])[0]
    chance = random.Random(3)
    times = []
    for _ in range(pages):
        after = chance.randint(low, low + (high - low) * 9 // 10)
        started = perf_counter()
        objects_page(access, 1, ObjectFilter(), 1000, after)
        times.append((perf_counter() - started) * 1e3)
    return median(times), quantiles(times, n=20)[18]


def _sweep(access: Any) -> float:
    from commonwatch.base.release.pages import objects_page
    from commonwatch.core.taxii.filters import ObjectFilter

    started, after, seen = perf_counter(), None, 0
    while (page := objects_page(access, 1, ObjectFilter(), 1000, after)).count:
        after, seen = page.last_pos, seen + page.count
        if not page.more:
            break
    return (perf_counter() - started) / max(seen, 1) * 1e6


if __name__ == "__main__":
    main()
