"""The access path of every kind of page: an index walk that ends with the page, whatever the size of the collection."""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from commonwatch.base.journal.driver import fetch
from commonwatch.base.journal.values import Batch
from commonwatch.base.release import pages, types
from commonwatch.base.release.access import EVERYTHING
from commonwatch.core.taxii.filters import ObjectFilter
from tests.base.journal.arrivals import EPOCH, arrival, running

UID = arrival(7).uid
FILTERS = {
    "everything": ObjectFilter(),
    "every version": ObjectFilter(last=False, every=True, specs=(20, 21)),
    "first": ObjectFilter(last=False, first=True),
    "first and last": ObjectFilter(first=True),
    "one specification": ObjectFilter(specs=(21,)),
    "after a time": ObjectFilter(added_after=EPOCH),
    "a type": ObjectFilter(types=("indicator",)),
    "two types": ObjectFilter(types=("indicator", "malware")),
    "an id": ObjectFilter(ids=(("indicator", UID),)),
    "an id and a version": ObjectFilter(ids=(("indicator", UID),), last=False, versions=(EPOCH,)),
    "a version": ObjectFilter(last=False, versions=(EPOCH,)),
    "two versions and a type": ObjectFilter(last=False, versions=(EPOCH, EPOCH + 1), types=("indicator",)),
    "a version or the last": ObjectFilter(versions=(EPOCH,)),
}


@pytest.fixture
def filled(node: Path) -> Path:
    with running() as sequencer:
        for first in range(0, 6000, 1000):
            some = [arrival(first + n, version=first + n) for n in range(1000)]
            sequencer.append(Batch(some, 1, "test", (1,)))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO journal_type SELECT 99, 'malware' WHERE NOT EXISTS (SELECT 1 FROM journal_type WHERE name = 'malware')"
        )
        cursor.execute("ANALYZE journal_placement")
        cursor.execute("ANALYZE journal_version")
    types.forget()
    return node


def generic_plan(query: str, parameters: list[Any]) -> list[str]:
    """What PostgreSQL does once it has prepared the statement and looks at its parameters no more."""
    numbers = count(1)
    numbered = re.sub("%s", lambda _: f"${next(numbers)}", query)
    with connection.cursor() as cursor:
        cursor.execute(f"PREPARE page AS {numbered}")
        try:
            cursor.execute("SET plan_cache_mode = force_generic_plan")
            cursor.execute(f"EXPLAIN EXECUTE page ({','.join(['%s'] * len(parameters))})", parameters)
            return [row[0] for row in cursor.fetchall()]
        finally:
            cursor.execute("RESET plan_cache_mode")
            cursor.execute("DEALLOCATE page")


@pytest.mark.parametrize("name", FILTERS)
def test_no_page_reads_more_than_it_shows(
    filled: Path, vendor: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, list[Any]]] = []

    def remember(query: str, parameters: list[Any]) -> list[Any]:
        asked.append((query, parameters))
        return fetch(query, parameters)

    monkeypatch.setattr(pages, "fetch", remember)
    pages.objects_page(EVERYTHING, 1, FILTERS[name], 100, None)
    pages.manifest_page(EVERYTHING, 1, FILTERS[name], 100, 1 << 51)
    assert len(asked) >= 2
    for query, parameters in asked:
        if vendor == "sqlite":
            plan = [str(row[3]) for row in fetch(f"EXPLAIN QUERY PLAN {query}", parameters)]
            assert not [step for step in plan if step.startswith("SCAN journal")], plan
            # Sorting is allowed of a page that is found already, and of a few limited parts: never of a walk.
            finding = plan[: plan.index("SCAN c")] if "SCAN c" in plan else plan
            several = "two" in name or "an id" in name
            assert several or not [step for step in finding if "TEMP B-TREE" in step], plan
        else:
            plan = generic_plan(query, parameters)
            assert not [step for step in plan if "Seq Scan on journal_" in step and "journal_type" not in step], plan
            # A walk is never sorted: a Sort may only stand over a few limited parts, or over the page that is found.
            sorts = [step for step in plan if "Sort Key: " in step]
            assert "two" in name or "an id" in name or not sorts, plan


@pytest.mark.parametrize("name", FILTERS)
def test_pages_join_up_to_what_one_page_would_be(filled: Path, name: str) -> None:
    wanted = FILTERS[name]
    whole = pages.manifest_page(EVERYTHING, 1, wanted, 100_000, None)
    walked, after = [], None
    while True:
        page = pages.objects_page(EVERYTHING, 1, wanted, 700, after)
        rows = pages.manifest_page(EVERYTHING, 1, wanted, 700, after)[:700]
        assert page.count == len(rows)
        walked += rows
        if not page.more:
            break
        after = page.last_pos
    assert walked == whole
    assert [row[0] for row in walked] == sorted({row[0] for row in walked})


def test_what_nobody_has_is_an_empty_page(filled: Path) -> None:
    for wanted in (
        ObjectFilter(types=("nothing",)),
        ObjectFilter(ids=(("indicator", bytes(16)),)),
        ObjectFilter(ids=(("nothing", UID),)),
        ObjectFilter(last=False, versions=(1,)),
        ObjectFilter(added_after=(1 << 62)),
    ):
        assert (
            pages.objects_page(EVERYTHING, 1, wanted, 10, None) == pages.EMPTY
            and pages.manifest_page(EVERYTHING, 1, wanted, 10, None) == []
        )
    assert pages.objects_page(EVERYTHING, 2, ObjectFilter(), 10, None) == pages.EMPTY
