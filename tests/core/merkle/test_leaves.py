"""Leaves prove without telling, and only to who has the opening."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.core.errors import InvalidInput
from commonwatch.core.merkle.leaves import Opening, decode_leaf, decode_opening, encode_leaf
from commonwatch.core.signing.canonical import canonical

OPENING = Opening("share", b"n" * 32, {"member": "identity--x", "count": 3, "all": True, "filter": None})


def test_a_leaf_opens_with_its_own_opening_only() -> None:
    entry = encode_leaf(OPENING, 1_767_225_600, "ab")
    assert OPENING.opens(entry) is None
    for other in (
        Opening("recall", OPENING.nonce, OPENING.body),
        Opening("share", b"m" * 32, OPENING.body),
        Opening("share", OPENING.nonce, {**OPENING.body, "count": 4}),
    ):
        broken = other.opens(entry)
        assert broken is not None and broken.code == "other-statement"


def test_a_leaf_tells_nothing_of_its_statement() -> None:
    entry = encode_leaf(OPENING, 1_767_225_600, "ab")
    assert b"identity" not in entry and len(entry) < 150
    assert set(json.loads(entry)) == {"at", "c", "p", "t", "v"}
    assert decode_leaf(entry).t == "share"


_VALUE = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8"))


@given(st.dictionaries(st.text(st.characters(codec="ascii")), _VALUE, max_size=6))
def test_leaves_and_openings_are_in_the_standards_canonical_form(body: dict[str, str | int | bool | None]) -> None:
    opening = Opening("act", b"k" * 32, body)
    assert opening.encode() == canonical(json.loads(opening.encode()))
    assert decode_opening(opening.encode()) == opening
    assert canonical(json.loads(encode_leaf(opening, 1, ""))) == encode_leaf(opening, 1, "")


def test_an_opening_has_one_spelling() -> None:
    raw = OPENING.encode()
    assert decode_opening(raw) == OPENING
    nonce = json.loads(raw)["nonce"]
    same = nonce[:-2] + chr(ord(nonce[-2]) + 1) + "="  # other letters, the same bytes
    for other in (raw.replace(b":", b": ", 1), raw.replace(nonce.encode(), same.encode()), raw + b"\n"):
        with pytest.raises(InvalidInput):
            decode_opening(other)


@pytest.mark.parametrize(
    "raw", [b"", b"{}", b'{"body":{},"kind":"a","nonce":"AAAA"}', b'{"body":{},"kind":"a","nonce":"!"}']
)
def test_malformed_openings_are_refused(raw: bytes) -> None:
    with pytest.raises(InvalidInput):
        decode_opening(raw)
    with pytest.raises(InvalidInput):
        decode_leaf(raw)
