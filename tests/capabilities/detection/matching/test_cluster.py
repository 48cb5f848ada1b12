"""The drivers for clusters, in local mode, find what the local driver finds."""

from __future__ import annotations

import json
import os
import shutil
import sys
from functools import partial
from pathlib import Path
from typing import NoReturn

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commonwatch.capabilities.detection.matching.drivers.arrow import Work
from commonwatch.capabilities.detection.matching.drivers.files import hunt_files
from commonwatch.capabilities.detection.matching.index.index import IndicatorIndex
from commonwatch.capabilities.detection.matching.kernel import IndexMatcher
from commonwatch.capabilities.detection.telemetry.mappings import mappings
from commonwatch.capabilities.detection.telemetry.reading import read
from commonwatch.core.patterns.values import Kind, Value

DNS = mappings()["zeek-dns"]
EVENTS = 3_000
Hits = list[tuple[int, int, str]]


def matcher(folder: Path) -> IndexMatcher:
    return IndexMatcher(IndicatorIndex.open(folder))


@pytest.fixture
def index(tmp_path: Path) -> Path:
    opened = IndicatorIndex.open(tmp_path / "index")
    values = [(1, Value(Kind.DOMAIN, "evil.example")), (2, Value(Kind.NETWORK, "203.0.113.0/24"))]
    values.append((3, Value(Kind.ENDPOINT, "198.51.100.7:53")))
    opened.apply(values, [], 7)
    return tmp_path / "index"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "dns.log"
    path.write_text("".join(json.dumps(event(number)) + "\n" for number in range(EVENTS)))
    return path


def event(number: int) -> dict[str, object]:
    return {
        "ts": 1_700_000_000 + number,
        "uid": f"C{number}",
        "id.orig_h": f"10.0.0.{number % 250}",
        "id.orig_p": 1024 + number,
        "id.resp_h": "198.51.100.7" if number % 400 == 0 else "198.51.100.8",
        "id.resp_p": 53,
        "query": "a.evil.example" if number % 300 == 1 else f"host{number}.fine.example",
        "answers": ["203.0.113.9"] if number % 500 == 2 else ["192.0.2.1", "192.0.2.2"],
    }


@pytest.fixture
def expected(log: Path, index: Path) -> Hits:
    found: Hits = []
    for share in hunt_files([log], partial(matcher, index), 1):
        assert not share.error
        assert share.events is not None
        assert share.hits is not None
        records = share.events["record"].take(share.hits["row"]).to_pylist()
        found += zip(records, share.hits["entry"].to_pylist(), share.hits["column"].to_pylist(), strict=True)
    assert {entry for _, entry, _ in found} == {1, 2, 3}
    return sorted(found)


@pytest.fixture
def stored(log: Path, tmp_path: Path) -> Path:
    path = tmp_path / "dns.parquet"
    pq.write_table(pa.Table.from_batches(batch.events for batch in read(log, DNS)), path, row_group_size=1_000)
    return path


def absent(reason: str) -> NoReturn:
    """In CI nothing may be left out."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def test_spark_finds_what_the_local_driver_finds(
    stored: Path, index: Path, expected: Hits, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("java") is None:
        absent("Spark needs Java 17: apt-get install openjdk-17-jre-headless")
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        absent("pyspark is not installed: ./run install cluster")
    from commonwatch.capabilities.detection.matching.drivers import spark

    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    session = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        rows = spark.hunt(session.read.parquet(str(stored)), Work(index, DNS)).collect()
    finally:
        session.stop()
    assert sorted((row["record"], row["entry"], row["column"]) for row in rows) == expected
    assert {row["generation"] for row in rows} == {7}


def test_ray_finds_what_the_local_driver_finds(stored: Path, index: Path, expected: Hits) -> None:
    try:
        import ray
    except ImportError:
        absent("ray is not installed: ./run install cluster")
    from commonwatch.capabilities.detection.matching.drivers import ray_data

    ray.init(num_cpus=2, include_dashboard=False, _node_ip_address="127.0.0.1", object_store_memory=200 << 20)
    try:
        rows = ray_data.hunt(ray.data.read_parquet(str(stored)), Work(index, DNS)).take_all()
    finally:
        ray.shutdown()
    assert sorted((row["record"], row["entry"], row["column"]) for row in rows) == expected
    assert {row["generation"] for row in rows} == {7}
