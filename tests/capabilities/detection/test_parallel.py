"""A hunt finds the same in one process and in several, with every family of patterns, in the order of time over all files."""

from __future__ import annotations

import gzip
import multiprocessing
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from commonwatch.capabilities.detection.alerts.grouping import entity_columns
from commonwatch.capabilities.detection.alerts.meter import Meter
from commonwatch.capabilities.detection.hunts.hunting import Way, hunt
from commonwatch.capabilities.detection.hunts.period import WHOLE, Period
from commonwatch.capabilities.detection.hunts.running import known_mappings
from commonwatch.capabilities.detection.indicators.engine import Engine
from commonwatch.capabilities.detection.matching.drivers.parallel import Crew, Reading
from commonwatch.capabilities.detection.matching.drivers.steps import completed
from commonwatch.capabilities.detection.matching.matcher import Parting
from commonwatch.capabilities.detection.models import Alert, AlertRecord
from tests.base.release.nodes import indicator
from tests.capabilities.detection.intel import brought, domain
from tests.capabilities.detection.test_memory import COUNTED, SEQUENCE
from tests.capabilities.detection.test_watching import dns, write

NOW = 1_796_090_000_000_000
BEGIN_US = 1_793_577_600_000_000  # 2026-11-02
FRESH: dict[str, Any] = {"valid_from": "2026-11-01T00:00:00Z", "confidence": 80}
YARA = 'rule r { strings: $a = "yara.example" condition: $a }'
NAMES = ("fine.example", "first.example", "evil.example", "second.example", "many.example", "yara.example")


def nothing(meter: Meter) -> None:
    """Nobody looks."""


@pytest.fixture
def logs(ready: Path, tmp_path: Path) -> Iterator[Path]:
    """A folder in which later events lie in files with earlier names, plain and packed, and one that nobody can read."""
    brought(
        indicator(1, "GREEN", pattern=SEQUENCE, **FRESH),
        indicator(2, "GREEN", pattern="[domain-name:value LIKE 'many.%'] REPEATS 5 TIMES WITHIN 60 SECONDS", **FRESH),
        indicator(3, "GREEN", pattern=COUNTED, pattern_type="sigma", **FRESH),
        indicator(4, "GREEN", pattern=YARA, pattern_type="yara", **FRESH),
        domain(5, "evil.example", **FRESH),
    )
    folder = tmp_path / "logs"
    folder.mkdir()
    lines = [
        dns(NAMES[(second * 7 + second // 11) % len(NAMES)], second, f"10.0.0.{second % 3}") for second in range(900)
    ]
    write(folder / "c-early.json", *lines[:300])
    with gzip.open(folder / "b-middle.json.gz", "wt") as packed:
        packed.write("".join(line + "\n" for line in lines[300:600]))
    with zipfile.ZipFile(folder / "a-late.zip", "w") as archive:
        archive.writestr("one.json", "".join(line + "\n" for line in lines[600:750]))
        archive.writestr("two.json", "".join(line + "\n" for line in lines[750:]))
    write(folder / "d-odd.log", "nothing that anybody knows")
    yield folder


def found() -> list[tuple[Any, ...]]:
    fields = ("stix_id", "source", "entity", "count", "first_us", "last_us", "value", "samples")
    return sorted(Alert.objects.values_list(*fields), key=str)


def hunted(folder: Path, tmp_path: Path, processes: int, period: Period = WHOLE) -> Meter:
    Alert.objects.all().delete()
    files = sorted(path for path in folder.iterdir())
    engine = Engine(tmp_path / "index")
    way = Way(period=period, processes=processes)
    return hunt(engine, files, known_mappings("")[1], way, now_us=NOW, step=nothing)


def test_one_process_and_several_find_the_same(logs: Path, tmp_path: Path) -> None:
    period = Period(BEGIN_US + 50_000_000, BEGIN_US + 800_000_000)
    alone = hunted(logs, tmp_path, 1, period)
    expected, counted = found(), AlertRecord.objects.count()
    assert {int(row[0][-4:]) for row in expected} == {1, 2, 3, 4, 5}
    assert all(row[4] >= period.since_us and row[5] < period.until_us for row in expected)
    assert alone.events == 900 and alone.files == 3 and list(alone.left_out) == [str(logs / "d-odd.log")]
    together = hunted(logs, tmp_path, 2, period)
    assert found() == expected and AlertRecord.objects.count() == counted
    assert together.data() == alone.data()


def counts() -> Counter[int]:
    """How often each object fired."""
    total: Counter[int] = Counter()
    for alert in Alert.objects.all():
        total[int(alert.stix_id[-4:])] += alert.count
    return total


def test_patterns_over_several_events_take_all_files_in_the_order_of_time(logs: Path, tmp_path: Path) -> None:
    """As the live watch does, to which the events come in their order."""
    from commonwatch.capabilities.detection.watch.service import inputs, run

    hunted(logs, tmp_path, 1)
    expected = counts()
    Alert.objects.all().delete()
    with zipfile.ZipFile(logs / "a-late.zip") as archive:
        late = archive.read("one.json") + archive.read("two.json")
    early, middle = (logs / "c-early.json").read_bytes(), gzip.decompress((logs / "b-middle.json.gz").read_bytes())
    (tmp_path / "eve.json").write_bytes(early + middle + late)
    with inputs(Engine(tmp_path / "index"), learning=False) as live:
        live.add("sensor", str(tmp_path / "eve.json"), "")
        run(live, lambda: False, lambda meter: None, once=True)
    assert counts() == expected


@pytest.mark.parametrize("processes", [1, 2])
def test_however_a_file_is_cut_records_and_steps_are_the_same(logs: Path, tmp_path: Path, processes: int) -> None:
    engine = Engine(tmp_path / "index")
    reading = Reading(None, tuple(known_mappings("")[1]), None, entity_columns)
    answers = []
    for size in (1 << 30, 20_000):
        folder = tmp_path / str(size)
        folder.mkdir()
        hits: list[tuple[int, int, str]] = []
        parts = []
        with Crew(engine.work(), engine.families(), reading, folder, processes) as crew:
            for part in crew.parts([logs / "c-early.json"], size):
                if part.events is not None and part.hits is not None:
                    records = part.events["record"].to_pylist()
                    hits += [(records[row["row"]], row["entry"], row["column"]) for row in part.hits.to_pylist()]
                if part.steps is not None:
                    parts.append(part)
        engine = Engine(tmp_path / "index")  # with nothing remembered
        matchers = {name: one for name, one in engine.families().items() if isinstance(one, Parting)}
        for done in completed(parts, matchers):
            records = done.batch.events["record"].to_pylist()
            hits += [(records[row], entry, "") for row, entry in done.hits]
        answers.append(sorted(hits))
    assert answers[0] == answers[1] and answers[0]


def test_a_hunt_that_is_broken_off_leaves_no_process_and_keeps_what_it_found(logs: Path, tmp_path: Path) -> None:
    def broken_off(meter: Meter) -> None:
        if meter.hits:
            raise KeyboardInterrupt

    files = sorted(logs.iterdir())
    engine = Engine(tmp_path / "index")
    with pytest.raises(KeyboardInterrupt):
        hunt(engine, files, known_mappings("")[1], Way(processes=2), now_us=NOW, step=broken_off)
    assert not multiprocessing.active_children() and Alert.objects.exists()
