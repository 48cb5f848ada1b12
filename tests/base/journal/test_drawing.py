"""What a reader sees of a window tells nothing of what he does not see: proven by counting every possible draw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import permutations
from math import comb, perm
from secrets import token_bytes
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.base.journal.drawing import WINDOW, deal, draw, width_for

WIDTH = 8  # small enough to count all of it; a power of two like the real one


def keys(numbers: Sequence[int]) -> Callable[[int], bytes]:
    """Random bytes that say these numbers, then every number in turn."""
    stream = list(numbers)

    def random_bytes(count: int) -> bytes:
        said, stream[:] = stream[: count // 4], stream[count // 4 :]
        said += [n % WIDTH for n in range(count // 4 - len(said))]
        return pack(f"{len(said)}I", *said)

    return random_bytes


def every_draw(count: int) -> list[list[int]]:
    """The result of every sequence of keys: those without repetition are equally likely, and repetition is passed over."""
    return [draw(count, WIDTH, set(), keys(order)) for order in permutations(range(WIDTH), count)]


@pytest.mark.parametrize("count", range(1, 6))
def test_every_sequence_of_places_is_drawn_equally_often(count: int) -> None:
    assert Counter(map(tuple, every_draw(count))) == dict.fromkeys(permutations(range(WIDTH), count), 1)


@given(st.lists(st.integers(0, 2**32 - 1), max_size=40), st.integers(0, WIDTH))
def test_repeated_keys_are_passed_over(numbers: list[int], count: int) -> None:
    wanted = list(dict.fromkeys(number % WIDTH for number in [*numbers, *range(WIDTH)]))[:count]
    assert draw(count, WIDTH, set(), keys(numbers)) == wanted


@given(st.sets(st.integers(0, WIDTH - 1)), st.integers(0, WIDTH))
def test_what_is_taken_is_not_drawn_again(taken: set[int], count: int) -> None:
    count = min(count, WIDTH - len(taken))
    now_taken = set(taken)
    drawn = draw(count, WIDTH, now_taken, token_bytes)
    assert len(set(drawn)) == count and not taken & set(drawn) and now_taken == taken | set(drawn)


@pytest.mark.parametrize("visible", ["a", "aa", "aab", "aba", "ab"])
def test_visible_places_are_distributed_the_same_however_many_are_withheld(visible: str) -> None:
    """Of each class's places in turn: every division of every set is equally likely, withheld ones between them or not."""
    expected = None
    for withheld in ("", "x", "xy", "xxy")[: 6 - len(visible)]:
        for groups in {withheld + visible, visible + withheld, visible[:1] + withheld + visible[1:]}:
            seen = Counter(
                tuple(place for group, place in zip(groups, deal(drawn, groups), strict=True) if group in visible)
                for drawn in every_draw(len(groups))
            )
            total = perm(WIDTH, len(groups))
            shares = {places: count / total for places, count in seen.items()}
            assert len({frozenset(places) for places in seen}) == comb(WIDTH, len(visible))
            assert len(set(seen.values())) == 1, "no outcome is likelier than another"
            expected = expected or shares
            assert shares == expected


@given(st.lists(st.sampled_from("abc"), max_size=50))
def test_places_rise_within_a_group(groups: list[str]) -> None:
    drawn = draw(len(groups), 64, set(), token_bytes)
    places = deal(drawn, groups)
    assert sorted(places) == sorted(drawn)
    for group in "abc":
        own = [place for place, of in zip(places, groups, strict=True) if of == group]
        assert own == sorted(own)


@pytest.mark.parametrize(
    ("count", "windows"), [(0, 1), (1, 1), (WINDOW, 1), (WINDOW + 1, 2), (2 * WINDOW + 1, 4), (100_000, 128)]
)
def test_the_width_is_a_window_doubled_until_all_fit(count: int, windows: int) -> None:
    assert width_for(count) == windows * WINDOW


def test_a_full_window_is_drawn_whole() -> None:
    assert sorted(draw(WINDOW, WINDOW, set(), token_bytes)) == list(range(WINDOW))
