"""Quarantine and backups over the API: looked at, mended, retried and let go as on the pages."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from commonwatch.base.jobs.models import Job
from commonwatch.base.journal.models import QuarantineEntry
from tests.api.conftest import Partner
from tests.base.release.nodes import ids, indicator, post, take

Partners = Callable[..., Partner]


@pytest.fixture
def mine(ready: Path, partner: Partners) -> Partner:
    """An operator, of a node that holds three objects with a broken id and one of another content."""
    take([{**indicator(number, "GREEN"), "id": "broken"} for number in (1, 2, 3)])
    post([indicator(4, "GREEN")])
    take([indicator(4, "GREEN", name="other")])
    return partner("operator")


def numbers() -> list[int]:
    return list(QuarantineEntry.objects.order_by("-pk").values_list("pk", flat=True))


def test_what_is_held_is_listed_in_pages_and_by_reason(mine: Partner) -> None:
    first = mine("GET", "/quarantine", limit="3")[1]
    rest = mine("GET", "/quarantine", limit="3", cursor=first["next"])[1]
    assert [one["number"] for one in first["items"] + rest["items"]] == numbers() and rest["next"] is None
    conflicts = mine("GET", "/quarantine", reason="version-conflict")[1]["items"]
    assert [one["object_id"] for one in conflicts] == [indicator(4)["id"]]
    whole = mine("GET", f"/quarantine/{conflicts[0]['number']}")[1]
    assert json.loads(whole["raw"])["name"] == "other" and whole["findings"][0]["remedy"]
    assert mine("GET", "/quarantine/99999")[1]["code"] == "quarantine-unknown"


def test_an_entry_is_mended_and_goes_in(mine: Partner) -> None:
    number = numbers()[-1]
    status, answer = mine("POST", f"/quarantine/{number}/retry", {})
    assert (status, answer["code"], answer["data"]["findings"][0]["code"]) == (422, "still-wrong", "id-malformed")
    mended = {"mended": json.dumps(indicator(1, "GREEN"))}
    status, answer = mine("POST", f"/quarantine/{number}/retry", mended)
    assert (status, answer["object"], answer["outcome"]) == (200, indicator(1)["id"], "admitted")
    assert indicator(1)["id"] in ids("home")
    assert mine("POST", f"/quarantine/{number}/retry", mended)[1]["code"] == "quarantine-resolved"
    (shown,) = [one for one in mine("GET", "/quarantine", everything="true")[1]["items"] if one["number"] == number]
    assert shown["state"] == "admitted"


def test_many_are_retried_and_let_go_with_one_reason(mine: Partner) -> None:
    every = numbers()
    assert mine("POST", "/quarantine/retry", {"numbers": every}) == (200, {"admitted": 0, "job": None})
    assert mine("POST", "/quarantine/drop", {"numbers": [*every, every[0]], "reason": "test data"})[0] == 200
    assert mine("GET", "/quarantine")[1]["items"] == []
    assert mine("GET", f"/quarantine/{every[0]}")[1]["resolution"] == "test data"


def test_nothing_is_done_where_one_of_them_is_not_held(mine: Partner) -> None:
    first, *others = numbers()
    assert mine("POST", "/quarantine/drop", {"numbers": [first], "reason": "x"})[0] == 200
    for wrong, code in ((99999, "quarantine-unknown"), (first, "quarantine-resolved")):
        assert mine("POST", "/quarantine/drop", {"numbers": [*others, wrong], "reason": "x"})[1]["code"] == code
        assert mine("POST", "/quarantine/retry", {"numbers": [*others, wrong]})[1]["code"] == code
    assert len(mine("GET", "/quarantine")[1]["items"]) == len(others)


def test_more_than_are_done_at_once_are_the_workers(mine: Partner) -> None:
    take([{**indicator(number, "GREEN"), "id": "broken"} for number in range(10, 210)])
    job = mine("POST", "/quarantine/drop", {"numbers": numbers(), "reason": "x"})[1]["job"]
    assert Job.objects.get(pk=job).payload["numbers"] == numbers()


def test_a_backup_is_asked_for_once(ready: Path, partner: Partners) -> None:
    mine = partner("administrator")
    status, job = mine("POST", "/backup", {"reason": "before the update"})
    assert (status, job["kind"], job["standing"]) == (200, "journal.backup", "due")
    assert mine("POST", "/backup", {"reason": "again"})[1]["code"] == "backup-waits"
