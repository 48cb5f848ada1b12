"""Objects of a case: the OASIS suite's ids and properties as its schemas have them; what is not as it should be is not read."""

from __future__ import annotations

from typing import Any

import pytest

from commonwatch.core.stix.response import incidents as stix
from commonwatch.core.stix.response.incidents import (
    CaseRoot,
    Participant,
    Severity,
    Stamp,
    Statement,
    case_root,
    content_of,
    core_of,
    read,
)
from commonwatch.core.stix.shared import extension_id
from commonwatch.core.stix.threads import ROOT_PROPERTIES, ROOTS, root_of

WHO = "identity--00000000-0000-4000-8000-000000000001"
CASE = "incident--00000000-0000-4000-8000-000000000002"


def test_the_ids_are_those_of_the_suite_and_ours_never_change() -> None:
    assert stix.INCIDENT_CORE == "extension-definition--ef765651-680c-498d-9894-99799f2fa126"
    assert stix.EVENT == "extension-definition--4ca6de00-5b0d-45ef-a1dc-ea7279ea910e"
    assert stix.IMPACT == "extension-definition--7cc33dd6-f6a1-489b-98ea-522d351d71b9"
    assert stix.TASK == "extension-definition--2074a052-8be4-4932-849e-f5e7798e0030"
    assert stix.PLAYBOOK == "extension-definition--1e1c1bd7-c527-4215-8e18-e199e74da57c"
    assert stix.CASE == extension_id("case") == "extension-definition--a18c9544-691f-5555-ad32-f1c09989e9a6"
    assert "incident" in ROOTS and ROOT_PROPERTIES["case-statement"] == "case_ref"


def test_the_core_extension_says_what_a_plain_reader_needs() -> None:
    assert core_of("suspected", "reported", None, ()) == {
        "extension_type": "property-extension",
        "determination": "suspected",
        "investigation_status": "new",
    }
    whole = core_of("confirmed", "contained", "severe", ("ransomware",))
    assert (whole["investigation_status"], whole["criticality"], whole["incident_types"]) == (
        "open",
        90,
        ["ransomware"],
    )
    assert core_of("false-positive", "closed", "none", ())["investigation_status"] == "closed"
    assert list(stix.CRITICALITY.values()) == sorted(stix.CRITICALITY.values())


def test_a_root_is_read_back_as_it_was_written() -> None:
    root = CaseRoot(
        rsit="fraud.phishing",
        severities=(Severity("uk-ncsc", "3"),),
        participants=(Participant(WHO, "judiciary", ("judge",)),),
        times=(Stamp("occurred", "2026-11-01T00:00:00Z", "day", "log"),),
    )
    value = {"extensions": {stix.CASE: {"extension_type": "property-extension", **content_of(root)}}}
    assert case_root(value) == root
    assert root.participants[0].track == "court"
    assert case_root({"extensions": {}}) is case_root({}) is case_root({"extensions": 3}) is None


@pytest.mark.parametrize(
    "wrong",
    [
        3,
        None,
        [],
        {"track": "navy"},
        {"participants": [{"member_ref": "nobody"}]},
        {"participants": [{"member_ref": WHO}] * 201},
        {"severities": [{"scheme": "x" * 101, "value": "1"}]},
        {"times": [{"kind": "someday", "at": "2026-11-01T00:00:00Z"}]},
        {"object_refs": ["no id"]},
        {"rsit": "x" * 101},
    ],
)
def test_a_root_that_is_not_as_it_should_be_is_no_case(wrong: Any) -> None:
    assert case_root({"extensions": {stix.CASE: wrong}}) is None


def test_statements_are_bounded_and_later_properties_are_passed_over() -> None:
    said = {"case_ref": CASE, "field": "state", "value": "closed"}
    assert read({**said, "of_a_later_version": 1}, Statement) == Statement(CASE, "state", "closed")
    for wrong in (
        {"field": "x" * 101},
        {"after_refs": [CASE] * 51},
        {"reason": "x" * 20_001},
        {"case_ref": "x"},
        {"track": "x"},
    ):
        assert read({**said, **wrong}, Statement) is None
    assert root_of({"type": "case-statement", **said}) == CASE
    assert root_of({"type": "case-statement", "case_ref": 3}) == ""
