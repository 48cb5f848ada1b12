"""Who should help whom: a proposal, with the reasons for each pair, the next best ones, and what stays unmet. People decide. Pure.

The best total of points is found as a flow of units from supplies through members to needs:

    most    sum points/quantity x units - sum load x units
    so that a need gets no more than it misses, a supply gives no more than is free, and each further fifth of what a member has to give of
            a kind costs more than the one before, so that the load is spread; never so much that a need goes without

All limits are of one network, so the best answer of the linear programme is in whole units (`solving`). Between answers of the same total
a share of less than one point, taken from the names of the pair, decides: the same facts in any order give the same proposal. Next best
are the pairs that the optimiser's prices put nearest; what the whole plan would lose by each is found by solving it again with it inside.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from hashlib import blake2b
from itertools import pairwise

import msgspec

from commonwatch.capabilities.assistance.pairing import (
    Facts,
    NeedLine,
    Reason,
    Supply,
    judge,
    points,
)
from commonwatch.capabilities.assistance.solving import Problem, Solved

BANDS = 5
BAND_POINTS = (
    80  # what a whole need costs more in each further fifth; with MOST_BUSY never as much as a need is worth at least
)
MOST_BUSY = 5
TIE = 0.9  # of one point, shared by all units together
NEXT_BEST = 3
MOST_TRIED = 300  # alternatives for which the problem is solved again: a millisecond or two each


class Choice(msgspec.Struct, frozen=True):
    """A pair: units of a supply for a need. `costs`: how many points the whole plan would lose by a unit of one not chosen."""

    need: str
    supply: str
    helper: str
    helped: str
    units: int
    points: int
    reasons: tuple[Reason, ...]
    costs: int = 0


class ForNeed(msgspec.Struct, frozen=True):
    """What is proposed for one need, what would be next best, and what nobody can give."""

    need: NeedLine
    chosen: tuple[Choice, ...]
    next_best: tuple[Choice, ...]
    unmet: int
    why_unmet: tuple[Reason, ...]


class Proposal(msgspec.Struct, frozen=True):
    """All of it. `value` is the total of points after load, `pairs` how many pairs were possible."""

    needs: tuple[ForNeed, ...]
    value: int
    pairs: int
    units: int
    wanted: int


class _Pair(msgspec.Struct, frozen=True):
    need: int
    supply: int
    points: int


def propose(needs: Sequence[NeedLine], supplies: Sequence[Supply], facts: Facts) -> Proposal:
    """The best plan for all of these needs out of all of these supplies."""
    lines = sorted((need for need in needs if need.quantity > 0), key=lambda one: one.id)
    stock = sorted(supplies, key=lambda one: one.id)
    pairs = _pairs(lines, stock, facts)
    problem = _problem(lines, stock, pairs, facts)
    solved = Solved(problem)
    by_need: dict[int, list[tuple[int, _Pair]]] = defaultdict(list)
    for column, pair in enumerate(pairs):
        by_need[pair.need].append((column, pair))
    found = tuple(_for_need(lines, stock, facts, index, by_need[index], solved) for index in range(len(lines)))
    return Proposal(
        needs=found,
        value=round(value(problem, solved.units)),
        pairs=len(pairs),
        units=sum(choice.units for one in found for choice in one.chosen),
        wanted=sum(line.quantity for line in lines),
    )


def value(problem: Problem, units: Sequence[int]) -> float:
    """The points of a plan, without the share that only breaks ties."""
    return sum(gain * many for gain, many in zip(problem.gains, units, strict=True))


def _pairs(lines: Sequence[NeedLine], stock: Sequence[Supply], facts: Facts) -> list[_Pair]:
    by_skill: dict[str, list[int]] = defaultdict(list)
    for index, supply in enumerate(stock):
        by_skill[supply.skill].append(index)
    found = []
    for place, line in enumerate(lines):
        for index in by_skill[line.skill]:
            won = points(line, stock[index], facts)
            if won > 0:
                found.append(_Pair(place, index, won))
    return found


def _problem(lines: Sequence[NeedLine], stock: Sequence[Supply], pairs: Sequence[_Pair], facts: Facts) -> Problem:
    """Columns: first the pairs, then the bands of each member's load. Rows: needs, supplies, and one for each member and kind."""
    capacity: dict[tuple[str, str], int] = defaultdict(int)
    largest: dict[tuple[str, str], int] = defaultdict(int)
    for index in sorted({pair.supply for pair in pairs}):
        capacity[stock[index].member, stock[index].kind] += stock[index].quantity
    for pair in pairs:
        served = stock[pair.supply].member, stock[pair.supply].kind
        largest[served] = max(largest[served], lines[pair.need].quantity)
    groups = sorted(capacity)
    row_of_group = {group: len(lines) + len(stock) + place for place, group in enumerate(groups)}
    total = sum(line.quantity for line in lines) or 1
    gains, ties, most, rows, columns, signs = [], [], [], [], [], []
    for column, pair in enumerate(pairs):
        line, supply = lines[pair.need], stock[pair.supply]
        gains.append(pair.points / line.quantity)
        ties.append(TIE / total * _share(line.id, supply.id))
        most.append(min(line.quantity, supply.quantity))
        rows += [pair.need, len(lines) + pair.supply, row_of_group[supply.member, supply.kind]]
        columns += [column] * 3
        signs += [1, 1, 1]
    for group in groups:
        have, busy = capacity[group], facts.load.get(group, 0)
        for place, width in enumerate(_bands(have)):
            rows.append(row_of_group[group])
            columns.append(len(gains))
            signs.append(-1)
            gains.append(-BAND_POINTS * (place + min(busy, MOST_BUSY)) / largest[group])
            ties.append(0.0)
            most.append(width)
    limits = [line.quantity for line in lines] + [supply.quantity for supply in stock] + [0] * len(groups)
    return Problem(tuple(gains), tuple(ties), tuple(most), tuple(limits), tuple(rows), tuple(columns), tuple(signs))


