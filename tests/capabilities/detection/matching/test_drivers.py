from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import orjson
import polars as pl
import pyarrow as pa
import pytest

from commonwatch.capabilities.detection.alerts.grouping import entity_columns
from commonwatch.capabilities.detection.hunts.period import WHOLE, Period
from commonwatch.capabilities.detection.matching.compiling import Rule
from commonwatch.capabilities.detection.matching.drivers.parallel import Crew, Part, Reading, Work
from commonwatch.capabilities.detection.matching.drivers.shares import BYTES
from commonwatch.capabilities.detection.matching.index.index import IndicatorIndex
from commonwatch.capabilities.detection.matching.kernel import IndexMatcher
from commonwatch.capabilities.detection.matching.matcher import Parting
from commonwatch.capabilities.detection.telemetry.batch import Batch
from commonwatch.capabilities.detection.telemetry.mappings import mappings
from commonwatch.capabilities.detection.telemetry.reading import read
from commonwatch.core.patterns.values import Kind, Value
from tests.capabilities.detection.matching.oracle import Oracle, triples

BAD = [(1, Value(Kind.DOMAIN, "evil.example")), (2, Value(Kind.ADDRESS, "198.51.100.7"))]
Place = tuple[str, int, int, str]


def matcher(folder: Path) -> IndexMatcher:
    return IndexMatcher(IndicatorIndex.open(folder))


@contextmanager
def crew(work: Work, folder: Path, processes: int, period: Period = WHOLE) -> Iterator[Crew]:
    reading = Reading(None, tuple(mappings().values()), period.kept if period else None, entity_columns)
    folder.mkdir(exist_ok=True)
    with Crew(work, work.matchers(), reading, folder, processes) as made:
        yield made


def hunted(
    index: Path,
    files: Sequence[Path],
    *,
    rules: Mapping[str, Mapping[int, Rule]] | None = None,
    period: Period = WHOLE,
    processes: int = 1,
    size: int = BYTES,
) -> list[Part]:
    with crew(Work(index, rules or {}, 1), index.parent / "steps", processes, period) as hunters:
        return list(hunters.parts(files, size))


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


def places(found: Sequence[Part]) -> list[Place]:
    hits = []
    for part in found:
        if part.events is not None and part.hits is not None:
            records = part.events["record"].to_pylist()
            hits += [(part.place, records[row], entry, column) for row, entry, column in triples(part.hits)]
    return hits


def test_a_file_shared_out_among_processes_gives_every_hit_at_its_record(tmp_path: Path, index: Path) -> None:
    path = written(tmp_path / "dns.log", 20_000)
    found = hunted(index, [path], processes=2, size=300_000)
    assert sum(part.ended for part in found) > 5
    assert sum(part.records for part in found) == sum(part.read for part in found) == 20_000
    hits = places(found)
    assert set(hits) == expected(path, 20_000)
    assert [record for _, record, _, _ in hits] == sorted(record for _, record, _, _ in hits)


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
        found = hunted(tmp_path / "index", [tmp_path / name])
        assert not any(part.error for part in found)
        hits.append({place[1:] for place in places(found)})
    assert hits[0] == hits[1]
    read_plainly = [
        (batch.events["record"][row].as_py(), entry, column)
        for batch in read(tmp_path / "http.parquet", mappings()["zeek-http"])
        for row, entry, column in Oracle(held).hits(batch)
    ]
    assert hits[0] == set(read_plainly)
    assert {column for _, _, column in hits[0]} >= {"host", "url", "referrer_host", "id_resp_h"}


RULES = {
    "stix": {
        101: Rule("[url:value LIKE '%evil.example/%']", None, None),
        102: Rule("[ipv4-addr:value = '198.51.100.7'] FOLLOWEDBY [domain-name:value = 'evil.example']", None, None),
    },
    "sigma": {
        103: Rule("title: t\nlogsource: {category: proxy}\ndetection: {s: [gate, good], condition: s}", None, None)
    },
    "yara": {104: Rule('rule r { strings: $a = "evil.example" condition: $a }', None, None)},
}
ENTRIES = {"stix": 101, "sigma": 103, "yara": 104}  # what one event decides
SINCE, UNTIL = 1_500_000_900, 1_500_002_050


@pytest.mark.parametrize("period", [WHOLE, Period(SINCE * 10**6, UNTIL * 10**6)])
@pytest.mark.parametrize("families", [(), ("stix",), ("stix", "sigma", "yara")])
def test_every_family_finds_in_codes_and_views_what_it_finds_in_plain_events(
    tmp_path: Path, families: Sequence[str], period: Period
) -> None:
    held = [*BAD, (3, Value(Kind.URL, "evil.example:8080/gate.php"))]
    IndicatorIndex.open(tmp_path / "index").apply(held, [], 1)
    work = Work(tmp_path / "index", {family: RULES[family] for family in families}, 1)
    log, stored = tmp_path / "http.log", tmp_path / "http.parquet"
    log.write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in requests(3_000)))
    pl.DataFrame(requests(3_000)).write_parquet(stored, row_group_size=700)
    expected, columns = [], ("time", "url", "referrer_host", "id_orig_h")
    for batch in read(log, mappings()["zeek-http"]):
        for matcher in work.matchers().values():
            found = matcher.parted(batch)[0] if isinstance(matcher, Parting) else matcher.match(batch)
            for row, entry, column in triples(found):
                event = batch.events.slice(row, 1).to_pylist()[0]
                if not period or SINCE * 10**6 <= event["time"] < UNTIL * 10**6:
                    expected.append((event["record"], entry, column, *(event[name] for name in columns)))
    assert {entry for _, entry, *_ in expected} == {1, 2, 3, *(ENTRIES[family] for family in families)}
    for path in (log, stored):
        parts = hunted(tmp_path / "index", [path], rules=work.rules, period=period)
        assert sum(part.read for part in parts) == 3_000
        hits = []
        for part in parts:
            if part.events is not None and part.hits is not None:
                events = part.events.to_pylist()
                hits += [
                    (events[row]["record"], entry, column, *(events[row][name] for name in columns))
                    for row, entry, column in triples(part.hits)
                ]
        assert sorted(hits, key=str) == sorted(expected, key=str)


def test_a_file_that_cannot_be_read_costs_no_other(tmp_path: Path, index: Path) -> None:
    (tmp_path / "odd.bin").write_bytes(b"\0\1\2" * 100)
    path = written(tmp_path / "dns.log", 100)
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 and no more")
    found = hunted(index, [tmp_path / "odd.bin", tmp_path / "absent.log", tmp_path / "cut.parquet", path])
    assert [bool(part.error) for part in found if part.ended] == [True, True, True, False]
    assert set(places(found)) == expected(path, 100)


def test_real_telemetry_with_published_indicators_gives_the_hits_of_a_dictionary_loop(
    tmp_path: Path, shared: Path
) -> None:
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
