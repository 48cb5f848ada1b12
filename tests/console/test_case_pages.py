"""Pages of joint cases: reported, worked on by forms, settled, run by playbooks, read in the reader's language."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from commonwatch.base.accounts.models import Account, Role
from commonwatch.base.journal import followers
from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.models import MemberKind
from commonwatch.base.parties.queries import member_named, own_member
from commonwatch.base.release.reader import operator
from commonwatch.base.search.follower import SearchFollower
from commonwatch.capabilities.detection.alerts.triage import triage
from commonwatch.capabilities.detection.models import Alert
from commonwatch.capabilities.incidents import queries
from commonwatch.capabilities.incidents.actions import entries, opening
from commonwatch.capabilities.incidents.actions.opening import Invited, Report
from commonwatch.capabilities.incidents.rules.case import Case
from commonwatch.core.stix.response.incidents import Participant
from tests.base.release.nodes import by, carried, member, post
from tests.capabilities.detection.test_alerts import evil, hit, recorded
from tests.capabilities.incidents.parts import HOUR, Made
from tests.capabilities.incidents.test_playbooks import IS_WIDE, LOOK, whole
from tests.capabilities.incidents.test_variables import asking
from tests.console.test_every_page import looked_at

SignedIn = Callable[..., Client]
HOSTILE = '<script>alert(1)</script>"onclick=x'


@pytest.fixture
def partners(keyed: Path) -> Path:
    carried(lambda now: parties.change_member("home", title="CERT.at", kind=None, country="AT", by=now))
    member("cert-no", "NO", MemberKind.STATE_BODY, "home")
    member("police-at", "AT", MemberKind.STATE_BODY, "home")
    return keyed


@pytest.fixture
def browser(partners: Path, signed_in: SignedIn) -> Client:
    return signed_in(Role.CONTRIBUTOR)


def begun(**more: Any) -> str:
    return opening.report(Report("Wiper at two ports", with_=(Invited("cert-no"),), **more), by())


def now(case: str) -> Case:
    return queries.case(operator("o"), case)


def page(browser: Client, name: str, /, *args: str, **query: str) -> str:
    answer = browser.get(reverse(name, args=args), query)
    assert answer.status_code == 200, (name, answer.content.decode())
    text = answer.content.decode()
    looked_at(text)
    return text


def first_words(text: str) -> set[str]:
    """The first word of every cell of a page's tables."""
    return set(re.findall(r"<td[^>]*>\s*(?:<bdi[^>]*>)?(\w+)", text))


def sent(browser: Client, name: str, /, *args: str, **given: Any) -> Any:
    """A form, filled in and, where it asks, said to be meant."""
    address = reverse(name, args=args)
    answer = browser.post(address, given)
    if answer.status_code == 200 and b'name="sure"' in answer.content:
        looked_at(answer.content.decode())
        answer = browser.post(address, {**given, "sure": "yes"})
    return answer


def test_a_case_is_reported_after_it_was_shown_whom_it_reaches(browser: Client) -> None:
    known = page(browser, "case-new", name="Beacon on mail-1", object="indicator--x", detected="2026-11-20T08:00:00Z")
    assert "Beacon on mail-1" in known and "indicator--x" in known and "2026-11-20T08:00:00Z" in known
    filled = {
        "name": "Wiper",
        "tlp": "TLP:AMBER",
        "actor": "csirt",
        "fidelity": "hour",
        "members": ["cert-no"],
        "police": ["police-at"],
        "detected": "2026-11-20 08:00",
        "severity": "high",
    }
    looked = browser.post(reverse("case-new"), filled)
    assert "These would get it: cert-no, police-at." in looked.content.decode()
    assert queries.every(operator("o")) == []
    answer = sent(browser, "case-new", **filled)
    [case] = queries.every(operator("o"))
    assert answer["Location"] == reverse("case", args=[case.id])
    assert (case.level, case.times["detected"].fidelity, len(case.involved())) == ("high", "hour", 3)
    wrong = browser.post(reverse("case-new"), {**filled, "detected": "yesterday"})
    assert wrong.status_code == 422 and "yesterday is no time." in wrong.content.decode()