def _bands(capacity: int) -> list[int]:
    """A member's capacity of a kind in five parts, as equal as whole units allow."""
    edges = [capacity * place // BANDS for place in range(BANDS + 1)]
    return [after - before for before, after in pairwise(edges)]


def _share(need: str, supply: str) -> float:
    """A number between 0 and 1 that follows from the names alone."""
    return int.from_bytes(blake2b(f"{need}\n{supply}".encode(), digest_size=4).digest(), "big") / 2**32


def _for_need(
    lines: Sequence[NeedLine],
    stock: Sequence[Supply],
    facts: Facts,
    index: int,
    pairs: Sequence[tuple[int, _Pair]],
    solved: Solved,
) -> ForNeed:
    need = lines[index]
    chosen = [pair for column, pair in pairs if solved.units[column]]
    # By what the prices say at most, then by what fits better.
    others = sorted(
        (-round(solved.reduced[column], 3), -pair.points, pair.supply, column)
        for column, pair in pairs
        if not solved.units[column]
    )
    tried = others[: max(1, min(NEXT_BEST, MOST_TRIED // len(lines)))]
    nearest = sorted((solved.cost_of(column), supply, -won) for _, won, supply, column in tried)
    units = {pair.supply: solved.units[column] for column, pair in pairs}
    unmet = need.quantity - sum(units.values())
    return ForNeed(
        need=need,
        chosen=tuple(
            _choice(need, stock[pair.supply], facts, units[pair.supply], pair.points)
            for pair in sorted(chosen, key=lambda one: (-one.points, one.supply))
        ),
        next_best=tuple(_choice(need, stock[supply], facts, 0, won, costs) for costs, supply, won in nearest),
        unmet=unmet,
        why_unmet=_why_unmet(need, stock, facts, [stock[pair.supply] for _, pair in pairs]) if unmet else (),
    )


def _choice(need: NeedLine, supply: Supply, facts: Facts, units: int, won: int, costs: float = 0.0) -> Choice:
    lost = round(costs)
    against: tuple[Reason, ...] = ()
    if not units:
        sentence = f"The whole plan would lose {lost} points by it." if lost else "It is as good as what was chosen."
        against = (Reason("worth-less", sentence, -lost),)
    return Choice(
        need=need.id,
        supply=supply.id,
        helper=supply.member,
        helped=need.member,
        units=units,
        points=won,
        reasons=judge(need, supply, facts).reasons + against,
        costs=lost,
    )


def _why_unmet(need: NeedLine, stock: Sequence[Supply], facts: Facts, possible: Sequence[Supply]) -> tuple[Reason, ...]:
    """In numbers: how many there are with the skill, and what keeps them from helping."""
    skilled = [supply for supply in stock if supply.skill == need.skill and supply.member != need.member]
    if not skilled:
        return (Reason("nobody", f"Nobody offers {need.skill}.", 0),)
    found = []
    counts: dict[str, int] = defaultdict(int)
    for supply in skilled:
        for barrier in judge(need, supply, facts).barriers:
            counts[barrier.code] += 1
    found += [Reason(code, _in_way(code, counts[code], len(skilled)), 0) for code in _IN_WAY if counts[code]]
    if possible:
        units = sum(supply.quantity for supply in possible)
        sentence = (
            f"{len(possible)} of {len(skilled)} could help, with {units} units, which other needs have more use for."
        )
        if units < need.quantity:
            sentence = (
                f"{len(possible)} of {len(skilled)} could help, with {units} units for {need.quantity} that are needed."
            )
        found.append(Reason("scarce", sentence, 0))
    return tuple(found)


_IN_WAY = ("law", "language", "time", "place", "reserved", "offered-elsewhere", "ignored")


def _in_way(code: str, some: int, of: int) -> str:
    """How many of those with the skill one thing keeps from helping."""
    return {
        "law": f"{some} of {of} have no agreement in force that allows it.",
        "language": f"{some} of {of} have no common language.",
        "time": f"{some} of {of} are not there for all of that time.",
        "place": f"{some} of {of} cannot go where the work is.",
        "reserved": f"{some} of {of} are reserved.",
        "offered-elsewhere": f"{some} of {of} were offered for another need.",
        "ignored": f"{some} of {of} were decided against.",
    }[code]
