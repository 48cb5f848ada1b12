"""Sets of observations that meet a part of a pattern: what they can still become, and which of them are kept.

1. What a set of observations can still become depends on two numbers only: the earliest of their ends (`early`) and the
   latest of their beginnings (`late`). AND and FOLLOWEDBY join two sets (the lower `early`, the higher `late`); FOLLOWEDBY
   asks that `late` of the first is not after `early` of the second; WITHIN x that `late - early < x`; START and STOP that
   `early` is not before start and `late` before stop. An observation with a duration may have happened at any moment of it,
   for each of these anew (9.5).
2. So one set is as good as another wherever its `early` is not lower and its `late` not higher. Of sets that others
   dominate, only as many are kept as observations could be in the way: parts of a match must not share observations.
3. What arrives later begins later, within the allowed lateness. Then, below the moment from which late observations may
   still come (`floor`), all `late` count as equal; what is kept is bounded whatever the stream.
4. Only FOLLOWEDBY before a part of several observations must look further back: such a part may have begun before sets
   that arrived after its beginning. For each moment at which it may have begun the best sets before it are kept.
5. A set none of whose observations meets a second bracket is `alone`: it is in the way of no other part's sets. Where no
   REPEATS is around (`free`), one such set is enough: whatever it dominates is of no use.
6. Beyond `MOST_OPEN` sets in one place the oldest are forgotten and counted: never silently.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import NamedTuple

MOST_OPEN = 4_096  # sets kept in one place of one pattern and entity while late observations may still come
MOST_BEGINNINGS = 256  # moments at which a part of several observations may have begun
MOST_TRIES = 2_000  # steps in search of sets that share no observation, for one REPEATS and one observation


class Binding(NamedTuple):
    """Observations that meet an expression, by their keys, and for each the bracket it met. Sorted by `early`."""

    early: int
    late: int
    keys: tuple[int, ...]
    brackets: tuple[int, ...]
    alone: bool


class Arrival(NamedTuple):
    """One observation: a key of its own, when it began and ended, and which brackets hold for it."""

    key: int
    first: int
    last: int
    brackets: frozenset[int]


@dataclass
class State:
    """What is remembered of the past, place by place of the expression."""

    stores: list[list[Binding]]
    sizes: list[int]  # for each store: how large it may grow before it is tidied again
    newest: int = -(1 << 62)
    floor: int = -(1 << 62)  # nothing that begins earlier is to come
    oldest: int = -(1 << 62)  # nothing that ended earlier is of use
    forgotten: int = 0
    ordered: bool = True  # whether the observation in hand begins no earlier than all before it


def best(bindings: list[Binding], width: int, floor: int, free: bool) -> list[Binding]:
    """Those that fewer than `width` others dominate (rules 2, 3 and 5), in the order of the stores."""
    if len(bindings) < 2:
        return bindings
    kept: list[Binding] = []
    lates: list[int] = []
    seen: set[frozenset[int]] = set()
    enough = 1 << 62  # the lowest `late` of a set that is alone
    for one in sorted(bindings, key=lambda binding: (-binding.early, binding.late)):
        late = max(one.late, floor)
        if late < enough and bisect_right(lates, late) < width:
            if not (free and one.alone):  # the same observations, arranged otherwise, are no second way
                those = frozenset(one.keys)
                if those in seen:
                    continue
                seen.add(those)
            kept.append(one)
            insort(lates, late)
            if free and one.alone:
                enough = late
    kept.reverse()
    return kept


def choices(pool: list[Binding], wanted: int, taken: tuple[int, ...], width: int) -> Iterator[list[Binding]]:
    """Up to `width` ways to choose parts that share no observation, and as many that leave one of the first way out."""
    ways = list(islice(_packings(pool, wanted, taken), width))
    yield from ways
    if not ways or len(pool) == wanted:
        return
    for left_out in ways[0][:width]:
        yield from islice(_packings([one for one in pool if one is not left_out], wanted, taken), 1)


def _packings(pool: list[Binding], wanted: int, taken: tuple[int, ...]) -> Iterator[list[Binding]]:
    """Choices from the pool that share no observation, the first of the pool first; a search with bounded steps."""
    chosen: list[int] = []
    used: set[int] = set(taken)
    place = 0
    for _ in range(MOST_TRIES + wanted):
        if len(chosen) == wanted:
            yield [pool[number] for number in chosen]
        elif place < len(pool):
            if used.isdisjoint(pool[place].keys):
                chosen.append(place)
                used.update(pool[place].keys)
            place += 1
            continue
        if not chosen:
            return
        place = chosen.pop()
        used.difference_update(pool[place].keys)
        place += 1


def merged(parts: list[Binding]) -> Binding:
    """One set of all the parts."""
    earlies, lates, keys, brackets, alone = zip(*parts, strict=True)
    return Binding(min(earlies), max(lates), tuple(chain(*keys)), tuple(chain(*brackets)), all(alone))


def tidy(
    state: State, number: int, width: int, free: bool, beginnings: Iterable[int] = (), only_open: bool = False
) -> None:
    """Keep of a store what the pattern can still use."""
    store = state.stores[number]
    low = state.floor if only_open else state.oldest  # the second part of FOLLOWEDBY only waits for late first parts
    store = store[bisect_right(store, (low - 1, 1 << 62)) :]
    kept = best(store, width, state.floor, free)
    if beginnings:
        kept = sorted(set(kept).union(*(_before(store, moment, width) for moment in beginnings)))
    if len(kept) > MOST_OPEN:
        state.forgotten += len(kept) - MOST_OPEN
        kept = kept[-MOST_OPEN:]
    state.stores[number] = kept
    state.sizes[number] = 2 * len(kept)


def full(state: State, number: int, width: int) -> bool:
    """Whether a store is to be tidied: when it has doubled, so that its cost is spread."""
    return len(state.stores[number]) > max(2 * width, state.sizes[number])


def _before(store: list[Binding], moment: int, width: int) -> Iterator[Binding]:
    return islice((one for one in reversed(store) if one.late <= moment), width)
