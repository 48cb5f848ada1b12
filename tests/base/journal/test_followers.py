"""Followers: in order, once each, alone in their failures, rebuildable."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connections

from commonwatch.base.journal import followers
from commonwatch.base.journal.models import FollowerSkip, QuarantineEntry
from commonwatch.base.journal.values import Entry
from commonwatch.core.errors import Conflict
from tests.base.journal.arrivals import appended, arrival


class Numbers:
    """Keeps the seqs it saw in a table (any will do), and fails where told to."""

    def __init__(self, name: str = "numbers", version: int = 1, fails_at: int = 0) -> None:
        self.name = name
        self.version = version
        self.fails_at = fails_at

    def apply(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            QuarantineEntry.objects.create(
                received_us=entry.seq, source=1, reason=self.name, sha256=f"{self.name}{entry.seq}".encode(), raw=b""
            )
            if entry.seq == self.fails_at:
                raise RuntimeError("cannot apply this")

    def reset(self) -> None:
        QuarantineEntry.objects.filter(reason=self.name).delete()

    def seen(self) -> list[int]:
        rows = QuarantineEntry.objects.filter(reason=self.name).order_by("pk")
        return list(rows.values_list("received_us", flat=True))


@pytest.fixture
def seqs(node: Path) -> list[int]:
    return [outcome.seq for outcome in appended([arrival(n) for n in range(10)]).outcomes]


def test_entries_are_applied_in_order_once(seqs: list[int]) -> None:
    follower = Numbers()
    while followers.advance(follower, 3):
        pass
    assert follower.seen() == seqs
    assert not followers.advance(follower, 3)


def test_two_that_advance_the_same_follower_at_once_apply_nothing_twice(seqs: list[int]) -> None:
    followers.rebuild(Numbers())
    both_are_there = threading.Barrier(2, timeout=20)

    class Slow(Numbers):
        def apply(self, entries: Sequence[Entry]) -> None:
            time.sleep(0.2)
            super().apply(entries)

    def work() -> None:
        both_are_there.wait()
        while followers.advance(Slow(), 5):
            pass
        connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(work) for _ in range(2)]:
            done.result(30)
    assert Numbers().seen() == seqs


def test_a_follower_that_fails_stops_alone_and_says_where(seqs: list[int]) -> None:
    broken, sound = Numbers("broken", fails_at=seqs[4]), Numbers("sound")
    for _ in range(3):
        followers.advance(broken, 100)
        followers.advance(sound, 100)
    state = followers.state_of("broken")
    assert (state.failed_at, state.failure) == (seqs[4], "RuntimeError: cannot apply this")
    assert broken.seen() == seqs[:4], "what came before stays, the failing entry leaves nothing"
    assert sound.seen() == seqs


def test_a_stopped_follower_can_be_resumed_after_mending(seqs: list[int]) -> None:
    broken = Numbers(fails_at=seqs[4])
    followers.advance(broken, 100)
    broken.fails_at = 0
    assert not followers.advance(broken, 100), "it waits to be told"
    followers.resume("numbers")
    followers.advance(broken, 100)
    assert broken.seen() == seqs


def test_a_stopped_follower_can_skip_an_entry_on_record(seqs: list[int]) -> None:
    broken = Numbers(fails_at=seqs[4])
    followers.advance(broken, 100)
    assert followers.skip("numbers", actor="me", reason="known fault") == seqs[4]
    followers.advance(broken, 100)
    assert broken.seen() == [seq for seq in seqs if seq != seqs[4]]
    assert FollowerSkip.objects.get().reason == "known fault"
    broken.version = 2
    followers.advance(broken, 100)
    assert broken.seen() == [seq for seq in seqs if seq != seqs[4]], "a rebuild passes over it as well"


def test_a_new_version_starts_again_from_the_first_entry(seqs: list[int]) -> None:
    follower = Numbers()
    followers.advance(follower, 100)
    follower.version = 2
    followers.advance(follower, 4)
    assert follower.seen() == seqs[:4]


def test_a_rebuild_can_be_asked_for(seqs: list[int]) -> None:
    follower = Numbers()
    followers.advance(follower, 100)
    followers.ask_for_rebuild("numbers")
    followers.advance(follower, 2)
    assert follower.seen() == seqs[:2]


def test_a_running_follower_cannot_be_resumed_or_skipped(seqs: list[int]) -> None:
    followers.advance(Numbers(), 100)
    with pytest.raises(Conflict):
        followers.resume("numbers")
    with pytest.raises(Conflict):
        followers.skip("numbers", actor="me", reason="x")
