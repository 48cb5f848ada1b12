"""Mutual assistance over the API: the calls of the document's examples, and what a partner's own people get."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.api import examples_assistance as examples
from tests.api.conftest import Partner
from tests.base.release.nodes import member

Partners = Callable[..., Partner]


def test_every_route_answers_as_its_example_says(keyed: object, partner: Partners) -> None:
    examples.prepare()
    contributor = partner("contributor")
    seen: dict[str, Any] = {}
    for method, address, make in examples.CALLS:
        asked = make(seen)
        filled = address
        for name, value in asked.get("path", {}).items():
            filled = filled.replace("{" + name + "}", value)
        status, body = contributor(method, filled, asked.get("body"), **asked.get("query", {}))
        assert status == 200, (method, address, body)
        seen[f"{method} {address}"] = body
    shown = seen["GET /assistance/requests/{identity}"]
    assert shown["state"] == "accepted" and shown["needs"][0]["missing"] == 0
    assert {one["act"] for one in shown["possible"]} == {"withdraw", "close"}
    assert seen["GET /assistance/proposal"]["wanted"] == 1


def test_a_partner_reads_what_it_was_asked_and_acts_on_its_own_node_only(keyed: object, partner: Partners) -> None:
    examples.prepare()
    ours = partner("contributor")
    _, asked = ours("POST", "/assistance/requests", examples.REQUEST)
    theirs = partner("contributor", "cert-nl")
    status, found = theirs("GET", f"/assistance/requests/{asked['id']}")
    assert status == 200 and found["possible"] == [] and len(found["silent"]) == 1
    body = {"act": "acknowledge"}
    status, refused = theirs("POST", f"/assistance/requests/{asked['id']}/acts", body)
    assert (status, refused["code"]) == (403, "other-member")

    member("cert-sg", "SG")
    stranger = partner("contributor", "cert-sg")
    assert stranger("GET", f"/assistance/requests/{asked['id']}")[0] == 404
    assert stranger("GET", "/assistance/requests")[1]["items"] == []


def test_a_preview_says_whom_it_reaches_and_sends_nothing(keyed: object, partner: Partners) -> None:
    examples.prepare()
    ours = partner("contributor")
    status, looked = ours("POST", "/assistance/requests", examples.REQUEST, preview="true")
    assert status == 200 and looked["id"] is None
    assert [one["member"] for one in looked["reach"]["members"] if one["variant"]] == ["cert-nl"]
    assert [one["name"] for one in ours("GET", "/assistance/requests")[1]["items"]] == [examples.THEIRS["name"]]
    status, refused = ours("POST", "/assistance/requests", {**examples.REQUEST, "answers": {}})
    assert (status, refused["code"]) == (400, "form-gaps")
    assert [gap["place"] for gap in refused["data"]["gaps"]] == ["/answers/situation", "/answers/what_we_ask"]
