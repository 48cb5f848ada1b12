"""Cases out and in: VERIS with what it loses, STIX as the reader may have it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from commonwatch.base.release.reader import for_member, operator
from commonwatch.capabilities.incidents import queries
from commonwatch.capabilities.incidents.actions import entries, exchange, opening
from commonwatch.capabilities.incidents.actions.opening import Invited, Report
from commonwatch.capabilities.incidents.actions.writing import For
from commonwatch.capabilities.incidents.rules import veris
from commonwatch.capabilities.incidents.rules.fold import fold
from commonwatch.core.errors import InvalidInput, NotFound
from commonwatch.core.policy.facts import DEFAULT_PURPOSE
from commonwatch.core.stix.response.incidents import Severity
from tests.base.release.nodes import by, indicator
from tests.capabilities.incidents.parts import HOUR, LEAD, OSLO, START, Made

RECORD = {
    "schema_version": "1.3.7",
    "incident_id": "A-12",
    "security_incident": "Confirmed",
    "summary": "Laptop stolen",
    "action": {"physical": {"variety": ["Theft"]}},
    "actor": {"external": {"motive": ["Financial"]}},
    "asset": {"assets": [{"variety": "U - Laptop"}]},
    "attribute": {"confidentiality": {"data_disclosure": "Potentially"}},
    "timeline": {"incident": {"year": 2026, "month": 3, "day": 4}, "discovery": {"unit": "Hours", "value": 6}},
    "impact": {"overall_rating": "Painful"},
    "victim": {"country": ["AT"]},
}


def made() -> Made:
    one = Made()
    one.root(rsit="malicious-code.infected-system", severities=(Severity("partnership", "severe"),), reference="R-1")
    for kind, at in (("occurred", "2026-11-01T00:00:00Z"), ("detected", "2026-11-03T00:00:00Z")):
        one.say(LEAD, "time", {"kind": kind, "at": at, "fidelity": "day"}, START)
    one.say(LEAD, "determination", "confirmed", START)
    one.impact(
        LEAD, "confidentiality", START, {"loss_type": "confirmed-loss", "information_type": "pii", "record_count": 12}
    )
    one.impact(
        OSLO, "monetary", START, {"variety": "ransom-demand", "min_amount": 0, "max_amount": 9, "currency": "EUR"}
    )
    one.task(LEAD, "Block", START + HOUR)
    return one


def test_a_case_as_veris_says_what_it_can_and_what_it_loses() -> None:
    case = fold(made().parts)
    assert case is not None
    record, lost = veris.to_veris(case)
    assert (record["security_incident"], record["action"]) == (
        "Confirmed",
        {"malware": {"variety": ["Unknown"], "vector": ["Unknown"]}},
    )
    assert record["timeline"] == {
        "incident": {"year": 2026, "month": 11, "day": 1},
        "discovery": {"unit": "Days", "value": 2},
        "containment": {"unit": "Unknown"},
    }
    assert record["attribute"]["confidentiality"]["data_total"] == 12
    assert record["impact"]["overall_rating"] == "Damaging"
    assert record["impact"]["loss"][0]["max_amount"] == 9
    assert {loss.place for loss in lost} >= {"actor", "asset", "participants", "tasks", "marking"}
    assert "3 participants are left out: VERIS has no place for them." in {loss.sentence for loss in lost}


def test_a_veris_record_begins_a_case_and_says_what_was_not_taken_over() -> None:
    draft, lost = veris.from_veris(RECORD)
    assert (draft.name, draft.reference, draft.rsit, draft.level, draft.determination) == (
        "Laptop stolen", "A-12", "intrusions.burglary", "high", "confirmed",
    )  # fmt: skip
    assert [(one.kind, one.at, one.fidelity) for one in draft.times] == [
        ("occurred", "2026-03-04T00:00:00Z", "day"),
        ("detected", "2026-03-04T06:00:00Z", "day"),
    ]
    assert draft.impacts == ("confidentiality",)
    assert {loss.place for loss in lost} == {"actor", "asset", "victim"}


def test_out_and_in_again_keeps_what_veris_can_hold() -> None:
    case = fold(made().parts)
    assert case is not None
    draft, _ = veris.from_veris(veris.to_veris(case)[0])
    assert (draft.name, draft.rsit, draft.level, draft.determination) == (
        case.name,
        case.rsit,
        case.level,
        case.determination,
    )
    assert [(one.kind, one.at) for one in draft.times] == [
        ("occurred", "2026-11-01T00:00:00Z"),
        ("detected", "2026-11-03T00:00:00Z"),
    ]


@pytest.mark.parametrize("value", [None, [], 3, {}, {"schema_version": 1, "action": {}}, {"action": {}}])
def test_what_is_no_veris_record_is_refused(value: Any) -> None:
    with pytest.raises(InvalidInput):
        veris.from_veris(value)


@pytest.mark.parametrize(
    "timeline",
    [3, {}, {"incident": []}, {"incident": {"year": "x"}}, {"incident": {"year": 2026, "month": 2, "day": 31}},
     {"incident": {"year": 2026}, "discovery": {"unit": ["Days"], "value": 10**9}}],
)  # fmt: skip
def test_hostile_timelines_do_no_harm(timeline: Any) -> None:
    draft, _ = veris.from_veris(
        {**RECORD, "timeline": timeline, "impact": 3, "attribute": [1], "security_incident": {}}
    )
    assert len(draft.times) <= 1 and draft.level is None and draft.impacts == ()


def test_a_file_becomes_a_case_of_ours(partners: Path) -> None:
    done = exchange.take_in(json.dumps(RECORD).encode(), "TLP:AMBER", (Invited("cert-no"),), by())
    case = queries.case(for_member("cert-no", DEFAULT_PURPOSE, "n"), done.case)
    assert (case.name, case.level, case.times["detected"].source) == ("Laptop stolen", "high", "VERIS: 6 Hours later")
    assert [one.name for one in case.of("impact")] == ["confidentiality"]
    assert {loss.place for loss in done.lost} == {"actor", "asset", "victim"}
    for raw in (b"no", b'{"type":"bundle","objects":[]}', b'{"type":"bundle"}'):
        with pytest.raises(InvalidInput):
            exchange.take_in(raw, "TLP:AMBER", (), by())


def test_a_bundle_holds_what_its_reader_may_have_and_comes_in_again(partners: Path) -> None:
    case = opening.report(Report("Wiper", with_=(Invited("cert-no"),)), by())
    entries.add_note(case, "for all", by())
    entries.add_note(case, "ours", by(), for_=For(only_us=True))
    theirs = json.loads(exchange.as_stix(for_member("cert-no", DEFAULT_PURPOSE, "n"), case))
    ours = json.loads(exchange.as_stix(operator("o"), case))
    assert sorted(one["type"] for one in theirs["objects"]) == ["incident", "note"]
    assert sorted(one["type"] for one in ours["objects"]) == ["incident", "note", "note"]
    with pytest.raises(NotFound):
        exchange.as_stix(for_member("cert-de", DEFAULT_PURPOSE, "d"), case)
    again = exchange.take_in(json.dumps(ours).encode(), "TLP:AMBER", (), by())
    assert (again.case, again.taken, again.refused) == (case, 3, ())


def test_cases_with_the_same_indicator_are_found(partners: Path) -> None:
    known = indicator(1, "GREEN")["id"]
    first = opening.report(Report("One", objects=(known,)), by())
    second = opening.report(Report("Two"), by())
    assert queries.related(operator("o"), queries.case(operator("o"), first)) == ()
    opening.link(second, (known,), by())
    found = queries.related(operator("o"), queries.case(operator("o"), first))
    assert [(one.case.id, one.shared) for one in found] == [(second, (known,))]
    opening.link(second, (known,), by(), linked=False)
    assert queries.related(operator("o"), queries.case(operator("o"), first)) == ()
