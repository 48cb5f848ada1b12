"""What was held: looked at, mended, retried, dropped; never twice, never lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from commonwatch.base.audit.models import AuditEntry
from commonwatch.base.clock import now_us
from commonwatch.base.intake.quarantine import drop, entry, page, retry
from commonwatch.base.intake.receive import Channel, Report, receive
from commonwatch.base.intake.sources import ensure_source
from commonwatch.base.journal import reading
from commonwatch.base.journal.models import QuarantineEntry
from commonwatch.base.release.access import EVERYTHING
from commonwatch.base.release.collections import collection
from commonwatch.base.release.pages import objects_page
from commonwatch.base.release.reader import operator
from commonwatch.core.errors import Conflict, InvalidInput, NotFound
from commonwatch.core.stix.values import Piece
from commonwatch.core.taxii.filters import ObjectFilter
from tests.capabilities.partners import VOUCHER, indicator

NOW = 1_900_000_000_000_000


def take(*objects: Any, source: str = "test", slots: tuple[int, ...] = (1,)) -> Report:
    origin = ensure_source(source, "TLP:GREEN")
    pieces = [Piece(json.dumps(one).encode(), f"/objects/{n}") for n, one in enumerate(objects)]
    return receive(pieces, Channel(origin.pk, "TLP:GREEN", VOUCHER, "test", slots), now_us()).result()


def numbers() -> list[int]:
    return list(QuarantineEntry.objects.order_by("pk").values_list("pk", flat=True))


def held() -> int:
    return len(reading.entries(0, 1000))


def try_again(number: int, mended: bytes | None = None) -> str:
    return retry(number, mended, actor="ada", now_us=NOW).kind


def test_the_same_bytes_from_the_same_source_are_held_once(ready: Path) -> None:
    bad = {**indicator(1), "id": "broken"}
    for _ in range(3):
        take(bad)
    take(bad, source="other")
    listed, total = page(everything=False, limit=1)
    assert total == 2 and len(listed) == 1 and listed[0].source_name == "other"
    assert page(reasons=("id-malformed", "none-such"), everything=False, limit=9)[1] == 2
    assert page(reasons=("none-such",), everything=False, limit=9) == ([], 0)


def test_a_mended_object_goes_in_where_the_first_would_have(ready: Path) -> None:
    take({**indicator(1), "id": "broken"})
    (number,) = numbers()
    assert try_again(number, json.dumps(indicator(1)).encode()) == "admitted"
    stored = entry(number).entry
    assert (stored.state, stored.resolved_by, held()) == ("admitted", "ada", 1)
    view = collection(operator("test"), "main")
    assert objects_page(EVERYTHING, view.slot, ObjectFilter(), 10, None).count == 1
    with pytest.raises(Conflict):
        try_again(number)
    assert page(everything=False, limit=9)[1] == 0 and page(everything=True, limit=9)[1] == 1


def test_what_is_still_wrong_stays_as_it_was_and_says_so(ready: Path) -> None:
    bad = {**indicator(1), "id": "broken"}
    take(bad)
    (number,) = numbers()
    assert try_again(number) == "held"
    assert try_again(number, json.dumps({**bad, "id": "still broken"}).encode()) == "held"
    assert numbers() == [number] and entry(number).entry.state == "held" and held() == 0
    assert json.loads(bytes(entry(number).entry.raw)) == bad


def test_a_version_from_the_future_goes_in_once_its_time_has_come(ready: Path) -> None:
    take({**indicator(1), "modified": "2030-01-01T00:00:00.000Z"})
    (number,) = numbers()
    assert try_again(number) == "admitted" and NOW > 1_893_456_000_000_000


def test_a_mended_file_holds_one_object(ready: Path) -> None:
    take({**indicator(1), "id": "broken"})
    (number,) = numbers()
    with pytest.raises(InvalidInput, match="2 objects"):
        try_again(number, json.dumps([indicator(1), indicator(2)]).encode())
    with pytest.raises(InvalidInput, match="0 objects"):
        try_again(number, b"not json")
    with pytest.raises(NotFound):
        try_again(999)


def test_what_was_dropped_is_not_held_again(ready: Path) -> None:
    bad = {**indicator(1), "id": "broken"}
    take(bad)
    (number,) = numbers()
    drop(number, actor="ada", reason="test data", now_us=NOW)
    kept = AuditEntry.objects.get(action="quarantine.drop")
    assert (kept.actor, kept.detail) == ("ada", {"entry": number, "reason": "test data"})
    take(bad)
    stored = entry(number).entry
    assert numbers() == [number] and stored.state == "dropped" and "test data" in stored.resolution
    with pytest.raises(Conflict):
        try_again(number)


def test_a_conflict_is_held_and_the_first_content_stays(ready: Path) -> None:
    """Abuse class 39."""
    take(indicator(1, name="first"))
    result = take(indicator(1, name="second")).results[0]
    assert (result.kind, result.findings[0].code) == ("held", "version-conflict")
    assert b"first" in objects_page(EVERYTHING, 1, ObjectFilter(), 10, None).body


def test_a_well_known_marking_cannot_be_redefined(ready: Path) -> None:
    """Abuse class 40."""
    red = {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
        "created": "2017-01-20T00:00:00.000Z",
        "definition_type": "tlp",
        "name": "TLP:CLEAR",
        "definition": {"tlp": "clear"},
    }
    assert take(red).results[0].kind in ("held", "refused")
