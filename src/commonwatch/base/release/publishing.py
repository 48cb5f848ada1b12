"""Before something is published: whom it would reach, and what makes that impossible or wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import orjson
from django.conf import settings

from commonwatch.base.clock import now_us
from commonwatch.base.parties import visibility
from commonwatch.base.parties.models import Member
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.deciding import definitions_of
from commonwatch.base.release.explain import PUBLIC, Asking
from commonwatch.base.release.reminding import answering_members
from commonwatch.core.errors import InvalidInput
from commonwatch.core.policy.classifying import attributes_of
from commonwatch.core.policy.contradictions import contradictions
from commonwatch.core.policy.decision import Decision
from commonwatch.core.policy.handling import Problem
from commonwatch.core.stix.judge import judge
from commonwatch.core.stix.markings import MARKING_IDS
from commonwatch.core.stix.split import split
from commonwatch.core.stix.values import Admissible, Piece

BASIS_MISSING = "basis-missing"


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
    altered: bool = False,
) -> Simulation:
    """Who would get an object by which rule.

    `beside`: marking-definitions that would be published with it, by id. `altered`: its author accepts that law has it
    pseudonymised or stripped for some.
    """
    value = orjson.loads(draft.raw)
    attributes = attributes_of(draft.head, draft.raw, default, voucher)
    definitions = {**definitions_of([attributes]), **(beside or {})}
    honouring = set(Member.objects.filter(pk__in=answering_members()).values_list("name", flat=True))
    reached = tuple(
        Reached(name, decision, name in honouring) for name, decision in asking.outcomes(attributes, definitions)
    )
    owner = asking.world.owner_of(attributes)
    problems = [
        *contradictions(value, definitions, default),
        *_audience(reached, owner),
        *_basis(reached, owner, altered=altered),
    ]
    return Simulation(draft.head.id, owner, reached, tuple(problems))


def drafts_in(raw: bytes, what: str) -> list[Admissible]:
    """The objects of a text, as intake would judge them; raises InvalidInput for the first that could not go in."""
    return drafts_of(split(raw).pieces, what, now_us())


def drafts_of(pieces: Iterable[Piece], what: str, at_us: int) -> list[Admissible]:
    """Pieces as intake would judge them; raises InvalidInput for the first that could not go in, or if there are none."""
    limits = settings.COMMONWATCH
    drafts: list[Admissible] = []
    for piece in pieces:
        judged = judge(piece, at_us, limits.max_future_seconds * 1_000_000, limits.max_object_bytes)
        if not isinstance(judged, Admissible):
            first = judged.findings[0]
            raise InvalidInput(first.code, f"{judged.object_id or piece.place}: {first.sentence}", first.remedy)
        drafts.append(judged)
    if not drafts:
        raise InvalidInput("stix-expected", f"{what} holds no STIX objects.", "Give a STIX object or bundle.")
    return drafts


def simulate_all(
    drafts: Sequence[Admissible], purpose: str, default: str, *, altered: bool = False
) -> list[Simulation]:
    """Who would get each of these, published together by this node's own member."""
    if default not in MARKING_IDS:
        raise InvalidInput("marking-unknown", f"{default} is no TLP level.", "Use TLP:GREEN, for example.")
    beside = {one.head.id: orjson.loads(one.raw) for one in drafts if one.head.type == "marking-definition"}
    asking, own = Asking(purpose), own_member().identity
    return [
        simulate(one, asking, default=default, voucher=own, beside=beside, altered=altered)
        for one in drafts
        if one.head.id not in beside or len(drafts) == 1
    ]


def as_known_to(one: Simulation, viewer: visibility.Viewer) -> Simulation:
    """The same without the members of whom the viewer may not know, and without naming whom a law shuts out."""
    if viewer.sees_all:
        return one
    known = {PUBLIC, *visibility.members(viewer).values_list("name", flat=True)}
    reached = tuple(each for each in one.reached if each.member in known)
    problems = tuple(_unnamed(each) if each.code == BASIS_MISSING else each for each in one.problems)
    return msgspec.structs.replace(one, reached=reached, problems=problems)


def _unnamed(problem: Problem) -> Problem:
    sentence = "There is no legal basis for giving it in full to some whom it is meant for."
    remedy = "Accept that some get it altered or not at all, or choose a stricter marking."
    return msgspec.structs.replace(problem, sentence=sentence, remedy=remedy)


def _audience(reached: tuple[Reached, ...], owner: str) -> list[Problem]:
    if any(one.decision.variant for one in reached if one.member != owner):
        return []
    sentence = "Nobody but its owner would get it."
    return [Problem("audience-empty", "", sentence, "Name an audience or recipients, or lower the marking.")]


def _basis(reached: tuple[Reached, ...], owner: str, *, altered: bool) -> list[Problem]:
    """Members whom handling and policy would let have it in full, and law alone keeps from that.

    That is an error, unless the author accepts that they get it `altered` or not at all: law must not be found out later.
    """
    without = [one for one in reached if one.member not in (owner, PUBLIC) and _law_alone_refuses(one.decision)]
    if not without:
        return []
    names = ", ".join(f"{one.member} ({one.decision.variant or 'nothing'})" for one in without)
    sentence = f"There is no legal basis for giving it in full to members it is meant for; they would get: {names}."
    advice = "See `why-not` for what each would need; take them out, or accept it with --altered."
    return [Problem(BASIS_MISSING, "", sentence, advice, blocks=not altered)]


def _law_alone_refuses(decision: Decision) -> bool:
    gates = {gate.gate: gate.passed for gate in decision.attempts[0].gates}
    return gates["handling"] and gates["policy"] and not gates["law"]
