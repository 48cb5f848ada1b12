"""Our extensions are defined for others: each new type once, under the id that its objects carry, with a schema that fits them."""

from __future__ import annotations

import json

import stix2

from commonwatch.core.stix.definitions import KINDS, bundle, definitions
from commonwatch.core.stix.judge import judge
from commonwatch.core.stix.shared import new_object
from commonwatch.core.stix.summary import summary
from commonwatch.core.stix.threads import ROOT_PROPERTIES, ROOTS
from commonwatch.core.stix.values import Admissible, Piece

NOW = 1_796_000_000_000_000


def test_every_type_that_makes_or_joins_a_thread_is_defined() -> None:
    assert set(KINDS) == (set(ROOTS) - {"incident"}) | set(ROOT_PROPERTIES)
    ids = [one["id"] for one in definitions()]
    assert len(ids) == len(set(ids))


def test_objects_carry_the_id_under_which_their_type_is_defined() -> None:
    by_id = {one["id"]: one for one in definitions()}
    for kind in KINDS:
        at = "2026-11-29T00:00:00.000Z"
        made = new_object(
            kind, {}, identity=f"{kind}--00000000-0000-4000-8000-000000000001", author="x", made=at, at=at
        )
        (identity,) = made["extensions"]
        assert by_id[identity]["extension_types"] == ["new-sdo"] and by_id[identity]["name"] == f"Commonwatch {kind}"
        assert json.loads(by_id[identity]["schema"])["$defs"]
        assert summary({**made, "name": "x"}).name == "x"


def test_the_definitions_pass_intake_and_the_reference_library() -> None:
    for one in json.loads(bundle())["objects"]:
        judged = judge(Piece(json.dumps(one).encode(), ""), NOW, 86_400_000_000, 1 << 20)
        assert isinstance(judged, Admissible) and not judged.findings, one["name"]
        stix2.parse(one, allow_custom=True)


def test_a_statement_says_its_field_in_a_line() -> None:
    assert summary({"type": "case-statement", "field": "state", "value": "contained"}).line == "state: contained"
    assert summary({"type": "case-statement", "field": "time", "value": {"kind": "occurred"}}).line == "says time"
    assert summary({"type": "legal-answer", "answer": "refused", "text": "No\nbasis"}).line == "refused; No basis"
