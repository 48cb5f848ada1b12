"""How values are shown: what others wrote can neither run nor hide nor turn round."""

from __future__ import annotations

import pytest

from commonwatch.console.shell import cells


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("txt.\u202egnp.exe", "txt.[U+202E]gnp.exe"),
        ("pay\u200bpal.example", "pay[U+200B]pal.example"),
        ("a\x1b[2Jb", "a[U+001B][2Jb"),
        ("hidden\U000e0041\U000e0042", "hidden[U+E0041][U+E0042]"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("two\nlines", "two\nlines"),
    ],
)
def test_what_hides_or_turns_letters_is_written_out(written: str, shown: str) -> None:
    assert cells.visible(written) == shown
    assert cells.text(written) == f"<bdi dir=auto>{shown}</bdi>"
    assert shown in cells.code(written)


def test_an_indicator_is_shown_defanged_and_copied_as_it_is() -> None:
    shown = cells.indicator("https://evil.example/a?b=1")
    assert ">hxxps://evil[.]example/a?b=1<" in shown or ">hxxps://evil.example" not in shown
    assert 'data-copy="https://evil.example/a?b=1"' in shown


def test_markup_is_text() -> None:
    assert "<script>" not in cells.text("<script>alert(1)</script>")
    assert "<script>" not in cells.indicator("<script>alert(1)</script>.example")
