"""What a proposal of who helps whom costs, beside the solver alone and beside the obvious way: the best pair first.

`.venv/bin/python -m bench.allocation`; 100 requests of three needs each and 500 supplies of 50 members, made from a seed. The limit is HiGHS
alone on the same network, handed over as arrays. Greedy takes pairs by their points, as many units as are left.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from commonwatch.capabilities.assistance import allocation, solving
from commonwatch.capabilities.assistance.pairing import Facts, Law, NeedLine, Supply

T = TypeVar("T")
ROUNDS = 7
SKILLS = [f"skill-{number}" for number in range(12)]
LANGUAGES = ["en", "fr", "es", "ar", "ru", "zh", "pt"]
MEMBERS = [f"member-{number:02d}" for number in range(50)]


def world(requests: int, supplies: int, scarce: bool) -> tuple[list[NeedLine], list[Supply], Facts]:
    """What is needed, what there is, and what holds; scarce: half as much as is asked for."""
    chance = random.Random(7)
    most = 2 if scarce else 4
    needs = [
        NeedLine(
            f"r{number:03d}/n{part}",
            f"r{number:03d}",
            chance.choice(MEMBERS),
            chance.choice(SKILLS),
            "people",
            chance.randint(1, 6 if scarce else 3),
            chance.choice(["routine", "urgent", "emergency"]),
            tuple(chance.sample(LANGUAGES, 2)),
            chance.randrange(-12, 13) * 60,
            chance.random() < 0.2,
        )
        for number in range(requests)
        for part in range(3)
    ]
    stock = [
        Supply(
            f"s{number:03d}",
            chance.choice(MEMBERS),
            chance.choice(SKILLS),
            "people",
            chance.randint(1, most),
            tuple(chance.sample(LANGUAGES, 3)),
            chance.randrange(-12, 13) * 60,
            chance.random() < 0.5,
        )
        for number in range(supplies)
    ]
    law = {
        (one, other): Law(chance.choice([0, 1, 1, 2]), "An agreement is in force for both")
        for one in MEMBERS
        for other in MEMBERS
        if one != other and chance.random() < 0.8
    }
    balance = {(one, "people"): chance.randint(-8, 8) for one in MEMBERS}
    return needs, stock, Facts(law, balance)


def greedy(problem: solving.Problem, pairs: int) -> list[int]:
    """Units by column: pairs by their gain, each with as much as is left; then the bands that their load fills."""
    left, units = list(problem.limits), [0] * len(problem.gains)
    rows: list[list[int]] = [[] for _ in problem.gains]
    for row, column in zip(problem.rows, problem.columns, strict=True):
        rows[column].append(row)
    load: dict[int, int] = {}
    for column in sorted(range(pairs), key=lambda one: -problem.gains[one]):
        need, supply, group = rows[column]
        units[column] = max(min(problem.most[column], left[need], left[supply]), 0)
        left[need] -= units[column]
        left[supply] -= units[column]
        load[group] = load.get(group, 0) + units[column]
    for column in range(pairs, len(problem.gains)):
        units[column] = min(problem.most[column], load.get(rows[column][0], 0))
        load[rows[column][0]] = load.get(rows[column][0], 0) - units[column]
    return units


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Seconds of a call, the median of several, and what it gives."""
    spent, found = [], work()
    for _ in range(ROUNDS):
        started = time.perf_counter()
        found = work()
        spent.append(time.perf_counter() - started)
    return statistics.median(spent), found


def measure(label: str, needs: Sequence[NeedLine], stock: Sequence[Supply], facts: Facts) -> None:
    """A row for the proposal, the limit and the baseline."""
    lines, supplies = sorted(needs, key=lambda one: one.id), sorted(stock, key=lambda one: one.id)
    pairs = allocation._pairs(lines, supplies, facts)
    problem = allocation._problem(lines, supplies, pairs, facts)
    whole, proposal = timed(lambda: allocation.propose(needs, stock, facts))
    limit, solved = timed(lambda: solving.Solved(problem))
    quick, taken = timed(lambda: greedy(problem, len(pairs)))
    best, other = allocation.value(problem, solved.units), allocation.value(problem, taken)
    print(f"{label}: {len(lines)} needs, {len(supplies)} supplies, {len(pairs):,} possible pairs")
    print(f"  proposal with reasons and next best  {whole * 1e3:8.1f} ms   {whole / limit:5.1f} x the solver alone")
    print(f"  solver alone (HiGHS)                 {limit * 1e3:8.1f} ms")
    print(f"  greedy, without reasons              {quick * 1e3:8.1f} ms")
    units, greedy_units = proposal.units, sum(taken[: len(pairs)])
    print(f"  units met: {units} of {proposal.wanted}; greedy {greedy_units}")
    print(f"  points: {best:,.0f}; greedy {other:,.0f} ({(best / other - 1) * 100:+.2f} % by the optimiser)")


def main() -> None:
    """Print the figures."""
    measure("enough for all", *world(100, 500, scarce=False))
    measure("half of what is asked", *world(100, 500, scarce=True))


if __name__ == "__main__":
    main()
