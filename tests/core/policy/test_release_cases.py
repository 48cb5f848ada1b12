"""The hand-checked cases: marking, law, agreement, recipient, purpose; each with its expected decision and source."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from commonwatch.core.law.facts import parse_day
from commonwatch.core.policy.classes import ClassAttributes
from commonwatch.core.policy.decision import decide
from commonwatch.core.policy.engine import Engine
from commonwatch.core.policy.facts import VARIANTS
from commonwatch.core.policy.handling import Handling
from commonwatch.core.policy.masks import Deciding
from commonwatch.core.policy.world import World, resolved
from tests.core.policy.worlds import VECTORS, written_world

_TLP = {"clear": 0, "green": 1, "amber": 2, "amber+strict": 3, "red": 4}
_PAP = {"clear": 0, "green": 1, "amber": 2, "red": 3}
_LEVELS = {"none": 0, "restricted": 1, "confidential": 2, "secret": 3, "top-secret": 4}


def _cases() -> Iterator[Any]:
    for path in sorted(VECTORS.glob("cases-*.json")):
        for case in json.loads(path.read_text()):
            yield pytest.param(case, id=case["id"])


def _handling(world: World, given: dict[str, Any]) -> Handling:
    def words(name: str) -> tuple[str, ...]:
        return tuple(given.get(name, ()))

    return Handling(
        tlp=_TLP[given["tlp"]],
        pap=_PAP[given.get("pap", "clear")],
        classification=_LEVELS[given.get("classification", "none")],
        orcon=given.get("orcon", False),
        named=tuple(world.members[name].identity for name in words("named")),
        releasable=words("releasable"),
        audience=words("audience"),
        purposes=words("purposes"),
        not_before=parse_day(given["not_before"]) if "not_before" in given else None,
        not_after=parse_day(given["not_after"]) if "not_after" in given else None,
        retention_days=given.get("retention_days"),
        duties=words("duties"),
    )


@pytest.mark.parametrize("case", list(_cases()))
def test_decision_is_as_written(case: dict[str, Any]) -> None:
    world = written_world(case["world"], case["on"], case["purpose"])
    attributes = ClassAttributes(
        author=world.members[case["owner"]].identity,
        category=case["category"],
        personal=tuple(case["personal"]),
        secrecy=tuple(case["secrecy"]),
    )
    facts = resolved(world, attributes, _handling(world, case["markings"]))
    decision = decide(Engine(world.book), world.recipient(case["recipient"]), facts, world.question)
    expected = case["expect"]
    met = {reason.policy for attempt in decision.attempts for gate in attempt.gates for reason in gate.reasons}
    assert decision.outcome == expected["decision"]
    assert (decision.variant or "") == expected["variant"]
    assert {gate.gate: gate.passed for gate in decision.gates} == expected["gates"]
    assert set(expected["rules"]) <= met
    assert [one.word for one in decision.obligations] == sorted(expected["obligations"])
    masks = Deciding(world.book, world.recipients, world.question).masks(facts)
    bit = 1 << [one.name for one in world.recipients].index(case["recipient"])
    assert [name for name, mask in zip(VARIANTS, masks, strict=True) if mask & bit] == [
        name for name in (decision.variant,) if name
    ]
