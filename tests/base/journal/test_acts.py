"""Withdrawal and erasure: on record, in order, and final. Abuse class 19."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

from commonwatch.base.journal import acts, reading
from commonwatch.base.journal.examine import examine
from commonwatch.base.journal.sequencer import close_sequencer
from commonwatch.base.journal.values import Act, Admission, Kind
from commonwatch.base.release.access import EVERYTHING
from commonwatch.base.release.pages import objects_page
from commonwatch.core.taxii.filters import ObjectFilter
from tests.base.journal.arrivals import appended, arrival


def served(slot: int) -> list[bytes]:
    page = objects_page(EVERYTHING, slot, ObjectFilter(), 100, None)
    return page.body.replace(b"},{", b"}\n{").split(b"\n") if page.count else []


def test_a_withdrawn_object_leaves_one_collection_and_stays_in_the_other(node: Path) -> None:
    appended([arrival(1), arrival(2)], slots=(1, 2))
    assert acts.withdraw("indicator", arrival(1).uid, 1, actor="me", reason="test") == 1
    assert (len(served(1)), len(served(2))) == (1, 2)
    assert acts.withdraw("indicator", arrival(1).uid, 1, actor="me", reason="test") == 0
    close_sequencer()


def test_withdrawing_the_current_version_makes_the_one_before_it_current(node: Path) -> None:
    appended([arrival(1, version=1), arrival(1, version=2)], slots=(1,))
    assert served(1) == [arrival(1, version=2).raw]
    acts.withdraw(
        "indicator", arrival(1).uid, 1, actor="me", reason="test", copies=[(arrival(1, version=2).version, 21)]
    )
    assert served(1) == [arrival(1, version=1).raw]
    close_sequencer()


def test_an_erased_object_is_gone_everywhere_and_does_not_come_back(node: Path) -> None:
    first = appended([arrival(1), arrival(1, version=2)], slots=(1,))
    appended([arrival(1), arrival(1, version=2)], slots=(2,))
    assert acts.erase("indicator", arrival(1).uid, actor="me", reason="law") == 2
    assert served(1) == served(2) == []
    entry = reading.admission(first.outcomes[0].seq)
    assert entry.raw == b""
    tombstones = [entry for entry in reading.entries(0, 100) if isinstance(entry, Act) and entry.kind == "erase"]
    assert json.loads(tombstones[0].detail)["sha256"] == sha256(arrival(1).raw).hexdigest()
    again = appended([arrival(1), arrival(1, version=9)], slots=(1,))
    assert {outcome.kind for outcome in again.outcomes} == {Kind.HELD}
    assert {outcome.findings[0].code for outcome in again.outcomes} == {"erased-before"}
    assert served(1) == []
    assert sum(isinstance(entry, Admission) for entry in reading.entries(0, 100)) == 2, "nothing is renumbered"
    close_sequencer()


def test_the_doctor_finds_wrong_flags(node: Path) -> None:
    from django.conf import settings
    from django.db import connection

    appended([arrival(1, version=1), arrival(1, version=2)], slots=(1,))
    assert all(finding.fine for finding in examine(settings.COMMONWATCH) if finding.name == "current versions")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE journal_placement SET flags = 1")
    assert not all(finding.fine for finding in examine(settings.COMMONWATCH))
