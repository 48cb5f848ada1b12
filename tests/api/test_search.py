"""Search over the API: pages with sealed cursors, one shape of error, and nothing of what a reader may not have."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from commonwatch.base.parties import actions as parties
from tests.api.conftest import Partner
from tests.base.release.nodes import carried, indicator, member, post
from tests.base.search.nodes import index

Partners = Callable[..., Partner]


def test_a_partner_searches_counts_looks_up_and_walks(ready: Path, partner: Partners) -> None:
    member("cert-at", "AT")
    carried(lambda now: parties.join_community("home", "cert-at", reason="x", by=now))
    post([indicator(n, "GREEN", name=f"Emotet {n}", labels=["botnet"]) for n in range(1, 6)])
    post([indicator(9, "RED", name="Emotet hidden", labels=["hush"])])
    index()
    mine = partner("reader", "cert-at")
    found: list[Any] = []
    cursor = ""
    while True:
        status, page = mine("GET", "/search", text="emotet", limit="2", **({"cursor": cursor} if cursor else {}))
        assert status == 200 and page["sentence"] == "Objects with the words emotet; newest first."
        found += page["items"]
        if page["next"] is None:
            break
        cursor = page["next"]
    assert len({one["id"] for one in found}) == 5
    facets = mine("GET", "/search/facets", text="emotet")[1]
    assert facets["total"] == 5 and [one["value"] for one in facets["facets"]["label"]] == ["botnet"]
    matched = mine("POST", "/search/values", {"values": ["198.51.100.1", "198.51.100.9", "192.0.2.1"]})[1]
    assert [(one["value"], one["how"]) for one in matched] == [("198.51.100.1", "exact")]
    identity = indicator(1)["id"]
    shown = mine("GET", f"/objects/{identity}")[1]
    assert shown["head"]["name"] == "Emotet 1" == shown["object"]["name"]
    for part in ("relations", "sightings"):
        assert mine("GET", f"/objects/{identity}/{part}") == (200, {"items": [], "next": None})
    assert len(mine("GET", f"/objects/{identity}/versions")[1]) == 1
    assert mine("GET", f"/objects/{identity}/timeline")[1][0]["what"] == "created"
    everything = json.dumps([found, facets, matched])
    assert "hidden" not in everything and "hush" not in everything


def test_what_is_hidden_is_answered_as_what_is_absent(ready: Path, partner: Partners) -> None:
    member("cert-at", "AT")
    carried(lambda now: parties.join_community("home", "cert-at", reason="x", by=now))
    post([indicator(9, "RED", name="Emotet hidden")])
    index()
    mine = partner("reader", "cert-at")
    hidden, absent = indicator(9)["id"], indicator(8)["id"]
    for part in ("", "/relations", "/versions", "/sightings", "/timeline"):
        withheld, nothing = mine("GET", f"/objects/{hidden}{part}"), mine("GET", f"/objects/{absent}{part}")
        assert withheld[0] == nothing[0] == 404
        assert json.dumps(withheld[1]).replace(hidden, "X") == json.dumps(nothing[1]).replace(absent, "X")
    assert partner("operator")("GET", f"/objects/{hidden}")[0] == 200


def test_questions_that_cannot_be_asked_are_refused_with_the_reason(ready: Path, partner: Partners) -> None:
    mine = partner("reader")
    for query, code in (
        ({"text": "-only"}, "words-missing"),
        ({"marking": "TLP:PINK"}, "marking-unknown"),
        ({"since": "yesterday"}, "time-unreadable"),
        ({"cursor": "x"}, "cursor-invalid"),
    ):
        status, body = mine("GET", "/search", **query)
        assert status == 400 and body["code"] == code and body["advice"]
    first = mine("GET", "/search", limit="1")[1]["next"]
    assert first is None or mine("GET", "/search", text="other", cursor=first)[1]["code"] == "cursor-invalid"
