"""Documents as PDF: all that is said is in it, in its language and direction, and nothing of it is taken for markup."""

from __future__ import annotations

import io
from typing import Any

import pytest

from commonwatch.base.printing import pdf as printing
from commonwatch.base.printing.document import Bullets, Document, Facts, Grid, Heading, Paragraph
from commonwatch.base.printing.pdf import pdf
from commonwatch.core.errors import NodeUnable

NOW = 1_796_000_000_000_000
HOSTILE = '#include "/etc/passwd" $x$ *bold* _it_ <a> @ref \\ #{panic("no")} [x] // comment'


def document(language: str = "en", *words: str) -> Document:
    return Document(
        "Situation report 2",
        language,
        "TLP:AMBER+STRICT",
        "Made 2026-11-29 by CERT.at",
        (
            Heading("What happened"),
            Paragraph("\n".join(words) or HOSTILE),
            Facts((("State", "contained"), ("Lead", HOSTILE))),
            Heading("Tasks", 2),
            Grid(("Task", "Owner", "Due"), (("Block it", "CERT.no", "2026-12-01"), (HOSTILE, "", "\u2028"))),
            Bullets(("one", HOSTILE)),
        ),
    )


def read(raw: bytes) -> Any:
    from pypdf import PdfReader

    return PdfReader(io.BytesIO(raw))


def text_of(raw: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in read(raw).pages).split())


def test_all_that_is_said_is_in_it_and_nothing_is_markup() -> None:
    raw = pdf(document(), NOW)
    text = text_of(raw)
    for words in (
        "Situation report 2",
        "What happened",
        "State: contained",
        "Block it",
        "CERT.no",
        "TLP:AMBER+STRICT",
        "1 / 1",
    ):
        assert words in text
    assert text.count('#include "/etc/passwd" $x$ *bold* _it_ <a> @ref \\ #{panic("no")} [x] // comment') == 4
    assert "root:" not in text
    assert read(raw).metadata.title == "Situation report 2"
    assert read(raw).trailer["/Root"]["/MarkInfo"]["/Marked"].value  # tagged, for screen readers
    assert pdf(document(), NOW) == raw


def test_what_turns_text_around_or_is_no_letter_changes_nothing() -> None:
    text = text_of(pdf(document("en", "pay \u202eevil\u202c \x00\x07\x1b[2J \U00013000 \ufffe\ue000 now"), NOW))
    assert "evil" in text and "\u202e" not in text and "now" in text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", "Signalé à l'autorité, reçu « à temps »"),
        ("es", "¿Qué pasó? Contención"),
        ("ru", "Отчёт о положении"),
        ("ar", "تقرير الحالة"),
        ("zh-hans", "态势报告"),
    ],
)
def test_every_language_has_its_letters(language: str, words: str) -> None:
    raw = pdf(document(language, words), NOW)
    # Letters for which there is no font have no Unicode in the file: they would not be found.
    assert set(words.split()[0]) <= set(text_of(raw)) or language == "ar"
    assert read(raw).trailer["/Root"]["/Lang"].partition("-")[0] == language.partition("-")[0]


def test_a_language_without_a_font_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "_families", lambda: frozenset({"libertinus serif"}))
    with pytest.raises(NodeUnable, match="apt install fonts-wqy-microhei"):
        pdf(document("zh-hans"), NOW)
    assert "Situation report 2" in text_of(pdf(document("fr"), NOW))
