"""Every open set of telemetry is read whole, with the counts that its README states and rows that are known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from commonwatch.capabilities.detection.telemetry.batch import Batch, Mapping
from commonwatch.capabilities.detection.telemetry.faults import Faults
from commonwatch.capabilities.detection.telemetry.mappings import mappings
from commonwatch.capabilities.detection.telemetry.reading import read
from commonwatch.capabilities.detection.telemetry.recognising import Unrecognised, recognise_folder

KNOWN = tuple(mappings().values())


def events_of(path: Path, **options: Any) -> list[dict[str, Any]]:
    """Every event as a row, without what is absent."""
    return [
        {key: value for key, value in row.items() if value is not None}
        for batch in read(path, known=KNOWN, **options)
        for row in batch.events.to_pylist()
    ]


def counts(folder: Path) -> dict[str, tuple[str, int]]:
    """For each file its mapping and the number of its events."""
    found: dict[str, tuple[str, int]] = {}
    for path, mapping in recognise_folder(folder, KNOWN):
        if isinstance(mapping, Mapping):
            found[path.name] = (mapping.name, sum(batch.events.num_rows for batch in read(path, mapping)))
    return found


def test_a_week_of_zeek_logs_has_the_stated_counts(shared: Path) -> None:
    found = counts(shared / "telemetry/zeek-trickbot-2018")
    assert len(found) == 17
    assert found["conn.log"] == ("zeek-conn", 13_001)
    assert found["ssl.log"] == ("zeek-ssl", 6_032)
    assert found["dns.log"] == ("zeek-dns", 1_534)
    assert found["files.log"] == ("zeek-files", 1_385)
    assert found["http.log"] == ("zeek-http", 1_149)
    assert found["x509.log"] == ("zeek-x509", 398)
    assert found["ldap_search.log"] == ("zeek", 1_976)


def test_every_trickbot_connection_of_the_expected_joins_is_read(shared: Path) -> None:
    expected = json.loads((shared / "telemetry/expected-open.json").read_bytes())["pair1_trickbot"]
    seen: dict[str, list[int]] = {}
    for event in events_of(shared / "telemetry/zeek-trickbot-2018/conn.log"):
        seen.setdefault(f"{event['id_resp_h']}:{event['id_resp_p']}", []).append(event["time"])
    for hit in expected["hits"]:
        times = seen[hit["indicator"]]
        assert len(times) == hit["records"]
        assert min(times) == round(float(hit["first"]) * 1_000_000)
        assert max(times) == round(float(hit["last"]) * 1_000_000)


def test_the_records_of_the_scanners_are_the_lines_that_are_expected(shared: Path) -> None:
    path = shared / "telemetry/suricata-eve-ctu/test6-malicious.suricata.json"
    expected = json.loads((shared / "telemetry/expected-open.json").read_bytes())["pair2_scanners"]
    lines: dict[str, list[int]] = {}
    events = events_of(path)
    assert len(events) == 5_000
    for event in events:
        for end in {event["src_ip"], event["dest_ip"]}:
            lines.setdefault(end, []).append(event["record"])
    for hit in expected["hits"]:
        assert lines[hit["indicator"]] == hit["lines"]


def test_windows_events_show_the_hashes_and_the_host_inside_text_that_are_expected(shared: Path) -> None:
    hits = json.loads((shared / "telemetry/expected-open.json").read_bytes())["pair3_endpoint"]["hits"]
    for hit in hits:
        found = [
            event["record"]
            for event in events_of(shared / "telemetry" / hit["telemetry"])
            if hit["indicator"] in _values(event)
        ]
        assert found == hit["lines"], hit["indicator"]


def _values(event: dict[str, Any]) -> set[str]:
    names = ("md5", "sha1", "sha256", "found_hosts", "found_md5", "found_sha1", "found_sha256")
    values: set[str] = set()
    for name in names:
        value = event.get(name)
        values.update(str(one).lower() for one in (value if isinstance(value, list) else [value]) if one)
    return values


def test_every_windows_set_is_read_whole(shared: Path) -> None:
    jsonl = counts(shared / "telemetry/windows-evtx-json")
    assert len(jsonl) == 128
    assert sum(count for _, count in jsonl.values()) == 1_852
    regression = counts(shared / "telemetry/sigma-regression")
    assert len(regression) == 193
    assert sum(count for _, count in regression.values()) == 223
    zips = counts(shared / "logs/security-datasets")
    assert len(zips) == 13
    assert sum(count for _, count in zips.values()) == 11_476
    assert {mapping for mapping, _ in (jsonl | regression | zips).values()} == {"windows"}


@pytest.mark.parametrize("folder", ["zeek-slips", "zeek-wrccdc-2018", "eve-from-pcap", "suricata-alert-samples"])
def test_every_other_set_is_recognised_and_read_whole(shared: Path, folder: str) -> None:
    total = lost = 0
    for path, mapping in recognise_folder(shared / "telemetry" / folder, KNOWN):
        if isinstance(mapping, Unrecognised):
            assert path.name in ("README.md", "labels.config")
            continue
        faults = Faults()
        total += sum(batch.events.num_rows for batch in read(path, mapping, faults=faults))
        lost += faults.count
    expected = {"zeek-slips": (4_478, 1), "zeek-wrccdc-2018": (114_456, 0), "eve-from-pcap": (5_267, 0)}
    assert (total, lost) == expected.get(folder, (548, 0))


def test_a_batch_names_its_place_and_mapping(shared: Path) -> None:
    path = shared / "logs/security-datasets/schtask_create.zip"
    batch: Batch = next(read(path, rows=10))
    assert batch.mapping.name == "windows"
    assert batch.place == f"{path}!schtask_create_2020-12-1907003032.json"
    assert batch.events.num_rows == 10
