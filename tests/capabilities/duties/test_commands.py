"""The commands of duties, as a person gives them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from commonwatch.base import terminal
from commonwatch.base.terminal import Terminal, use
from commonwatch.capabilities.duties.commands import app
from commonwatch.core.errors import InvalidInput

Run = Callable[..., Any]


@pytest.fixture
def run(ready: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Give a command and get its JSON."""
    before = terminal.current()
    use(Terminal(json=True))

    def call(*words: str) -> Any:
        capsys.readouterr()
        get_command(app)(list(words), standalone_mode=False)
        return json.loads(capsys.readouterr().out)

    yield call
    use(before)


def test_a_duty_by_the_command_line(run: Run, tmp_path: Path) -> None:
    given = [
        "assess",
        "Ransomware",
        "--place",
        "DE",
        "--role",
        "nis2-entity",
        "--severity",
        "high",
        "--time",
        "aware=now",
    ]
    found = run(*given)
    assert found["kept"] == []
    assert found["assessed"][0]["assessed"]["regime"] == "RO:EU-NIS2-23"
    stand = [one for one in found["assessed"] if one["assessed"]["standing"] == "in-force"]
    assert len(run(*given, "--keep")["kept"]) == len(stand) > 1
    assert {one["assessed"]["outcome"] for one in run(*given, "--all")["assessed"]} == {"likely", "possible", "no"}
    duties = run("list", "--state", "proposed")
    number = str(next(one["duty"] for one in duties if one["regime"] == "RO:EU-NIS2-23"))
    duty = run("confirm", number, "--reason", "Legal office")
    notice = str(next(one["notice"] for one in duty["notices"] if one["name"] == "early warning"))
    assert run("draft", notice)["draft"]["gaps"]
    assert "À : CSIRT national" in run("draft", notice, "--language", "fr")["text"]
    assert "[غير معروف بعد]" in run("draft", notice, "--language", "ar")["text"]
    with pytest.raises(InvalidInput, match="no words in latin"):
        run("draft", notice, "--language", "latin")
    words = tmp_path / "draft.txt"
    words.write_text("Our words.", encoding="utf-8")
    assert run("draft", notice, "--keep", str(words))["text"] == "Our words."
    assert run("extend", notice, "--until", "2099-01-01T00:00Z", "--ground", "Letter")["notices"][0]["due"].startswith(
        "2099"
    )
    sending = run("sent", notice, "--how", "portal", "--to", "BSI")
    assert sending["text"] == "Our words."
    run("draft", notice, "--anew")
    assert run("sent", notice, "--how", "portal", "--to", "BSI", "--language", "es")["text"].startswith(
        "A: CSIRT nacional"
    )
    receipt = tmp_path / "receipt.pdf"
    receipt.write_bytes(b"%PDF")
    kept = run("receipt", str(sending["sending"]), "--reference", "N-1", "--file", str(receipt))
    assert kept["file_sha256"] == sha256(b"%PDF").hexdigest()
    event = run(
        "event",
        number,
        "request_of_csirt_or_authority",
        "--at",
        "now",
        "--basis",
        "Mail",
        "--answer-by",
        "2099-01-01T00:00Z",
    )
    asked = next(one for one in event["notices"] if one["name"] == "intermediate report" and one["state"] == "running")
    assert run("leave-out", str(asked["notice"]), "--reason", "By telephone")["duty"] == int(number)
    assert run("close", number, "--reason", "Done")["state"] == "closed"
    assert run("reopen", number, "--reason", "Not done")["state"] == "confirmed"
    assert run("reject", number, "--reason", "Not owed")["state"] == "rejected"
    assert [one["what"] for one in run("show", number)["history"]][-3:] == ["closed", "confirmed", "rejected"]


def test_lists_of_law_by_the_command_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "duties.json"
    assert len(run("facts", "list")["regimes"]) == 72
    assert [one["id"] for one in run("facts", "list", "--place", "CH")["regimes"]] == ["RO:CH-ISA", "RO:CH-FADP"]
    assert run("facts", "show", "RO:EU-DORA-19")["counting"] == "eu-dora"
    run("facts", "export", str(file))
    assert run("facts", "check", str(file))["changed"] == []
    value = json.loads(file.read_bytes())
    value["regimes"][0]["stages"][0]["deadline"] = "PT12H"
    file.write_text(json.dumps(value), encoding="utf-8")
    assert run("facts", "import", str(file), "--reason", "Act", "--yes")["changed"] == ["RO:EU-NIS2-23"]
    assert run("facts", "show", "RO:EU-NIS2-23")["stages"][0]["deadline"] == "PT12H"
    assert run("facts", "undo", "--reason", "Not adopted", "--yes")["changed"] == ["RO:EU-NIS2-23"]
    value["regimes"][0]["stages"][0]["deadline"] = "soon"
    file.write_text(json.dumps(value), encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        run("facts", "check", str(file))
    assert ended.value.code == 1
    with pytest.raises(InvalidInput, match="cannot be read"):
        run("facts", "check", str(tmp_path / "missing.json"))


def test_calendars_by_the_command_line(run: Run, tmp_path: Path) -> None:
    made = run("calendar", "make", "Legal office")
    assert made["address"].startswith("/calendars/") and made["address"].endswith("/duties.ics")
    assert run("calendar", "revoke", str(made["calendar"]))["revoked"]
    assert run("calendar", "list")[0]["revoked"]
    run("calendar", "export", str(tmp_path / "d.ics"))
    assert (tmp_path / "d.ics").read_bytes().startswith(b"BEGIN:VCALENDAR\r\n")


@pytest.mark.parametrize("time", ["aware", "aware=noon", "aware=2026-11-29", "noon=now"])
def test_a_time_that_makes_no_sense_is_refused(run: Run, time: str) -> None:
    with pytest.raises(InvalidInput):
        run("assess", "x", "--place", "DE", "--time", time)
