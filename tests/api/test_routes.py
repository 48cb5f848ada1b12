"""Every route, as it is for each role; errors in one shape; nothing but a bearer token speaks for anybody."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from commonwatch.api.composing import api
from commonwatch.base.accounts.models import Role
from tests.api.conftest import Partner
from tests.base.release.nodes import indicator, member, post
from tests.capabilities.partners import token

Partners = Callable[..., Partner]
NAMES = {"identity": str(indicator(1)["id"]), "number": "999999", "code": "AT", "recall": "recall--x"}


def routes() -> Iterator[tuple[str, str, str]]:
    """Method, address and the role it needs."""
    for address, operations in api.get_openapi_schema()["paths"].items():
        for method, operation in operations.items():
            yield method.upper(), address.removeprefix("/api/v1"), operation["x-role"]


ROUTES = list(routes())


def filled(address: str) -> str:
    for part in set(address.split("{")[1:]):
        name = part.partition("}")[0]
        address = address.replace("{" + name + "}", NAMES.get(name, "nobody"))
    return address


def test_there_are_routes_for_everything_the_commands_change() -> None:
    changing = {(method, address) for method, address, role in ROUTES if role == "administrator" and method != "GET"}
    assert len(ROUTES) >= 40 and len(changing) >= 14
    assert {("POST", "/members"), ("POST", "/policies/activate"), ("DELETE", "/tokens/{number}")} <= changing


def test_no_reader_may_change_anything() -> None:
    for method, address, role in ROUTES:
        looks = address in (
            "/custody/verify",
            "/simulate",
            "/policies/test",
            "/search/values",
            "/record/verify",
            "/record/audit",
        )
        operated = ("sources", "jobs", "quarantine", "telemetry", "allowed-values")
        runs = address.split("/")[1] in operated and role == "operator"
        own: tuple[str, ...] = ("objects", "alerts", "assistance", "contacts", "contact-pings", "contact-profiles")
        own += ("cases", "case-imports", "duties", "evidence", "legal", "hunts", "playbooks")
        writes = address.split("/")[1] in own and role == "contributor"
        keeps = address.split("/")[1] == "views"  # one's own, of the console
        assert method == "GET" or role == "administrator" or looks or runs or writes or keeps, (method, address)


@pytest.mark.parametrize("role", list(Role))
def test_each_route_answers_the_roles_that_it_names(keyed: Path, partner: Partners, role: Role) -> None:
    post([indicator(1, "GREEN")])
    mine = partner(role.value)
    ranks = [one.value for one in Role]
    for method, address, needed in ROUTES:
        status, body = mine(method, filled(address), {} if method != "GET" else None)
        if ranks.index(role.value) < ranks.index(needed):
            assert (status, body["code"]) == (403, "role-needed"), (method, address)
        else:
            assert status not in (401, 403, 405) and status < 500, (method, address, body)
        if status >= 400:
            assert set(body) == {"code", "sentence", "advice", "data"}, (method, address, body)


def test_without_a_token_every_route_is_shut(ready: Path) -> None:
    stranger = Client()
    for method, address, _ in ROUTES:
        answer = stranger.generic(method, f"/api/v1{filled(address)}", b"{}", "application/json")
        assert answer.status_code == 401 and answer["WWW-Authenticate"].startswith("Bearer"), (method, address)


def test_what_a_browser_sends_by_itself_counts_for_nothing(ready: Path) -> None:
    """Cookies, Basic, certificates: another site could make a browser send them."""
    from base64 import b64encode

    basic = "Basic " + b64encode(f"p:{token('p', Role.ADMINISTRATOR)}".encode()).decode()
    for headers in ({"Authorization": basic}, {"Cookie": "sessionid=1"}, {"X-Client-Fingerprint": "a" * 64}):
        assert Client(headers=headers).get("/api/v1/me").status_code == 401


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "not-json"),
        (b'{"name":"a","name":"b"}', 400, "duplicate-name"),
        (b'{"name":"a\\u0000b","kind":"company","country":"AT"}', 400, "nul-character"),
        (b"[" * 5000, 400, "json-too-deep"),
        (b'{"name":"A b","kind":"company","country":"AT"}', 400, "name-invalid"),
        (b'{"name":"a","kind":"band","country":"AT"}', 422, "request-invalid"),
        (b'{"name":"a","kind":"company","country":"ZZ"}', 404, "country-unknown"),
        (b'{"name":"home","kind":"company","country":"AT"}', 409, "member-taken"),
        (b'"' + b"x" * 3_000_000 + b'"', 413, "body-too-large"),
    ],
)
def test_what_is_wrong_is_said_in_one_shape(ready: Path, body: bytes, status: int, code: str) -> None:
    browser = Client(headers={"Authorization": f"Bearer {token('a', Role.ADMINISTRATOR)}"})
    answer = browser.post("/api/v1/members", body, content_type="application/json")
    found = json.loads(answer.content)
    assert (answer.status_code, found["code"]) == (status, code)
    assert set(found) == {"code", "sentence", "advice", "data"} and found["sentence"] and found["advice"]


def test_what_is_no_route_is_said_in_the_same_shape(ready: Path, partner: Partners) -> None:
    mine = partner("administrator")
    assert mine("GET", "/nothing")[1]["code"] == "route-unknown" and mine("GET", "/nothing")[0] == 404
    assert mine("PUT", "/members", {}) == (405, mine("PUT", "/members", {})[1])
    assert mine("PUT", "/members", {})[1]["code"] == "method-not-allowed"
    assert mine("GET", "/members/a%00b")[1]["code"] == "nul-character"
    assert mine("GET", "/members", cursor="\0")[1]["code"] == "nul-character"


def walked(mine: Partner, address: str, **query: str) -> list[Any]:
    found, cursor = [], ""
    while True:
        status, body = mine("GET", address, **query, **({"cursor": cursor} if cursor else {}))
        assert status == 200, body
        found += body["items"]
        if not body["next"]:
            return found
        cursor = body["next"]


def test_pages_join_up_and_a_cursor_is_its_readers_own(ready: Path, partner: Partners) -> None:
    for number in range(7):
        member(f"m{number}")
    post([indicator(n, "GREEN") for n in range(1, 8)])
    mine, other = partner("operator"), partner("administrator")
    for address in ("/members", "/policies", "/countries", "/policies/history", "/collections/main/objects"):
        whole = walked(mine, address, limit="1000")
        assert walked(mine, address, limit="3") == whole and len(whole) > 6, address
        cursor = mine("GET", address, limit="3")[1]["next"]
        assert other("GET", address, cursor=cursor)[1]["code"] == "cursor-invalid"
        assert mine("GET", address, cursor=cursor + "x")[0] == 400
    assert mine("GET", "/countries", cursor=mine("GET", "/members", limit="3")[1]["next"])[0] == 400


def test_the_document_and_its_page_need_nothing_from_elsewhere(ready: Path) -> None:
    stranger = Client()
    document = json.loads(stranger.get("/api/v1/openapi.json").content)
    assert document["openapi"].startswith("3.") and len(document["paths"]) > 25
    page = stranger.get("/api/v1/docs")
    text = page.content.decode()
    assert set(re.findall(r"<script(.{5}).*?>", text)) <= {" src=", " type"}
    assert page.status_code == 200 and "http://" not in text and "https://" not in text
    assert "script-src 'self'" in page["Content-Security-Policy"]
    for method, address, role in ROUTES:
        assert f"{method} /api/v1{address}" in text and role in text


def test_accounts_and_tokens_are_managed(ready: Path, partner: Partners) -> None:
    mine = partner("administrator")
    status, made = mine(
        "POST", "/tokens", {"account": "svc", "role": "reader", "expires": "12h", "purpose": "research"}
    )
    assert status == 200 and made["secret"].startswith("cw_")
    theirs = Client(headers={"Authorization": f"Bearer {made['secret']}"})
    assert json.loads(theirs.get("/api/v1/me").content) == {
        "account": "svc",
        "role": "reader",
        "member": "home",
        "communities": ["home"],
        "purpose": "research",
    }
    assert "secret" not in json.dumps(walked(mine, "/tokens"))
    assert mine("PATCH", "/accounts/svc", {"active": False, "reason": "x"})[0] == 200
    assert theirs.get("/api/v1/me").status_code == 401
    assert mine("PATCH", "/accounts/svc", {"active": True, "reason": "x"})[0] == 200
    assert theirs.get("/api/v1/me").status_code == 200
    assert mine("DELETE", f"/tokens/{made['number']}", reason="lost")[1]["revoked"]
    assert theirs.get("/api/v1/me").status_code == 401
    assert mine("PUT", "/accounts/svc/certificate", {"sha256": "ab" * 32})[1]["certificate_sha256"] == "ab" * 32
    assert "svc" in [one["name"] for one in walked(mine, "/accounts")]
    assert mine("POST", "/tokens", {"account": "svc", "role": "reader", "expires": "soon"})[1]["code"] == (
        "expiry-unreadable"
    )


def test_people_are_invited_promoted_and_signed_out(ready: Path, partner: Partners) -> None:
    mine = partner("administrator")
    status, made = mine("POST", "/people", {"name": "Ada", "role": "reader"})
    assert status == 200 and "/setup/" in made["link"]
    assert mine("PUT", "/accounts/Ada/role", {"role": "operator", "reason": "runs it"})[1]["role"] == "operator"
    fresh = mine("POST", "/accounts/Ada/link", {"reason": "lost"})[1]["link"]
    assert fresh != made["link"] and Client().get(fresh[fresh.index("/setup/") :]).status_code == 200
    assert mine("DELETE", "/accounts/Ada/sessions", reason="lost")[1] == {"name": "Ada", "ended": 0}
    assert mine("DELETE", "/accounts/Ada/second-factor", reason="lost")[1]["code"] == "second-factor-none"
    acts = [one["action"] for one in walked(mine, "/audit", action="account") if one["subject"] == "Ada"]
    assert acts == ["account.sign-out", "account.link", "account.role", "account.invite"]


def test_the_node_is_run(ready: Path, partner: Partners) -> None:
    mine = partner("operator")
    given = {
        "name": "partner",
        "url": "https://cti.example.org/root/",
        "collection": "c1",
        "every": "15m",
        "secret": "hush",
    }
    status, made = mine("POST", "/sources", given)
    assert status == 200 and made["next"] and "hush" not in json.dumps(mine("GET", "/sources"))
    (job,) = walked(mine, "/jobs")
    assert (job["kind"], job["key"], job["standing"]) == ("source.pull", "partner", "due")
    assert mine("POST", f"/jobs/{job['number']}/give-up", {"reason": "x"})[1]["standing"] == "failed"
    assert mine("POST", f"/jobs/{job['number']}/retry", {"reason": "x"})[1]["standing"] == "due"
    assert mine("PATCH", "/sources/partner", {"paused": True, "reason": "x"})[1]["paused"] and not walked(mine, "/jobs")
    assert mine("POST", "/sources/partner/pull")[0] == 200 and walked(mine, "/jobs")
    assert mine("DELETE", "/sources/partner", reason="over")[1] == {"removed": "partner"}
    assert {"disk", "quarantine"} <= {one["name"] for one in mine("GET", "/health")[1]}
    assert {"name", "value", "from", "meaning"} == set(mine("GET", "/settings")[1][0])
    assert mine("GET", "/audit")[0] == 403


def test_the_table_of_routes_is_the_routes() -> None:
    text = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
    rows = re.findall(r"^\| `(\w+) (\S+)` \| (\w+) \|", text, re.MULTILINE)
    assert sorted(rows) == sorted(ROUTES)
