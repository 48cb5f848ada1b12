"""The lists of the room: whole, with their sources; a country's own matrix of duties, read or refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commonwatch.base.release.reader import operator
from commonwatch.capabilities.incidents import lists, queries
from commonwatch.capabilities.incidents.actions import opening
from commonwatch.capabilities.incidents.actions.opening import Invited, Report
from commonwatch.capabilities.incidents.rules import veris
from commonwatch.core.errors import InvalidInput
from commonwatch.core.stix.response.incidents import LEVELS, STATES
from tests.base.release.nodes import by


def test_the_lists_are_whole() -> None:
    assert (len(lists.taxonomy().classes), sum(len(one.types) for one in lists.taxonomy().classes)) == (11, 39)
    assert len(lists.duties().duties) == 31
    assert [one.value for one in lists.schemes()["partnership"].values] == list(LEVELS)
    assert {one.opinion for scheme in lists.schemes().values() for one in scheme.values} <= set(LEVELS)
    assert all(len({one.scheme for one in lists.phases_of(state)}) == 3 for state in STATES)
    assert lists.opinion("uk-ncsc", "1") == "emergency"
    assert lists.opinion("partnership", "high") is None
    assert lists.opinion("klingon", "1") is None
    assert set(veris._CLASS.values()) <= set(lists.titles())
    assert {one for one in veris._ACTION if "." in one} <= set(lists.titles())


def test_each_list_says_where_it_is_from() -> None:
    for file in lists.DATA.glob("*.json"):
        value = json.loads(file.read_bytes())
        assert value["source"] and value["as_of"] and isinstance(value["verified"], bool), file
    assert not lists.schemes()["uk-ncsc"].verified


def test_a_countrys_own_matrix_says_who_has_which_part(partners: Path) -> None:
    own = partners / lists.MATRIX
    case = opening.report(Report("Wiper", with_=(Invited("police-at", "police"),)), by())
    found = queries.case(operator("o"), case)
    before = next(row for row in queries.roles(found, "collect") if row.duty.id == "SOD:09")
    assert [(one.actor, one.part, len(one.members)) for one in before.holders] == [
        ("csirt", "", 1),
        ("police", "", 1),
        ("prosecution", "", 0),
    ]
    try:
        own.write_text(json.dumps({"SOD:09": {"police": "R", "csirt": "S"}}))
        after = next(row for row in queries.roles(found) if row.duty.id == "SOD:09")
        assert [(one.actor, one.part) for one in after.holders] == [("csirt", "supporting"), ("police", "responsible")]
        for wrong in ("no", "[]", '{"SOD:99": {}}', '{"SOD:09": {"police": "X"}}', '{"SOD:09": {"navy": "R"}}'):
            own.write_text(wrong)
            with pytest.raises(InvalidInput):
                lists.matrix()
    finally:
        own.unlink()
