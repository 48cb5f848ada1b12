from __future__ import annotations

import functools
import os
import sys
from pathlib import Path

import orjson
import polars as pl
import pyarrow as pa
import pytest

from commonwatch.capabilities.detection.matching.drivers.files import Found, Hunters, hunt_files
from commonwatch.capabilities.detection.matching.index.index import IndicatorIndex
from commonwatch.capabilities.detection.matching.kernel import IndexMatcher
from commonwatch.capabilities.detection.telemetry.batch import Batch
from commonwatch.capabilities.detection.telemetry.mappings import mappings
from commonwatch.capabilities.detection.telemetry.reading import read
from commonwatch.core.patterns.values import Kind, Value
from tests.capabilities.detection.matching.oracle import Oracle, triples

BAD = [(1, Value(Kind.DOMAIN, "evil.example")), (2, Value(Kind.ADDRESS, "198.51.100.7"))]
Place = tuple[str, int, int, str]


def matcher(folder: Path) -> IndexMatcher:
    return IndexMatcher(IndicatorIndex.open(folder))


@pytest.fixture
def index(tmp_path: Path) -> Path:
    folder = tmp_path / "index"
    IndicatorIndex.open(folder).apply(BAD, [], 1)
    return folder


def written(path: Path, events: int) -> Path:
    """A DNS log in which every hundredth name and every seven hundredth server is bad."""
    with path.open("wb") as file:
        for number in range(1, events + 1):
            name = f"h{number}.evil.example" if number % 100 == 0 else f"h{number % 50}.example.org"
            server = "198.51.100.7" if number % 700 == 0 else "192.0.2.53"
            event = {"ts": 1.5e9 + number, "uid": str(number), "id.orig_h": "10.0.0.1", "id.orig_p": 5353}
            event |= {"id.resp_h": server, "id.resp_p": 53, "proto": "udp", "query": name}
            file.write(orjson.dumps(event) + b"\n")
    return path


def expected(path: Path, events: int) -> set[Place]:
    names = {(str(path), number, 1, "query") for number in range(100, events + 1, 100)}
    return names | {(str(path), number, 2, "id_resp_h") for number in range(700, events + 1, 700)}


def places(found: Found) -> list[Place]:
    if found.events is None or found.hits is None:
        return []
    records = found.events["record"].to_pylist()
    return [(found.place, records[row], entry, column) for row, entry, column in triples(found.hits)]


def test_a_file_shared_out_among_processes_gives_every_hit_at_its_record(tmp_path: Path, index: Path) -> None:
    path = written(tmp_path / "dns.log", 20_000)
    with Hunters(functools.partial(matcher, index), 2) as hunters:
        found = list(hunters.hunt([path], size=300_000))
    assert len(found) > 5
    assert sum(each.records for each in found) == 20_000
    hits = [place for each in found for place in places(each)]
    assert set(hits) == expected(path, 20_000)
    assert [record for _, record, _, _ in hits] == sorted(record for _, record, _, _ in hits)
    assert {each.generation for each in found} == {1}


def requests(count: int) -> list[dict[str, object]]:
    """HTTP requests of every sort: absolute and odd paths, ports, texts that are empty or not there."""
    return [
        {
            "ts": 1.5e9 + number,
            "uid": str(number),
            "id.orig_h": f"10.0.0.{number % 5}",
            "id.orig_p": 40_000 + number,
            "id.resp_h": "198.51.100.7" if number % 70 == 0 else "192.0.2.80",
            "id.resp_p": (80, 8080, 443)[number % 3],
            "method": "GET",
            "host": (f"h{number % 9}.example.org", "evil.example", None)[number % 11 % 3],
            "uri": (f"/a/{number % 40}", "/gate.php", "http://evil.example/x", "*", "")[number % 13 % 5],
            "referrer": ("", None, "http://a.evil.example/", "http://good.example/")[number % 17 % 4],
        }
        for number in range(1, count + 1)
    ]


