"""Evidence and legal requests over the API: by release for who reads, at home for who acts."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from commonwatch.base.audit.models import AuditEntry
from commonwatch.base.parties.models import MemberKind
from tests.api.conftest import Partner
from tests.api.examples_evidence import CALLS, REQUEST, prepare
from tests.base.release.nodes import member

Make = Callable[..., Partner]


@pytest.fixture
def prepared(keyed: Path) -> Iterator[Path]:
    prepare()
    yield keyed


def asked(mine: Partner, method: str, address: str, request: dict[str, Any]) -> Any:
    for name, value in request.get("path", {}).items():
        address = address.replace("{" + name + "}", value)
    body = request.get("body", {} if method == "POST" else None)
    status, answer = mine(method, address, body, **request.get("query", {}))
    assert status == 200, (method, address, answer)
    return answer


def ours(mine: Partner) -> dict[str, Any]:
    (item,) = [one for one in asked(mine, "GET", "/evidence", {})["items"] if one["name"] == "Mail server"]
    return dict(item)


def test_every_example_is_answered(prepared: Path, partner: Make) -> None:
    mine = partner("contributor")
    seen: dict[str, Any] = {}
    for method, address, request_of in CALLS:
        seen[f"{method} {address}"] = asked(mine, method, address, request_of(seen))
    item = seen["GET /evidence/{identity}"]
    assert (item["item"]["state"], item["about"]["hashes"]["SHA-256"][:8]) == ("held-here", item["item"]["sha256"][:8])
    piece = seen["GET /evidence/{identity}/pieces/{digest}"]
    assert hashlib.sha256(b64decode(piece["content"])).hexdigest() == piece["sha256"]
    assert seen["POST /custody/verify"]["holds"]
    assert {one["answer"] for one in seen["GET /legal/ways"]} == {"may", "may-not"}
    assert seen["GET /legal/requests/{identity}"]["request"]["state"] == "asked"
    recorded = AuditEntry.objects.filter(action__in=["evidence.hand-over", "legal.request", "legal.withdraw"])
    assert seen["GET /legal/requests/{identity}"]["request"]["ours"]
    assert {(one.action, one.actor) for one in recorded} == {
        ("evidence.hand-over", "home-contributor"),
        ("legal.request", "home-contributor"),
        ("legal.withdraw", "home-contributor"),
    }


def test_who_may_not_have_an_item_has_no_piece_of_it(prepared: Path, partner: Make) -> None:
    mine, theirs = partner("contributor"), partner("contributor", "cert-fi")
    item = ours(mine)
    pieces = asked(theirs, "GET", f"/evidence/{item['id']}/pieces", {})
    assert pieces == asked(mine, "GET", f"/evidence/{item['id']}/pieces", {})
    given = AuditEntry.objects.filter(action="evidence.give-content", subject=item["id"]).order_by("pk")
    assert [one.actor for one in given] == ["cert-fi-contributor", "home-contributor"]
    status, answer = theirs("GET", f"/evidence/{item['id']}/pieces/{'0' * 64}")
    assert (status, answer["code"]) == (404, "piece-unknown")
    member("cert-de", "DE", MemberKind.STATE_BODY, "home")
    strangers = partner("contributor", "cert-de")
    assert [one["name"] for one in strangers("GET", "/evidence")[1]["items"]] == ["Router"]  # TLP:GREEN
    for address in ("", "/pieces", f"/pieces/{pieces[0]}", "/custody", "/case-uco"):
        status, answer = strangers("GET", f"/evidence/{item['id']}{address}")
        assert (status, answer["code"]) == (404, "evidence-unknown"), address


def test_only_the_own_members_people_act(prepared: Path, partner: Make) -> None:
    theirs = partner("contributor", "cert-fi")
    item = ours(theirs)
    for address, body in (
        (f"/evidence/{item['id']}/offers", {"member": "cert-fi", "purpose": "x"}),
        (f"/evidence/{item['id']}/answers", {"answer": "accepted"}),
        ("/legal/requests", REQUEST),
    ):
        status, answer = theirs("POST", address, body)
        assert (status, answer["code"]) == (403, "other-member"), address


def test_a_form_is_looked_at_before_it_is_sent(prepared: Path, partner: Make) -> None:
    mine = partner("contributor")
    incomplete = {**REQUEST, "fields": {"reference_case_number": "AT-7"}}
    status, answer = mine("POST", "/legal/requests", incomplete, preview="true")
    assert (status, answer["preview"], answer["id"], answer["form"]) == (200, True, None, "preservation")
    assert "data_to_preserve" in answer["missing"] and answer["fields"]["preservation_period"] == "60 days"
    status, answer = mine("POST", "/legal/requests", incomplete)
    assert (status, answer["code"]) == (400, "fields-missing")
    assert [one["name"] for one in asked(mine, "GET", "/legal/requests", {})["items"]] == ["Mail of an account"]
