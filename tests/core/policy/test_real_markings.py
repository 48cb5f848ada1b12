"""Every marking of the real set says what a person reading it would say."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from commonwatch.core.policy.contradictions import contradictions
from commonwatch.core.policy.handling import handling
from commonwatch.core.stix.ijson import gate
from commonwatch.core.stix.split import split
from tests.core.stix.test_real_intelligence import documents


def objects(shared: Path) -> list[dict[str, Any]]:
    pieces = (piece for _, path in documents(shared) for piece in split(path.read_bytes()).pieces)
    return [value for piece in pieces if isinstance(value := gate(piece.raw)[0], dict)]


def test_no_real_marking_is_unreadable(shared: Path) -> None:
    levels: Counter[tuple[str, int]] = Counter()
    for value in objects(shared):
        if value.get("type") == "marking-definition":
            identity = value.get("id", "")  # one vendor file gives a definition none: nothing can refer to it
            found = handling([identity], {identity: value})
            assert not found.problems, value
            levels[value.get("definition_type", "extension"), found.tlp] += 1
    assert levels == {
        ("tlp", 0): 37,
        ("tlp", 1): 3,
        ("tlp", 2): 1,
        ("extension", 0): 1,
        ("statement", 0): 1,  # the text TLP:CLEAR, under the id of TLP:WHITE
        ("statement", 2): 8,  # copyright notices: the default
    }


def test_real_objects_are_hardly_ever_contradictory(shared: Path) -> None:
    everything = objects(shared)
    held = {value["id"]: value for value in everything if value.get("type") == "marking-definition" and value.get("id")}
    codes: Counter[str] = Counter()
    marked = 0
    for value in everything:
        if value.get("object_marking_refs"):
            marked += 1
            codes.update(problem.code for problem in contradictions(value, held))
    assert marked > 16_000
    # Two examples of the standard are TLP:RED and name nobody; one of them misspells the marking's id.
    assert codes == {"red-for-nobody": 2, "marking-dangling": 1}
