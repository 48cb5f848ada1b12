"""Measures release decisions: are all at once the same as one by one, and how many a second.

.venv/bin/python -m bench.release_decisions                  # 100,000 pairs compared; 65,000 classes for 50 recipients
.venv/bin/python -m bench.release_decisions --pairs 2000 --classes 5000
"""

from __future__ import annotations

import argparse
import time
from random import Random

from tests.core.policy.feeds import feed_class, feed_world

from commonwatch.core.policy.decision import decide
from commonwatch.core.policy.engine import Engine
from commonwatch.core.policy.facts import PURPOSES, VARIANTS, ClassFacts
from commonwatch.core.policy.masks import Deciding, Masks
from commonwatch.core.policy.world import World

WORLDS = 200  # small partnerships with odd policies, over which the compared pairs are spread
PLAIN = 400  # decisions by the plain engine that are timed


def differences(pairs: int, seed: int) -> tuple[int, int]:
    """How many pairs were compared, and how many of them were decided otherwise."""
    compared = different = 0
    for number in range(WORLDS):
        random = Random(f"{seed} {number}")
        purpose = PURPOSES[number % len(PURPOSES)]
        world = feed_world(random, purpose, members=24, agreements=24, own=8, odd=number % 4 == 0)
        engine, deciding = Engine(world.book), Deciding(world.book, world.recipients, world.question)
        while compared < pairs * (number + 1) // WORLDS:
            facts = feed_class(random, world)
            masks = deciding.masks(facts)
            for bit, recipient in enumerate(world.recipients):
                compared += 1
                different += _given(masks, bit) != decide(engine, recipient, facts, world.question).variant
    return compared, different


def _given(masks: Masks, bit: int) -> str | None:
    return next((variant for variant, mask in zip(VARIANTS, masks, strict=True) if mask >> bit & 1), None)


def rates(classes: int, seed: int) -> dict[str, object]:
    """Decisions a second, all at once and one by one, for the same partnership with a thousand policies."""
    random = Random(seed)
    world = feed_world(random, members=50, agreements=860, own=200, odd=False)
    distinct: dict[ClassFacts, None] = {}
    while len(distinct) < classes:
        distinct[feed_class(random, world)] = None
    started = time.process_time()
    deciding = Deciding(world.book, world.recipients, world.question)
    for facts in distinct:
        deciding.masks(facts)
    taken = time.process_time() - started
    plain = _plain(random, world, list(distinct))
    at_once = classes * len(world.recipients) / taken
    return {
        "policies": len(world.book.policies),
        "classes": classes,
        "recipients": len(world.recipients),
        "engine calls": deciding.asked,
        "seconds of CPU": round(taken, 1),
        "decisions a second, all at once": round(at_once),
        "decisions a second, one by one": round(plain),
        "ratio": round(at_once / plain),
    }


def _plain(random: Random, world: World, classes: list[ClassFacts]) -> float:
    """Decisions a second when each pair is asked by itself."""
    engine = Engine(world.book)
    pairs = [(random.choice(world.recipients), random.choice(classes)) for _ in range(PLAIN)]
    started = time.process_time()
    for recipient, facts in pairs:
        decide(engine, recipient, facts, world.question)
    return PLAIN / (time.process_time() - started)


def main() -> None:
    """Parse the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--classes", type=int, default=65_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for name, value in rates(options.classes, options.seed).items():
        print(f"{name}: {value:,}", flush=True)
    compared, different = differences(options.pairs, options.seed)
    print(f"pairs compared with the plain engine: {compared:,}\ndifferences: {different:,}")


if __name__ == "__main__":
    main()
