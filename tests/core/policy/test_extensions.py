from __future__ import annotations

import uuid

import msgspec
import pytest
import stix2

from commonwatch.core.stix import extensions
from commonwatch.core.stix.extensions import HANDLING_ID, NAMESPACE, HandlingExtension, handling_marking, read_handling
from commonwatch.core.stix.judge import judge
from commonwatch.core.stix.values import Admissible, Piece

FRANCE = "identity--11111111-1111-4111-8111-111111111111"
JAPAN = "identity--22222222-2222-4222-8222-222222222222"


def test_the_ids_follow_from_the_namespace() -> None:
    assert uuid.uuid5(uuid.NAMESPACE_URL, "urn:commonwatch:stix") == NAMESPACE
    assert f"extension-definition--{uuid.uuid5(NAMESPACE, 'handling')}" == HANDLING_ID
    assert f"extension-definition--{uuid.uuid5(NAMESPACE, 'derivation')}" == extensions.DERIVATION_ID


@pytest.mark.parametrize(
    "made",
    [
        extensions.definition(),
        extensions.derivation_definition(),
        handling_marking(HandlingExtension(classification="secret"), "SECRET"),
    ],
)
def test_our_objects_pass_our_own_intake_and_the_reference_library(made: dict[str, object]) -> None:
    judgement = judge(Piece(msgspec.json.encode(made), ""), 1_795_400_000_000_000, 86_400_000_000, 1 << 20)
    assert isinstance(judgement, Admissible) and not judgement.findings
    assert stix2.parse(made, allow_custom=True).id == made["id"]


def test_the_same_content_in_another_order_is_the_same_marking() -> None:
    one = handling_marking(HandlingExtension(named=(FRANCE, JAPAN), releasable_to=("FR", "nato")))
    other = handling_marking(HandlingExtension(releasable_to=("nato", "FR"), named=(JAPAN, FRANCE, JAPAN)))
    assert one == other
    assert one["id"] != handling_marking(HandlingExtension(named=(FRANCE,)))["id"]
    assert one["id"] != handling_marking(HandlingExtension(named=(FRANCE, JAPAN)), "two")["id"]


def test_what_is_written_is_read_again() -> None:
    content = HandlingExtension(
        classification="top-secret",
        orcon=True,
        named=(FRANCE, JAPAN),
        releasable_to=("FR", "nato"),
        audience=("energy",),
        purposes=("network-defence",),
        retention_days=365,
        pap="amber",
    )
    assert read_handling(handling_marking(content)["extensions"][HANDLING_ID]) == content
    assert handling_marking(HandlingExtension())["extensions"] == {
        HANDLING_ID: {"extension_type": "property-extension"}
    }


@pytest.mark.parametrize(
    "extension",
    [
        {"classification": "SECRET"},
        {"named": []},
        {"named": ["France"]},
        {"releasable_to": ["FVEY"]},
        {"audience": [""]},
        {"purposes": "network-defence"},
        {"retention_days": -1},
        {"retention_days": True},
        {"pap": "purple"},
        {"no_drones": True},
        {"extension_type": "toplevel-property-extension"},
    ],
)
def test_what_is_not_of_the_schema_is_said_and_not_guessed(extension: dict[str, object]) -> None:
    assert isinstance(read_handling(extension), str)
