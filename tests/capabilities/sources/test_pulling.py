"""Pulling from servers that page wrongly, repeat, loop, break off or lie, and going on after a crash."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings

from commonwatch.base.intake.models import Source
from commonwatch.base.jobs.models import Job
from commonwatch.base.journal import reading
from commonwatch.base.release.collections import CollectionView, collection
from commonwatch.base.release.reader import operator
from commonwatch.capabilities.exchange.models import RemoteServer
from commonwatch.capabilities.exchange.sources import actions, wire
from commonwatch.capabilities.exchange.sources.jobs import HANDLERS, schedule_due
from commonwatch.capabilities.exchange.sources.wire import MAX_PAGE_BYTES
from commonwatch.core.errors import Conflict, InvalidInput, NotFound, PeerError
from tests.capabilities.partners import TAXII, Client, indicator, member, release_classes, token

Answer = tuple[int, Any, Mapping[str, str]]
Asked = Mapping[str, str]


@dataclass
class Peer:
    """A TAXII server whose every answer the test decides."""

    url: str = ""
    answer: Callable[[Asked], Answer] = field(default=lambda asked: (200, {}, {}))
    asked: list[dict[str, str]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    posted: list[Any] = field(default_factory=list)


@pytest.fixture
def peer(ready: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    peer = Peer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            peer.asked.append({**asked, "path": parts.path})
            peer.headers.append(dict(self.headers))
            self._send(*peer.answer(peer.asked[-1]))

        def do_POST(self) -> None:
            peer.posted.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self._send(*peer.answer({"path": self.path}))

        def _send(self, status: int, body: Any, headers: Mapping[str, str]) -> None:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"Content-Type": TAXII, "Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        peer.url = f"http://127.0.0.1:{server.server_address[1]}/root/"
        allow(monkeypatch)
        monkeypatch.setattr(wire.Remote.__init__, "__defaults__", (lambda seconds: None,))
        yield peer
        server.shutdown()


def allow(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = settings.COMMONWATCH.model_copy(update={"outbound_networks": ["127.0.0.0/8"]})
    monkeypatch.setattr(settings, "COMMONWATCH", changed)


def main() -> CollectionView:
    return collection(operator("test"), "main")


def add(peer: Peer, **options: Any) -> None:
    given = {
        "username": "",
        "secret": "",
        "default_marking": "TLP:GREEN",
        "member": "",
        "interval_seconds": 0,
        **options,
    }
    actions.add_source("feed", peer.url, "c", into=main(), actor="test", **given)


def pull() -> tuple[dict[str, int], list[str]]:
    return actions.pull("feed", lambda done: None)


def stored() -> RemoteServer:
    return RemoteServer.objects.get()


def held() -> int:
    return len(reading.entries(0, 100_000))


def date(number: int) -> str:
    return f"2026-02-01T00:00:00.{number:06d}Z"


def page(numbers: range, *, more: bool = False, cursor: str | None = None, dates: bool = True) -> Answer:
    body: dict[str, Any] = {"more": more, "objects": [indicator(n) for n in numbers]}
    if cursor is not None:
        body["next"] = cursor
    headers = (
        {"X-TAXII-Date-Added-First": date(numbers[0]), "X-TAXII-Date-Added-Last": date(numbers[-1])}
        if dates and len(numbers)
        else {}
    )
    return 200, body, headers


def test_a_good_server_is_read_page_by_page_and_next_time_from_there(peer: Peer) -> None:
    pages = {None: page(range(3), more=True, cursor="a"), "a": page(range(3, 6), more=True, cursor="b")}
    peer.answer = lambda asked: pages.get(asked.get("next"), page(range(6, 8)))
    add(peer)
    tally, notes = pull()
    assert (tally["admitted"], notes, held()) == (8, [], 8)
    assert [asked.get("next") for asked in peer.asked] == [None, "a", "b"]
    assert peer.asked[0]["match[version]"] == "all" and stored().added_after == date(7)
    peer.answer = lambda asked: (200, {}, {})
    assert pull()[0]["admitted"] == 0
    assert peer.asked[-1]["added_after"] == date(7) and stored().last_ok_us and not stored().last_error
    assert (stored().requests, stored().pulled) == (4, 8)


def test_objects_take_the_sources_marking_and_its_name(peer: Peer) -> None:
    peer.answer = lambda asked: page(range(2))
    add(peer)
    pull()
    assert Source.objects.get(name="feed").admitted == 2 and Source.objects.get().default_marking == "TLP:GREEN"


def test_more_without_next_goes_on_by_date(peer: Peer) -> None:
    def answer(asked: Asked) -> Answer:
        start = int(asked["added_after"][-7:-1]) + 1 if "added_after" in asked else 0
        return page(range(start, start + 3), more=start < 6)

    peer.answer = answer
    add(peer)
    tally, notes = pull()
    assert tally["admitted"] == 9 and len(notes) == 1 and "no next" in notes[0]


@pytest.mark.parametrize("cursor", [None, "same"])
def test_a_page_that_repeats_ends_the_pull_with_a_note(peer: Peer, cursor: str | None) -> None:
    peer.answer = lambda asked: page(range(3), more=True, cursor=cursor)
    add(peer)
    tally, notes = pull()
    assert tally["admitted"] == 3 and len(peer.asked) == 2 and any("repeats" in note for note in notes)
    assert "repeats" in stored().last_error


def test_empty_pages_that_promise_more_end(peer: Peer) -> None:
    cursors = iter("abcdefgh")
    peer.answer = lambda asked: (200, {"more": True, "next": next(cursors), "objects": []}, {})
    add(peer)
    notes = pull()[1]
    assert len(peer.asked) <= 4 and any("sends nothing" in note for note in notes)


def test_one_empty_page_in_the_middle_loses_nothing(peer: Peer) -> None:
    pages = {None: page(range(2), more=True, cursor="a"), "a": (200, {"more": True, "next": "b", "objects": []}, {})}
    peer.answer = lambda asked: pages.get(asked.get("next"), page(range(2, 4)))
    add(peer)
    assert pull()[0]["admitted"] == 4


def test_equal_dates_are_said_to_hide_objects(peer: Peer) -> None:
    """What medallion does: every object of an envelope has the same date, and the manifest has no cursor."""
    equal = {"X-TAXII-Date-Added-First": date(1), "X-TAXII-Date-Added-Last": date(1)}
    peer.answer = lambda asked: (
        (200, {}, {})
        if "added_after" in asked
        else (200, {"more": True, "objects": [indicator(1), indicator(2)]}, equal)
    )
    add(peer)
    notes = pull()[1]
    assert any("cannot be reached" in note for note in notes)


def test_without_dates_the_place_stays_and_duplicates_are_harmless(peer: Peer) -> None:
    peer.answer = lambda asked: page(range(3), dates=False)
    add(peer)
    assert pull()[0]["admitted"] == 3
    tally, notes = pull()
    assert tally["duplicate"] == 3 and stored().added_after == "" and any("same place" in note for note in notes)


def test_a_pull_that_breaks_goes_on_where_everything_is_certain(peer: Peer) -> None:
    """The place is kept with each page, but never one before which an object could still come."""
    calls = iter(range(100))

    def answer(asked: Asked) -> Answer:
        number = next(calls)
        if number >= 3:
            return 500, {"title": "down"}, {}
        return page(range(number * 3, number * 3 + 3), more=True, cursor=str(number))

    peer.answer = answer
    add(peer)
    with pytest.raises(PeerError):
        pull()
    assert held() == 9 and stored().added_after == date(5) and "500" in stored().last_error
    peer.answer = lambda asked: page(range(6, 12)) if asked["added_after"] == date(5) else (400, {}, {})
    tally = pull()[0]
    assert (tally["admitted"], tally["duplicate"], stored().added_after) == (3, 3, date(11))


def test_a_busy_server_is_waited_for_as_it_asks(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(wire.Remote.__init__, "__defaults__", (waits.append,))
    answers = iter([(429, {}, {"Retry-After": "7"}), (503, {}, {"Retry-After": "99999"}), page(range(2))])
    peer.answer = lambda asked: next(answers)
    add(peer)
    assert pull()[0]["admitted"] == 2 and waits == [7.0, 120.0]


@pytest.mark.parametrize(
    ("answer", "code", "tries"),
    [
        ((401, {"title": "no"}, {}), "peer-refused", 1),
        ((404, {"title": "no"}, {}), "peer-error", 1),
        ((302, b"", {"Location": "http://169.254.169.254/"}), "peer-redirects", 1),
        ((503, b"", {}), "peer-error", 4),
        ((200, b"<html>", {}), "peer-broken", 1),
        ((200, b"[]", {}), "peer-broken", 1),
        ((200, b"junk", {"Content-Encoding": "gzip"}), "peer-broken", 1),
        ((200, {"objects": "no list"}, {}), "peer-broken", 1),
    ],
)
def test_what_a_server_does_wrong_is_named_and_kept(peer: Peer, answer: Answer, code: str, tries: int) -> None:
    peer.answer = lambda asked: answer
    add(peer)
    with pytest.raises(PeerError) as caught:
        pull()
    assert caught.value.code == code and len(peer.asked) == tries
    assert stored().last_error and stored().last_error_us


def test_a_packed_page_is_unpacked_and_a_bomb_is_not(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    content = json.dumps({"objects": [indicator(1)]}).encode()
    peer.answer = lambda asked: (200, gzip.compress(content), {"Content-Encoding": "gzip"})
    add(peer)
    assert pull()[0]["admitted"] == 1
    assert MAX_PAGE_BYTES > 1 << 20
    monkeypatch.setattr(wire, "MAX_PAGE_BYTES", 1 << 20)
    peer.answer = lambda asked: (200, gzip.compress(bytes(8 << 20)), {"Content-Encoding": "gzip"})
    with pytest.raises(PeerError) as caught:
        pull()
    assert caught.value.code == "page-too-large"


def test_a_bad_object_in_a_page_is_held_and_the_rest_goes_in(peer: Peer) -> None:
    objects = [indicator(1), {**indicator(2), "id": "broken"}, indicator(3)]
    peer.answer = lambda asked: (200, {"objects": objects}, {})
    add(peer)
    tally = pull()[0]
    assert (tally["admitted"], tally["quarantined"]) == (2, 1)


def test_a_page_with_something_that_is_no_json_costs_only_that(peer: Peer) -> None:
    def answer(asked: Asked) -> Answer:
        if "next" in asked:
            return page(range(5, 7))
        good = [json.dumps(indicator(n)) for n in range(2)]
        return 200, ('{"more": true, "next": "a", "objects": [' + ",".join([*good, '{"id": nan}']) + "]}").encode(), {}

    peer.answer = answer
    add(peer)
    tally, notes = pull()
    assert (tally["admitted"], tally["refused"]) == (4, 1) and any("no JSON" in note for note in notes)


def test_a_server_that_is_not_there_is_said_to_be(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    peer.url = "http://127.0.0.1:1/root/"
    add(peer)
    with pytest.raises(PeerError, match="cannot be reached"):
        pull()


def test_credentials_are_sent_as_they_were_meant_and_kept_sealed(peer: Peer) -> None:
    add(peer, username="us", secret="hunter2")
    pull()
    assert peer.headers[-1]["Authorization"].startswith("Basic ")
    assert b"hunter2" not in bytes(stored().secret)
    actions.remove_source("feed", actor="test")
    add(peer, secret="cw_token")
    pull()
    assert peer.headers[-1]["Authorization"] == "Bearer cw_token"


def test_a_source_is_added_once_and_asks_which_collection(peer: Peer) -> None:
    peer.answer = lambda asked: (200, {"collections": [{"id": "one", "title": "First"}]}, {})
    with pytest.raises(InvalidInput, match="one .First."):
        actions.add_source(
            "feed", peer.url, "", username="", secret="", default_marking="TLP:GREEN", member="", interval_seconds=0,
            into=main(), actor="test",
        )  # fmt: skip
    add(peer)
    with pytest.raises(Conflict):
        add(peer)
    actions.remove_source("feed", actor="test")
    with pytest.raises(NotFound):
        pull()


def test_a_member_vouches_for_what_a_source_brings(peer: Peer) -> None:
    theirs = member("cert-at")
    peer.answer = lambda asked: page(range(2))
    add(peer, member="cert-at")
    pull()
    assert [one["voucher"] for one in release_classes()] == [theirs.identity]


def test_a_schedule_pulls_by_itself_and_comes_again(peer: Peer) -> None:
    peer.answer = lambda asked: page(range(2))
    add(peer, interval_seconds=900)
    job = Job.objects.get()
    HANDLERS[job.kind](job)
    assert held() == 2
    Job.objects.all().delete()
    schedule_due(job.run_at_us)
    assert Job.objects.count() <= 1


def test_pushing_sends_what_is_new_in_order_and_once(peer: Peer, server: str, client: Client) -> None:
    client().post("/taxii2/root/collections/main/objects/", json={"objects": [indicator(n) for n in range(5)]})
    complete = {"id": "s", "status": "complete", "total_count": 5, "failures": [{"id": "x", "message": "no"}]}
    pending: Iterator[Answer] = iter([(202, {"id": "s", "status": "pending"}, {}), (200, complete, {})])
    peer.answer = lambda asked: next(pending)
    member("cert-at", "home")
    add(peer, member="cert-at")
    sent, failures = actions.push("feed", main(), lambda done: None)
    assert sent == 5 and failures == [{"id": "x", "version": "", "message": "no"}]
    assert [one["id"] for one in peer.posted[0]["objects"]] == [indicator(n)["id"] for n in range(5)]
    assert actions.push("feed", main(), lambda done: None) == (0, []) and len(peer.posted) == 1
    client().post("/taxii2/root/collections/main/objects/", json={"objects": [indicator(9)]})
    peer.answer = lambda asked: (500, {}, {})
    with pytest.raises(PeerError):
        actions.push("feed", main(), lambda done: None)
    peer.answer = lambda asked: (202, {"id": "s", "status": "complete"}, {})
    assert actions.push("feed", main(), lambda done: None)[0] == 1


def test_a_node_pulls_from_a_node(ready: Path, server: str, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our client against our server, over HTTP: everything comes, nothing twice."""
    allow(monkeypatch)
    monkeypatch.setattr("commonwatch.capabilities.exchange.sources.pulling.PAGE", 7)
    client().post("/taxii2/root/collections/main/objects/", json={"objects": [indicator(n) for n in range(50)]})
    secret = token("reader")
    actions.add_source(
        "other", f"{server}/taxii2/root/", "main", username="reader", secret=secret, default_marking="TLP:GREEN", member="",
        interval_seconds=0, into=main(), actor="test",
    )  # fmt: skip
    tally, notes = actions.pull("other", lambda done: None)
    assert tally["duplicate"] == 50 and notes == [] and held() == 50
    assert actions.pull("other", lambda done: None)[0]["duplicate"] == 0
