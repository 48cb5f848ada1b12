"""Flags depend on the set of copies alone, never on the order in which they came."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.base.journal import schema
from commonwatch.base.journal.placing import Copy, flags_of
from commonwatch.base.journal.values import Arrival, Batch
from tests.base.journal.arrivals import arrival, running

COPIES = st.lists(
    st.builds(Copy, st.integers(1, 4), st.integers(0, 1), st.booleans()),
    min_size=1,
    max_size=6,
    unique_by=lambda copy: (copy.version, copy.spec),
)


@given(COPIES)
def test_every_set_of_copies_has_one_current_and_one_first_version(copies: list[Copy]) -> None:
    flags = flags_of(copies)
    for flag in (schema.LAST, schema.FIRST):
        assert len({copy.version for copy, found in zip(copies, flags, strict=True) if found & flag}) == 1
        assert sum(bool(found & flag) for found in flags) == 1
    current = next(copy for copy, found in zip(copies, flags, strict=True) if found & schema.LAST)
    revoked = [copy.version for copy in copies if copy.revoked]
    assert current.version == (min(revoked) if revoked else max(copy.version for copy in copies))
    assert current.spec == max(copy.spec for copy in copies if copy.version == current.version)


@given(COPIES, st.randoms(use_true_random=False))
def test_flags_do_not_depend_on_order(copies: list[Copy], chance: Random) -> None:
    shuffled = list(copies)
    chance.shuffle(shuffled)
    assert dict(zip(copies, flags_of(copies), strict=True)) == dict(zip(shuffled, flags_of(shuffled), strict=True))


def state() -> list[tuple[int, int, bytes]]:
    """What readers see: every placed copy with its flags, without the times at which it came."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.version, p.flags, v.raw FROM journal_placement p JOIN journal_version v ON v.seq = p.seq "
            "ORDER BY p.version, v.spec, v.uid"
        )
        return [(version, flags, bytes(raw)) for version, flags, raw in cursor.fetchall()]


def empty() -> None:
    with connection.cursor() as cursor:
        for table in ("placement", "version", "act", "voucher"):
            cursor.execute(f"DELETE FROM journal_{table}")


ARRIVALS = [
    arrival(number, version=version, spec=spec, revoked=(number == 2 and version == 3))
    for number in (1, 2)
    for version in (1, 2, 3)
    for spec in (20, 21)
]


@pytest.mark.parametrize("seed", range(12))
def test_any_order_repetition_and_grouping_gives_the_same_state(node: Path, seed: int) -> None:
    """Also of a revocation: what comes later than it in time but earlier in order is admitted, yet never current."""

    chance = Random(seed)
    arrivals: list[Arrival] = ARRIVALS * chance.choice([1, 2, 3])
    chance.shuffle(arrivals)
    with running() as sequencer:
        sequencer.append(Batch(sorted(ARRIVALS, key=lambda a: a.version), 1, "test", (1,)))
        expected = state()
        empty()
    with running() as sequencer:
        futures = []
        while arrivals:
            size = chance.randint(1, 5)
            futures.append(sequencer.submit(Batch(arrivals[:size], 1, "test", (1,))))
            arrivals = arrivals[size:]
        for future in futures:
            future.result()
    assert state() == expected
    assert len(expected) == len(ARRIVALS)


def test_a_later_version_that_came_before_the_revocation_is_not_current(node: Path) -> None:
    with running() as sequencer:
        sequencer.append(Batch([arrival(1, version=3), arrival(1, version=2, revoked=True)], 1, "test", (1,)))
    flags = {version: flag for version, flag, _ in state()}
    assert [bool(flag & schema.LAST) for _, flag in sorted(flags.items())] == [True, False]
