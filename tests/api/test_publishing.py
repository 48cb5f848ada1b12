"""Publishing over the API: said first who would get it, stored only where nothing is in the way, and the own member's alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from commonwatch.base.audit.models import AuditEntry
from commonwatch.base.clock import now_us
from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.models import Openness
from tests.api.conftest import Partner
from tests.base.release.nodes import ids, indicator, member, person, post

Partners = Callable[..., Partner]


def drafted(draft: dict[str, Any], **terms: Any) -> dict[str, Any]:
    return {"objects": draft, **terms}


def test_a_preview_says_who_would_get_it_and_stores_nothing(ready: Path, partner: Partners) -> None:
    member("friend")
    parties.create_community("hid", "", openness=Openness.HIDDEN, now_us=now_us())
    member("shade", "AT", "state-body", "hid")  # type: ignore[arg-type]
    mine, operator = partner("contributor"), partner("operator")
    given = drafted(indicator(1, "GREEN"))
    status, answer = mine("POST", "/objects", given, preview="true")
    assert status == 200 and answer["published"] == [] and answer["blocked"] == []
    assert "home" in json.dumps(answer) and "shade" not in json.dumps(answer)
    assert "shade" in json.dumps(operator("POST", "/objects", given, preview="true")[1])
    assert ids("home") == []


def test_it_is_published_on_record_and_taken_back(ready: Path, partner: Partners) -> None:
    member("friend")
    mine = partner("contributor")
    status, answer = mine("POST", "/objects", drafted(indicator(1, "GREEN"), reason="seen"))
    (one,) = answer["published"]
    assert (status, one["outcome"], ids("friend")) == (200, "admitted", [one["object"]])
    assert AuditEntry.objects.get(action="object.publish").detail == {"reason": "seen"}
    address = f"/objects/{one['object']}/revocation"
    assert mine("POST", address, {"reason": "a scanner"})[1]["outcome"] == "admitted"
    assert AuditEntry.objects.get(action="object.revoke").actor == "home-contributor"
    assert mine("POST", address, {"reason": "again"})[1]["code"] == "already-revoked"


def test_what_is_in_the_way_is_said_and_nothing_is_stored(ready: Path, partner: Partners) -> None:
    member("far", "US")
    mine = partner("contributor")
    status, answer = mine("POST", "/objects", drafted(indicator(1, "RED")))
    assert (status, answer["code"]) == (422, "red-for-nobody")
    assert answer["data"]["blocked"] == [indicator(1)["id"]]
    status, answer = mine("POST", "/objects", drafted(person(2, "GREEN")))
    assert (status, answer["code"]) == (422, "basis-missing") and "far" not in answer["sentence"]
    assert ids("home") == []
    assert mine("POST", "/objects", drafted(person(2, "GREEN"), altered=True))[0] == 200
    assert mine("POST", "/objects", drafted(indicator(1), default_marking="TLP:PINK"))[1]["code"] == "marking-unknown"
    assert mine("POST", "/objects", drafted(indicator(1), collection="none"))[1]["code"] == "collection-unknown"


def test_only_the_member_that_runs_the_node_publishes_here(ready: Path, partner: Partners) -> None:
    member("guest")
    post([indicator(5, "GREEN")])
    for role in ("contributor", "administrator"):
        theirs = partner(role, "guest")
        for address, body in (("/objects", drafted(indicator(1))), ("/objects/x/revocation", {"reason": "x"})):
            status, answer = theirs("POST", address, body)
            assert (status, answer["code"]) == (403, "other-member")
    mine = partner("contributor")
    others, nobodys = (
        mine("POST", f"/objects/{indicator(number)['id']}/revocation", {"reason": "x"}) for number in (5, 6)
    )
    assert others[0] == nobodys[0] == 404 and others[1]["code"] == nobodys[1]["code"] == "object-unknown"
