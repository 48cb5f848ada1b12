from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from commonwatch.core.policy.iep import first_day, last_day
from tests.core.policy.marks import IEP_EXTENSION, iep, marking, read, statement

POLICY: dict[str, Any] = {
    "id": "01bc4353-4829-4d55-8d52-0ab7e0790df9",
    "name": "Members, carefully",
    "description": "What members may do.",
    "iep_version": 2.0,
    "start_date": "2026-01-01T00:00:00Z",
    "end_date": None,
    "encrypt_in_transit": "must",
    "permitted_actions": "internally-visible-actions",
    "affected_party_notifications": "must-not",
    "tlp": "amber",
    "attribution": "must-not",
    "unmodified_resale": "must-not",
    "external_references": ["https://example.org/terms"],
}
DUTIES = (
    "actions:internally-visible",
    "do-not-attribute",
    "encrypt-in-transit",
    "no-affected-party-notification",
    "no-resale",
)


def without(*names: str) -> dict[str, Any]:
    return {name: part for name, part in POLICY.items() if name not in names}


@pytest.mark.parametrize(
    "given",
    [
        POLICY,
        marking(definition_type="iep", definition=POLICY),
        marking(definition_type="IEP 2.0", definition={"iep": POLICY}),
        marking(**without("id", "external_references")),
        marking(
            name="IEP data marking",
            extensions={
                IEP_EXTENSION: {
                    "extension_type": "property-extension",
                    "provider_attribution": "must-not",
                    "iep_id": "01bc4353-4829-4d55-8d52-0ab7e0790df9",
                    **without("attribution", "id", "name", "external_references"),
                }
            },
        ),
        marking(extensions={"extension-definition--of-another": POLICY}),
    ],
)
def test_a_policy_is_read_however_it_is_wrapped(given: dict[str, Any]) -> None:
    found = read(given)
    assert (found.tlp, found.not_before, found.not_after, found.problems) == (2, date(2026, 1, 1), None, ())
    assert tuple(duty for duty in found.duties if not duty.startswith("reference:")) == DUTIES


def test_terms_elsewhere_are_passed_on() -> None:
    assert "reference:https://example.org/terms" in read(POLICY).duties
    assert read(iep(external_reference="the agreement of 2026")).duties == ("reference:the agreement of 2026",)
    assert read(iep(external_references=[{"url": "x"}])).duties == ('reference:{"url":"x"}',)


def test_what_is_allowed_is_no_duty() -> None:
    allowed = iep(
        tlp="white",
        encrypt_in_transit="may",
        permitted_actions="externally-visible-direct-actions",
        affected_party_notifications="may",
        attribution="may",
        unmodified_resale="may",
    )
    assert read(allowed).duties == () and read(allowed).tlp == 0


def test_the_first_version_and_misp_tags_say_the_same() -> None:
    first = marking(
        definition_type="iep",
        definition={
            "VERSION": "1.0",
            "TRAFFIC-LIGHT-PROTOCOL": "RED",
            "ENCRYPT-AT-REST": "MUST",
            "COMMERCIAL-USE": "MUST NOT",
            "PERMITTED-ACTIONS": "CONTACT FOR INSTRUCTION",
            "OBFUSCATE-AFFECTED-PARTIES": "MUST",
        },
    )
    assert read(first).tlp == 4 and not read(first).problems
    assert read(first).duties == (
        "actions:contact-for-instruction",
        "encrypt-at-rest",
        "no-commercial-use",
        "obfuscate-affected-parties",
    )
    assert read(statement('iep2-policy:tlp="red"')).tlp == 4
    assert read(statement('iep2-policy:attribution="must"')).duties == ("attribute",)
    assert read(statement('iep:encrypt-in-transit="MUST"')).duties == ("encrypt-in-transit",)


@pytest.mark.parametrize(
    "given",
    [
        iep(iep_version="3.0"),
        iep(tlp="purple"),
        iep(tlp=2),
        iep(start_date="soon"),
        iep(end_date="2026-02-30"),
        iep(end_date=20261123),
        iep(permitted_actions=[]),
        iep(attribution="perhaps"),
        iep(no_drones="must"),
        iep(id_ref="01bc4353-4829-4d55-8d52-0ab7e0790df9", url="https://example.org/policy.iepj"),
        statement('iep2-reference:url="https://example.org/policy.iepj"'),
    ],
)
def test_a_statement_that_cannot_be_read_closes_the_policy(given: dict[str, Any]) -> None:
    found = read(given)
    assert (found.tlp, found.named) == (4, ("-",))
    assert [problem.code for problem in found.problems] == ["marking-unreadable"]


def test_days_are_rounded_inwards() -> None:
    assert first_day("2026-11-23") == last_day("2026-11-23") == date(2026, 11, 23)
    assert first_day("2026-11-23T00:00:00Z") == date(2026, 11, 23)
    assert first_day("2026-11-23T00:00:01Z") == date(2026, 11, 24)
    assert last_day("2026-11-23T00:00:00Z") == date(2026, 11, 22)
    assert last_day("2026-11-23T23:59:59Z") == last_day("2026-11-23T23:59:59.999Z") == date(2026, 11, 23)


def test_days_off_the_calendar_are_not_read() -> None:
    assert first_day("9999-12-31T12:00:00Z") is None
    assert last_day("0001-01-01T00:00:00Z") is None
    assert first_day("0001-01-01") == date.min and last_day("9999-12-31") == date.max
    assert first_day("2026-11-23 08:00") is None and first_day("0000-01-01") is None