def test_every_page_of_a_case_stands_also_with_hostile_text(browser: Client) -> None:
    case = begun(description=HOSTILE, reference=HOSTILE)
    entries.add_note(case, HOSTILE, by(), title=HOSTILE)
    entries.add_task(case, entries.ToDo(HOSTILE, owner="cert-no", due_us=by().now_us - HOUR), by())
    entries.add_entry(case, entries.Entry(HOSTILE, by().now_us, source=HOSTILE), by())
    entries.decide(case, entries.Decided(HOSTILE, HOSTILE), by())
    entries.add_impact(case, entries.Damage("availability", "70", HOSTILE), by())
    entries.report_situation(case, by(), assessment=HOSTILE)
    opening.rate(case, "uk-ncsc", "3", HOSTILE, by())
    for name in ("case", "case-timeline", "case-record", "case-people"):
        text = page(browser, name, case)
        assert "<script>alert" not in text
        assert "Wiper at two ports" in text
    report = now(case).of("report")[0].id
    assert "<script>alert" not in page(browser, "case-report", case, report)
    for name in ("cases", "playbooks", "case-figures"):
        page(browser, name)
    assert "late" in page(browser, "case", case)
    only = page(browser, "case-timeline", case, kind="note")
    assert only.count("<tr") == 2


def test_forms_write_and_say(browser: Client) -> None:
    case = begun()
    for kind, given in {
        "entry": {"name": "First beacon", "at": "2026-11-20 08:10", "fidelity": "minute", "source": "firewall"},
        "note": {"text": "Between us", "only_us": "on"},
        "task": {"name": "Block", "owner": "cert-no", "due": "2026-12-24"},
        "impact": {"category": "availability", "what": "70", "systems": "12"},
        "decision": {"name": "Ports", "decision": "Offline"},
        "report": {"assessment": "Under control", "outlook": "stable"},
    }.items():
        page(browser, "case-write", case, kind)
        assert sent(browser, "case-write", case, kind, **given).status_code == 302, kind
    for what, given in {
        "triage": {"rsit": "fraud.phishing", "severity": "severe"},
        "rate": {"value": "uk-ncsc 3"},
        "time": {"kind": "occurred", "at": "2026-11-19", "fidelity": "day"},
        "link": {"objects": "indicator--00000000-0000-4000-8000-000000000001"},
        "add": {"member": "police-at", "actor": "police", "roles": "investigation, liaison"},
        "lead": {"to": "cert-no"},
        "state": {"state": "contained", "fidelity": "minute"},
        "close": {"root_cause": "No second factor"},
    }.items():
        page(browser, "case-say", case, what)
        answer = sent(browser, "case-say", case, what, **given)
        assert answer.status_code == 302, (what, answer.content.decode())
    found = now(case)
    assert (found.state, found.level, found.rsit, found.root_cause) == (
        "closed",
        "severe",
        "fraud.phishing",
        "No second factor",
    )
    assert {one.kind for one in found.pieces} == {"entry", "note", "impact", "decision", "report"}
    task = found.tasks[0].id
    page(browser, "case-task", case, task)
    assert sent(browser, "case-task", case, task, outcome="successful", owner="cert-no", result="12").status_code == 302
    assert now(case).tasks[0].outcome == "successful"
    sent(browser, "case-act", case, "reopen", reason="Again")
    assert now(case).state == "responding"
    refused = browser.post(reverse("case-say", args=[case, "state"]), {"state": "responding", "fidelity": "minute"})
    assert refused.status_code == 422 and "stands so already" in refused.content.decode()
    wide = browser.post(reverse("case-write", args=[case, "note"]), {"text": "x", "tlp": "TLP:CLEAR"})
    assert wide.status_code == 422 and "cannot be TLP:CLEAR" in wide.content.decode()
    assert browser.get(reverse("case-write", args=[case, "nonsense"])).status_code == 404
    assert browser.post(reverse("case-act", args=[case, "nonsense"])).status_code == 404


