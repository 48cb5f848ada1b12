"""Which sentences of the rooms below are collected for translation."""

from __future__ import annotations

import ast
import json
from pathlib import Path

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


@pytest.mark.parametrize(
    "word",
    [
        Word("early warning", "", "stage of a duty"),
        Word("root causes", "", "asked in a notice"),
        Word("the payment", "", "starts a clock"),
        Word("without undue delay", "", "limit of a notice"),
        Word("cross border", "", "holds in a case"),
        Word("trust service", "", "what a member is"),
        Word("ict services", "", "sector of a member"),
        Word("Who answers at any hour, and how.", "", "request for help"),
        Word("log-check", "", "request for help"),
        Word("Sandbox for files", "", "what can be given"),
        Word("person", "", "what can be given"),
        Word("have stored data preserved before anybody asks for them", "", "legal request"),
        Word("reference case number", "", "legal request"),
        Word("own case number", "", "legal request"),
    ],
)
def test_words_of_the_lists_are_collected(word: Word) -> None:
    assert word in {found for path in DATA["response"] for found in words_of(path)}


def test_a_new_word_of_the_list_of_duties_is_collected(tmp_path: Path) -> None:
    """So that `messages.py check` fails until it has its translations."""
    shipped = next(path for path in DATA["response"] if path.name == "duties.json")
    new = json.loads(shipped.read_text(encoding="utf-8"))
    new["starts"][0]["means"] = "a new event"
    new["countings"][0]["title"] = "A new rule"
    regime = new["regimes"][0]
    regime |= {"entities": ["new-role"], "sectors": ["new-sector"], "needs": ["new_flag"], "also_inform": ["a new one"]}
    regime["stages"][0]["when"] = "!new_condition"
    path = tmp_path / shipped.name
    path.write_text(json.dumps(new), encoding="utf-8")
    found = {(word.context, word.text) for word in set(words_of(path)) - set(words_of(shipped))}
    assert found == {
        ("starts a clock", "a new event"),
        ("how limits are counted", "A new rule"),
        ("what a member is", "new role"),
        ("sector of a member", "new sector"),
        ("holds in a case", "new flag"),
        ("holds in a case", "new condition"),
        ("who is told, too", "a new one"),
    }
