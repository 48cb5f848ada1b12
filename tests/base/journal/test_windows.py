"""Places in the journal: in a window whose width says nothing, in order where order betrays nothing, never going back."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

import pytest

from commonwatch.base.clock import now_us
from commonwatch.base.journal import acts, reading, schema
from commonwatch.base.journal.drawing import WINDOW
from commonwatch.base.journal.examine import examine
from commonwatch.base.journal.sequencer import MAX_LEAD_US, close_sequencer, sequencer
from commonwatch.base.journal.values import Act, Batch, Kind, Receipt, Transaction
from commonwatch.base.release.access import EVERYTHING
from commonwatch.base.release.pages import objects_page
from commonwatch.core.taxii.filters import ObjectFilter
from tests.base.journal.arrivals import appended, arrival, running

AUTHORS = ("identity--a", "identity--b", "identity--c")


def mixed(count: int) -> Receipt:
    return appended([arrival(n, author=AUTHORS[n % 3]) for n in range(count)], slots=(1,))


@pytest.mark.parametrize("count", [1, 2, 500, WINDOW])
def test_a_batch_uses_up_one_window_whatever_its_size(node: Path, count: int) -> None:
    before = now_us() - schema.EPOCH_US
    receipt = mixed(count)
    seqs = [outcome.seq for outcome in receipt.outcomes]
    start = reading.head() + 1 - WINDOW
    assert before <= start <= min(seqs) and max(seqs) == receipt.last_seq == reading.last_seq() <= reading.head()
    assert len(set(seqs)) == count


def test_objects_of_one_class_keep_their_order_and_classes_mingle(node: Path) -> None:
    seqs = [outcome.seq for outcome in mixed(300).outcomes]
    assert all(seqs[first::3] == sorted(seqs[first::3]) for first in range(3))
    assert seqs != sorted(seqs)


def test_versions_of_one_object_keep_their_order(node: Path) -> None:
    outcomes = appended([arrival(n % 5, version=n // 5) for n in range(40)], slots=(1,)).outcomes
    for number in range(5):
        own = [outcome.seq for outcome in outcomes[number::5]]
        assert own == sorted(own)


def test_a_larger_batch_takes_further_windows_whole(node: Path) -> None:
    seqs = [outcome.seq for outcome in mixed(WINDOW + 1).outcomes]
    first_window = reading.head() + 1 - 2 * WINDOW
    assert min(seqs) >= first_window and len(set(seqs)) == WINDOW + 1
    late = sum(seq >= first_window + WINDOW for seq in seqs)
    assert abs(late - WINDOW / 2) < 100, "spread over both windows alike, not one filled and the rest in the next"


def held_up(batches: list[Batch]) -> list[Receipt]:
    """The receipts of batches that share one transaction."""
    receipts: list[Receipt] = []

    def together(receipt: Receipt, transaction: Transaction) -> None:
        receipts.append(receipt)
        for batch in batches[1:]:
            receipts.append(transaction.append(batch))  # type: ignore[attr-defined]

    first = batches[0]
    sequencer().append(Batch(first.arrivals, first.source, first.actor, first.slots, also=together))
    close_sequencer()
    return receipts


def test_batches_of_one_transaction_share_its_window(node: Path) -> None:
    receipts = held_up([Batch([arrival(n)], 1, "test", (1,)) for n in range(200)])
    seqs = [outcome.seq for receipt in receipts for outcome in receipt.outcomes]
    assert len(set(seqs)) == 200 and seqs != sorted(seqs) and max(seqs) - min(seqs) < WINDOW


def test_a_placement_comes_after_the_entry_it_is_about(node: Path) -> None:
    arrivals = [arrival(n) for n in range(20)]
    receipts = held_up([Batch(arrivals, 1, "test", (1,)), Batch(arrivals, 2, "test", (2, 3))])
    assert {outcome.kind for outcome in receipts[1].outcomes} == {Kind.PLACED}
    placed = [entry for entry in reading.entries(0, 100) if isinstance(entry, Act)]
    assert len(placed) == 40 and min(act.seq for act in placed) > max(o.seq for o in receipts[0].outcomes)
    for slot in (1, 2, 3):
        assert objects_page(EVERYTHING, slot, ObjectFilter(), 100, None).body == b",".join(one.raw for one in arrivals)


def test_what_two_batches_of_one_transaction_bring_to_a_collection_is_in_it_once(node: Path) -> None:
    appended([arrival(1)], slots=(1,))
    again = Batch([arrival(1), arrival(1)], 1, "test", (2,))
    receipts = held_up([again, again])
    kinds = [outcome.kind for receipt in receipts for outcome in receipt.outcomes]
    assert kinds == [Kind.PLACED, Kind.DUPLICATE, Kind.DUPLICATE, Kind.DUPLICATE]
    assert objects_page(EVERYTHING, 2, ObjectFilter(), 10, None).count == 1


def test_an_act_comes_after_what_it_is_about_and_before_what_follows(node: Path) -> None:
    with running():
        for number in range(30):
            sequencer().submit(Batch([arrival(number)], 1, "test", (1,)))
            acts.withdraw("indicator", arrival(number).uid, 1, actor="me", reason="test")
            receipt = sequencer().append(Batch([arrival(number)], 1, "test", (1,)))
            assert receipt.outcomes[0].kind is Kind.PLACED
    last: dict[int, list[str]] = {}
    for entry in reading.entries(0, 1000):
        number = entry.target if isinstance(entry, Act) else entry.seq
        last.setdefault(number, []).append(entry.kind if isinstance(entry, Act) else "admitted")
    assert list(last.values()) == [["admitted", "withdraw", "place"]] * 30
    close_sequencer()


def test_readers_by_date_added_miss_nothing(node: Path) -> None:
    with running() as one:
        for batch in range(20):
            one.append(Batch([arrival(batch * 9 + n, author=AUTHORS[n % 3]) for n in range(9)], 1, "test", (1,)))
    after, served = 0, []
    while (page := objects_page(EVERYTHING, 1, ObjectFilter(added_after=after), 7, None)).count:
        served += page.body.split(b"},{")
        after = page.last_added
    assert len(served) == len(set(served)) == 180


def test_small_commits_in_a_row_do_not_run_ahead_of_the_clock(node: Path) -> None:
    with running() as one:
        started, seqs = monotonic(), []
        for number in range(300):
            seqs.append(one.append(Batch([arrival(number)], 1, "test", (1,))).last_seq)
            assert seqs[-1] <= now_us() - schema.EPOCH_US + MAX_LEAD_US + 2 * WINDOW
    assert seqs == sorted(set(seqs))
    assert monotonic() - started >= (300 * WINDOW - MAX_LEAD_US - 2 * WINDOW) / 1e6


def test_the_doctor_finds_an_entry_behind_the_end_of_the_last_window(node: Path) -> None:
    from django.conf import settings
    from django.db import connection

    def entries_fine() -> bool:
        return next(finding.fine for finding in examine(settings.COMMONWATCH) if finding.name == "entries")

    mixed(3)
    assert entries_fine()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE journal_head SET last_seq = 1")
    assert not entries_fine()
