"""YARA rules find what they describe in texts and files, and no rule can hold up or silence another's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from commonwatch.capabilities.detection.matching.yara import matcher as module
from commonwatch.capabilities.detection.matching.yara.files import FileScanner, Scanned
from commonwatch.capabilities.detection.matching.yara.matcher import YaraMatcher
from commonwatch.capabilities.detection.matching.yara.scanning import Found
from commonwatch.core.patterns.yara.reading import YaraReading, read
from tests.capabilities.detection.matching.windows import WINDOWS, Event, batch_of, batches_of

ENCODED = read('rule enc { strings: $a = "-EncodedCommand" nocase condition: $a }')
SLOW = read("rule slow { condition: for any i in (0..1000000000000) : ( uint8(i) == 300) }")


def test_texts_are_scanned_in_every_column_of_the_log() -> None:
    matcher = YaraMatcher([(3, ENCODED)], 1)
    events: list[Event] = [
        {"CommandLine": "x -encodedcommand y", "Other": "-EncodedCommand"},
        {"CommandLine": "x"},
        {"EventID": 1},
    ]
    found = matcher.match(batch_of(events))
    assert found.to_pylist() == [
        {"row": 0, "entry": 3, "column": "CommandLine"},
        {"row": 0, "entry": 3, "column": "Other"},
    ]
    assert matcher.match(batch_of(events)) == found


def test_rules_about_a_file_s_structure_say_that_they_match_no_text() -> None:
    structural = read('import "pe"\nrule p { condition: pe.is_pe }')
    matcher = YaraMatcher([(1, structural), (2, ENCODED)], 1)
    assert {entry: one.reason for entry, one in matcher.unexecutable(WINDOWS).items()} == {
        1: "It reads the structure of a file (pe); windows holds texts."
    }


def test_a_rule_that_takes_too_long_is_withdrawn_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIMEOUT_SECONDS", 1)
    matcher = YaraMatcher([(1, SLOW), (2, ENCODED)], 1)
    assert matcher.match(batch_of([{"CommandLine": "-EncodedCommand"}])).column("entry").to_pylist() == [2]
    assert "withdrawn" in matcher.unexecutable(WINDOWS)[1].reason


def test_rules_of_one_entry_touch_no_other() -> None:
    silencing = read("global rule g { condition: false }")
    same = read('rule enc { strings: $a = "other" condition: $a }')
    matcher = YaraMatcher([(1, silencing), (2, ENCODED), (3, same)], 1)
    assert matcher.match(batch_of([{"C": "-EncodedCommand other"}])).column("entry").to_pylist() == [2, 3]


def test_a_folder_is_scanned_file_by_file(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"\x00\x01-encodedCOMMAND\xff")
    (tmp_path / "a.txt").write_bytes(b"nothing")
    (tmp_path / "large").write_bytes(b"-EncodedCommand" * 100)
    (tmp_path / "link").symlink_to(tmp_path / "b")
    os.mkfifo(tmp_path / "pipe")
    named = read('rule named { condition: filename == "a.txt" and extension == ".txt" }')
    scanned = list(FileScanner([(1, ENCODED), (2, named)], max_bytes=1_000).folder(tmp_path))
    assert [one.path.name for one in scanned] == ["a.txt", "b", "large", "link", "pipe"]
    assert scanned[0] == Scanned(tmp_path / "a.txt", (Found(2, "named"),))
    assert scanned[1].found == (Found(1, "enc"),)
    assert "at most 1,000" in scanned[2].problem
    assert "cannot be read" in scanned[3].problem
    assert scanned[4].problem == "It is no regular file."


def test_published_rules_find_what_they_describe_and_nothing_in_windows_events(shared: Path, tmp_path: Path) -> None:
    paths = sorted((shared / "intel/rules/yara").glob("*.yar"))
    pairs = [(number, read(path.read_text())) for number, path in enumerate(paths)]
    entry = next(number for number, path in enumerate(paths) if "versamem" in path.name)
    body = b"com.versa.vnms.ui.TestMain captureLoginPasswordCode com/versa/vnms/ui/TestMain getInsertCode"
    (tmp_path / "sample").write_bytes(b"PK\x03\x04" + body * 3)
    found = FileScanner(pairs).file(tmp_path / "sample").found
    assert {one.entry for one in found} == {entry}
    matcher = YaraMatcher(pairs, 1)
    sample = sorted((shared / "telemetry/windows-evtx-json").glob("*.jsonl"))[:12]
    assert sum(matcher.match(batch).num_rows for path in sample for batch in batches_of(path)) == 0


def test_without_executable_rules_nothing_is_scanned() -> None:
    assert YaraMatcher([(1, YaraReading())], 1).match(batch_of([{"C": "anything"}])).num_rows == 0