def test_a_run_shows_its_variables_asks_for_them_and_takes_none_for_markup(browser: Client) -> None:
    case = begun()
    text = json.dumps(asking() | {"description": HOSTILE})
    kept = sent(browser, "playbook-new", playbook=text, tlp="TLP:AMBER")["Location"].rstrip("/").rsplit("/", 1)[1]
    assert "secret, not kept here" in page(browser, "playbook", kept)
    run = sent(browser, "case-run-new", case, playbook=kept)["Location"].rstrip("/").rsplit("/", 1)[1]
    waits = page(browser, "case-run", case, run)
    assert "These have no value yet:" in waits and "has no value yet" in waits
    assert 'name="variable __address__"' in waits and 'name="variable __password__"' not in waits
    answer = sent(
        browser,
        "case-run",
        case,
        run,
        **{"act": "values", "variable __address__": "198.51.100.7", "variable __region__": ""},
    )
    assert answer.status_code == 302
    assert "whois <mark><bdi>198.51.100.7</bdi></mark> &amp;&amp; echo __unknown__:value" in page(
        browser, "case-run", case, run
    )
    given = {"variable __found__": HOSTILE, "variable __count__": "12"}
    assert sent(browser, "case-run", case, run, step=LOOK, ok="yes", **given).status_code == 302
    asks = page(browser, "case-run", case, run)
    assert "<script>alert" not in asks and "&lt;script&gt;alert(1)" in asks
    own = {"act": "values", "step": IS_WIDE, "variable __ticket__": "INC-7"}
    assert 'name="variable __ticket__"' in asks and sent(browser, "case-run", case, run, **own).status_code == 302
    refused = browser.post(reverse("case-run", args=[case, run]), {"act": "values", "variable __limit__": "11"})
    assert refused.status_code == 409 and "its value stays" in refused.content.decode()
    assert "__found__ = &lt;script&gt;" in page(browser, "case-timeline", case)


def test_a_newcomer_gets_what_we_choose_to_share(browser: Client) -> None:
    case = begun()
    entries.add_note(case, "early", by())
    sent(browser, "case-say", case, "add", member="police-at", actor="csirt")
    text = page(browser, "case", case)
    assert "police-at came later and has not 1 of our entries" in text
    assert "came later to Wiper at two ports" in page(browser, "overview")
    sent(browser, "case-act", case, "share", member="police-at")
    assert "came later and has not" not in page(browser, "case", case)


def test_a_case_of_anothers_is_acknowledged_its_lead_taken_and_a_proposal_shown(browser: Client) -> None:
    author, own = member_named("cert-no").identity, own_member().identity
    made = Made()
    made.root(by().now_us - HOUR, participants=(Participant(own),), author=author)
    made.say(author, "lead", {"offer": own}, by().now_us - HOUR)
    post([part.value for part in made.parts], "norway", "TLP:GREEN", "cert-no")
    waiting = page(browser, "overview")
    assert "we have not said that we saw it" in waiting and "is offered to us" in waiting
    assert "Acknowledge" in page(browser, "case", made.case)
    sent(browser, "case-act", made.case, "acknowledge")
    sent(browser, "case-say", made.case, "state", state="contained", fidelity="minute")
    assert "proposes" in page(browser, "case", made.case)
    sent(browser, "case-act", made.case, "accept-lead")
    found = now(made.case)
    assert (found.lead, found.state, len(found.proposals)) == (own, "acknowledged", 1)
    sent(browser, "case-act", made.case, "settle", statement=found.proposals[0].id, reason="We saw it ourselves")
    settled = now(made.case)
    assert (settled.state, settled.proposals) == ("contained", ())


def test_a_playbook_is_taken_in_and_run_step_by_step(browser: Client) -> None:
    page(browser, "playbook-new")
    bad = browser.post(reverse("playbook-new"), {"playbook": "{}", "tlp": "TLP:AMBER"})
    assert bad.status_code == 422 and "This is no CACAO 2.0 playbook" in bad.content.decode()
    kept = browser.post(reverse("playbook-new"), {"playbook": json.dumps(whole()), "tlp": "TLP:AMBER"})["Location"]
    assert "Clean" in browser.get(kept).content.decode()
    name = kept.rstrip("/").rpartition("/")[2]
    assert json.loads(browser.get(reverse("playbook-file", args=[name])).content) == whole()
    page(browser, "playbook", name)
    assert "Ransomware" in page(browser, "playbooks")
    case = begun()
    page(browser, "case-run-new", case)
    run = (
        browser.post(reverse("case-run-new", args=[case]), {"playbook": name, "person": "A. Berg"})["Location"]
        .rstrip("/")
        .rpartition("/")[2]
    )
    assert LOOK in page(browser, "case-run", case, run)
    sent(browser, "case-run", case, run, step=LOOK, ok="yes", person="B. Lund")
    text = page(browser, "case-run", case, run)
    assert "B. Lund" in text and IS_WIDE in text
    sent(browser, "case-run", case, run, step=IS_WIDE, ok="yes", branch="true")
    assert "Block" in page(browser, "case-run", case, run)
    assert "Playbooks that are run" in page(browser, "case", case)


