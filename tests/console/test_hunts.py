"""Hunts by page and by API: asked for, done by the worker, ended early, refused with what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from commonwatch.base.accounts.models import Role
from commonwatch.base.audit.models import AuditEntry
from commonwatch.base.clock import now_us
from commonwatch.base.jobs.models import Job
from commonwatch.base.jobs.queue import claim, run_due
from commonwatch.capabilities.detection.alerts.sources import add_source
from commonwatch.capabilities.detection.hunts import asked
from commonwatch.capabilities.detection.models import Alert
from tests.capabilities.detection.intel import brought, domain


@pytest.fixture
def stored(ready: Path, tmp_path: Path) -> str:
    """Telemetry with one event that fires, and one a day later."""
    lines = [
        {
            "timestamp": f"2026-01-0{day}T10:00:00.000000+0000", "flow_id": day, "event_type": "dns", "src_ip": "10.0.0.7",
            "src_port": 50_000, "dest_ip": "10.0.0.1", "dest_port": 53, "proto": "UDP",
            "dns": {"type": "query", "id": day, "rrname": "evil.example", "rrtype": "A"},
        }
        for day in (6, 7)
    ]  # fmt: skip
    file = tmp_path / "eve.json"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    add_source("border", str(file), "", live=False, actor="t", now_us=now_us())
    add_source("stream", "syslog+udp://127.0.0.1:5514", "", live=False, actor="t", now_us=now_us())
    brought(domain(5, "evil.example", confidence=80))
    return str(file)


def test_a_hunt_is_asked_for_done_and_shown(stored: str, signed_in: Callable[..., Client]) -> None:
    browser = signed_in(Role.CONTRIBUTOR)
    form = {"telemetry": ["border"], "since": "2026-01-06", "until": "2026-01-06", "reason": "A partner's tip"}
    answer = browser.post("/detection/hunts/new/", form)
    job = Job.objects.get(kind=asked.HUNT)
    assert answer["Location"] == reverse("work", args=[job.pk])
    assert run_due(asked.HANDLERS, now_us()) == 1
    found = asked.shown_hunt(asked.hunt_numbered(job.pk), now_us())
    assert (found["state"], found["events"], found["hits"], found["raised"]) == (
        "done",
        2,
        1,
        1,
    )  # read two, of which one is of the period
    assert Alert.objects.get().count == 1
    page = browser.get(f"/detection/hunts/{job.pk}/").content.decode()
    assert "A partner&#x27;s tip" in page and "border" in page
    assert "2 events were read." in browser.get(reverse("work", args=[job.pk])).content.decode()
    assert "border" in browser.get("/detection/hunts/").content.decode()
    assert AuditEntry.objects.get(action="hunt.ask").detail == {"reason": "A partner's tip", "job": job.pk}
    browser.post("/detection/hunts/new/", {"reason": "All of it"})
    run_due(asked.HANDLERS, now_us())
    assert asked.shown_hunt(asked.hunts().order_by("pk").last() or job, now_us())["hits"] == 1  # of the other day


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"telemetry": ["stream"]}, "not one of the available choices"),
        ({"since": "2026-02-01", "until": "2026-01-01"}, "ends before it begins"),
        ({"indicators": "indicator--00000000-0000-4000-8000-00000000ffff"}, "No indicator"),
        ({"reason": ""}, "This field is required"),
    ],
)
def test_what_could_not_be_done_is_said_before(
    stored: str, signed_in: Callable[..., Client], wrong: dict[str, str], said: str
) -> None:
    answer = signed_in(Role.CONTRIBUTOR).post("/detection/hunts/new/", {"reason": "x", **wrong})
    assert answer.status_code == 422 and said in answer.content.decode()
    assert not Job.objects.filter(kind=asked.HUNT).exists()


def test_a_reader_looks_and_does_not_hunt(stored: str, signed_in: Callable[..., Client]) -> None:
    browser = signed_in(Role.READER)
    assert browser.get("/detection/hunts/").status_code == 200
    assert browser.post("/detection/hunts/new/", {"reason": "x"}).status_code == 403


def test_a_waiting_hunt_is_ended_and_a_running_one_stops_with_what_it_found(
    stored: str, signed_in: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in(Role.CONTRIBUTOR)
    wish = asked.Wish(["border"])
    waiting = asked.ask_hunt(wish, reason="r", actor="a", now_us=now_us())
    browser.post(f"/detection/hunts/{waiting.pk}/end/", {"reason": "Not needed"})
    assert run_due(asked.HANDLERS, now_us()) == 0
    assert asked.shown_hunt(asked.hunt_numbered(waiting.pk), now_us())["state"] == "ended early"
    assert browser.post(f"/detection/hunts/{waiting.pk}/end/", {"reason": "x"}).status_code == 409
    running = asked.ask_hunt(wish, reason="r", actor="a", now_us=now_us())
    job = claim([asked.HUNT], now_us())
    assert job is not None
    browser.post(f"/detection/hunts/{running.pk}/end/", {"reason": "Enough"})
    asked.HANDLERS[asked.HUNT](job)
    noted = asked.hunt_numbered(running.pk).payload
    assert noted["ended_by"] == "contributor" and noted["found"]["events"] == 2


def test_telemetry_that_is_gone_gives_the_hunt_up_at_once(stored: str) -> None:
    job = asked.ask_hunt(asked.Wish(["border"]), reason="r", actor="a", now_us=now_us())
    Path(stored).unlink()
    run_due(asked.HANDLERS, now_us())
    shown = asked.shown_hunt(asked.hunt_numbered(job.pk), now_us())
    assert shown["state"] == "failed" and "There is nothing at" in shown["trouble"]
