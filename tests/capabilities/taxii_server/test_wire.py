"""Statuses, media types and headers of the standard, and what hostile requests get. Numbers are abuse classes."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from typing import Any
from uuid import RFC_4122

import httpx2
import pytest

from commonwatch.base.clock import now_us
from commonwatch.base.parties.actions import communities_named, create_community
from commonwatch.base.release.actions import create_collection
from commonwatch.capabilities.exchange.taxii_server.statuses import fresh_id
from tests.capabilities.partners import MAIN, PATIENCE, TAXII, Client, add, ids, indicator, member, token


def error(answer: httpx2.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == TAXII and answer.json()["title"]
    return answer.status_code, answer.json()["error_code"]


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (TAXII, 200),
        ("application/taxii+json", 200),
        ("*/*", 200),
        ("application/*", 200),
        (None, 200),
        ("", 200),
        ("text/html, application/taxii+json;version=2.1;q=0.5", 200),
        ('application/taxii+json; version="2.1"', 200),
        ("application/taxii+json;version=2.0", 406),
        ("application/json", 406),
        ("text/html", 406),
        ("application/taxii+json;q=0", 406),
        ("*/*, application/taxii+json;version=2.1;q=0", 406),
        ("application/vnd.oasis.taxii+json", 406),
        (";;;,,", 406),
    ],
)
def test_the_answer_is_negotiated(client: Client, accept: str | None, status: int) -> None:
    signed_in = client()
    headers = {"Accept": accept} if accept is not None else {}
    request = signed_in.build_request("GET", "/taxii2/", headers=headers)
    if accept is None:
        del request.headers["Accept"]
    answer = signed_in.send(request)
    assert answer.status_code == status
    assert answer.headers["content-type"] == TAXII


@pytest.mark.parametrize("declared", ["application/json", "application/taxii+json;version=2.0", "text/plain", ""])
def test_a_body_of_another_media_type_is_415(client: Client, declared: str) -> None:
    answer = client().post(f"{MAIN}objects/", content=b"{}", headers={"Content-Type": declared})
    assert error(answer) == (415, "media-type")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"objects":[]}', 422),
        (b'{"objects":3}', 422),
        (b'{"type":"bundle","objects":[{}]}', 422),
        (b'{"objects":[{"a":1,"a":2}]}', 202),
        (b'{"objects":[1,null,"x"]}', 202),
        (b'{"objects":[{}],"objects":[{}]}', 400),
        (b"\xff\xfe{", 400),
        (b"[" * 100_000, 400),
        (b'{"objects":' + b"[" * 50_000, 400),
        (b'{"objects":[{"type":"url","id":"url--00000000-0000-4000-8000-000000000001","value":"\\ud800"}]}', 202),
        (b'{"objects":[' + b"9" * 6000 + b"]}", 202),
    ],
)
def test_no_body_makes_a_500(client: Client, body: bytes, status: int) -> None:
    """34 to 37: duplicate names, huge numbers, depth, broken Unicode through the HTTP door."""
    answer = client().post(f"{MAIN}objects/", content=body)
    assert answer.status_code == status
    if status == 202:
        assert answer.json()["failure_count"] == answer.json()["total_count"]


def test_without_credentials_everything_is_401_with_a_challenge(server: str) -> None:
    """4: no resource answers without an account."""
    for path in ("/taxii2/", "/taxii2/root/", "/taxii2/root/collections/", MAIN, f"{MAIN}objects/", f"{MAIN}manifest/"):
        answer = httpx2.get(server + path, timeout=PATIENCE)
        assert error(answer) == (401, "sign-in-needed")
        assert "Basic" in answer.headers["www-authenticate"]
    assert httpx2.post(f"{server}{MAIN}objects/", content=b"{}").status_code == 401


def test_basic_takes_a_token_as_the_password_of_its_own_account(server: str) -> None:
    secret = token("partner")
    assert httpx2.get(f"{server}/taxii2/", auth=("partner", secret)).status_code == 200
    assert httpx2.get(f"{server}/taxii2/", auth=("other", secret)).status_code == 401
    assert httpx2.get(f"{server}/taxii2/", auth=("partner", "cw_wrong")).status_code == 401
    assert httpx2.get(f"{server}/taxii2/", headers={"Authorization": "Basic %%%"}).status_code == 401


def test_a_collection_of_others_does_not_exist(client: Client) -> None:
    """9 and 55: withheld and absent are the same, in every resource and to the byte."""
    home = communities_named(["home"])
    create_community("others", "", now_us=now_us())
    member("stranger", "others")
    create_collection("Secret", alias="secret", description="", readers=home, writers=[], actor="test", now_us=now_us())
    stranger = client("stranger", member="stranger")
    found = stranger.get("/taxii2/root/collections/").json()["collections"]
    assert [one["alias"] for one in found] == ["recalls"]  # every member's own
    for tail in (
        "",
        "objects/",
        "manifest/",
        f"objects/{indicator(1)['id']}/",
        f"objects/{indicator(1)['id']}/versions/",
    ):
        withheld = stranger.get(f"/taxii2/root/collections/secret/{tail}")
        absent = stranger.get(f"/taxii2/root/collections/absent/{tail}")
        assert withheld.status_code == absent.status_code == 404
        assert withheld.content == absent.content
        assert withheld.headers.keys() == absent.headers.keys()
    assert stranger.post("/taxii2/root/collections/secret/objects/", json={"objects": [{}]}).status_code == 404


def test_who_may_read_but_not_write_gets_403(client: Client) -> None:
    home = communities_named(["home"])
    create_collection("R", alias="r", description="", readers=home, writers=[], actor="test", now_us=now_us())
    partner = client()
    assert partner.get("/taxii2/root/collections/r/").json()["can_write"] is False
    assert error(partner.post("/taxii2/root/collections/r/objects/", json={"objects": [{}]})) == (403, "write-refused")
    assert error(partner.delete(f"/taxii2/root/collections/r/objects/{indicator(1)['id']}/")) == (403, "write-refused")


def test_a_reader_token_cannot_write_anywhere(client: Client) -> None:
    from commonwatch.base.accounts.models import Role

    reader = client("reader", role=Role.READER)
    assert error(reader.post(f"{MAIN}objects/", json={"objects": [indicator(1)]})) == (403, "write-refused")


def test_every_path_applies_the_same_filter(client: Client) -> None:
    """12, 16, 17: what a page leaves out, counts and single objects leave out as well."""
    partner = client()
    home = communities_named(["home"])
    create_collection("B", alias="b", description="", readers=home, writers=home, actor="test", now_us=now_us())
    add(partner, indicator(1))
    add(partner, indicator(2), to="/taxii2/root/collections/b/")
    assert [i for i, _ in ids(partner.get(f"{MAIN}objects/"))] == [indicator(1)["id"]]
    for tail in (f"objects/{indicator(2)['id']}/", f"objects/{indicator(2)['id']}/versions/"):
        assert partner.get(MAIN + tail).status_code == 404
    assert len(partner.get(f"{MAIN}manifest/").json()["objects"]) == 1


def test_an_object_added_to_two_collections_is_in_both(client: Client) -> None:
    partner = client()
    home = communities_named(["home"])
    create_collection("B", alias="b", description="", readers=home, writers=home, actor="test", now_us=now_us())
    add(partner, indicator(1), indicator(1, version=2))
    add(partner, indicator(1), to="/taxii2/root/collections/b/")
    assert ids(partner.get("/taxii2/root/collections/b/objects/")) == [(indicator(1)["id"], "2026-01-01T00:00:00.000Z")]
    found = partner.get(f"/taxii2/root/collections/b/objects/?match[id]={indicator(1)['id']}")
    assert ids(found) == [(indicator(1)["id"], "2026-01-01T00:00:00.000Z")]


def test_a_cursor_is_good_for_its_reader_and_question_only(client: Client) -> None:
    """56: another reader's, another filter's and a changed cursor are 400; the same one again gives the same page."""
    partner, other = client(), client("other")
    add(partner, *[indicator(n) for n in range(5)])
    cursor = partner.get(f"{MAIN}objects/?limit=2").json()["next"]
    page = partner.get(f"{MAIN}objects/?limit=2&next={cursor}")
    assert page.content == partner.get(f"{MAIN}objects/?limit=2&next={cursor}").content
    for answer in (
        other.get(f"{MAIN}objects/?limit=2&next={cursor}"),
        partner.get(f"{MAIN}objects/?limit=2&match[type]=indicator&next={cursor}"),
        partner.get(f"{MAIN}manifest/?limit=2&next={cursor}"),
        partner.get(f"{MAIN}objects/?limit=2&next={'B' + cursor[1:]}"),
    ):
        assert error(answer) == (400, "next-invalid")


def test_pages_stay_whole_while_others_write(client: Client) -> None:
    partner = client()
    stop = threading.Event()

    def write() -> None:
        number = 0
        with httpx2.Client(base_url=partner.base_url, headers=partner.headers, timeout=PATIENCE) as writer:
            while not stop.is_set() and number < 300:
                add(writer, indicator(number), indicator(number, version=2))
                number += 1

    thread = threading.Thread(target=write)
    thread.start()
    seen: list[tuple[str, str]] = []
    parameters: dict[str, Any] = {"limit": 7, "match[version]": "all"}
    while len(seen) < 200:
        answer = partner.get(f"{MAIN}objects/", params=parameters)
        seen += ids(answer)
        if answer.json().get("more"):
            parameters["next"] = answer.json()["next"]
        elif "X-TAXII-Date-Added-Last" in answer.headers:
            parameters.pop("next", None)
            parameters["added_after"] = answer.headers["X-TAXII-Date-Added-Last"]
    stop.set()
    thread.join()
    assert len(seen) == len(set(seen))
    expected = [(indicator(n)["id"], indicator(n, version=v)["modified"]) for n in range(300) for v in (1, 2)]
    assert seen == expected[: len(seen)], "in the order in which they were added, without a gap"


def test_a_gzip_bomb_is_413_and_double_coding_415(client: Client) -> None:
    """46."""
    partner = client()
    bomb = gzip.compress(b'{"objects":[' + b" " * (120 << 20))
    answer = partner.post(f"{MAIN}objects/", content=bomb, headers={"Content-Encoding": "gzip"})
    assert error(answer) == (413, "body-too-large")
    answer = partner.post(f"{MAIN}objects/", content=b"x", headers={"Content-Encoding": "gzip, gzip"})
    assert error(answer) == (415, "content-encoding")
    answer = partner.post(f"{MAIN}objects/", content=b"x", headers={"Content-Encoding": "gzip"})
    assert error(answer) == (400, "gzip-broken")
    good = gzip.compress(json.dumps({"objects": [indicator(1)]}).encode())
    assert partner.post(f"{MAIN}objects/", content=good, headers={"Content-Encoding": "gzip"}).status_code == 202
    assert partner.post(f"{MAIN}objects/", content=good[:-9], headers={"Content-Encoding": "gzip"}).status_code == 400


def test_a_declared_length_over_the_limit_is_refused_at_once(server: str) -> None:
    host, port = server.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as raw:
        head = (
            f"POST {MAIN}objects/ HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\nContent-Type: {TAXII}\r\n\r\n"
        )
        raw.sendall(head.encode())
        assert raw.recv(1000).split(b"\r\n")[0] in (
            b"HTTP/1.1 413 Content Too Large",
            b"HTTP/1.1 413 Request Entity Too Large",
        )


def test_smuggled_requests_are_refused(server: str) -> None:
    """57: two ways to say where a body ends."""
    host, port = server.removeprefix("http://").split(":")
    for ends in ("Content-Length: 4\r\nTransfer-Encoding: chunked", "Content-Length: 4\r\nContent-Length: 5"):
        with socket.create_connection((host, int(port))) as raw:
            raw.sendall(f"POST /taxii2/ HTTP/1.1\r\nHost: x\r\n{ends}\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n".encode())
            assert raw.recv(100).startswith((b"HTTP/1.1 400", b"HTTP/1.1 401", b"HTTP/1.1 405"))


def test_links_do_not_follow_the_host_header(client: Client) -> None:
    """25."""
    body = client().get("/taxii2/", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"}).text
    assert "evil" not in body


def test_values_from_the_request_cannot_add_headers(client: Client) -> None:
    """59."""
    answer = client().get("/taxii2/root/collections/x%0d%0aSet-Cookie:%20a=b/")
    assert answer.status_code == 404 and "set-cookie" not in answer.headers


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods_are_405(client: Client, method: str) -> None:
    assert error(client().request(method, "/taxii2/")) == (405, "method-not-allowed")


@pytest.mark.parametrize("path", ["/taxii2/x/", "/taxii2/root/x/", f"{MAIN}x/", "/taxii2/root/status/x/", "/taxii2x/"])
def test_unknown_paths_are_404(client: Client, path: str) -> None:
    assert error(client().get(path))[0] == 404


def test_a_status_is_for_the_account_that_posted(client: Client) -> None:
    """1: knowing an id is not enough."""
    partner = client()
    status = add(partner, indicator(1), {"type": "indicator", "id": "indicator--1"})
    again = partner.get(f"/taxii2/root/status/{status['id']}/")
    assert again.json()["failures"] == status["failures"] and again.json()["status"] == "complete"
    assert error(client("other").get(f"/taxii2/root/status/{status['id']}/")) == (404, "status-unknown")


def test_head_has_the_headers_and_no_body(client: Client) -> None:
    partner = client()
    answer = partner.head("/taxii2/")
    assert answer.status_code == 200 and answer.content == b""
    assert answer.headers["content-length"] == str(len(partner.get("/taxii2/").content))


def test_odd_objects_never_make_a_collection_unreadable(client: Client) -> None:
    """What broke other servers for good: a property called version, dates without fraction, observables without any."""
    partner = client()
    extension = {
        "type": "extension-definition",
        "spec_version": "2.1",
        "id": "extension-definition--00000000-0000-4000-8000-000000000001",
        "created": "2026-01-01T00:00:00Z",
        "modified": "2026-01-01T00:00:00Z",
        "name": "x",
        "schema": "x",
        "version": "not a date",
        "extension_types": ["property-extension"],
        "created_by_ref": "identity--00000000-0000-4000-8000-000000000001",
    }
    status = add(partner, extension, {**indicator(2), "modified": "x"})
    assert (status["success_count"], status["failure_count"]) == (1, 1)
    assert partner.get(f"{MAIN}manifest/").json()["objects"][0]["version"] == "2026-01-01T00:00:00Z"
    assert len(ids(partner.get(f"{MAIN}objects/"))) == 1


def test_the_ids_of_statuses_are_ordered_by_time_and_never_the_same() -> None:
    made = [fresh_id(1_795_392_000_000_000 + n * 1000) for n in range(50)]
    again = [fresh_id(1_795_392_000_000_000) for _ in range(50)]
    assert made == sorted(made) and len(set(again)) == 50
    assert {(one.version, one.variant) for one in made} == {(7, RFC_4122)}
    assert made[0].int >> 80 == 1_795_392_000_000


def test_the_status_names_each_version_as_its_author_wrote_it(client: Client) -> None:
    """And as the manifest and the versions resource do."""
    written = [
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00.5Z",
        "2026-01-01T00:00:00.123456Z",
        "2026-01-01T00:00:00.1234567Z",
    ]
    objects = [{**indicator(n), "created": text, "modified": text} for n, text in enumerate(written[:3])]
    address = {"type": "ipv4-addr", "id": f"ipv4-addr--{indicator(9)['id'][11:]}", "value": "198.51.100.9"}
    partner = client()
    status = partner.post(f"{MAIN}objects/", json={"objects": [*objects, address]}).json()
    expected = [*written[:3], "1970-01-01T00:00:00.000000Z"]
    assert [one["version"] for one in status["successes"]] == expected
    assert [one["version"] for one in partner.get(f"{MAIN}manifest/").json()["objects"]] == expected
    longest = {**indicator(4), "created": written[3], "modified": written[3]}
    partner.post(f"{MAIN}objects/", json={"objects": [longest]})
    assert partner.get(f"{MAIN}manifest/").json()["objects"][-1]["version"] == written[3]
    assert partner.get(f"{MAIN}objects/{longest['id']}/versions/").json()["versions"] == [written[3]]
