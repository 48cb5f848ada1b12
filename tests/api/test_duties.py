"""The API of duties: every route answers as its example asks, and only people of the member that runs the node."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from commonwatch.api.composing import api
from commonwatch.capabilities.duties.models import Duty
from tests.api.conftest import Partner
from tests.api.examples_duties import CALLS, FACTS, WHY
from tests.base.release.nodes import member
from tests.capabilities.duties.cases import duty_of, notice_of

Partners = Callable[..., Partner]


def sent(who: Partner, method: str, address: str, request: dict[str, Any]) -> tuple[int, Any]:
    for name, value in request.get("path", {}).items():
        address = address.replace("{" + name + "}", str(value))
    return who(method, address, request.get("body"), **request.get("query", {}))


def test_a_duty_is_carried_through_by_the_api(ready: Path, partner: Partners) -> None:
    mine: Partner = partner("administrator")
    seen: dict[str, Any] = {}
    for method, address, request_of in CALLS:
        status, answer = sent(mine, method, address, request_of(seen))
        assert status == 200, (method, address, answer)
        seen[f"{method} {address}"] = answer
    routes = {
        f"{method.upper()} {address.removeprefix('/api/v1')}"
        for address, operations in api.get_openapi_schema()["paths"].items()
        for method in operations
        if address.startswith("/api/v1/duties")
    }
    assert set(seen) == routes
    warning = next(
        one for one in seen["PUT /duties/{number}/state/{state}"]["notices"] if one["name"] == "early warning"
    )
    assert warning["local"] == "2026-11-30T09:00:00+01:00"
    assert seen["PUT /duties/sendings/{number}/receipt"]["text"] == "Our words."
    assert seen["PUT /duties/law/{kind}"]["change"]["moves"] == []


def test_a_draft_is_given_and_recorded_in_the_language_that_is_asked_for(ready: Path, partner: Partners) -> None:
    ask, number = partner("contributor"), notice_of(duty_of("RO:EU-NIS2-23"), "early_warning").pk
    made = {one: ask("GET", f"/duties/notices/{number}/draft", language=one)[1]["made"] for one in ("ar", "zh-hans")}
    assert "الإخطار: إنذار مبكر" in made["ar"]["text"] and "通报：早期预警" in made["zh-hans"]["text"]
    assert ask("GET", f"/duties/notices/{number}/draft")[1]["text"].startswith("To: ")
    assert ask("GET", f"/duties/notices/{number}/draft", language="tlh")[0] == 422
    given = {"at": "2026-11-29T08:00:00Z", "how": "portal", "to": "CSIRT", "language": "ar"}
    assert ask("POST", f"/duties/notices/{number}/sendings", given)[1]["text"] == made["ar"]["text"]


def test_members_that_the_node_hosts_see_nothing_of_it(ready: Path, partner: Partners) -> None:
    member("cert-at")
    status, answer = partner("administrator", "cert-at")("GET", "/duties")
    assert (status, answer["code"]) == (403, "other-member")


def test_a_reader_reads_and_decides_nothing(ready: Path, partner: Partners) -> None:
    status, _ = partner("contributor")("POST", "/duties", {"facts": FACTS})
    assert status == 200
    reader = partner("reader")
    number = Duty.objects.values_list("pk", flat=True)[0]
    assert reader("GET", "/duties")[0] == 200
    assert reader("PUT", f"/duties/{number}/state/confirmed", WHY)[0] == 403
    assert partner("contributor")("PUT", "/duties/law/duties", {**WHY, "list": {}})[0] == 403


def test_what_makes_no_sense_is_refused_with_a_sentence(ready: Path, partner: Partners) -> None:
    mine = partner("administrator")
    for body in ({**FACTS, "times": {"aware": "noon"}}, {**FACTS, "subjects": []}, {**FACTS, "texts": {"poem": "x"}}):
        status, answer = mine("POST", "/duties/assess", body)
        assert status == 422 and answer["sentence"].endswith("."), answer
    status, answer = mine("PUT", "/duties/law/duties", {**WHY, "list": {"regimes": []}})
    assert (status, answer["code"]) == (400, "duties-unreadable")
    assert mine("GET", "/duties/99")[0] == 404
