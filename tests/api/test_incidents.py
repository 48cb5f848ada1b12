"""The API of joint cases: every operation once, and what each account may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from commonwatch.api.composing import api
from tests.api import examples_incidents
from tests.api.conftest import Partner


def test_every_operation_answers_as_its_example_asks(keyed: object, partner: Callable[..., Partner]) -> None:
    examples_incidents.prepare()
    ask, seen = partner("contributor"), dict[str, Any]()
    for method, address, request in examples_incidents.CALLS:
        given = request(seen)
        place = address
        for name, value in given.get("path", {}).items():
            place = place.replace("{" + name + "}", value)
        status, answer = ask(method, place, given.get("body"), **given.get("query", {}))
        assert status == 200, (method, address, answer)
        seen[f"{method} {address}"] = answer
    shown = seen["GET /cases/{identity}"]
    assert (shown["state"], shown["severity"], shown["tasks"][0]["outcome"]) == ("contained", "high", "successful")
    run = seen["GET /cases/{identity}/runs/{run}"]
    assert run["waiting"][0]["commands"][0]["pieces"][1] == {
        "text": "__address__",
        "variable": "__address__",
        "state": "missing",
    }
    assert run["asked"] == ["__address__", "__region__"]


def test_the_examples_are_of_every_operation_of_the_room() -> None:
    known = {(method, address) for method, address, _ in examples_incidents.CALLS}
    document = api.get_openapi_schema()
    ours = {
        (method.upper(), address.removeprefix("/api/v1"))
        for address, operations in document["paths"].items()
        for method, operation in operations.items()
        if "cases" in operation.get("tags", [])
    }
    assert ours == known


def test_a_reader_reads_its_own_and_writes_nothing(keyed: object, partner: Callable[..., Partner]) -> None:
    examples_incidents.prepare()
    home, guest = partner("contributor"), partner("contributor", "cert-is")
    _, made = home("POST", "/cases", {"name": "Ours"})
    status, _ = guest("GET", f"/cases/{made['id']}")
    assert status == 404
    assert guest("GET", "/cases")[1]["items"] == []
    assert guest("POST", "/cases", {"name": "Theirs"})[0] == 403
    assert partner("reader")("POST", "/cases", {"name": "x"})[0] == 403
    _, looked = home("POST", "/cases", {"name": "x", "members": [{"member": "cert-is"}]}, preview="true")
    assert (looked["id"], [one["member"] for one in looked["reach"]["members"] if one["variant"]]) == (
        None,
        ["cert-is"],
    )
    assert len(home("GET", "/cases")[1]["items"]) == 2
    assert home("GET", "/cases/nonsense")[0] == 404
    assert home("POST", f"/cases/{made['id']}/entries", {"name": "x", "at": "yesterday"})[0] == 400
