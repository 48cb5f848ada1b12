"""What a list shows, taken along: the same rows in the same order, whatever their number, and what is missing said."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from commonwatch.base.accounts.models import Role
from commonwatch.base.parties import actions as parties
from commonwatch.console.areas import AREAS
from commonwatch.console.shell import taking
from tests.base.release.nodes import carried, indicator, member, person, post
from tests.base.search.nodes import index
from tests.capabilities.detection.test_alerts import evil, hit, recorded

SignedIn = Callable[..., Client]


def taken(browser: Client, address: str, **query: Any) -> str:
    answer = browser.get(address, query)
    assert answer.status_code == 200 and answer.streaming and "attachment" in answer["Content-Disposition"]
    return answer.getvalue().decode()


def test_every_list_that_offers_it_is_taken_along_as_what_it_says(signed_in: SignedIn, ready: Path) -> None:
    evil()
    index()
    browser, offered = signed_in(Role.ADMINISTRATOR), 0
    for entry in (one for area in AREAS for one in area.entries):
        if "take=json" not in browser.get(entry.address).content.decode():
            continue
        offered += 1
        whole = json.loads(taken(browser, entry.address, take="json"))
        assert whole["count"] == len(whole["rows"]) > 0 and whole["left_out"] == 0 and whole["missing"] == "", entry
        lines = list(csv.reader(io.StringIO(taken(browser, entry.address, take="csv"))))
        assert lines[0] == whole["columns"] and len(lines) == 1 + whole["count"], entry
    assert offered > 4


def test_a_list_is_taken_beyond_its_page_in_its_order_and_what_is_left_out_is_counted(
    signed_in: SignedIn, ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = evil()
    recorded(*(hit(row, number, entity=f"10.0.0.{number}") for number in range(30)))
    browser, address = signed_in(Role.READER), reverse("alerts")
    shown = [one["entity"] for one in browser.get(address, {"limit": 200}).context["alerts"].rows]
    monkeypatch.setattr(taking, "AT_ONCE", 7)
    whole = json.loads(taken(browser, address, take="json", limit=25, columns=["entity", "last"], severity="high"))
    assert [one["entity"] for one in whole["rows"]] == shown and set(whole["rows"][0]) == {"entity", "last"}
    assert whole["filter"] == [{"field": "severity", "value": "high", "said": "High"}]
    assert all(one["last"] is not None for one in whole["rows"]) and whole["rows"][0]["last"].endswith("Z")
    monkeypatch.setattr(taking, "MOST_ROWS", 20)
    cut = json.loads(taken(browser, address, take="json"))
    assert (cut["count"], cut["left_out"]) == (20, 10) and "10 more rows are left out" in cut["missing"]
    *_, last = csv.reader(io.StringIO(taken(browser, address, take="csv")))
    assert last == ["# 10 more rows are left out: narrow the filter."]


def test_objects_are_taken_as_a_bundle_of_what_the_reader_has_and_no_more(
    signed_in: SignedIn, ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    member("abroad", "US")
    carried(lambda now: parties.join_community("home", "abroad", reason="x", by=now))
    carried(lambda now: parties.change_member("home", title="", kind=None, country="AT", by=now))
    post([indicator(1, "GREEN", name="=HYPERLINK(1)"), indicator(2, "RED", name="Hidden"), person(3, "GREEN")])
    index()
    home, guest = signed_in(Role.READER), signed_in(Role.CONTRIBUTOR, member="abroad")
    address = reverse("objects")
    bundle = json.loads(taken(home, address, take="stix"))
    assert bundle["type"] == "bundle" and {indicator(1)["id"]} < {one["id"] for one in bundle["objects"]}
    theirs = taken(guest, address, take="stix")
    assert "Hidden" not in theirs and indicator(1)["id"] in theirs
    whole = json.loads(taken(guest, address, take="json"))
    given = json.loads(theirs)["objects"]
    assert len(given) == whole["count"] and whole["in_part"] == 1 and "Huber" not in theirs
    assert "1 object is not whole" in whole["missing"]
    assert "'=HYPERLINK(1)" in taken(home, address, take="csv", columns="name")
    monkeypatch.setattr(taking, "MOST_OBJECTS", 1)
    answer = home.get(address, {"take": "stix"})
    assert 'filename="objects-first-1.json"' in answer["Content-Disposition"]
    assert len(json.loads(answer.getvalue())["objects"]) == 1
    assert "left out: narrow the filter" in home.get(address).content.decode()
