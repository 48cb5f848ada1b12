"""The words of texts in six languages, and of what is written without blanks."""

from __future__ import annotations

import pytest

from commonwatch.base.search.words import LONGEST_WORD, MOST_WORDS, Term, terms_of, words_of
from commonwatch.core.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("A phishing campaign against hospitals", "Phishing hospitals"),
        ("Campagne d'hameçonnage contre des hôpitaux", "hameconnage HOPITAUX"),
        ("Campaña de suplantación contra España", "espana suplantacion"),
        ("Фишинговая кампания против всё ещё открытых больниц", "фишинговая все еще"),
        ("حملة تصيّد ضدّ المستشفيات", "تصيد مستشفيات"),
        ("حملة تصيد ضد مستشفيات", "التصيد المستشفيات"),
        ("针对医院的网络钓鱼攻击", "网络钓鱼"),
        ("针对医院的网络钓鱼攻击", "医院"),
        ("针对医院的网络钓鱼攻击", "击"),
        ("病院へのフィッシング攻撃", "フィッシング"),
        ("APT攻击 by T1059.001", "apt t1059"),
        ("CobaltStrike beacon on c2.evil.example", "strike evil.example"),
        ("CVE-2024-12345", "cve-2024-12345"),
        ("CVE-2024-12345", "12345"),
        ("ｆｕｌｌｗｉｄｔｈ ﬁle", "fullwidth file"),
        ("Straße", "STRASSE"),
        ("ev\u200bil\u202e", "evil"),
        ("attacks", "attack*"),
    ],
)
def test_a_text_is_found_by_words_of_its_language(text: str, question: str) -> None:
    words = words_of([text])
    for term in terms_of(question):
        assert any(word.startswith(term.word) if term.prefix else word == term.word for word in words), (term, words)


def test_one_name_is_not_another_that_begins_so() -> None:
    assert "apt1" not in words_of(["APT10 and APT17"])
    assert Term("apt1") in terms_of("apt1")


def test_what_must_not_occur_and_what_begins_so_is_said_by_signs() -> None:
    assert terms_of("emotet -botnet load*") == (
        Term("emotet"),
        Term("botnet", excluded=True),
        Term("load", prefix=True),
    )


@pytest.mark.parametrize("nothing", ["", "   ", "-", "* \" '", "-botnet", "\x00\x01", "\u202e", "。，"])
def test_a_question_without_a_word_is_refused(nothing: str) -> None:
    with pytest.raises(InvalidInput):
        terms_of(nothing)


def test_the_work_on_one_text_is_bounded() -> None:
    assert len(words_of([" ".join(f"word{n}" for n in range(100_000))])) <= MOST_WORDS
    assert len(words_of(["a." * 100_000])) <= MOST_WORDS
    assert max(map(len, words_of(["x" * 100_000]))) == LONGEST_WORD
    assert terms_of("x" * 100_000)[0].word == "x" * LONGEST_WORD


def test_words_hold_nothing_that_a_database_would_read_as_syntax() -> None:
    hostile = "\"a\" OR b) NEAR('x', 2) AND * ^ {col}:d -- \\' ; DROP \x00 \u202e ''' &|!<->"
    for word in [*words_of([hostile]), *(term.word for term in terms_of(hostile))]:
        assert not set(word) & set("\"'()*^{}\\;&|!<> \x00"), word
