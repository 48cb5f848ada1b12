"""What the rooms below say in English is said in the reader's language, with its values, whatever they hold."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.test import Client
from django.utils import translation

import commonwatch.capabilities
from commonwatch.capabilities.assistance.facts import machine
from commonwatch.capabilities.assistance.saying import stands
from commonwatch.capabilities.duties import writing as duty_writing
from commonwatch.capabilities.evidence.legal import actions as legal_actions
from commonwatch.capabilities.evidence.rules import ENDED as custody
from commonwatch.console.shell import told
from commonwatch.core.errors import NotFound

ROOMS = Path(commonwatch.capabilities.__file__).parent
OTHERS = ["fr", "es", "ar", "zh-hans", "ru"]


def plain(text: str) -> str:
    """Without the marks that keep values apart."""
    return text.replace("\u2068", "").replace("\u2069", "")


@pytest.mark.parametrize("language", OTHERS)
def test_a_sentence_keeps_its_values_in_every_language(language: str) -> None:
    with translation.override(language):
        said = told.told("There is no telemetry called cert-xx.")
        assert said != "There is no telemetry called cert-xx." and "\u2068cert-xx\u2069" in said


def test_a_word_of_a_list_inside_a_sentence_is_said_where_the_page_says_so() -> None:
    listed = {"personal data": "персональные данные"}
    with translation.override("ru"):
        for said in ("It is stated: personal data.", "It is stated: personal data. It is stated: <b>."):
            assert "personal data" in told.sentence(said)
            shown = plain(told.sentence(said, lambda value: listed.get(value, value)))
            assert "Указано: персональные данные." in shown and "personal" not in shown and "<b>" not in shown


def standing() -> list[str]:
    """How things stand, as the rooms of responding say it."""
    states = [stands(state) for state in machine().states]
    return [*states, *custody.values(), *legal_actions._ENDED.values(), *duty_writing._STANDS.values()]


@pytest.mark.parametrize("language", OTHERS)
def test_how_something_stands_is_said_in_the_language_also_inside_a_sentence(language: str) -> None:
    with translation.override(language):
        for one in standing():
            alone, inside = told.told(one), plain(told.told(f"{one} That cannot be done now."))
            assert alone != one and inside.startswith(alone), one
            if language in ("ar", "zh-hans", "ru"):
                assert not re.search("[A-Za-z]", inside), inside


WORDS = {"state", "ended", "act", "standing", "urgency", "answer"}  # attributes that hold a word of a list


def named_by(hole: ast.expr) -> str:
    """The attribute that a value is, also where a method changes it; looked up in a list of sentences it is none."""
    while isinstance(hole, ast.Call) and isinstance(hole.func, ast.Attribute):
        hole = hole.func.value
    return hole.attr if isinstance(hole, ast.Attribute) else ""


def test_no_sentence_of_these_rooms_is_made_around_a_word_of_a_list() -> None:
    """A word put into a sentence stays English, and has other forms in other languages: each gets a sentence of its own."""
    found = []
    for room in ("assistance", "duties", "evidence", "incidents"):
        for path in (ROOMS / room).rglob("*.py"):
            if "commands" in str(path.relative_to(ROOMS)):
                continue  # whose readers sit at a terminal
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.JoinedStr):
                    continue
                last = node.values[-1]
                ends = isinstance(last, ast.Constant) and str(last.value).endswith((".", "!"))
                holes = [one.value for one in node.values if isinstance(one, ast.FormattedValue)]
                named = {named_by(one) for one in holes}
                if ends and named & WORDS:
                    found.append(f"{path.name}:{node.lineno}")
    assert found == [], found


def test_an_error_is_told_with_what_to_do() -> None:
    error = NotFound("page-unknown", "There is no telemetry called cert-xx.", "Choose another name.")
    with translation.override("fr"):
        assert plain(told.error_told(error)).count("cert-xx") == 1 and "Choose" not in told.error_told(error)
    assert told.error_told(error) == str(error)


def test_what_nobody_has_translated_stays_english_and_says_so() -> None:
    with translation.override("ar"):
        assert told.sentence("An unheard-of <b>thing</b> happened.") == (
            '<bdi lang="en">An unheard-of &lt;b&gt;thing&lt;/b&gt; happened.</bdi>'
        )
        assert told.sentence("The ship that nobody knows went down.").startswith('<bdi lang="en">')
    assert told.sentence("An unheard-of thing happened.") == "An unheard-of thing happened."


def test_values_that_look_like_patterns_change_nothing() -> None:
    with translation.override("ru"):
        said = told.told("%(v2)s has a token called %(v1)s \u2068{} already.")
        assert "\u2068%(v2)s\u2069" in said and "\u2068%(v1)s \u2068{}\u2069" in said


def test_sentences_within_sentences_without_end_are_said_all_the_same() -> None:
    with translation.override("ar"):
        assert "x" in told.told("The " * 390 + "x" + "." * 390)
        assert told.sentence("") == ""


def test_every_pattern_finds_its_own_sentence_and_no_other() -> None:
    plainly, holed = told._patterns()
    for pattern in holed:
        values = [f"value{number}" for number in range(len(pattern.pieces) - 1)]
        sentence = "".join(piece + value for piece, value in zip(pattern.pieces, [*values, ""], strict=True))
        found = told._found(sentence)
        assert found is not None and found[0] is pattern
    assert all(told._found(text) == (pattern, ()) for text, pattern in plainly.items())


def test_what_begins_and_ends_in_a_value_is_looked_for_last_and_says_enough_by_itself() -> None:
    _, holed = told._patterns()
    is_open = [not pattern.pieces[0] and not pattern.pieces[-1] for pattern in holed]
    assert any(is_open) and is_open == sorted(is_open)
    for pattern in holed:
        assert pattern.pieces[-1] or sum(letter.isalpha() for letter in "".join(pattern.pieces)) >= 10, pattern


@pytest.mark.parametrize("language", OTHERS)
def test_a_sentence_that_ends_in_a_value_is_said_in_the_language_and_so_is_the_value(language: str) -> None:
    with translation.override(language):
        inner = told.told("There is no telemetry called cert-xx.")
        said = told.told("The peer answered 404: There is no telemetry called cert-xx.")
    assert "\u2068404\u2069" in said and plain(said).endswith(plain(inner)) and "answered" not in said


@pytest.mark.parametrize("language", OTHERS)
def test_sentences_after_one_another_are_found_one_by_one(language: str) -> None:
    first, advice = "There is no telemetry called cert-xx.", "Choose another name."
    with translation.override(language):
        alone = [told.told(first), told.told(advice)]
        assert told.told(f"{first} {advice}") == " ".join(alone)
        # A value would take the rest with it, and leave it English.
        said = told.told(f"It cannot be shared so: {first} {advice}")
        assert said.endswith(alone[1]) and plain(alone[0]) in plain(said)
        # A sentence of which the pattern itself has two is found as a whole.
        both = "Dual criminality is no condition of this way. Does the law of the side that asks make it an offence?"
        assert told.told(f"{both} {advice}") == f"{told.told(both)} {alone[1]}"


def test_of_several_sentences_only_that_stays_english_which_nobody_has_translated() -> None:
    with translation.override("fr"):
        said = told.sentence("The duty has no such event. Nobody <i>knows</i> it. Choose another name.")
        assert said.count('<bdi lang="en">') == 1
        assert ' <bdi lang="en">Nobody &lt;i&gt;knows&lt;/i&gt; it.</bdi> ' in said


def test_a_value_that_looks_like_two_sentences_stays_a_value() -> None:
    with translation.override("fr"):
        said = told.told("There is no telemetry called a. Nobody knows it.")
        assert "\u2068a. Nobody knows it\u2069." in said


def test_a_sentence_behind_its_place_is_found() -> None:
    with translation.override("es"):
        alone = told.told("There is no telemetry called cert-xx.")
        assert told.told("line 3, b.cedar: There is no telemetry called cert-xx.") == (
            f"\u2068line 3, b.cedar\u2069: {alone}"
        )


def test_however_many_sentences_there_are_few_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    monkeypatch.setattr(told, "_found", lambda sentence: looked.append(sentence))
    most = told.MOST * (told.MOST + 1)  # every run of sentences, each with and without a place
    with translation.override("ar"):
        for text in ("A: b. " * 8, "A: b. " * 300, ". " * 900, "x" * 1_999, "A. B " * 7):
            looked.clear()
            assert told.told(text.strip()) == text.strip() and len(looked) <= most + 1


def test_a_page_of_an_error_is_in_the_readers_language(client: Client, ready: object) -> None:
    answer = client.get("/no/such/page/", headers={"accept-language": "es", "accept": "text/html"})
    assert answer.status_code == 404
    assert "There is no such page" not in answer.content.decode()