def test_parquet_read_as_codes_gives_the_hits_of_the_same_log_as_lines(tmp_path: Path) -> None:
    urls = ["evil.example:8080/gate.php", "http://evil.example/gate.php", "https://evil.example/x", "evil.example/a/7"]
    held = [*BAD, *((10 + number, Value(Kind.URL, url)) for number, url in enumerate(urls))]
    IndicatorIndex.open(tmp_path / "index").apply(held, [], 1)
    events = requests(3_000)
    (tmp_path / "http.log").write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in events))
    pl.DataFrame(events).write_parquet(tmp_path / "http.parquet", row_group_size=700)
    hits: list[set[tuple[int, int, str]]] = []
    for name in ("http.log", "http.parquet"):
        found = list(hunt_files([tmp_path / name], functools.partial(matcher, tmp_path / "index"), 1))
        assert not any(each.error for each in found)
        hits.append({place[1:] for each in found for place in places(each)})
    assert hits[0] == hits[1]
    read_plainly = [
        (batch.events["record"][row].as_py(), entry, column)
        for batch in read(tmp_path / "http.parquet", mappings()["zeek-http"])
        for row, entry, column in Oracle(held).hits(batch)
    ]
    assert hits[0] == set(read_plainly)
    assert {column for _, _, column in hits[0]} >= {"host", "url", "referrer_host", "id_resp_h"}


def test_a_file_that_cannot_be_read_costs_no_other(tmp_path: Path, index: Path) -> None:
    (tmp_path / "odd.bin").write_bytes(b"\0\1\2" * 100)
    path = written(tmp_path / "dns.log", 100)
    found = list(
        hunt_files([tmp_path / "odd.bin", tmp_path / "absent.log", path], functools.partial(matcher, index), 1)
    )
    assert [bool(each.error) for each in found] == [True, True, False]
    assert {place for each in found for place in places(each)} == expected(path, 100)


def test_real_telemetry_with_published_indicators_gives_the_hits_of_a_dictionary_loop(
    tmp_path: Path, shared: Path
) -> None:
    from commonwatch.capabilities.detection.telemetry.reading import read
    from commonwatch.core.patterns.plain import read_lines

    rows: list[tuple[int, Value]] = []
    for path in sorted((shared / "intel/indicators").rglob("*.txt")):
        with path.open(encoding="utf-8", errors="replace") as lines:
            rows += [(len(rows) + number, line.value) for number, line in enumerate(read_lines(lines)) if line.value]
    index = IndicatorIndex.open(tmp_path / "index")
    index.apply(rows, [], 1)
    index.merge()
    oracle, kernel, hits = Oracle(rows), IndexMatcher(index), 0
    for name in ("conn", "dns", "http", "ssl"):
        for batch in read(shared / f"telemetry/zeek-trickbot-2018/{name}.log"):
            found = triples(kernel.match(batch))
            assert found == oracle.hits(batch)
            hits += len(found)
    assert hits > 3_225  # of the controllers alone, by their endpoints


def _events(tmp_path: Path) -> Batch:
    from commonwatch.capabilities.detection.telemetry.reading import read

    (batch,) = read(written(tmp_path / "dns.log", 2_000), columns=["query", "id_resp_h"])
    return batch


def test_spark_gives_the_same_hits(tmp_path: Path, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sql = pytest.importorskip("pyspark.sql")
    from commonwatch.capabilities.detection.matching.drivers import spark

    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parents[4]), *sys.path]))
    batch = _events(tmp_path)
    session = sql.SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        events = session.createDataFrame(pa.Table.from_batches([batch.events]))
        rows = spark.hits(events, mappings()["zeek-dns"], functools.partial(matcher, index)).collect()
    finally:
        session.stop()
    path = str(tmp_path / "dns.log")
    assert {(path, row["record"], row["entry"], row["column"]) for row in rows} == expected(Path(path), 2_000)


def test_ray_gives_the_same_hits(tmp_path: Path, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ray = pytest.importorskip("ray")
    pytest.importorskip("ray.data")
    from commonwatch.capabilities.detection.matching.drivers import ray_data

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parents[4]), *sys.path]))
    batch = _events(tmp_path)
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        events = ray.data.from_arrow(pa.Table.from_batches([batch.events]))
        rows = ray_data.hits(events, mappings()["zeek-dns"], functools.partial(matcher, index)).take_all()
    finally:
        ray.shutdown()
    path = str(tmp_path / "dns.log")
    assert {(path, row["record"], row["entry"], row["column"]) for row in rows} == expected(Path(path), 2_000)
