"""What reaches a terminal: nothing from outside that would move its cursor or reorder its text."""

from __future__ import annotations

import json

import pytest

from commonwatch.base.terminal import Exit, Terminal, harmless


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[31mred", "\\u001b[31mred"),
        ("a\u202eb", "a\\u202eb"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("bell\x07", "bell\\u0007"),
        ("\x9b31m", "\\u009b31m"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("عربي 中文 Ünïcødé", "عربي 中文 Ünïcødé"),
        ("\ud800", "\\ud800"),
    ],
)
def test_control_and_hiding_characters_become_visible(text: str, shown: str) -> None:
    """Abuse class 59."""
    assert harmless(text) == shown


def test_text_for_people_and_one_value_for_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    for terminal in (Terminal(), Terminal(json=True)):
        terminal.print("hello [bold]not markup[/bold]")
        terminal.table(["a", "b"], [["x\x1b[2J", None]], "nothing")
        terminal.table(["a"], [], "nothing here yet: do this")
        terminal.result({"a": 1})
        terminal.note("beside")
    out, err = capsys.readouterr()
    text, value = out.split('{"a":1}')
    assert "[bold]not markup[/bold]" in text and "\x1b" not in text and "do this" in text and value == "\n"
    assert err.count("beside") == 2


def test_the_exit_code_is_the_one_given() -> None:
    with pytest.raises(SystemExit) as caught:
        Terminal().stop(Exit.NOT_ALL_ADMITTED)
    assert caught.value.code == 1


def test_progress_is_silent_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with Terminal().progress("Importing", 10) as advance:
        advance(5)
        advance(5, total=10)
    assert capsys.readouterr() == ("", "")


def test_json_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal(json=True).result({"text": "a\nb"})
    assert json.loads(capsys.readouterr().out) == {"text": "a\nb"}
