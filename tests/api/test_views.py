"""Saved views over the API: one's own, and what people of the same member share, as pages have them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.test import Client

from commonwatch.base.accounts.models import Account
from commonwatch.console.desk.actions import MOST_VIEWS
from commonwatch.console.models import SavedView
from tests.api.conftest import Partner
from tests.base.release.nodes import member

Partners = Callable[..., Partner]
HIGH = {"name": "Severe", "address": "/detection/?severity=high"}


def names(one: Partner) -> list[tuple[str, bool]]:
    return [(view["name"], view["own"]) for view in one("GET", "/views")[1]["items"]]


def test_a_view_is_made_renamed_shared_and_removed(ready: Path, partner: Partners) -> None:
    mine = partner("reader")
    status, made = mine("POST", "/views", HIGH)
    assert (status, made["shared"], made["own"], made["address"]) == (200, False, True, HIGH["address"])
    here = f"/views/{made['number']}"
    assert mine("PATCH", here, {"name": " Severe   now "})[1] == {**made, "name": "Severe now"}
    assert mine("PATCH", here, {"shared": True})[1]["shared"] and names(mine) == [("Severe now", True)]
    assert mine("PATCH", here, {"name": "Severe now"})[0] == 200  # as it is called already
    assert mine("DELETE", here)[1]["name"] == "Severe now" and names(mine) == []
    assert mine("DELETE", here)[1]["code"] == mine("PATCH", here, {})[1]["code"] == "view-unknown"


def test_others_see_what_is_shared_and_change_nothing(ready: Path, partner: Partners) -> None:
    member("cert-no")
    mine, colleague, stranger = partner("reader"), partner("administrator"), partner("reader", "cert-no")
    number = mine("POST", "/views", {**HIGH, "shared": True})[1]["number"]
    mine("POST", "/views", {**HIGH, "name": "Private"})
    assert names(mine) == [("Severe", True), ("Private", True)]
    assert names(colleague) == [("Severe", False)] and names(stranger) == []
    for other in (colleague, stranger):
        assert other("PATCH", f"/views/{number}", {"name": "Taken over"})[0] == 404
        assert other("DELETE", f"/views/{number}")[0] == 404
    mine("PATCH", f"/views/{number}", {"shared": False})
    assert names(colleague) == [] and SavedView.objects.get(pk=number).name == "Severe"


def test_pages_and_api_have_the_same_views(ready: Path, partner: Partners) -> None:
    mine = partner("reader")
    browser = Client(headers={"accept": "text/html"})
    browser.force_login(Account.objects.get(name="home-reader"))
    browser.post("/desk/views/", {"name": "Of a page", "address": "/overview/"})
    mine("POST", "/views", HIGH)
    assert names(mine) == [("Of a page", True), ("Severe", True)]
    assert "Severe" in browser.get("/overview/").content.decode()


def test_what_is_no_view_is_refused(ready: Path, partner: Partners) -> None:
    mine = partner("reader")
    number = mine("POST", "/views", HIGH)[1]["number"]
    second = mine("POST", "/views", {**HIGH, "name": "Second"})[1]["number"]
    for address in ("https://evil.example/", "//evil.example/", "javascript:alert(1)", "/nowhere/"):
        assert mine("POST", "/views", {"name": "x", "address": address})[1]["code"] == "view-address", address
    assert mine("POST", "/views", {**HIGH, "name": "  "})[1]["code"] == "view-name-missing"
    assert mine("POST", "/views", HIGH)[1]["code"] == "view-name-taken"
    assert mine("PATCH", f"/views/{second}", {"name": "Severe"})[1]["code"] == "view-name-taken"
    for given in ({"name": ""}, {"name": "x" * 61}, {"shared": "perhaps"}):
        assert mine("PATCH", f"/views/{number}", given)[0] == 422, given
    assert names(mine) == [("Severe", True), ("Second", True)]


def test_a_list_is_paged_and_bounded(ready: Path, partner: Partners) -> None:
    mine = partner("reader")
    for place in range(MOST_VIEWS):
        assert mine("POST", "/views", {**HIGH, "name": f"View {place}"})[0] == 200
    assert mine("POST", "/views", {**HIGH, "name": "One more"})[1]["code"] == "views-too-many"
    first = mine("GET", "/views", limit="30")[1]
    rest = mine("GET", "/views", limit="30", cursor=first["next"])[1]
    assert len(first["items"]) == 30 and len(rest["items"]) == MOST_VIEWS - 30 and rest["next"] is None
