"""The pages of detection: what fired, why, what people say of it, and who may."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from commonwatch.base.accounts.models import Role
from commonwatch.base.clock import now_us
from commonwatch.base.jobs.models import Job
from commonwatch.base.jobs.queue import run_due
from commonwatch.capabilities.detection.alerts.triage import triage
from commonwatch.capabilities.detection.anomalies.live import Unusual
from commonwatch.capabilities.detection.anomalies.records import keep
from commonwatch.capabilities.detection.anomalies.scoring import Reason, Score
from commonwatch.capabilities.detection.jobs import HANDLERS
from commonwatch.capabilities.detection.models import Alert, Anomaly, TelemetrySource, Triage
from tests.base.release.nodes import member
from tests.capabilities.detection.intel import brought, domain
from tests.capabilities.detection.test_alerts import evil, hit, recorded

SignedIn = Callable[..., Client]


@pytest.fixture
def fired(ready: Path) -> list[Alert]:
    """Two alerts of one object, on two hosts."""
    row = evil()
    recorded(hit(row, 1), hit(row, 2), hit(row, 3, entity="10.0.0.8"))
    return list(Alert.objects.order_by("entity"))


def text_of(browser: Client, address: str, **query: str) -> str:
    answer = browser.get(address, query)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def test_an_alert_explains_itself(signed_in: SignedIn, fired: list[Alert]) -> None:
    text = text_of(signed_in(Role.READER), reverse("alert", args=[fired[0].pk]))
    for said in ("evil[.]example", "confidence 80", "/logs/dns.log", "line 1", "TLP:GREEN", fired[0].stix_id):
        assert said in text
    assert "It was true" not in text, "readers judge nothing"


def test_a_verdict_needs_a_reason_tells_and_is_undone(signed_in: SignedIn, fired: list[Alert]) -> None:
    browser, number = signed_in(Role.CONTRIBUTOR), fired[0].pk
    address = reverse("alert-triage", args=[number])
    assert browser.post(address, {"verdict": "true"}).status_code == 400
    said = browser.post(address, {"verdict": "true", "reason": "seen on the host"}, follow=True).content.decode()
    assert "It is judged" in said and 'action="' + reverse("alert-undo", args=[number]) in said
    assert Triage.objects.get().note == "seen on the host" and Triage.objects.get().actor == "contributor"
    browser.post(reverse("alert-undo", args=[number]))
    assert Alert.objects.get(pk=number).verdict == "open"


def test_many_are_judged_with_one_reason_and_opened_again_together(signed_in: SignedIn, fired: list[Alert]) -> None:
    browser = signed_in(Role.CONTRIBUTOR)
    numbers = [one.pk for one in fired]
    address = reverse("alerts-triage", args=["false"])
    answer = browser.post(address, {"chosen": numbers, "reason": "our own scanner"}, follow=True)
    assert "2 alerts were judged." in answer.content.decode()
    assert set(Alert.objects.values_list("verdict", flat=True)) == {"false"}
    back = reverse("alerts-undo") + f"?at={Triage.objects.first().at_us}"  # type: ignore[union-attr]
    assert back in answer.content.decode()
    browser.post(back)
    assert set(Alert.objects.values_list("verdict", flat=True)) == {"open"}
    assert browser.post(address, {"reason": "none ticked"}).status_code == 400


def test_all_that_match_are_judged_by_the_worker_and_opened_again_but_for_what_others_said(
    signed_in: SignedIn, ready: Path
) -> None:
    row = evil()
    recorded(*(hit(row, number, entity=f"10.0.{number // 250}.{number % 250}") for number in range(205)))
    browser, address = signed_in(Role.CONTRIBUTOR), reverse("alerts-triage", args=["benign"])
    page = browser.get("/detection/", {"limit": "25", "severity": "high"})
    assert "take all 205 that match" in page.content.decode()
    listing = page.context["alerts"]
    recorded(hit(row, 900, entity="10.9.9.9"))  # after the page was made: nobody looked at it
    ticked = [listing.rows[0]["id"]]
    everything = {"all": listing.newest, "matching": listing.matching, "chosen": ticked, "reason": "a test of ours"}
    browser.post(address, everything)
    assert Triage.objects.count() == 1, "the whole page is not ticked, so only what is counts"
    answer = browser.post(address, {**everything, "page": "whole"})
    assert answer["Location"] == reverse("work", args=[Job.objects.get().pk])
    assert run_due(HANDLERS, now_us()) >= 1
    while not Job.objects.get().finished_us:
        run_due(HANDLERS, now_us())
    assert "204 alerts were judged." in browser.get(answer["Location"]).content.decode()
    assert Alert.objects.filter(verdict="open").get().entity == "10.9.9.9"
    other = Alert.objects.exclude(pk__in=ticked).filter(verdict="benign").first()
    assert other is not None
    triage(other.pk, "unknown", "looked again", actor="colleague", now_us=now_us())
    work = browser.get(answer["Location"]).context["work"]
    again = browser.post(work["undo"])
    while not Job.objects.get(kind="detection.reopen").finished_us:
        run_due(HANDLERS, now_us())
    assert "203 alerts are open again." in browser.get(again["Location"]).content.decode()
    other.refresh_from_db()
    assert other.verdict == "unknown"
    assert signed_in(Role.READER).get(answer["Location"]).status_code == 404


def test_the_list_holds_what_its_address_asks_and_says_so(signed_in: SignedIn, fired: list[Alert]) -> None:
    browser = signed_in(Role.READER)
    assert text_of(browser, "/detection/").count(fired[0].name) >= 2
    one = text_of(browser, "/detection/", entity="10.0.0.8")
    assert "1 row where Host is" in " ".join(one.split()) and "10.0.0.7" not in one
    assert "Nothing fits the filter" in text_of(browser, "/detection/", verdict="true")


def test_several_severities_widen_and_their_counts_say_what_each_would_show(
    signed_in: SignedIn, fired: list[Alert]
) -> None:
    Alert.objects.filter(pk=fired[0].pk).update(severity="low")
    browser = signed_in(Role.READER)
    listing = browser.get("/detection/", {"severity": ["high", "low"]}).context["alerts"]
    assert listing.total == len(listing.rows) == Alert.objects.filter(severity__in=["high", "low"]).count()
    one = browser.get("/detection/", {"severity": "low"}).context["alerts"]
    options = {option.value: option.count for facet, several, _ in one.choices() for option in several}
    assert one.total == 1 and options["low"] == 1 and options[fired[1].severity] == 1, "of the other, too"


def test_pages_of_alerts_follow_one_another_without_gap(signed_in: SignedIn, ready: Path) -> None:
    row = evil()
    recorded(*(hit(row, number, entity=f"10.0.1.{number}") for number in range(60)))
    browser, address, seen = signed_in(Role.READER), "/detection/?limit=25", []
    for _ in range(3):
        listing = browser.get(address).context["alerts"]
        seen += [one["entity"] for one in listing.rows]
        address = "/detection/" + listing.next_page
    assert len(seen) == len(set(seen)) == 60 and listing.next_page == ""


def test_people_of_other_members_see_nothing_of_our_telemetry(signed_in: SignedIn, fired: list[Alert]) -> None:
    member("guest")
    browser = signed_in(Role.READER, member="guest")
    for address in ("/detection/", reverse("alert", args=[fired[0].pk]), reverse("feedback"), reverse("telemetry")):
        assert browser.get(address).status_code == 403
    navigation = text_of(browser, "/overview/")
    assert 'data-page="alerts"' not in navigation and 'data-page="lists"' in navigation
    assert fired[0].name not in text_of(browser, "/search/", q="10.0.0.7")


def test_the_search_box_finds_a_hosts_alerts(signed_in: SignedIn, fired: list[Alert]) -> None:
    assert reverse("alert", args=[fired[1].pk]) in text_of(signed_in(Role.READER), "/search/", q="10.0.0.8")


def test_telemetry_is_added_and_forgotten(signed_in: SignedIn, ready: Path, tmp_path: Path) -> None:
    browser = signed_in(Role.OPERATOR)
    wrong = browser.post(reverse("telemetry-add"), {"name": "border", "place": "/nowhere"})
    assert wrong.status_code == 422 and "There is nothing at /nowhere" in wrong.content.decode()
    browser.post(reverse("telemetry-add"), {"name": "border", "place": str(tmp_path), "live": "on"})
    assert TelemetrySource.objects.get().actor == "operator"
    assert str(tmp_path) in text_of(browser, reverse("telemetry"))
    browser.post(reverse("telemetry-remove", args=["border"]))
    assert not TelemetrySource.objects.exists()
    assert signed_in(Role.READER).get(reverse("telemetry-add")).status_code == 403


def test_a_protected_value_goes_out_only_by_a_reasoned_word(signed_in: SignedIn, ready: Path) -> None:
    browser = signed_in(Role.OPERATOR)
    short = browser.post(reverse("list-allow"), {"value": "cdn.example.org", "reason": "ok"})
    assert short.status_code == 422
    browser.post(reverse("list-allow"), {"value": "cdn.example.org", "reason": "agreed with its owner"})
    assert "cdn.example[.]org" in text_of(browser, reverse("lists"))
    browser.post(reverse("list-forbid"), {"value": "cdn.example.org", "reason": "no longer"})
    assert 'value="cdn.example.org"' not in text_of(browser, reverse("lists"))


def test_a_list_shows_what_it_holds_and_what_it_leaves_out(signed_in: SignedIn, ready: Path) -> None:
    brought(domain(1, "evil.example", valid_from="2026-01-01T00:00:00Z"))
    brought(domain(2, "later.example", valid_from="2036-01-01T00:00:00Z"))
    text = text_of(signed_in(Role.OPERATOR), reverse("list-made", args=["names", "main"]))
    assert "1 value or rule" in text and "evil.example" in text and "later.example" not in text


def test_what_fired_is_counted_object_by_object(signed_in: SignedIn, fired: list[Alert]) -> None:
    browser = signed_in(Role.READER)
    assert fired[0].name in text_of(browser, reverse("feedback"))
    assert "10.0.0.8" in text_of(browser, reverse("feedback-of", args=[fired[0].stix_id]))


@pytest.fixture
def noticed(ready: Path) -> list[Anomaly]:
    """A burst and a first contact, on two hosts."""
    burst = Score(9.5, 4.0, (Reason("bytes out", "bytes out 40 times its usual (4,000 against 100)", 9.5),))
    contact = Score(2.5, 2.0, (Reason("domain", "domain 'rare.example' is new to 10.0.0.8", 2.5),))
    now = now_us()
    found = (
        Unusual(now - 3_600_000_000, "10.0.0.7", "online", "conn", burst),
        Unusual(now - 90_000_000_000, "10.0.0.8", "first seen", "domain rare.example", contact),
    )
    return keep("border", found, now)


def test_what_is_unusual_is_listed_and_explained_with_how_far_to_trust_it(
    signed_in: SignedIn, noticed: list[Anomaly]
) -> None:
    browser = signed_in(Role.CONTRIBUTOR)
    listed = " ".join(text_of(browser, reverse("anomalies"), model="online").split())
    assert "1 row where Kind is" in listed and "bytes out 40 times its usual" in listed and "10.0.0.8" not in listed
    one = text_of(browser, reverse("anomaly", args=[noticed[1].pk]))
    for said in ("First contact", "rare.example", "is new to 10.0.0.8", "2.5", "labelled nowhere"):
        assert said in one
    assert "1 unusual thing happened in the last day" in text_of(browser, reverse("overview"))
    assert browser.get(reverse("anomaly", args=[999])).status_code == 404
    pages = [browser.get(reverse("anomalies"), {"limit": 25, "days": 1}).context["anomalies"]]
    assert [row["entity"] for row in pages[0].rows] == ["10.0.0.7"]


def test_without_anomalies_the_page_says_how_to_have_some(signed_in: SignedIn, ready: Path, tmp_path: Path) -> None:
    browser, address = signed_in(Role.OPERATOR), reverse("anomalies")
    assert "No telemetry is watched" in text_of(browser, address)
    browser.post(reverse("telemetry-add"), {"name": "border", "place": str(tmp_path), "live": "on"})
    assert "Nothing unusual was noticed" in text_of(browser, address)
    said = browser.post(reverse("learning-off", args=["border"]), follow=True).content.decode()
    assert "switched off for all telemetry" in said and 'action="' + reverse("learning-on", args=["border"]) in said
    assert not TelemetrySource.objects.get().anomalies
    browser.post(reverse("learning-on", args=["border"]))
    assert TelemetrySource.objects.get().anomalies
    assert signed_in(Role.READER).post(reverse("learning-off", args=["border"])).status_code == 403
