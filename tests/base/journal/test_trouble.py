"""Disk full, database gone, a batch that fails: a clear error, no half batch, and work goes on afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection

from commonwatch.base.journal import reading
from commonwatch.base.journal.values import Batch, Receipt, Transaction
from commonwatch.core.errors import NodeUnable
from tests.base.journal.arrivals import arrival, running


def batch(first: int, count: int = 3) -> Batch:
    return Batch([arrival(first + n) for n in range(count)], 1, "test", (1,))


def count() -> int:
    return len(reading.entries(0, 100_000))


def test_a_full_disk_is_said_and_leaves_no_half_batch(node: Path, vendor: str) -> None:
    if vendor != "sqlite":
        pytest.skip("PostgreSQL's own disk is not ours to fill; its errors take the same way")
    with running() as sequencer:
        sequencer.append(batch(0))

        def limit(pages: int) -> None:
            sequencer.act(lambda _: connection.connection.execute(f"PRAGMA max_page_count = {pages}"))

        with connection.cursor() as cursor:
            cursor.execute("VACUUM")  # other tests leave free pages, which would be room enough
            cursor.execute("PRAGMA page_count")
            limit(cursor.fetchone()[0])
        with pytest.raises(NodeUnable) as caught:
            sequencer.append(batch(1000, 2000))
        assert caught.value.code == "disk-full" and "Make room" in caught.value.advice
        assert count() == 3
        limit(1 << 30)
        sequencer.append(batch(1000, 2000))
    assert count() == 2003


def test_a_database_that_goes_away_is_said_and_taken_up_again(node: Path, vendor: str) -> None:
    def end_our_own_session(receipt: Receipt, _: Transaction) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with running() as sequencer:
        sequencer.append(batch(0))
        lock = node / "journal.lock"
        if vendor == "sqlite":
            lock.unlink()
            lock.mkdir()
        gone = Batch([arrival(10)], 1, "test", (1,), also=None if vendor == "sqlite" else end_our_own_session)
        with pytest.raises(NodeUnable) as caught:
            sequencer.append(gone)
        if vendor == "sqlite":
            lock.rmdir()
        assert "Nothing of this was stored" in caught.value.sentence and caught.value.advice
        assert count() == 3
        sequencer.append(batch(20))
    assert count() == 6


def test_a_batch_whose_writer_fails_is_rolled_back_alone(node: Path) -> None:
    def fail(receipt: Receipt, _: Transaction) -> None:
        raise ValueError("no")

    with running() as sequencer:
        futures = [
            sequencer.submit(batch(0)),
            sequencer.submit(Batch([arrival(50)], 1, "test", (1,), also=fail)),
            sequencer.submit(batch(100)),
        ]
        assert [type(future.exception()) for future in futures] == [type(None), ValueError, type(None)]
    assert count() == 6


def test_a_clock_that_jumps_back_does_not_break_the_order(node: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([1_800_000_000_000_000, 1_700_000_000_000_000, 1_600_000_000_000_000])
    monkeypatch.setattr("commonwatch.base.journal.sequencer.now_us", lambda: next(times))
    with running() as sequencer:
        last = [sequencer.append(batch(n * 10)).last_seq for n in range(3)]
    assert last == sorted(last) and len({entry.seq for entry in reading.entries(0, 100)}) == 9
