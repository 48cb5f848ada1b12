"""What becomes of an arrival."""

from __future__ import annotations

from pathlib import Path

from commonwatch.base.journal import reading
from commonwatch.base.journal.models import QuarantineEntry
from commonwatch.base.journal.values import Act, Kind
from tests.base.journal.arrivals import appended, arrival


def test_a_new_object_is_admitted_with_its_bytes(node: Path) -> None:
    receipt = appended([arrival(1)], slots=(1,))
    assert [outcome.kind for outcome in receipt.outcomes] == [Kind.ADMITTED]
    assert reading.admission(receipt.last_seq).raw == arrival(1).raw


def test_the_same_bytes_again_are_a_duplicate(node: Path) -> None:
    first = appended([arrival(1)], slots=(1,))
    again = appended([arrival(1), arrival(1)], slots=(1,))
    assert [(outcome.kind, outcome.seq) for outcome in again.outcomes] == [(Kind.DUPLICATE, first.last_seq)] * 2


def test_other_content_under_the_same_version_is_a_conflict_in_quarantine(node: Path) -> None:
    appended([arrival(1, name="a")])
    receipt = appended([arrival(1, name="b")])
    assert receipt.outcomes[0].kind is Kind.HELD
    held = QuarantineEntry.objects.get()
    assert held.reason == "version-conflict"
    assert bytes(held.raw) == arrival(1, name="b").raw


def test_other_spelling_of_the_same_content_is_a_duplicate(node: Path) -> None:
    appended([arrival(1)])
    spaced = arrival(1, spaced=True)
    assert spaced.raw != arrival(1).raw
    assert appended([spaced]).outcomes[0].kind is Kind.DUPLICATE


def test_a_held_object_enters_a_further_collection_at_a_new_place(node: Path) -> None:
    appended([arrival(1)], slots=(1,))
    receipt = appended([arrival(1)], slots=(2,))
    assert receipt.outcomes[0].kind is Kind.PLACED
    acts = [entry for entry in reading.entries(0, 10) if isinstance(entry, Act)]
    assert [(act.kind, act.slot) for act in acts] == [("place", 2)]


def test_what_was_revoked_stays_revoked(node: Path) -> None:
    appended([arrival(1, version=1), arrival(1, version=2, revoked=True)])
    later = appended([arrival(1, version=3)])
    assert later.outcomes[0].findings[0].code == "revoked-before"
    older = appended([arrival(1, version=0)])
    assert older.outcomes[0].kind is Kind.ADMITTED


def test_another_author_cannot_make_a_new_version(node: Path) -> None:
    appended([arrival(1, author="identity--1")])
    receipt = appended([arrival(1, version=5, author="identity--2")])
    assert receipt.outcomes[0].findings[0].code == "author-changed"
