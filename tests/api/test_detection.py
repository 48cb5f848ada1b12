"""The routes of detection: what fired, what people say of it, telemetry and anomalies, and whose business they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from commonwatch.api.composing import api
from commonwatch.base.clock import now_us
from commonwatch.base.jobs.models import Job
from commonwatch.base.jobs.queue import run_due
from commonwatch.capabilities.detection.alerts import together
from commonwatch.capabilities.detection.anomalies.live import Unusual
from commonwatch.capabilities.detection.anomalies.places import learned_path
from commonwatch.capabilities.detection.anomalies.records import keep
from commonwatch.capabilities.detection.anomalies.scoring import Reason, Score
from commonwatch.capabilities.detection.jobs import HANDLERS
from commonwatch.capabilities.detection.models import Alert, Triage
from commonwatch.core.errors import InvalidInput
from tests.api.conftest import Partner
from tests.api.test_routes import filled, walked
from tests.base.release.nodes import member, post
from tests.capabilities.detection.intel import domain
from tests.capabilities.detection.test_alerts import evil, hit, recorded

Partners = Callable[..., Partner]
OF_ALL = {"GET /lists", "GET /allowed-values"}  # not of telemetry: whoever has the role
SYSLOG = "syslog+udp://127.0.0.1:5514"


@pytest.fixture
def fired(ready: Path) -> list[Alert]:
    """Two alerts of one object, on two hosts."""
    row = evil()
    recorded(hit(row, 1), hit(row, 2), hit(row, 3, entity="10.0.0.8"))
    return list(Alert.objects.order_by("entity"))


def test_alerts_are_found_by_what_is_asked_counted_and_shown_whole(fired: list[Alert], partner: Partners) -> None:
    mine = partner("reader")
    whole = walked(mine, "/alerts")
    assert [one["alert"] for one in whole] == [one["alert"] for one in walked(mine, "/alerts", limit="1")]
    assert {one["entity"] for one in whole} == {"10.0.0.7", "10.0.0.8"}
    assert [one["alert"] for one in walked(mine, "/alerts", entity="10.0.0.8", severity="high")] == [fired[1].pk]
    assert walked(mine, "/alerts", since="2027-01-01") == walked(mine, "/alerts", verdict="true") == []
    assert mine("GET", "/alerts", verdict="maybe")[0] == 422 and mine("GET", "/alerts", since="soon")[0] == 400
    assert mine("GET", "/alerts/facets")[1] == {"severity": {"high": 2}, "source": {"sensor": 2}}
    shown = mine("GET", f"/alerts/{fired[0].pk}")[1]
    assert shown["lines"][0]["text"] == "line 1" and shown["marking"] == "TLP:GREEN" and shown["reasons"]
    assert mine("GET", "/alerts/999999")[1]["code"] == "alert-unknown"


def test_several_are_judged_with_one_reason_and_taken_back_together_or_one_by_one(
    fired: list[Alert], partner: Partners
) -> None:
    mine = partner("contributor")
    given = {"alerts": [one.pk for one in fired], "verdict": "false", "reason": "our own scanner"}
    status, judged = mine("POST", "/alerts/verdicts", given)
    assert status == 200 and (judged["alerts"], judged["job"]) == (2, None)
    assert [one["note"] for one in mine("GET", f"/alerts/{fired[0].pk}")[1]["history"]] == ["our own scanner"]
    single = mine("DELETE", f"/alerts/{fired[0].pk}/verdict", reason="the wrong host")[1]
    assert (single["verdict"], single["history"][-1]["note"]) == ("open", "the wrong host")
    back = {"at": str(judged["at"])}
    other = partner("operator")
    assert other("DELETE", "/alerts/verdicts", **back)[1]["alerts"] == 0, "another's verdicts are not theirs"
    assert mine("DELETE", "/alerts/verdicts", **back)[1]["alerts"] == 1
    assert set(Alert.objects.values_list("verdict", flat=True)) == {"open"}
    assert mine("DELETE", f"/alerts/{fired[0].pk}/verdict", reason="again")[1]["code"] == "triage-none"


def test_no_verdict_is_given_where_one_alert_is_unknown_or_no_reason_is_given(
    fired: list[Alert], partner: Partners
) -> None:
    mine, numbers = partner("contributor"), [fired[0].pk, 999_999]
    given = {"alerts": numbers, "verdict": "true", "reason": "seen"}
    assert mine("POST", "/alerts/verdicts", given)[1]["code"] == "alert-unknown"
    assert mine("POST", "/alerts/verdicts", {**given, "alerts": numbers[:1], "reason": ""})[0] == 422
    assert mine("POST", "/alerts/verdicts", {**given, "alerts": numbers[:1], "verdict": "open"})[0] == 422
    assert not Triage.objects.exists()


def test_many_are_judged_by_the_worker(ready: Path, partner: Partners) -> None:
    row = evil()
    recorded(*(hit(row, number, entity=f"10.0.{number // 250}.{number % 250}") for number in range(201)))
    numbers = list(Alert.objects.values_list("pk", flat=True))
    with pytest.raises(InvalidInput, match="perhaps is no verdict"):
        together.judge(numbers, "perhaps", "", actor="ann", now_us=now_us())
    given = {"alerts": numbers, "verdict": "benign", "reason": "a test of ours"}
    answer = partner("contributor")("POST", "/alerts/verdicts", given)[1]
    assert answer["alerts"] == 201 and answer["job"]["kind"] == "detection.judge" and not Triage.objects.exists()
    while not Job.objects.get(kind="detection.judge").finished_us:
        run_due(HANDLERS, now_us())
    assert set(Alert.objects.values_list("verdict", flat=True)) == {"benign"}


def test_what_is_in_force_and_what_others_say_are_told(fired: list[Alert], partner: Partners) -> None:
    mine = partner("reader")
    (row,) = walked(mine, "/feedback")
    assert (row["hits"], row["alerts"]) == (3, 2)
    assert len(mine("GET", f"/feedback/{row['object']}")[1]["alerts_here"]) == 2
    found = mine("GET", "/detection")[1]
    assert found["states"] == {"in-force": 1} and found["alerts"] == {"high": 2, "suppressed": 0}
    for address in ("/detection/unusable", "/detection/withheld", "/benign"):
        assert mine("GET", address) == (200, []), address


def test_telemetry_is_registered_changed_and_forgotten_with_what_was_learned(ready: Path, partner: Partners) -> None:
    mine = partner("operator")
    status, made = mine("POST", "/telemetry", {"name": "border", "place": SYSLOG, "anomalies": False})
    assert status == 200 and (made["live"], made["anomalies"]) == (True, False)
    assert mine("GET", "/telemetry")[1] == [made]
    assert mine("POST", "/telemetry", {"name": "border", "place": SYSLOG})[1]["code"] == "telemetry-taken"
    assert mine("POST", "/telemetry", {"name": "x", "place": "/nowhere"})[1]["code"] == "telemetry-absent"
    assert mine("POST", "/telemetry", {"name": "x", "place": SYSLOG, "mapping": "no"})[1]["code"] == "mapping-unknown"
    assert mine("POST", "/telemetry", {"name": "x", "place": SYSLOG, "mapping": "/etc/a.toml"})[0] == 422
    assert mine("PATCH", "/telemetry/border", {"anomalies": True})[1]["anomalies"]
    assert mine("PATCH", "/telemetry/border", {"names": "none"})[1]["code"] == "model-absent"
    learned = learned_path("border")
    learned.parent.mkdir(parents=True, exist_ok=True)
    learned.write_bytes(b"")
    assert mine("DELETE", "/telemetry/border")[1] == {"removed": "border"} and not learned.exists()
    acts = [one["action"] for one in walked(partner("administrator"), "/audit", action="telemetry")]
    assert acts == ["telemetry.remove", "telemetry.change", "telemetry.change", "telemetry.add"]


def test_what_is_unusual_is_found_and_explained(ready: Path, partner: Partners) -> None:
    burst = Score(3.0, 2.0, (Reason("bytes", "ten times the usual", 3.0),))
    at_us = now_us()
    entities = ("10.0.0.7", "10.0.0.8")
    made = keep("border", [Unusual(at_us, entity, "online", "conn", burst) for entity in entities], at_us)
    mine = partner("reader")
    assert len(walked(mine, "/anomalies", limit="1")) == 2 and not walked(mine, "/anomalies", model="first seen")
    (row,) = walked(mine, "/anomalies", entity="10.0.0.8", model="online", since="2026-01-01")
    assert mine("GET", f"/anomalies/{row['anomaly']}") == (200, row) and row["anomaly"] in {one.pk for one in made}
    assert mine("GET", "/anomalies/facets")[1] == {"model": {"online": 2}, "source": {"border": 2}}
    assert {"sources", "off", "measured"} == set(mine("GET", "/anomalies/learning")[1])


def test_a_protected_value_goes_out_by_a_word_with_a_reason(ready: Path, partner: Partners) -> None:
    mine = partner("operator")
    assert mine("POST", "/allowed-values", {"value": "cdn.example.org", "reason": "short"})[0] == 422
    status, made = mine("POST", "/allowed-values", {"value": "CDN.example.org", "reason": "Agreed with its owner"})
    assert status == 200 and (made["value"], made["actor"]) == ("cdn.example.org", "home-operator")
    assert mine("GET", "/allowed-values")[1] == [made]
    assert mine("DELETE", "/allowed-values", value="cdn.example.org")[1] == {"forbidden": "cdn.example.org"}
    assert mine("GET", "/allowed-values")[1] == []
    assert mine("DELETE", "/allowed-values", value="cdn.example.org")[1]["code"] == "override-unknown"


def test_accounts_of_members_that_the_node_hosts_get_nothing_of_our_telemetry(ready: Path, partner: Partners) -> None:
    member("guest")
    post([domain(1, "evil.example")])
    theirs = partner("administrator", "guest")
    for address, operations in api.get_openapi_schema()["paths"].items():
        for method, operation in operations.items():
            route = address.removeprefix("/api/v1")
            if operation["tags"] != ["detection"]:
                continue
            status, body = theirs(method.upper(), filled(route), {} if method != "get" else None)
            if f"{method.upper()} {route}" in OF_ALL:
                assert status == 200, route
            else:
                assert (status, body["code"]) == (403, "other-member"), (method, route)
