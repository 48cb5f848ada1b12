"""Files, folders, archives and streams into the node, with a tally that tells the truth."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from commonwatch.base.intake.receive import Channel
from commonwatch.base.intake.sources import ensure_source
from commonwatch.base.journal import reading
from commonwatch.capabilities.exchange.files import documents as files
from commonwatch.capabilities.exchange.files.documents import documents, total_bytes
from commonwatch.capabilities.exchange.files.importing import Tally, import_documents
from tests.capabilities.partners import VOUCHER, indicator


def bundle(*objects: Any) -> dict[str, Any]:
    return {"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000001", "objects": list(objects)}


def taken(*paths: Path | str) -> dict[str, Tally]:
    source = ensure_source("test", "TLP:GREEN")
    channel = Channel(source.pk, "TLP:GREEN", VOUCHER, "test", (1,))
    found = documents([str(path) for path in paths], 1 << 30)
    return {Path(name).name: tally for name, tally in import_documents(found, channel, lambda document, size: None)}


def held() -> int:
    return len(reading.entries(0, 100_000))


def test_every_container_gives_the_same_objects(ready: Path, tmp_path: Path) -> None:
    objects = [indicator(n) for n in range(3)]
    lines = "\n".join(json.dumps(one) for one in objects)
    forms = {
        "bundle.json": json.dumps(bundle(*objects)),
        "envelope.json": json.dumps({"more": False, "objects": objects}),
        "array.json": json.dumps(objects),
        "lines.ndjson": lines,
        "single.json": json.dumps(objects[0]),
    }
    for name, text in forms.items():
        (tmp_path / name).write_text(text)
    tallies = taken(tmp_path)
    assert {name: tally.objects for name, tally in tallies.items()} == {
        "array.json": 3,
        "bundle.json": 3,
        "envelope.json": 3,
        "lines.ndjson": 3,
        "single.json": 1,
    }
    assert sum(tally.admitted for tally in tallies.values()) == 3 == held()
    assert all(tally.complete for tally in tallies.values())


def test_one_bad_object_never_costs_a_batch(ready: Path, tmp_path: Path) -> None:
    bad = {**indicator(2), "id": "indicator--broken"}
    text = json.dumps(bundle(indicator(1), bad, indicator(3))).replace('"number 3"', '"number 3", "x": nan', 1)
    (tmp_path / "mixed.json").write_text(text)
    tally = taken(tmp_path / "mixed.json")["mixed.json"]
    assert (tally.admitted, tally.quarantined, tally.refused) == (1, 1, 1)
    assert not tally.complete and set(tally.codes) == {"id-malformed", "not-json"}
    where, finding = tally.examples["id-malformed"]
    assert "mixed.json" in where and finding.place == "/id" and finding.remedy


def test_a_folder_is_read_in_order_without_hidden_files_and_links_that_lead_out(ready: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.json").write_text(json.dumps(indicator(9)))
    folder = tmp_path / "feed"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "b.json").write_text(json.dumps(indicator(2)))
    (folder / "a.json").write_text(json.dumps(indicator(1)))
    (folder / ".hidden.json").write_text(json.dumps(indicator(3)))
    (folder / "link.json").symlink_to(tmp_path / "outside.json")
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe")
    tallies = taken(folder)
    assert list(tallies) == ["a.json", "link.json", "pipe", "b.json"] and held() == 2
    assert tallies["link.json"].documents_refused == tallies["pipe"].documents_refused == 1


def test_what_is_not_there_or_empty_or_something_else_is_named(ready: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.json").write_text("")
    (tmp_path / "page.html").write_text("<html><body>Not found</body></html>")
    (tmp_path / "nothing").mkdir()
    codes = {
        name: next(iter(tally.codes))
        for name, tally in taken(
            tmp_path / "absent.json", tmp_path / "empty.json", tmp_path / "page.html", tmp_path / "nothing"
        ).items()
    }
    assert (
        codes["absent.json"] == "unreadable" and codes["empty.json"] == "empty" and codes["nothing"] == "folder-empty"
    )
    assert codes["page.html"] not in ("", "internal")


def test_archives_are_read_like_folders(ready: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "feed.zip", "w") as archive:
        archive.writestr("a.json", json.dumps(bundle(indicator(1), indicator(2))))
        archive.writestr("../evil.json", json.dumps(indicator(3)))
    tallies = taken(tmp_path / "feed.zip")
    assert sum(tally.admitted for tally in tallies.values()) == 2 == held()
    assert sum(tally.documents_refused for tally in tallies.values()) == 1


def test_standard_input_takes_a_bundle_and_a_stream_of_lines(ready: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Input:
        buffer: io.BytesIO

    given = Input()
    monkeypatch.setattr("sys.stdin", given)
    given.buffer = io.BytesIO(json.dumps(bundle(indicator(1)), indent=1).encode())
    assert taken("-")["standard input"].admitted == 1
    given.buffer = io.BytesIO("\n".join(json.dumps(indicator(n)) for n in range(2, 5)).encode())
    assert taken("-")["standard input"].admitted == 3
    assert total_bytes(["-"]) is None


def test_a_large_file_of_lines_is_streamed(ready: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LINES_ABOVE", 1000)
    monkeypatch.setattr(files, "MAX_DOCUMENT_BYTES", 2000)
    path = tmp_path / "large.ndjson"
    path.write_text("\n".join(["", *(json.dumps(indicator(n)) for n in range(2500)), "{broken", ""]))
    assert next(iter(documents([str(path)], 0))).lines is None  # the first line is empty: read whole, and too large
    path.write_text("\n".join([*(json.dumps(indicator(n)) for n in range(2500)), "{broken", ""]))
    tally = taken(path)["large.ndjson"]
    assert (tally.objects, tally.admitted, tally.refused) == (2501, 2500, 1)
    (tmp_path / "whole.json").write_text(json.dumps(bundle(*(indicator(n) for n in range(9))), indent=1))
    assert next(iter(taken(tmp_path / "whole.json").values())).codes == {"document-too-large": 1}


def test_importing_again_changes_nothing(ready: Path, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(bundle(*(indicator(n) for n in range(5)))))
    taken(tmp_path / "a.json")
    again = taken(tmp_path / "a.json")["a.json"]
    assert (again.admitted, again.duplicate, held()) == (0, 5, 5) and again.complete


def test_an_interruption_waits_for_what_was_handed_over(ready: Path, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(bundle(*(indicator(n) for n in range(3000)))))
    source = ensure_source("test", "TLP:GREEN")

    def interrupt(document: object, size: int) -> None:
        raise KeyboardInterrupt

    found = documents([str(tmp_path / "a.json")], 1 << 30)
    with pytest.raises(KeyboardInterrupt):
        list(import_documents(found, Channel(source.pk, "TLP:GREEN", VOUCHER, "test", (1,)), interrupt))
    assert held() == 2000
