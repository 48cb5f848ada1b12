"""How well one supply fits one need, and what stands in the way: the judgement that allocation rests on. Pure.

Barriers are hard: another skill, no common language, not there when it is needed, cannot come to the place, no agreement in force that allows
it. What remains gets points, whole numbers so that nothing hangs on rounding:

    points = urgency x (1000 + language 0..200 + hours 0..200 + law 0..300 + fairness -200..200) / 100

Every part of the sum is kept as a reason, so that a person can see what weighs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from commonwatch.core.stix.response.assistance import Kind

Urgency: TypeAlias = Literal["routine", "urgent", "emergency"]
URGENCY: Mapping[str, int] = {"routine": 100, "urgent": 200, "emergency": 400}
BASE = 1_000
WORK_MINUTES = 480  # of a working day: hours shared count by how much of it two places have in common
DISTANCE = {0: 300, 1: 200, 2: 50}  # in law: the same jurisdiction; an agreement in force; only a promise
FAIRNESS_STEP, FAIRNESS_MOST = 20, 200
OFTEN = 200


class NeedLine(msgspec.Struct, frozen=True):
    """One need of one request, as allocation sees it."""

    id: str  # of the need, among all requests
    request: str
    member: str  # that asks
    skill: str
    kind: Kind
    quantity: int  # what is still missing
    urgency: Urgency = "routine"
    languages: tuple[str, ...] = ()
    utc_offset: int = 0
    on_site: bool = False
    begins_us: int = 0
    ends_us: int = 2**62
    title: str = ""
    soon: bool = True  # as soon as possible, rather than at a time that was named


class Supply(msgspec.Struct, frozen=True):
    """What one member could give: a capability with what is free of it, or an offer that was made to one request."""

    id: str
    member: str
    skill: str
    kind: Kind
    quantity: int  # free
    languages: tuple[str, ...] = ()
    utc_offset: int = 0
    on_site: bool = False
    begins_us: int = -(2**62)
    ends_us: int = 2**62
    ready_us: int = 0  # not before, by the notice that its owner needs
    only_for: str = ""  # the need it was offered for; empty: any
    title: str = ""


class Law(msgspec.Struct, frozen=True):
    """How near two members are in law: 0 the same jurisdiction, 1 an agreement in force, 2 a promise such as a code of conduct."""

    distance: int
    basis: str


class Facts(msgspec.Struct, frozen=True):
    """What holds between members on the day. A pair that `law` does not name has nothing in force between it."""

    law: Mapping[tuple[str, str], Law] = {}  # by the member that helps, and that is helped
    balance: Mapping[tuple[str, str], int] = {}  # by member and kind: given less received
    load: Mapping[tuple[str, str], int] = {}  # by member and kind: accepted and not delivered yet
    ignored: frozenset[tuple[str, str]] = frozenset()  # pairs of need and supply that people decided against


class Reason(msgspec.Struct, frozen=True):
    """One thing that speaks for or against a pair, and by how many points (of 1,000 for a fit that is only just one)."""

    code: str
    sentence: str
    points: int


class Judged(msgspec.Struct, frozen=True):
    """A pair: possible with its points, or not with what stands in the way."""

    points: int  # of one whole need; 0: not possible
    reasons: tuple[Reason, ...]
    barriers: tuple[Reason, ...]


def judge(need: NeedLine, supply: Supply, facts: Facts) -> Judged:
    """Whether a supply can serve a need, how well, and why."""
    barriers = _barriers(need, supply, facts)
    if barriers:
        return Judged(0, (), barriers)
    law = facts.law[supply.member, need.member]
    reasons = (
        _language(need, supply),
        _hours(need, supply),
        Reason("law", f"{law.basis}.", DISTANCE[law.distance]),
        _fairness(supply, facts),
    )
    total = BASE + sum(reason.points for reason in reasons)
    return Judged(total * URGENCY[need.urgency] // 100, reasons, ())


def points(need: NeedLine, supply: Supply, facts: Facts) -> int:
    """The points of `judge`, without its words: this runs for every pair of a skill."""
    if _blocked(need, supply, facts):
        return 0
    total = BASE + DISTANCE[facts.law[supply.member, need.member].distance] + _fairness_points(supply, facts)
    total += (OFTEN if _common(need, supply) else 0) + _hours_points(need, supply)
    return total * URGENCY[need.urgency] // 100


def _blocked(need: NeedLine, supply: Supply, facts: Facts) -> bool:
    return (
        need.skill != supply.skill
        or need.member == supply.member
        or (supply.only_for != "" and supply.only_for != need.id)
        or (supply.member, need.member) not in facts.law
        or (need.on_site and not supply.on_site)
        or not _there(need, supply)
        or supply.quantity < 1
        or (need.id, supply.id) in facts.ignored
        or (bool(need.languages) and not _common(need, supply))
    )


def _there(need: NeedLine, supply: Supply) -> bool:
    """For all of the time; the notice that its owner needs counts only against a time that was named."""
    in_time = need.soon or supply.ready_us <= need.begins_us
    return in_time and supply.begins_us <= need.begins_us and need.ends_us <= supply.ends_us


def _barriers(need: NeedLine, supply: Supply, facts: Facts) -> tuple[Reason, ...]:
    if not _blocked(need, supply, facts):
        return ()
    found = []
    if need.skill != supply.skill:
        found.append(Reason("skill", f"It is {supply.skill}, and {need.skill} is needed.", 0))
    if need.member == supply.member:
        found.append(Reason("own", "It is the asking member's own.", 0))
    elif (supply.member, need.member) not in facts.law:
        found.append(Reason("law", "No agreement in force between the two allows it.", 0))
    if supply.only_for and supply.only_for != need.id:
        found.append(Reason("offered-elsewhere", "It was offered for another need.", 0))
    if need.on_site and not supply.on_site:
        found.append(Reason("place", "It cannot go where the work is.", 0))
    if not _there(need, supply):
        found.append(Reason("time", "It is not there for all of that time.", 0))
    if supply.quantity < 1:
        found.append(Reason("reserved", "All of it is reserved.", 0))
    if (need.id, supply.id) in facts.ignored:
        found.append(Reason("ignored", "People here decided against it.", 0))
    if need.languages and not _common(need, supply):
        wanted, has = ", ".join(need.languages), ", ".join(supply.languages)
        said = (
            f"No common language: {wanted} is needed, it has {has}."
            if has
            else f"It names no language; {wanted} is needed."
        )
        found.append(Reason("language", said, 0))
    return tuple(found)


def _common(need: NeedLine, supply: Supply) -> frozenset[str]:
    """By the language alone: `pt-BR` is understood by who speaks `pt`."""
    return frozenset(one.partition("-")[0] for one in need.languages) & frozenset(
        one.partition("-")[0] for one in supply.languages
    )


def _language(need: NeedLine, supply: Supply) -> Reason:
    common = sorted(_common(need, supply))
    if common:
        return Reason("language", f"They share {', '.join(common)}.", OFTEN)
    return Reason("language", "No language was asked for.", 0)


def _hours_points(need: NeedLine, supply: Supply) -> int:
    apart = abs(need.utc_offset - supply.utc_offset) % 1_440
    apart = min(apart, 1_440 - apart)
    return max(WORK_MINUTES - apart, 0) * OFTEN // WORK_MINUTES


def _hours(need: NeedLine, supply: Supply) -> Reason:
    won = _hours_points(need, supply)
    hours = won * WORK_MINUTES / OFTEN / 60
    return Reason("hours", f"{hours:.1f} of 8 working hours are common.", won)


def _fairness_points(supply: Supply, facts: Facts) -> int:
    balance = facts.balance.get((supply.member, supply.kind), 0)
    return max(-FAIRNESS_MOST, min(FAIRNESS_MOST, -FAIRNESS_STEP * balance))


def _fairness(supply: Supply, facts: Facts) -> Reason:
    balance = facts.balance.get((supply.member, supply.kind), 0)
    won = _fairness_points(supply, facts)
    if balance > 0:
        return Reason("fairness", f"It has given {balance} more than it got.", won)
    if balance < 0:
        return Reason("fairness", f"It has got {-balance} more than it gave.", won)
    return Reason("fairness", "It has given as much as it got.", won)
