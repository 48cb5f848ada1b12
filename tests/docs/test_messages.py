"""Which sentences of the rooms below are collected for translation."""

from __future__ import annotations

import ast

import pytest
from tools.messages import LISTS as DATA
from tools.messages import Word, _is_sentence, _pattern, words_of


def said(text: str) -> str:
    """The pattern of an expression in Python."""
    return _pattern(ast.parse(text, mode="eval").body)


@pytest.mark.parametrize(
    "text",
    [
        "f'There is no case {name}.'",
        "'Who says so?'",
        "f'Is {member} one of these: {kinds}?'",
        "f'The peer answered {status}: {problem}'",
        "f'{name} holds no events of {source}'",
        "f'{path}, or {part} beside it, is there already.'",
        "'Install it: ./run install print'",
        "'`quarantine show` has more.'",
        "'100 is gravest.'",
    ],
)
def test_what_people_may_read_is_collected(text: str) -> None:
    assert _is_sentence(said(text))


@pytest.mark.parametrize(
    "text",
    [
        "f'{path}: {problem}.'",  # nothing of it is ours
        "f'{how} to {whom}'",
        "f'Leaf {number}: {why}'",  # would be found in any sentence about a leaf
        "f'SELECT level, number, hashes FROM transparency_tile WHERE {condition}'",
        "f'DROP POLICY served ON {table}'",
        "'Noto Sans Arabic'",
        "'it is larger than that'",
    ],
)
def test_what_says_too_little_or_is_no_sentence_is_not_collected(text: str) -> None:
    assert not _is_sentence(said(text))


def test_points_and_stages_of_the_list_of_duties_are_collected() -> None:
    (path,) = DATA["response"]
    found = set(words_of(path))
    assert {Word("early warning", "", "stage of a duty"), Word("root causes", "", "asked in a notice")} <= found
