"""The paging cursor: a place that only its own reader and question can use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.core.errors import InvalidInput
from commonwatch.core.taxii.cursor import seal, unseal

KEY = b"k" * 64


@given(st.integers(0, 2**63 - 1), st.binary(max_size=40), st.binary(min_size=1, max_size=100))
def test_what_was_sealed_is_unsealed_and_always_the_same(pos: int, bound: bytes, key: bytes) -> None:
    text = seal(pos, bound, key)
    assert unseal(text, bound, key) == pos and seal(pos, bound, key) == text and text.isascii() and "=" not in text


@given(st.text(max_size=40))
def test_nothing_else_is_a_cursor(text: str) -> None:
    with pytest.raises(InvalidInput):
        unseal(text, b"question", KEY)


def test_another_question_another_key_or_another_place_is_refused() -> None:
    text = seal(5, b"question", KEY)
    other = ("A" if text[0] != "A" else "B") + text[1:]
    for changed, bound, key in ((text, b"other", KEY), (text, b"question", b"x" * 64), (other, b"question", KEY)):
        with pytest.raises(InvalidInput):
            unseal(changed, bound, key)
