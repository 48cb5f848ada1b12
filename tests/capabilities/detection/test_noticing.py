"""What is unusual in live telemetry is noticed while it is watched, put on record once, and explained."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from commonwatch.capabilities.detection.alerts.sources import add_source, change_source
from commonwatch.capabilities.detection.anomalies import records
from commonwatch.capabilities.detection.anomalies.places import learned_folder, learned_path
from commonwatch.capabilities.detection.indicators.engine import Engine
from commonwatch.capabilities.detection.models import Anomaly, Position
from commonwatch.capabilities.detection.watch.noticing import Choice, Noticing, choice_of, learned
from commonwatch.capabilities.detection.watch.service import inputs, run
from commonwatch.core.stix.times import format_time

NOW = 1_796_090_000_000_000
BEGIN_US = 1_793_577_600_000_000  # 2026-11-02
WINDOW_US = 300_000_000


def flow(window: int, size: int) -> str:
    """A flow in a window, as Suricata writes it."""
    return json.dumps(
        {
            "timestamp": format_time(BEGIN_US + window * WINDOW_US, 6).replace("Z", "+0000"),
            "event_type": "flow",
            "src_ip": "10.0.0.7",
            "dest_ip": "9.9.9.9",
            "dest_port": 443,
            "flow": {"bytes_toserver": size, "bytes_toclient": 100, "pkts_toserver": 3},
        }
    )


@pytest.fixture
def log(ready: Path, tmp_path: Path) -> Path:
    shutil.rmtree(learned_folder(), ignore_errors=True)  # tests share the data folder
    path = tmp_path / "eve.json"
    path.write_text("".join(flow(window, 1_000 + window % 50) + "\n" for window in range(1_100)))
    return path


@pytest.fixture
def engine(log: Path, tmp_path: Path) -> Iterator[Engine]:
    yield Engine(tmp_path / "index")


def watched(engine: Engine, log: Path, *, learning: bool = True) -> list[int]:
    noticed: list[int] = []
    with inputs(engine, noticed=noticed.append, learning=learning) as found:
        found.add("sensor", str(log), "")
        run(found, lambda: False, lambda meter: None, once=True)
    return noticed


def more(log: Path, *lines: str) -> None:
    with log.open("a") as file:
        file.write("".join(line + "\n" for line in lines))


def test_a_burst_is_on_record_with_its_reasons_and_only_once(log: Path, engine: Engine) -> None:
    assert watched(engine, log) == []
    more(log, flow(1_100, 900_000_000), *(flow(window, 1_010) for window in range(1_101, 1_110)))
    (number,) = watched(engine, log)  # by another watch, which goes on with what the first had learned
    one = records.shown(records.anomaly(number))
    assert (one["entity"], one["model"], one["about"], one["source"]) == ("10.0.0.7", "online", "conn", "sensor")
    assert one["score"] > one["threshold"] and one["because"][0].startswith("bytes out")
    assert sum(reason["weight"] for reason in one["reasons"]) == pytest.approx(one["score"])
    Position.objects.all().delete()  # everything is read again
    learned_path("sensor").unlink()
    assert watched(engine, log) == [] and Anomaly.objects.count() == 1


def test_what_was_learned_and_is_broken_is_said_and_learned_anew(log: Path, engine: Engine) -> None:
    watched(engine, log)
    (before,) = learned()
    assert before.learning and before.entities == 1 and not before.trouble
    learned_path("sensor").write_bytes(b"CWANOM1\n" + bytes(500))
    more(log, flow(1_200, 1_000))
    watched(engine, log)
    (after,) = learned()
    assert after.learning and "digest" in after.trouble


def test_it_is_switched_off_for_a_source_and_for_a_watch(log: Path, engine: Engine) -> None:
    add_source("sensor", str(log), "", live=True, actor="t", now_us=NOW)
    assert choice_of("sensor") == Choice() and choice_of("another") == Choice()
    change_source("sensor", anomalies=False, names=None, actor="t", now_us=NOW)
    assert choice_of("sensor") == Choice(on=False)
    watched(engine, log)
    assert not learned_path("sensor").exists() and not learned()[0].learning
    change_source("sensor", anomalies=True, names="dga", actor="t", now_us=NOW)
    assert choice_of("sensor") == Choice(names="dga")
    more(log, flow(1_101, 1_000))
    watched(engine, log, learning=False)
    assert not learned_path("sensor").exists()
    watched(engine, log)
    assert "Generated names are not looked for" in learned()[0].trouble and learned()[0].learning


def test_without_the_extra_it_is_off_and_says_what_to_install(
    log: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    watched(engine, log)
    (said,) = learned()
    assert not said.learning and "./run install learning" in said.trouble


def test_learning_gives_way_where_it_takes_more_than_its_share(log: Path, engine: Engine) -> None:
    from commonwatch.capabilities.detection.telemetry.reading import read

    noticing = Noticing("sensor", Choice())
    noticing._allowed_seconds = -1.0
    batches = list(read(log))
    noticing.add(batches[0])
    assert noticing.skipped == batches[0].events.num_rows
    assert noticing.models is not None and noticing.models.waiting == 0


def test_records_are_found_by_source_host_model_and_time(log: Path, engine: Engine) -> None:
    watched(engine, log)
    more(log, flow(1_100, 900_000_000), *(flow(window, 1_010) for window in range(1_101, 1_110)))
    (number,) = watched(engine, log)
    at = BEGIN_US + 1_100 * WINDOW_US
    for wanted in (
        records.Wanted(sources=("sensor",)),
        records.Wanted(entity="10.0.0.7"),
        records.Wanted(models=("online",), since_us=at),
    ):
        assert [one.pk for one in records.anomalies(wanted)] == [number]
    assert not records.anomalies(records.Wanted(since_us=at + 1)) and not records.anomalies(
        records.Wanted(sources=("x",))
    )
