"""`commonwatch case`: the same acts from the command line, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from commonwatch.base import terminal
from commonwatch.base.terminal import Terminal, use
from commonwatch.capabilities.incidents.commands import cases, entries, files, given, playbooks, taking_part
from commonwatch.core.errors import InvalidInput, NotFound
from tests.capabilities.incidents.test_files import RECORD
from tests.capabilities.incidents.test_playbooks import IS_WIDE, LOOK, whole
from tests.capabilities.incidents.test_variables import asking

Run = Callable[..., Any]


@pytest.fixture
def run(partners: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    before = terminal.current()
    use(Terminal(json=True))

    def call(command: Callable[..., None], *words: Any, **options: Any) -> Any:
        capsys.readouterr()
        command(*words, **options)
        return json.loads(capsys.readouterr().out)

    yield call
    use(before)


def test_a_case_from_report_to_lesson(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    case = run(
        cases.report, "Wiper", with_=["cert-no", "police-at:police"], severity="high", detected="2h", source="SOC"
    )["case"]
    short = case[10:18]
    run(cases.acknowledge, short)
    run(cases.triage, short, rsit="malicious-code", determination="confirmed")
    run(cases.rate, short, "3", scheme="uk-ncsc")
    run(cases.state, short, "contained", when="1h")
    run(cases.time, short, "occurred", "2026-11-20", precision="day", source="backup log")
    run(entries.timeline, short, add="First beacon", when="2026-11-20T08:10:00Z", source="firewall")
    run(entries.note, short, "ours", only_us=True)
    [task] = run(entries.task, short, "Block", owner="cert-no", due="+1d")["objects"]
    run(entries.task, short, change=task, outcome="successful", result="done")
    run(entries.impact, short, "availability", "70", count=["system=12"])
    run(entries.decide, short, "Ports", "Offline until Monday", decided_by=["Director"])
    report = run(entries.sitrep, short, write=True, outlook="stable", next_due="+12h")
    assert "- Outlook: stable" in report["lines"]
    run(taking_part.add, short, "cert-de")
    assert set(run(taking_part.share, short)["earlier"]) == {"cert-de"}
    run(taking_part.share, short, "cert-de")
    run(taking_part.lead, short, to="cert-no")
    run(cases.close, short, root_cause="No second factor")
    run(entries.task, short, "Second factor for all", lesson=True, due="+90d")
    run(cases.reopen, short, reason="Again")
    shown = run(cases.show, short)
    assert (shown["id"], shown["state"], shown["severity"], shown["times"]["occurred"]["precision"]) == (
        case,
        "responding",
        "high",
        "day",
    )
    assert [one["name"] for one in shown["tasks"] if one["lesson"]] == ["Second factor for all"]
    assert shown["offers"][0]["to"]["name"] == "cert-no"
    assert [row["case"] for row in run(cases.list_cases, state=["responding"])["cases"]] == [case]
    assert run(cases.list_cases, state=["closed"])["cases"] == []
    lines = run(entries.timeline, short, kind=["entry"])["timeline"]
    assert [(one["words"], one["precision"], one["source"]) for one in lines] == [
        ("First beacon", "minute", "firewall")
    ]
    assert {one["name"] for one in run(files.metrics)["spans"]} >= {"time to contain"}
    assert len(run(files.duties, short)["duties"]) == 31
    assert len(run(files.classes)["classes"]["classes"]) == 11
    use(Terminal())
    about_one: tuple[Callable[[str], None], ...] = (
        cases.show,
        cases.related,
        files.duties,
        entries.timeline,
        entries.sitrep,
        taking_part.share,
        taking_part.lead,
    )
    for command in about_one:
        command(short)
    about_all: tuple[Callable[[], None], ...] = (cases.list_cases, files.metrics, files.classes)
    for listing in about_all:
        listing()
    assert "First beacon" in capsys.readouterr().out


def test_playbooks_and_files(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "playbook.json"
    file.write_text(json.dumps(whole()))
    kept = run(playbooks.take_in, file)["playbook"]
    assert [one["id"] for one in run(playbooks.list_playbooks)["playbooks"]] == [kept]
    case = run(cases.report, "Ransom")["case"]
    begun = run(playbooks.start, case, kept, person="A. Berg")["run"]
    run(playbooks.step, case, begun, LOOK)
    assert run(playbooks.show, kept, case=case, run=begun)["waiting"] == [IS_WIDE]
    assert run(playbooks.show, kept)["playbook"]["name"] == "Ransomware"
    run(playbooks.export, kept, tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == file.read_bytes()
    lost = run(files.export, case, tmp_path / "veris.json", form="veris")["lost"]
    assert {one["place"] for one in lost} >= {"actor", "marking"}
    run(files.export, case, tmp_path / "case.json")
    assert json.loads((tmp_path / "case.json").read_text())["type"] == "bundle"
    record = tmp_path / "record.json"
    record.write_text(json.dumps(RECORD))
    assert run(files.take_in, record)["case"].startswith("incident--")
    use(Terminal())
    playbooks.show(kept)
    playbooks.show(kept, case=case, run=begun)
    playbooks.list_playbooks()


def test_variables_of_a_run(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "playbook.json"
    file.write_text(json.dumps(asking()))
    kept = run(playbooks.take_in, file)["playbook"]
    case = run(cases.report, "Ransom")["case"]
    begun = run(playbooks.start, case, kept, values=["__region__=north=south"])["run"]
    assert run(playbooks.show, kept, case=case, run=begun)["asked"] == ["__address__"]
    assert len(run(playbooks.set_values, case, begun, ["__address__=198.51.100.7"])["objects"]) == 1
    with pytest.raises(InvalidInput, match="gives no variable a value"):
        playbooks.set_values(case, begun, ["__address__"])
    use(Terminal())
    capsys.readouterr()
    playbooks.show(kept, case=case, run=begun)
    shown = capsys.readouterr().out
    assert "whois 198.51.100.7 && echo __unknown__:value" in " ".join(shown.split())
    assert "north=south" in shown
    use(Terminal(json=True))
    run(playbooks.step, case, begun, LOOK, values=["__found__=[red]x[/red]"])
    found = {one["name"]: one["value"] for one in run(playbooks.show, kept, case=case, run=begun)["variables"]}
    assert found["__found__"] == "[red]x[/red]"


def test_what_people_write_is_read_or_refused_with_how_to_write_it(run: Run, tmp_path: Path) -> None:
    case = run(cases.report, "One")["case"]
    for wrong in (
        lambda: given.moment("yesterday"),
        lambda: given.exactly("roughly"),
        lambda: given.invited("cert-no:spy"),
        lambda: given.tracks(["navy"]),
        lambda: cases.report("x", as_="spy"),
        lambda: cases.time(case, "sometime", "2h"),
        lambda: cases.close(case, root_cause="x", determination="maybe"),
        lambda: entries.impact(case, "karma", "1"),
        lambda: entries.impact(case, "availability", "1", count=["many"]),
        lambda: entries.sitrep(case, outlook="rosy"),
        lambda: files.export(case, tmp_path / "x", form="pdf"),
        lambda: files.take_in(tmp_path / "missing"),
    ):
        with pytest.raises(InvalidInput):
            wrong()
    assert run(entries.sitrep, case) == {"report": None}


def test_a_case_is_found_by_its_id_the_beginning_of_its_number_or_its_name(run: Run) -> None:
    case = run(cases.report, "Ransomware at a hospital")["case"]
    for said in (case, case[10:], case[10:16], "Ransomware at a hospital", "ransomware AT a hospital "):
        assert given.case_id(said) == case, said
    for unknown in ("ffffffff", "ab", "Ransomware"):
        with pytest.raises(NotFound, match=f"There is no case {unknown}"):
            given.case_id(unknown)
    other = run(cases.report, "Ransomware at a hospital")["case"]
    with pytest.raises(InvalidInput) as refused:
        given.case_id("Ransomware at a hospital")
    assert case[10:18] in str(refused.value) and other[10:18] in str(refused.value)
