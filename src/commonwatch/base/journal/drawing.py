"""Which places entries get: drawn so that those which a reader sees tell nothing of those which he does not.

Pure: random bytes come from a function that the caller gives. Entries that are drawn together get distinct places below
a fixed width, each set of places as likely as any other. They are dealt at random to groups, and within a group they
rise in the order in which its entries were given. Where a reader sees a group whole or not at all, the places he sees
are a uniformly random set of their number, and in uniformly random order but for that rule: the same whether others
were drawn or how many (decision 0009).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

WINDOW = 1_024  # places, of a microsecond each


def width_for(count: int) -> int:
    """How wide it has to be to draw this many: a window, doubled until they fit."""
    return WINDOW << max((count - 1).bit_length() - WINDOW.bit_length() + 1, 0)


def draw(count: int, width: int, taken: set[int], random_bytes: Callable[[int], bytes]) -> list[int]:
    """So many places below `width` (a power of two) that are not taken, in random order; they are taken then."""
    mask = width - 1
    drawn: list[int] = []
    add, keep = taken.add, drawn.append
    while missing := count - len(drawn):
        likely = missing * width // (width - len(taken)) + 8
        for number in memoryview(random_bytes(4 * likely)).cast("I"):
            place = number & mask
            if place not in taken:
                add(place)
                keep(place)
                missing -= 1
                if not missing:
                    break
    return drawn


def deal(places: Sequence[int], groups: Sequence[Hashable]) -> list[int]:
    """A place for each entry, given places in random order and the entries' groups: rising within each group."""
    if len(set(groups)) <= 1:
        return sorted(places)
    hands: dict[Hashable, list[int]] = {}
    for group, place in zip(groups, places, strict=True):
        hands.setdefault(group, []).append(place)
    for hand in hands.values():
        hand.sort(reverse=True)
    return [hands[group].pop() for group in groups]
