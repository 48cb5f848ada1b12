"""What search costs: keeping the index, the first page of every kind of question, facets; beside the database alone.

    .venv/bin/python -m bench.search [--objects 1000000] [--asks 30]

Runs on the database that COMMONWATCH_DATABASE_URL names, SQLite in a temporary folder without one. Readers: who runs the node; a member
that may have all; one that sees five of ten thousand. Times are medians and 99th percentiles in milliseconds of one process; `limit` is the
same question put to the same tables without release, heads or record: entry numbers only.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from functools import partial
from statistics import median
from time import perf_counter, process_time
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commonwatch.site.settings")
os.environ.setdefault("COMMONWATCH_DATA", tempfile.mkdtemp(prefix="commonwatch-bench-"))

BATCH = 1000
FEW_EVERY = 2000  # one object of so many is all that `few` may have


def main() -> None:
    """Fill, follow, ask, print."""
    options = argparse.ArgumentParser()
    options.add_argument("--objects", type=int, default=1_000_000)
    options.add_argument("--asks", type=int, default=30)
    given = options.parse_args()
    import django

    django.setup()
    from commonwatch.cli import node

    node.prepare()
    _partners()
    _fill(given.objects)
    _follow(given.objects)
    _ask(given.objects, given.asks)
    node.close()


def _partners() -> None:
    from commonwatch.base.clock import now_us
    from commonwatch.base.parties import actions as parties
    from commonwatch.base.parties.actions import By
    from commonwatch.base.parties.changing import change
    from commonwatch.base.parties.models import MemberKind
    from commonwatch.base.release.models import CollectionAccess

    by = By("bench", now_us())

    def act() -> bool:
        parties.create_community("others", "", now_us=by.now_us)
        for name, community in (("partner", "home"), ("few", "others")):
            parties.create_member(name, "", MemberKind.STATE_BODY, "AT", "", by)
            parties.join_community(community, name, reason="bench", by=by)
        CollectionAccess.objects.create(collection_id=1, community=parties.communities_named(["others"])[0])
        return True

    change("partners", act, by)


def _fill(objects: int) -> None:
    """What `partner` brings is AMBER, for the community home; one object in many is RED, for `few`, and all that it gets."""
    from bench.objects import GREEN, one
    from commonwatch.base.clock import now_us
    from commonwatch.base.intake.receive import Channel, receive
    from commonwatch.base.intake.sources import ensure_source, voucher_of
    from commonwatch.core.stix.markings import TLP2
    from commonwatch.core.stix.values import Piece

    sources = {name: ensure_source(name, "TLP:GREEN", name) for name in ("partner", "few")}
    channels = {name: Channel(one.pk, "TLP:GREEN", voucher_of(one), "bench", (1,)) for name, one in sources.items()}
    red, amber = TLP2["TLP:RED"].encode(), TLP2["TLP:AMBER"].encode()
    used = 0.0
    for first in range(0, objects, BATCH):
        raws = [(number, one(number)) for number in range(first, min(first + BATCH, objects))]
        pieces = [Piece(raw.replace(GREEN.encode(), amber), str(number)) for number, raw in raws if number % FEW_EVERY]
        own = [Piece(raw.replace(GREEN.encode(), red), str(number)) for number, raw in raws if not number % FEW_EVERY]
        started = process_time()
        receive(pieces, channels["partner"], now_us()).result()
        if own:
            receive(own, channels["few"], now_us()).result()
        used += process_time() - started
    print(f"{objects:,} objects taken in: {used / objects * 1e6:.1f} us of CPU an object")


def _follow(objects: int) -> None:
    from commonwatch.base.journal import followers
    from commonwatch.base.search.follower import SearchFollower

    before, started, wall = _disk(), process_time(), perf_counter()
    tenth: list[float] = []
    follower, done = SearchFollower(), 0
    while followers.advance(follower, BATCH):
        done += BATCH
        if done % max(objects // 10, BATCH) == 0:
            tenth.append(process_time())
    used = process_time() - started
    print(
        f"followed: {used / objects * 1e6:.1f} us of CPU an object ({objects / (perf_counter() - wall):,.0f} a second), "
        f"last tenth / first {(tenth[-1] - tenth[-2]) / (tenth[0] - started):.2f}; "
        f"{(_disk() - before) / objects:.0f} bytes an object beside {before / objects:.0f} of the journal"
    )


def _disk() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA page_count")
            return int(cursor.fetchone()[0]) * 4096
        cursor.execute("ANALYZE")
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def _ask(objects: int, asks: int) -> None:
    from django.db import transaction

    from bench.objects import AUTHOR
    from commonwatch.base.journal.driver import fetch
    from commonwatch.base.release.grants import count_visible
    from commonwatch.base.release.reader import for_member, operator
    from commonwatch.base.search.graph import edges
    from commonwatch.base.search.history import versions
    from commonwatch.base.search.matching import values
    from commonwatch.base.search.queries import facets, find
    from commonwatch.base.search.wanted import Wanted

    with transaction.atomic():
        count_visible()
    readers = {
        "node": operator("bench"),
        "partner": for_member("partner", "network-defence", "bench"),
        "few": for_member("few", "network-defence", "bench"),
    }
    middle = objects // 2
    address = f"10.{middle >> 16 & 255}.{middle >> 8 & 255}.{(middle & 255) // 10 * 10 + 9}"
    wanted = {
        "everything": Wanted(),
        "oldest": Wanted(sort="oldest"),
        "modified": Wanted(sort="modified"),
        "a type": Wanted(types=("ipv4-addr",)),
        "two types": Wanted(types=("ipv4-addr", "relationship")),
        "a producer": Wanted(producers=(AUTHOR,)),
        "a label": Wanted(labels=("campaign-7",)),
        "two labels": Wanted(labels=("campaign-7", "campaign-8")),
        "a rare word": Wanted(text="campaign-7"),
        "a common word": Wanted(text="seen"),
        "two words": Wanted(text="node-9.example energy"),
        "a beginning": Wanted(text="node-1*"),
        "common, modified": Wanted(text="seen", sort="modified"),
        "a value": Wanted(value=address),
        "nothing": Wanted(text="nosuchword"),
        "a marking": Wanted(markings=("TLP:RED",)),
    }
    limits = _limits()
    for name, reader in readers.items():
        print(f"\n{name}: first page of 50, ms (median / p99), the database alone; facets within 1 s")
        for what, question in wanted.items():
            page = _timed(partial(find, reader, question), asks)
            plain = _timed(partial(fetch, *limits[what]), asks)[0] if what in limits else None
            counted = facets(reader, question)
            spent = _timed(partial(facets, reader, question), 5)
            total = f"{counted.total:,}" if counted.total is not None else "too many to count"
            print(
                f"  {what:18} {page[0]:8.1f} / {page[1]:8.1f}   {f'{plain:8.2f}' if plain is not None else '':8}   facets {spent[0]:8.1f} / {spent[1]:8.1f}  {total}"
            )
        shown = find(reader, Wanted(types=("indicator",))).rows
        if not shown:
            continue
        first = shown[0].id
        print(f"  edges of an object {_shown(_timed(partial(edges, reader, first), asks))}")
        print(f"  its versions       {_shown(_timed(partial(versions, reader, first), asks))}")
        texts = [f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}" for n in range(10_000)]
        print(f"  10,000 values      {_shown(_timed(partial(values, reader, texts), 3))}")


def _limits() -> dict[str, tuple[str, list[Any]]]:
    """The same questions put to the database alone: the bytes of the first 50, whoever may have them."""
    from django.db import connection

    from commonwatch.base.release.types import type_numbers

    raws = "SELECT v.raw FROM ({}) c JOIN journal_version v ON v.seq = c.doc >> 1"
    (address,) = type_numbers(("ipv4-addr",))
    found: dict[str, tuple[str, list[Any]]] = {
        "everything": ("SELECT doc FROM search_doc ORDER BY doc DESC LIMIT 50", []),
        "modified": ("SELECT doc FROM search_doc ORDER BY version DESC, doc DESC LIMIT 50", []),
        "a type": ("SELECT doc FROM search_doc WHERE type = %s ORDER BY doc DESC LIMIT 50", [address]),
    }
    if connection.vendor == "sqlite":
        word = "SELECT rowid AS doc FROM search_text WHERE search_text MATCH %s ORDER BY rowid DESC LIMIT 50"
    else:
        word = "SELECT doc FROM search_text WHERE words @@ %s::tsquery ORDER BY doc DESC LIMIT 50"
    for what, text in (("a rare word", '"campaign-7"'), ("a common word", '"seen"')):
        found[what] = (word, [text if connection.vendor == "sqlite" else text.replace('"', "'")])
    return {what: (raws.format(text), values) for what, (text, values) in found.items()}


def _timed(act: Callable[[], Any], times: int) -> tuple[float, float]:
    spent = []
    for _ in range(times):
        started = perf_counter()
        act()
        spent.append((perf_counter() - started) * 1e3)
    return median(spent), sorted(spent)[-1 - len(spent) // 100]


def _shown(spent: tuple[float, float]) -> str:
    return f"{spent[0]:8.1f} / {spent[1]:8.1f}"


if __name__ == "__main__":
    main()
