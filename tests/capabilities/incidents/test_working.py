"""What people do in a case, on one node with partners: who gets what, and what is refused with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest
import stix2

from commonwatch.base.audit.models import AuditEntry
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.queries import member_named, own_member
from commonwatch.base.release.reader import Reader, for_member, operator
from commonwatch.base.threads.queries import thread
from commonwatch.capabilities.incidents import queries
from commonwatch.capabilities.incidents.actions import entries, opening, taking_part
from commonwatch.capabilities.incidents.actions.opening import Invited, Report
from commonwatch.capabilities.incidents.actions.writing import For, opened
from commonwatch.capabilities.incidents.rules.case import Case
from commonwatch.capabilities.incidents.sitreps import lines_of
from commonwatch.core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from commonwatch.core.policy.categories import category
from commonwatch.core.policy.facts import DEFAULT_PURPOSE
from commonwatch.core.stix.response.incidents import INCIDENT_CORE, ROOT_PROPERTIES, SituationReport, read
from tests.base.release.nodes import by

JOINT = Report(
    "Wiper at two ports",
    rsit="malicious-code.infected-system",
    severity="high",
    with_=(Invited("cert-no"), Invited("police-at", "police")),
)


def as_member(name: str) -> Reader:
    return for_member(name, DEFAULT_PURPOSE, name)


def seen(name: str, case: str) -> Case:
    return queries.case(as_member(name), case)


def later(now: By, seconds: int = 1) -> By:
    return By(now.actor, now.now_us + seconds * 1_000_000)


def test_a_case_is_an_incident_with_the_core_extension_and_goes_to_whom_it_names(partners: Path) -> None:
    case = opening.report(JOINT, by())
    root = thread(operator("o"), case)[0].value
    assert root["extensions"][INCIDENT_CORE] == {
        "extension_type": "property-extension",
        "determination": "suspected",
        "investigation_status": "new",
        "criticality": 70,
    }
    assert root["labels"] == ["rsit:malicious-code.infected-system"]
    found = seen("cert-no", case)
    assert (found.name, found.level, found.lead) == ("Wiper at two ports", "high", own_member().identity)
    assert set(found.involved()) == {
        own_member().identity,
        *(member_named(one).identity for one in ("cert-no", "police-at")),
    }
    with pytest.raises(NotFound):
        seen("cert-de", case)
    assert AuditEntry.objects.filter(action="case.report", subject=case).count() == 1


def test_a_case_is_triaged_moved_closed_and_opened_again(partners: Path) -> None:
    now = by()
    case = opening.report(Report("Phish", with_=(Invited("cert-no"),)), now)
    opening.acknowledge(case, "On it", later(now, 1))
    opening.triage(case, "fraud.phishing", "medium", "confirmed", "", later(now, 2))
    assert seen("cert-no", case).state == "triaged"
    opening.move(case, "contained", "", later(now, 3), at_us=now.now_us - 5_000_000, fidelity="minute")
    with pytest.raises(Conflict):
        opening.move(case, "contained", "", later(now, 4))
    with pytest.raises(InvalidInput, match="root cause"):
        opening.close(case, " ", None, "", later(now, 4))
    opening.close(case, "No second factor", None, "", later(now, 5))
    closed = seen("cert-no", case)
    assert (closed.state, closed.root_cause, closed.determination, closed.rsit) == (
        "closed",
        "No second factor",
        "confirmed",
        "fraud.phishing",
    )
    assert (closed.times["contained"].at_us, closed.times["contained"].fidelity) == (
        (now.now_us - 5_000_000) // 1000 * 1000,
        "minute",
    )
    opening.reopen(case, "Again", later(now, 6))
    again = seen("cert-no", case)
    assert (again.state, "reopened" in again.times, again.contests) == ("responding", True, ())
    with pytest.raises(Conflict):
        opening.reopen(case, "Again", later(now, 7))


def test_what_there_is_not_is_refused_by_name(partners: Path) -> None:
    case = opening.report(JOINT, by())
    with pytest.raises(InvalidInput, match="no class"):
        opening.triage(case, "malware", "", "", "", by())
    with pytest.raises(InvalidInput, match="no value"):
        opening.rate(case, "us-ppd41", "9", "", by())
    with pytest.raises(InvalidInput, match="scheme"):
        opening.rate(case, "klingon", "9", "", by())
    with pytest.raises(InvalidInput, match="name"):
        opening.report(Report("  "), by())
    with pytest.raises(NotFound):
        opening.acknowledge("incident--00000000-0000-4000-8000-000000000000", "", by())


def test_entries_are_for_those_on_their_track_or_narrower(partners: Path) -> None:
    now = by()
    case = opening.report(JOINT, now)
    entries.add_note(case, "for CSIRTs", later(now))
    entries.add_note(case, "for police too", later(now, 2), for_=For(shared_with=("police",)))
    entries.add_note(case, "ours", later(now), for_=For(only_us=True))
    entries.add_note(case, "named", later(now, 3), for_=For(members=("police-at",), tlp="TLP:RED"))
    assert [one.text for one in seen("cert-no", case).of("note")] == ["for CSIRTs", "for police too"]
    assert [one.text for one in seen("police-at", case).of("note")] == ["for police too", "named"]
    assert {one.text for one in seen("home", case).of("note")} == {"for CSIRTs", "for police too", "ours", "named"}
    with pytest.raises(NotAllowed, match="cert-de does not take part"):
        entries.add_note(case, "x", later(now), for_=For(members=("cert-de",)))
    with pytest.raises(InvalidInput, match="cannot be TLP:GREEN"):
        entries.add_note(case, "x", later(now), for_=For(tlp="TLP:GREEN"))


def test_a_member_that_comes_later_gets_what_authors_then_share(partners: Path) -> None:
    now = by()
    case = opening.report(JOINT, now)
    entries.add_note(case, "early", later(now))
    entries.add_note(case, "early, too", later(now))
    entries.add_note(case, "for one", later(now), for_=For(members=("police-at",)))
    entries.add_note(case, "ours", later(now), for_=For(only_us=True))
    taking_part.add(case, Invited("cert-de", "csirt", ("analysis",)), "asks to help", later(now, 2))
    entries.add_note(case, "late", later(now, 3))
    assert [one.text for one in seen("cert-de", case).of("note")] == ["late"]
    missing = taking_part.unshared(opened(case, later(now, 4)))
    identity = member_named("cert-de").identity
    assert {part.value.get("content") for part in missing[identity]} == {"early", "early, too"}
    one = next(part.id for part in missing[identity] if part.value["content"] == "early, too")
    assert taking_part.keep_back(case, "cert-de", (one,), later(now, 4)) == 1
    taking_part.share_earlier(case, "cert-de", (), later(now, 5))
    assert [one.text for one in seen("cert-de", case).of("note")] == ["early", "late"]
    assert taking_part.unshared(opened(case, later(now, 6))) == {}
    with pytest.raises(Conflict, match="nothing of yours"):
        taking_part.share_earlier(case, "cert-de", (), later(now, 7))
    assert seen("cert-no", case).involved() == seen("home", case).involved()


def test_tasks_have_owner_and_due_and_land_in_the_timeline(partners: Path) -> None:
    now = by()
    case = opening.report(JOINT, now)
    due = now.now_us + 3_600_000_000
    task = entries.add_task(case, entries.ToDo("Block", owner="cert-no", person="A. Berg", due_us=due), later(now))
    with pytest.raises(InvalidInput, match="cert-de does not take part"):
        entries.add_task(case, entries.ToDo("x", owner="cert-de"), later(now))
    entries.change_task(
        case, task, entries.Change(outcome="successful", result="12 addresses", reason="done"), later(now, 2)
    )
    found = seen("cert-no", case).tasks[0]
    assert (found.owner, found.person, found.outcome, found.result) == (
        member_named("cert-no").identity,
        "A. Berg",
        "successful",
        "12 addresses",
    )
    assert found.due_us is not None and not found.is_late(due + 1)
    codes = [(one.kind, one.code) for one in seen("cert-no", case).timeline]
    assert ("task", "created") in codes and ("task", "successful") in codes
    with pytest.raises(InvalidInput, match="no outcome"):
        entries.change_task(case, task, entries.Change(outcome="great"), later(now, 3))


def test_impacts_have_the_extension_that_their_category_needs(partners: Path) -> None:
    case = opening.report(JOINT, by())
    entries.add_impact(case, entries.Damage("availability", "70", counts={"system": 12}, criticality=60), by())
    entries.add_impact(case, entries.Damage("confidentiality", "suspected-loss", information="pii"), by())
    entries.add_impact(case, entries.Damage("monetary", "ransom-demand", most=5000.0, currency="EUR"), by())
    made = [part.value for part in thread(operator("o"), case) if part.type == "impact"]
    assert [next(name for name in one["extensions"] if name.endswith("-ext")) for one in made] == [
        f"{one['impact_category']}-ext" for one in made
    ]
    assert {one["impact_category"] for one in made} == {"availability", "confidentiality", "monetary"}
    for wrong in (("availability", "101"), ("availability", "much"), ("integrity", "broken"), ("physical", "")):
        with pytest.raises(InvalidInput):
            entries.add_impact(case, entries.Damage(wrong[0], wrong[1]), by())


def test_a_situation_report_says_the_same_facts_in_the_readers_language(partners: Path) -> None:
    now = by()
    case = opening.report(JOINT, now)
    entries.add_entry(case, entries.Entry("First beacon", now.now_us - 60_000_000, source="firewall"), later(now, 1))
    entries.add_note(case, "ours", later(now, 1), for_=For(only_us=True))
    entries.add_task(case, entries.ToDo("Secret task"), later(now, 1))
    entries.add_task(case, entries.ToDo("Block"), later(now, 1))
    entries.decide(case, entries.Decided("Ports", "offline", decided_by=("Director",)), later(now, 2))
    entries.report_situation(
        case, later(now, 3), assessment="Under control", outlook="stable", next_due_us=now.now_us + 10**9
    )
    found = seen("cert-no", case)
    report = read(found.of("report")[0].value, SituationReport)
    assert report is not None
    assert (report.number, report.figures.tasks_open, report.figures.decisions, report.figures.participants) == (
        1,
        2,
        1,
        3,
    )
    assert (report.highlights, set(report.next_steps)) == (("Ports",), {"Block", "Secret task"})
    lines = lines_of(report, queries.who(as_member("cert-no"), found), "en")
    assert "Situation report 1: Wiper at two ports" in lines
    assert "Tasks: 2 open, 0 late, 0 done." in lines
    assert lines[lines.index("Assessment:") + 1] == "Under control"
    entries.report_situation(case, later(now, 4))
    assert [one.value["number"] for one in seen("home", case).of("report")] == [1, 2]


def test_what_is_for_few_is_not_in_a_report_for_all(partners: Path) -> None:
    now = by()
    case = opening.report(JOINT, now)
    entries.add_task(case, entries.ToDo("Between us", for_=For(only_us=True)), later(now))
    entries.report_situation(case, later(now, 2))
    report = read(seen("cert-no", case).of("report")[0].value, SituationReport)
    assert report is not None
    assert (report.figures.tasks_open, report.next_steps) == (0, ())


def test_only_who_takes_part_writes_and_only_the_lead_leads(partners: Path) -> None:
    now = by()
    case = opening.report(JOINT, now)
    with pytest.raises(Conflict, match="leads the case"):
        taking_part.leave(case, "home", "", later(now))
    with pytest.raises(InvalidInput, match="does not take part"):
        taking_part.offer_lead(case, "cert-de", "", later(now))
    with pytest.raises(Conflict, match="Nobody offers"):
        taking_part.answer_lead(case, "", later(now), accept=True)
    taking_part.leave(case, "cert-no", "not affected", later(now))
    assert member_named("cert-no").identity not in seen("home", case).involved()
    entries.add_note(case, "after", later(now, 2))
    assert [one.text for one in seen("home", case).of("note")] == ["after"]
    assert seen("cert-no", case).of("note") == ()  # it is no more for it


def test_own_words_are_taken_back_and_the_ones_before_hold_again(partners: Path) -> None:
    now = by()
    case = opening.report(JOINT, now)
    opening.triage(case, "fraud.phishing", "", "", "", later(now, 1))
    wrong = opening.triage(case, "availability.ddos", "", "", "", later(now, 2))[0]
    assert seen("cert-no", case).rsit == "availability.ddos"
    entries.revoke(case, wrong, "mistake", later(now, 3))
    assert seen("cert-no", case).rsit == "fraud.phishing"
    with pytest.raises(NotFound):
        entries.revoke(case, case, "", later(now, 4))


def test_cases_are_listed_filtered_and_counted(partners: Path) -> None:
    now = by()
    first = opening.report(JOINT, now)
    second = opening.report(Report("Phish", rsit="fraud.phishing", reference="A-7"), later(now))
    opening.close(second, "unknown", None, "", later(now, 2))
    home = operator("o")
    assert [line.case.id for line in queries.cases(home, queries.Wanted())] == [second, first]
    assert [line.case.id for line in queries.cases(home, queries.Wanted(open_only=True))] == [first]
    assert [line.case.id for line in queries.cases(home, queries.Wanted(text="a-7"))] == [second]
    assert [line.case.id for line in queries.cases(as_member("cert-no"), queries.Wanted())] == [first]
    found = queries.facets(queries.every(home))
    assert found["state"] == {"closed": 1, "reported": 1}
    assert found["level"] == {"high": 1, "unrated": 1}
    page = queries.cases(home, queries.Wanted(), None, 1)
    assert [line.case.id for line in queries.cases(home, queries.Wanted(), page[0].key, 1)] == [first]


def test_a_plain_reader_of_stix_sees_how_the_case_stands(partners: Path) -> None:
    now = by()
    case = opening.report(Report("Wiper", with_=(Invited("cert-no"),)), now)
    opening.triage(case, "", "severe", "confirmed", "", later(now, 1))
    opening.close(case, "No second factor", None, "", later(now, 2))
    root = thread(as_member("cert-no"), case)[0].value
    core = root["extensions"][INCIDENT_CORE]
    assert (core["investigation_status"], core["determination"], core["criticality"]) == ("closed", "confirmed", 90)
    assert seen("cert-no", case).created_us == now.now_us // 1000 * 1000


def test_statements_of_a_case_are_of_the_category_that_agreements_name() -> None:
    assert {category(kind) for kind in ("incident", *ROOT_PROPERTIES)} == {"incidents"}


# What the suite's schemas let an object hold (oasis-open/cti-stix-common-objects, Incident Core 2.0), beside what every object may.
COMMON = {"type", "spec_version", "id", "created_by_ref", "created", "modified", "object_marking_refs", "extensions"}
ALLOWED = {
    "task": {"name", "description", "outcome", "priority", "task_types", "due_date", "start_time", "end_time", "error"},
    "event": {"name", "description", "status", "start_time", "start_time_fidelity", "sighting_refs", "event_types"},
    "impact": {"impact_category", "description", "criticality", "impacted_entity_counts", "start_time", "end_time"},
}


def test_objects_of_the_suite_hold_nothing_that_its_schemas_do_not_know(partners: Path) -> None:
    case = opening.report(JOINT, by())
    entries.add_entry(case, entries.Entry("Beacon", by().now_us, "more", "hour", "log"), by())
    entries.add_task(
        case, entries.ToDo("Block", "more", "cert-no", "A. Berg", by().now_us, 50, ("containment",), lesson=True), by()
    )
    entries.add_impact(case, entries.Damage("integrity", "none", "more", 5, {"system": 1}, by().now_us), by())
    for part in thread(operator("o"), case):
        if part.type in ALLOWED:
            assert set(part.value) <= COMMON | ALLOWED[part.type], part.value
            made = stix2.parse(part.value, allow_custom=True)
            assert made["id"] == part.id


def test_whatever_was_said_can_be_said_again_by_settling_it(partners: Path) -> None:
    now = by()
    case = opening.report(JOINT, now)
    ref = "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
    opening.link(case, (ref,), later(now, 1))
    opening.link(case, (ref,), later(now, 2), linked=False)
    opening.stamp(case, "occurred", now.now_us - 86_400_000_000, "day", "log", "", later(now, 3))
    opening.rate(case, "uk-ncsc", "3", "", later(now, 4))
    task = entries.add_task(case, entries.ToDo("Block", owner="cert-no"), later(now, 5))
    entries.change_task(case, task, entries.Change(outcome="successful"), later(now, 6))
    history = queries.case(operator("o"), case).history
    assert queries.case(operator("o"), case).links == ()
    for number, one in enumerate(history):
        opening.settle(case, one.id, "Yes", later(now, 10 + number))
    found = queries.case(operator("o"), case)
    assert (found.unread, len(found.history)) == ((), 2 * len(history))
    linked = next(one.id for one in history if one.slot[1] == "link" and one.value)
    opening.settle(case, linked, "It belongs to it after all", later(now, 30))
    assert queries.case(operator("o"), case).links == (ref,)


def test_who_leads_is_never_settled(partners: Path) -> None:
    now = by()
    case = opening.report(JOINT, now)
    taking_part.offer_lead(case, "cert-no", "night shift", later(now))
    [offer] = [one.id for one in queries.case(operator("o"), case).history if one.slot[1] == "lead"]
    with pytest.raises(InvalidInput, match="offered and accepted"):
        opening.settle(case, offer, "", later(now, 2))
