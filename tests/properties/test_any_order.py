"""Whatever the order in which objects come, however often and through however many hands: the same state, the same bytes."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonwatch.base.clock import now_us
from commonwatch.base.intake.receive import Channel, receive
from commonwatch.base.intake.sources import ensure_source
from commonwatch.base.journal.models import QuarantineEntry
from commonwatch.base.journal.sequencer import close_sequencer
from commonwatch.base.release import types
from commonwatch.base.release.access import EVERYTHING
from commonwatch.base.release.pages import objects_page
from commonwatch.core.stix.split import split
from commonwatch.core.stix.values import Piece
from commonwatch.core.taxii.filters import ObjectFilter
from tests.capabilities.partners import VOUCHER, indicator

ALL = ObjectFilter(last=False, every=True, specs=(20, 21))


def spellings(value: Any) -> st.SearchStrategy[bytes]:
    """The same object as different programs write it."""
    keys = st.permutations(sorted(value))
    layout = st.sampled_from([(None, (",", ":")), (None, (", ", ": ")), (2, (",", ": "))])
    ascii_only = st.booleans()

    def write(order: list[str], how: tuple[int | None, tuple[str, str]], plain: bool) -> bytes:
        ordered = {name: value[name] for name in order}
        return json.dumps(ordered, indent=how[0], separators=how[1], ensure_ascii=plain).encode()

    return st.builds(write, keys, layout, ascii_only)


VERSIONS = [
    indicator(number, version=version, spec=spec, name=f"é {number} {version}")
    for number in (1, 2, 3)
    for version in (1, 2, 3)
    for spec in ("2.0", "2.1")
] + [{**indicator(4, version=2), "revoked": True}, indicator(4, version=1)]


@st.composite
def deliveries(draw: st.DrawFn) -> list[bytes]:
    """Every version at least once, in any order, some again, as bundles of any size."""
    objects = draw(st.permutations(VERSIONS)) + draw(st.lists(st.sampled_from(VERSIONS), max_size=10))
    raws = [draw(spellings(one)) for one in objects]
    containers = []
    while raws:
        size = draw(st.integers(1, 8))
        head = b'{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000001","objects":['
        containers.append(head + b",".join(raws[:size]) + b"]}")
        raws = raws[size:]
    return containers


def empty() -> None:
    close_sequencer()
    types.forget()
    with connection.cursor() as cursor:
        for table in ("placement", "voucher", "act", "version", "quarantine"):
            cursor.execute(f"DELETE FROM journal_{table}")


def seen(wanted: ObjectFilter) -> set[str]:
    body = objects_page(EVERYTHING, 1, wanted, 1000, None).body
    return {json.dumps(one, sort_keys=True) for one in json.loads(b"[" + body + b"]")}


def state() -> list[set[str]]:
    """What each kind of reader sees."""
    questions = [
        ALL,
        ObjectFilter(),
        ObjectFilter(last=False, first=True),
        ObjectFilter(specs=(20,)),
        ObjectFilter(specs=(21,)),
    ]
    return [seen(question) for question in questions]


def deliver(containers: list[bytes], threads: int) -> None:
    sources = [ensure_source(f"voucher {n}", "TLP:GREEN").pk for n in range(2)]

    def one(number: int) -> None:
        pieces = split(containers[number]).pieces
        try:
            receive(pieces, Channel(sources[number % 2], "TLP:GREEN", VOUCHER, "test", (1,)), now_us()).result()
        finally:
            if threads > 1:
                connection.close()

    if threads == 1:
        for number in range(len(containers)):
            one(number)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(one, range(len(containers))))


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(deliveries(), st.sampled_from([1, 4]))
def test_any_order_gives_the_same_state(ready: Path, containers: list[bytes], threads: int) -> None:
    empty()
    deliver(
        [
            json.dumps(
                {"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000001", "objects": VERSIONS}
            ).encode()
        ],
        1,
    )
    expected = state()
    assert len(expected[0]) == len(VERSIONS)
    empty()
    deliver(containers, threads)
    assert state() == expected
    assert not QuarantineEntry.objects.exists()


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(VERSIONS).flatmap(spellings))
def test_what_comes_out_is_byte_for_byte_what_went_in(ready: Path, raw: bytes) -> None:
    empty()
    source = ensure_source("voucher", "TLP:GREEN").pk
    receive([Piece(raw, "")], Channel(source, "TLP:GREEN", VOUCHER, "test", (1,)), now_us()).result()
    assert objects_page(EVERYTHING, 1, ALL, 10, None).body == raw
