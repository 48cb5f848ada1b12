"""Anomalies in files: the same models, fed from telemetry as it lies on disk."""

from __future__ import annotations

import gzip
from pathlib import Path

from commonwatch.capabilities.detection.anomalies.names import NameLists, train
from commonwatch.capabilities.detection.anomalies.ordinary import fit
from commonwatch.capabilities.detection.anomalies.saving import Origin
from commonwatch.capabilities.detection.anomalies.searching import beside_clean, drawn_names, surprises, windows_of

NOW = 1_796_090_000_000_000


def logs(shared: Path) -> list[Path]:
    return sorted((shared / "telemetry/zeek-trickbot-2018").glob("*.log"))


def test_an_infected_host_is_a_surprise_and_the_reasons_say_why(shared: Path) -> None:
    found = surprises(logs(shared), NOW)
    online = [one for one in found if one.model == "online"]
    assert {"172.16.9.5"} <= {one.entity for one in online}
    assert all(one.score.alarm and one.score.reasons for one in found)
    assert found == sorted(found, key=lambda one: (one.at_us, one.entity, one.model))
    assert surprises(list(reversed(logs(shared))), NOW) == found


def test_windows_are_held_against_clean_ones(shared: Path) -> None:
    table, places = windows_of(logs(shared))
    assert len(table) == len(places) > 1_000
    model = fit(table, Origin("itself", len(table), "2026-01-01T00:00:00Z", 1), rate=0.01)
    found = beside_clean(logs(shared), model)
    assert 0 < len(found) < len(table) * 0.03
    assert [one.score.value for one in found] == sorted((one.score.value for one in found), reverse=True)


def test_files_without_telemetry_give_nothing(tmp_path: Path) -> None:
    (tmp_path / "notes.bin").write_bytes(b"\0\1\2")
    assert surprises([tmp_path / "notes.bin"], NOW) == []


def test_generated_names_are_found_among_those_asked_for(shared: Path, tmp_path: Path) -> None:
    with gzip.open(shared / "ml/dga/opendns-top-domains.txt.gz", "rt") as file:
        chosen = [line.strip() for line in file][:3_000]
    with gzip.open(shared / "ml/dga/baderj-families.csv.gz", "rt") as file:
        rows = [line.strip().split(",") for line in file][1:]
    generated = [row[1] for row in rows if row[0] != "necurs"][::7][:3_000]
    model = train(NameLists(chosen, generated, "test"), made_at="2026-01-01T00:00:00Z", rate=0.01)
    unseen = [row[1] for row in rows if row[0] == "necurs"][:20]
    log = tmp_path / "dns.log"
    head = "#separator \\x09\n#path\tdns\n#fields\tts\tuid\tid.orig_h\tquery\n#types\ttime\tstring\taddr\tstring\n"
    log.write_text(head + "".join(f"1.0\tC\t192.0.2.1\t{name}\n" for name in [*unseen, "wikipedia.org"]))
    found = [name for name, _ in drawn_names([log], model)]
    assert len(found) >= 10 and "wikipedia.org" not in found