def test_where_there_are_many_facets_come_after_the_page(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    begun()
    assert "facets-later" not in page(browser, "cases")
    monkeypatch.setattr("commonwatch.capabilities.incidents.queries.FEW", 0)
    text = browser.get(reverse("cases"), {"state": "reported"}).content.decode()
    assert "Wiper at two ports" in text and "count=yes" in text and 'class="facets-later"' in text
    counted = browser.get(reverse("cases"), {"count": "yes"}).content.decode()
    assert "facets-later" not in counted and "count=yes" not in counted and "Reported" in counted


def test_lists_filter_count_and_are_taken_along(browser: Client) -> None:
    first, second = begun(severity="high"), opening.report(Report("Phish", rsit="fraud.phishing"), by())
    opening.close(second, "unknown", None, "", by())
    assert "Phish" not in page(browser, "cases", open="on")
    assert "Phish" in page(browser, "cases", state="closed")
    assert "Wiper" not in page(browser, "cases", kind="fraud")
    taken = browser.get(reverse("cases"), {"take": "csv"})
    assert b"Wiper at two ports" in taken.getvalue()
    bundle = json.loads(browser.get(reverse("case-take", args=[first, "stix"])).content)
    assert bundle["objects"][0]["id"] == first
    assert (
        json.loads(browser.get(reverse("case-take", args=[first, "veris"])).content)["record"]["summary"]
        == "Wiper at two ports"
    )
    assert browser.get(reverse("case-take", args=[first, "doc"])).status_code == 404
    assert "Wiper at two ports" in browser.get("/search/", {"q": "Wiper"}).content.decode()


@pytest.mark.parametrize(("language", "timeline"), [("ar", "الخط الزمني"), ("fr", "Chronologie")])
def test_pages_stand_in_other_languages(browser: Client, language: str, timeline: str) -> None:
    case = begun()
    entries.report_situation(case, by())
    Account.objects.update(language=language)
    for name in ("case", "case-timeline", "case-record", "case-people"):
        assert timeline in page(browser, name, case)
    assert timeline in page(browser, "case-report", case, now(case).of("report")[0].id)


def test_others_read_what_is_theirs_and_write_nothing(partners: Path, signed_in: SignedIn) -> None:
    case = begun()
    reader = signed_in(Role.READER)
    page(reader, "case", case)
    assert "Acknowledge" not in page(reader, "case", case)
    assert reader.get(reverse("case-new")).status_code == 403
    assert reader.post(reverse("case-act", args=[case, "reopen"])).status_code == 403
    assert reader.post(reverse("case-run", args=[case, case]), {"step": "x"}).status_code == 403


def test_a_hosted_member_sees_only_its_own_cases(partners: Path, signed_in: SignedIn) -> None:
    case = opening.report(Report("Ours"), by())
    guest = signed_in(Role.CONTRIBUTOR, member="police-at")
    assert guest.get(reverse("case", args=[case])).status_code == 404
    assert "Ours" not in page(guest, "cases")
    assert guest.get(reverse("case-new")).status_code == 403


def test_an_alert_leads_to_a_case_or_into_one(browser: Client) -> None:
    recorded(hit(evil(), 1))
    alert = Alert.objects.get()
    case = begun()
    text = page(browser, "alert", str(alert.pk))
    assert f'href="{reverse("case-new")}?name=' in text and alert.stix_id in text
    address = re.search(rf'href="({re.escape(reverse("case-write", args=[case, "entry"]))}[^"]*)"', text)
    assert address is not None
    form = browser.get(address[1].replace("&amp;", "&")).content.decode()
    assert alert.source not in form and f"Our own telemetry: {alert.value}" in form


def test_what_an_alert_comes_to_is_in_the_timeline_of_the_cases_about_its_object(browser: Client) -> None:
    recorded(hit(evil(), 1))
    alert = Alert.objects.get()
    case = begun(objects=(alert.stix_id,))
    assert "Sighting" not in first_words(page(browser, "case-timeline", case))
    triage(alert.pk, "true", "seen on the host", actor="test", now_us=by().now_us)
    while followers.advance(SearchFollower(), 1_000):
        pass
    assert "Sighting" in first_words(page(browser, "case-timeline", case))
    assert [one.kind for one in queries.with_sightings(operator("o"), now(case)).timeline].count("sighting") == 1


def test_who_only_reads_has_no_way_from_an_alert(partners: Path, signed_in: SignedIn) -> None:
    recorded(hit(evil(), 1))
    text = page(signed_in(Role.READER), "alert", str(Alert.objects.get().pk))
    assert reverse("case-new") not in text
