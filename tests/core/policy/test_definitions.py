"""Each way of writing a marking that was met, or that a specification describes."""

from __future__ import annotations

from typing import Any

import pytest

from commonwatch.core.policy.scales import WELL_KNOWN, level
from commonwatch.core.stix.markings import TLP1, TLP2
from tests.core.policy.marks import CLEAR, GREEN, RED, iep, marking, ours, read, statement

PAP_EXTENSION = "extension-definition--f8d78575-edfd-406e-8e84-6162a8450f5b"
TLP_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
OPENCTI = "extension-definition--ea279b3e-5c71-4632-ac08-831c66a786ba"


@pytest.mark.parametrize("table", [TLP1, TLP2])
def test_tlp_is_known_by_id_without_its_definition(table: dict[str, str]) -> None:
    for name, identity in table.items():
        assert read(identity).tlp == level("TLP", name) == WELL_KNOWN[identity][1]
        assert not read(identity).problems


@pytest.mark.parametrize(
    ("given", "tlp"),
    [
        (marking(name="TLP:AMBER+STRICT"), 3),
        (marking(name="TLP:AMBER-STRICT"), 3),
        (marking(name="TLP: amber strict"), 3),
        (marking(name="tlp_amber_strict"), 3),
        (marking(name="TLP:RED"), 4),
        (marking(name="ＴＬＰ：ＲＥＤ"), 4),
        (marking(definition_type="tlp", definition={"tlp": "green"}), 1),
        (marking(definition_type="TLP", definition={"TLP": "TLP:GREEN"}), 1),
        (marking(definition_type="TLP", definition="TLP:AMBER"), 2),
        (marking(definition_type="TLP 2.0", definition={"tlp": "amber+strict"}, name="TLP:AMBER+STRICT"), 3),
        (marking(definition_type="tlp", definition={}, name="TLP:GREEN"), 1),
        (marking(extensions={TLP_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": "amber+strict"}}), 3),
        (marking(extensions={"extension-definition--of-a-vendor": {"tlp_2_0": "red"}}), 4),
        (statement("TLP:CLEAR"), 0),
        (statement("tlp:white"), 0),
        (statement('tlp="green"'), 1),
        (
            marking(
                definition_type="statement",
                definition={"statement": "custom"},
                x_opencti_definition_type="TLP",
                x_opencti_definition="TLP:AMBER+STRICT",
            ),
            3,
        ),
        (marking(definition_type="statement", definition={"statement": "custom"}, name="TLP:AMBER+STRICT"), 3),
        (
            marking(
                definition_type="TLP",
                definition={"TLP": "TLP:GREEN"},
                extensions={OPENCTI: {"extension_type": "property-extension", "created_at": "2026-11-23T00:00:00Z"}},
            ),
            1,
        ),
    ],
)
def test_tlp_under_any_id_and_in_any_form(given: dict[str, Any], tlp: int) -> None:
    found = read(given)
    assert (found.tlp, found.problems, found.named) == (tlp, (), ())


@pytest.mark.parametrize(
    ("given", "pap"),
    [
        (statement("PAP:AMBER"), 2),
        (statement("pap:white"), 0),
        (marking(name="PAP:RED"), 3),
        (marking(definition_type="pap", definition={"pap": "green"}), 1),
        (marking(definition_type="PAP", definition={"PAP": "PAP:AMBER"}), 2),
        (marking(definition_type="PAP", definition="PAP:RED", name="PAP:RED"), 3),
        (marking(extensions={PAP_EXTENSION: {"extension_type": "property-extension", "pap": "amber"}}), 2),
        (ours(pap="red"), 3),
        (
            marking(
                definition_type="statement",
                definition={"statement": "custom"},
                x_opencti_definition_type="PAP",
                x_opencti_definition="PAP:GREEN",
            ),
            1,
        ),
    ],
)
def test_pap_in_the_ways_that_occur(given: dict[str, Any], pap: int) -> None:
    found = read(CLEAR, given)
    assert (found.pap, found.tlp, found.problems) == (pap, 0, ())


def test_the_pap_markings_of_the_common_object_repository_are_known_by_id() -> None:
    assert read(RED, "marking-definition--740d36e5-7714-4c30-961a-3ae632ceee0e").pap == 3
    assert read(RED, "marking-definition--ad15a0cd-55b6-4588-a14c-a66105329b92").pap == 0


def test_a_copyright_notice_restricts_and_opens_nothing() -> None:
    notice = statement("Copyright 2015-2025, The Example Corporation.")
    assert read(CLEAR, notice) == read(CLEAR)
    assert read(notice).tlp == 2 and not read(notice).problems
    assert read(marking(definition_type="copyright", definition={"copyright": "(c) Example"})).problems == ()


@pytest.mark.parametrize(
    ("text", "tlp", "pap"),
    [
        ("Company confidential, TLP:AMBER+STRICT, see the agreement.", 3, 0),
        ("TLP:AMBER and PAP:RED", 2, 3),
        ("Not to be read as TLP:CLEAR", 1, 0),
        ("TLP: see below", 1, 0),
    ],
)
def test_marks_in_running_text_only_restrict(text: str, tlp: int, pap: int) -> None:
    found = read(GREEN, statement(text))
    assert (found.tlp, found.pap) == (tlp, pap)


@pytest.mark.parametrize(
    ("text", "classification"),
    [
        ('nato:classification="NS"', 3),
        ('fr-classif:non-classifiees="DIFFUSION_RESTREINTE"', 1),
        ('de-vs:Einstufung="STRENG GEHEIM"', 4),
        ('nato:classification="NU"', 0),
        ('osint:source-type="blog-post"', 0),
    ],
)
def test_classification_as_a_misp_tag(text: str, classification: int) -> None:
    found = read(GREEN, statement(text))
    assert (found.classification, found.tlp, found.problems) == (classification, 1, ())


def test_for_french_eyes_only() -> None:
    assert read(statement('fr-classif:special-france="SPECIAL_FRANCE"')).releasable == ("FR",)


@pytest.mark.parametrize(
    "given",
    [
        statement('de-vs:Schutzwort="EXAMPLE"'),
        statement('nato:classification="COSMIC"'),
        marking(),
        marking(name="Internal"),
        marking(name="TLP:PURPLE"),
        marking(name="tlp:ex:chr"),
        marking(definition_type="tlp", definition={"tlp": "purple"}),
        marking(definition_type="tlp", definition={"tlp": 4}),
        marking(definition_type="tlp", definition={}),
        marking(definition_type="pap", definition={"colour": "red"}),
        marking(definition_type="x-national", definition={"x-national": "eyes only"}, name="TLP:CLEAR"),
        marking(definition={"tlp": "clear"}),
        marking(definition_type="statement", definition={}),
        marking(definition_type="statement", definition={"statement": "custom"}),
        marking(definition_type="iep", definition="https://example.org/policy.iepj"),
        marking(definition_type="iep"),
        marking(name="TLP:CLEAR", extensions=["tlp"]),
        marking(name="TLP:CLEAR", extensions={"extension-definition--x": "secret"}),
        marking(name="TLP:CLEAR", extensions={"extension-definition--x": {"eyes_only": ["US"]}}),
        marking(extensions={TLP_EXTENSION: {"tlp_2_0": "lilac"}}),
        marking(x_opencti_definition_type="COMPANY", x_opencti_definition="COMPANY:SECRET"),
        {**ours(orcon=True), "extensions": {next(iter(ours(orcon=True)["extensions"])): {"orcon": "yes"}}},
        iep(permitted_actions="dance"),
    ],
)
def test_what_cannot_be_read_is_red_with_nobody_named(given: dict[str, Any]) -> None:
    found = read(CLEAR, given, ours(named=("identity--11111111-1111-4111-8111-111111111111",)))
    assert (found.tlp, found.named) == (4, ("-",))
    (problem,) = (problem for problem in found.problems if problem.code == "marking-unreadable")
    assert problem.marking == given["id"] and problem.blocks and problem.remedy


def test_a_marking_that_is_not_held_is_red_with_nobody_named() -> None:
    unknown = "marking-definition--99999999-9999-4999-8999-999999999999"
    found = read(CLEAR, unknown)
    assert (found.tlp, found.named) == (4, ("-",))
    assert [(problem.code, problem.marking) for problem in found.problems] == [("marking-dangling", unknown)]


def test_a_well_known_id_with_another_meaning_keeps_the_stricter() -> None:
    found = read({**marking(definition_type="tlp", definition={"tlp": "clear"}), "id": RED})
    assert found.tlp == 4 and [problem.code for problem in found.problems] == ["tlp-contradictory"]


def test_clear_under_the_id_of_white_is_the_same() -> None:
    assert not read({**marking(definition_type="tlp", definition={"tlp": "clear"}), "id": TLP1["TLP:WHITE"]}).problems
