"""Before something is published: whom it would reach, and what makes that impossible or wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import orjson
from django.conf import settings

from commonwatch.base.clock import now_us
from commonwatch.base.parties.models import MemberFact
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.deciding import definitions_of
from commonwatch.base.release.explain import PUBLIC, Asking
from commonwatch.core.errors import InvalidInput
from commonwatch.core.policy.classifying import attributes_of
from commonwatch.core.policy.contradictions import contradictions
from commonwatch.core.policy.decision import Decision
from commonwatch.core.policy.handling import Problem
from commonwatch.core.stix.judge import judge
from commonwatch.core.stix.markings import MARKING_IDS
from commonwatch.core.stix.split import split
from commonwatch.core.stix.values import Admissible

RECALL = "recall"  # value of a member's fact of kind `capability`: its node honours recalls and answers them


class Reached(msgspec.Struct, frozen=True):
    """One recipient in a simulation."""

    member: str
    decision: Decision
    honours_recall: bool


class Simulation(msgspec.Struct, frozen=True):
    """Who would get an object. `blocking`: problems with which it must not be published."""

    object: str
    owner: str
    reached: tuple[Reached, ...]
    problems: tuple[Problem, ...]

    @property
    def blocking(self) -> tuple[Problem, ...]:
        """What stands in the way of publishing."""
        return tuple(problem for problem in self.problems if problem.blocks)


def simulate(
    draft: Admissible,
    asking: Asking,
    *,
    default: str,
    voucher: str,
    beside: Mapping[str, Mapping[str, Any]] | None = None,
) -> Simulation:
    """Who would get an object by which rule. `beside`: marking-definitions that would be published with it, by id."""
    value = orjson.loads(draft.raw)
    attributes = attributes_of(draft.head, draft.raw, default, voucher)
    definitions = {**definitions_of([attributes]), **(beside or {})}
    honouring = set(MemberFact.objects.filter(kind="capability", value=RECALL).values_list("member__name", flat=True))
    reached = tuple(
        Reached(name, decision, name in honouring) for name, decision in asking.outcomes(attributes, definitions)
    )
    owner = asking.world.owner_of(attributes)
    problems = [*contradictions(value, definitions, default), *_audience(reached, owner), *_basis(reached, owner)]
    return Simulation(draft.head.id, owner, reached, tuple(problems))


def drafts_in(raw: bytes, what: str) -> list[Admissible]:
    """The objects of a text, as intake would judge them; raises InvalidInput for the first that could not go in."""
    drafts: list[Admissible] = []
    limits = settings.COMMONWATCH
    for piece in split(raw).pieces:
        judged = judge(piece, now_us(), limits.max_future_seconds * 1_000_000, limits.max_object_bytes)
        if not isinstance(judged, Admissible):
            first = judged.findings[0]
            raise InvalidInput(first.code, f"{judged.object_id or piece.place}: {first.sentence}", first.remedy)
        drafts.append(judged)
    if not drafts:
        raise InvalidInput("stix-expected", f"{what} holds no STIX objects.", "Give a STIX object or bundle.")
    return drafts


def simulate_all(raw: bytes, what: str, purpose: str, default: str) -> list[Simulation]:
    """Who would get each object of a text, published by this node's own member."""
    if default not in MARKING_IDS:
        raise InvalidInput("marking-unknown", f"{default} is no TLP level.", "Use TLP:GREEN, for example.")
    drafts = drafts_in(raw, what)
    beside = {one.head.id: orjson.loads(one.raw) for one in drafts if one.head.type == "marking-definition"}
    asking, own = Asking(purpose), own_member().identity
    return [
        simulate(one, asking, default=default, voucher=own, beside=beside)
        for one in drafts
        if one.head.id not in beside or len(drafts) == 1
    ]


def _audience(reached: tuple[Reached, ...], owner: str) -> list[Problem]:
    if any(one.decision.variant for one in reached if one.member != owner):
        return []
    sentence = "Nobody but its owner would get it."
    return [Problem("audience-empty", "", sentence, "Name an audience or recipients, or lower the marking.")]


def _basis(reached: tuple[Reached, ...], owner: str) -> list[Problem]:
    """Members whom handling and policy would let have it in full, and law alone keeps from having it at all."""
    without = []
    for one in reached:
        if one.member in (owner, PUBLIC) or one.decision.variant is not None:
            continue
        gates = {gate.gate: gate.passed for gate in one.decision.attempts[0].gates}
        if gates["handling"] and gates["policy"] and not gates["law"]:
            without.append(one.member)
    if not without:
        return []
    sentence = f"It is meant for {', '.join(without)} too, but there is no legal basis."
    return [Problem("basis-missing", "", sentence, "See `why-not` for what each would need, or take them out.")]
