"""Changes over the API: a preview says what the activation then does, and changes nothing; the same as the commands do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from commonwatch.base.audit.models import AuditEntry
from commonwatch.base.parties.models import HOME, Agreement, Community, Member, Membership
from commonwatch.base.release.models import Collection, Epoch, PolicySet
from commonwatch.core.stix.markings import TLP2
from tests.api.conftest import Partner
from tests.base.release.nodes import ids, indicator, member, person, post

Partners = Callable[..., Partner]
POLICY = """
@id("member/OWNER/no-research") @title("T") @law("L") @date("2026-01-01") @explain("E")
forbid (principal == Member::"friend", action == Action::"share", resource) when { resource.owner == Member::"OWNER" };
""".replace("OWNER", HOME)


@pytest.fixture
def admin(ready: Path, partner: Partners) -> Partner:
    member("friend", "SG")
    post([indicator(1, "AMBER"), indicator(2, "GREEN"), person(3)])
    return partner("administrator")


CHANGES: list[tuple[str, str, Any, dict[str, str]]] = [
    ("POST", "/members", {"name": "new", "kind": "company", "country": "AT"}, {}),
    ("PATCH", "/members/home", {"kind": "state-body", "country": "AT"}, {}),
    ("POST", "/members/friend/facts", {"kind": "clearance", "value": "secret", "source": "x"}, {}),
    ("POST", "/partnership", {"members": [{"name": "b", "kind": "company", "country": "DE"}]}, {}),
    ("POST", "/communities", {"name": "c"}, {}),
    ("PUT", f"/communities/{HOME}/members/friend", {"reason": "x"}, {}),
    ("DELETE", f"/communities/{HOME}/members/{HOME}", None, {"reason": "x"}),
    ("POST", "/agreements", {"name": "a", "kind": "treaty", "source": "text"}, {}),
    ("POST", "/policies/activate", {"files": {"a.cedar": POLICY}, "reason": "x"}, {}),
    ("POST", "/collections", {"title": "C", "alias": "c"}, {}),
]


def state() -> tuple[int, ...]:
    tables = (Member, Community, Membership, Agreement, Epoch, PolicySet, Collection)
    return (*(table._default_manager.count() for table in tables), Membership.objects.filter(until_us=None).count())


def moved(report: dict[str, Any]) -> Any:
    return [{k: v for k, v in one.items() if not k.startswith("examples")} for one in report["moved"]]


@pytest.mark.parametrize(("method", "address", "body", "query"), CHANGES, ids=lambda part: str(part)[:40])
def test_a_preview_says_what_the_change_then_does_and_changes_nothing(
    admin: Partner, method: str, address: str, body: Any, query: dict[str, str]
) -> None:
    before = state()
    status, looked = admin(method, address, body, preview="true", **query)
    assert status == 200 and looked["preview"] is True and looked["result"] is None and state() == before
    status, done = admin(method, address, body, **query)
    assert status == 200 and done["preview"] is False and done["result"]
    assert state() != before or address == "/members/home"
    assert moved(looked["report"]) == moved(done["report"])
    assert (looked["report"]["gained"], looked["report"]["lost"]) == (done["report"]["gained"], done["report"]["lost"])


def test_a_member_that_joins_gains_what_the_report_says(admin: Partner) -> None:
    assert ids("friend") == [indicator(2)["id"]]
    done = admin("PUT", f"/communities/{HOME}/members/friend", {"reason": "accepted"})[1]
    assert [(one["member"], one["gained"]) for one in done["report"]["moved"]] == [("friend", 2)]
    assert indicator(1)["id"] in ids("friend")
    assert AuditEntry.objects.filter(actor="home-administrator", action="release.epoch").exists()
    assert admin("PUT", f"/communities/{HOME}/members/friend", {"reason": "x"})[1]["code"] == "member-already"
    recalled = admin("DELETE", f"/communities/{HOME}/members/friend", reason="left")[1]
    assert recalled["report"]["lost"] == 2
    listed = admin("GET", "/recalls", open="true")[1]["items"]
    assert [(one["member"], one["objects"]) for one in listed] == [("friend", 1), ("friend", 1)]
    assert admin("GET", f"/recalls/{listed[0]['recall']}")[1]["receipt"] is None
    (held,) = admin("GET", "/recalls/report")[1]
    assert (held["member"], held["holding"], held["objects"]) == ("friend", "best-effort", 2)
    assert [one["recalls"] for one in admin("GET", "/recalls/report", object=indicator(1)["id"])[1]] == [1]
    assert admin("POST", "/recalls/send")[1] == {"objects": 0}


def test_a_recall_is_its_recipients_to_see(admin: Partner, partner: Partners) -> None:
    admin("PUT", f"/communities/{HOME}/members/friend", {"reason": "x"})
    ids("friend")
    admin("DELETE", f"/communities/{HOME}/members/friend", reason="left")
    member("other")
    name = admin("GET", "/recalls")[1]["items"][0]["recall"]
    friend, other = partner("reader", "friend"), partner("reader", "other")
    assert len(friend("GET", "/recalls")[1]["items"]) == 2 and friend("GET", f"/recalls/{name}")[0] == 200
    assert other("GET", "/recalls")[1]["items"] == []
    withheld, absent = other("GET", f"/recalls/{name}"), other("GET", "/recalls/recall--nothing")
    assert withheld[0] == absent[0] == 404 and withheld[1]["code"] == absent[1]["code"]


def test_policies_are_tried_before_they_are_in_force(admin: Partner) -> None:
    given = {"files": {"a.cedar": POLICY}}
    looked = admin("POST", "/policies/diff", given)[1]
    assert looked["report"]["lost"] == 1 and ids("friend") == [indicator(2)["id"]]
    cases = {"cases": [{"object": indicator(2)["id"], "to": "friend", "outcome": "refuse"}]}
    assert [one["passed"] for one in admin("POST", "/policies/test", cases)[1]] == [False]
    assert admin("POST", "/policies/activate", {**given, "reason": "Board"})[1]["report"]["lost"] == 1
    assert [one["passed"] for one in admin("POST", "/policies/test", cases)[1]] == [True]
    assert admin("GET", "/policies/files")[1] == given
    assert admin("GET", "/policies/history")[1]["items"][0]["what"] == "Policies: Board"
    wrong = admin("POST", "/policies/diff", {"files": {"b.cedar": "permit (principal"}})
    assert (wrong[0], wrong[1]["code"]) == (400, "policy-invalid") and "b.cedar" in wrong[1]["sentence"]
    law = admin("POST", "/policies/diff", {"files": {"b.cedar": POLICY.replace(f"member/{HOME}/", "law/")}})
    assert law[1]["code"] == "policy-layer"


def test_who_runs_the_node_asks_why(admin: Partner) -> None:
    asked = f"/objects/{indicator(1)['id']}"
    explained = admin("GET", f"{asked}/explanation", to="friend")[1]
    assert explained["outcome"] == "refuse" and explained["facts"]["tlp"] == 2 and explained["changes"]
    refused = admin("GET", f"{asked}/why-not", to="friend")[1]
    assert refused["outcome"] == "refuse" and "handling" in refused["shut"]
    assert admin("GET", f"{asked}/explanation")[1]["recipient"] == "home"
    assert admin("GET", f"{asked}/why-not", purpose="fun")[1]["code"] == "purpose-unknown"
    draft = {"objects": {"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000001", "objects": []}}
    assert admin("POST", "/simulate", draft)[1]["code"] == "stix-expected"
    draft = {"objects": indicator(9, "RED", object_marking_refs=[TLP2["TLP:RED"]])}
    found = admin("POST", "/simulate", draft)[1][0]
    assert found["blocked"] and {one["member"] for one in found["recipients"]} == {"public", "home", "friend"}
    assert admin("GET", "/policies/reach")[1]["objects"] == 3
