"""The same kernel by our own driver, in Spark and in Ray Data, each in local mode with two processes: same hits, side by side.

`python -m bench.clusters [--records N] [--indicators N]`. Parquet of synthetic DNS records in, with the columns named as the mapping
names them; hits out, counted. A first hunt with what starting costs, then one more in what is running. Cost grows with records; Spark's
also with the columns and batches it hands over.
"""

from __future__ import annotations

import argparse
import functools
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench import detection_data as data
from bench.detection import crew
from commonwatch.capabilities.detection.matching.index.index import IndicatorIndex
from commonwatch.capabilities.detection.matching.kernel import IndexMatcher
from commonwatch.capabilities.detection.telemetry.mappings import mappings
from commonwatch.capabilities.detection.telemetry.reading import read

MAPPING = "zeek-dns"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--indicators", type=int, default=1_000_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="commonwatch-bench-") as temporary:
        folder = Path(temporary)
        stored, index = _made(folder, asked.records, asked.indicators)
        # What the programs of others start finds what we import.
        os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
        os.environ["PYSPARK_PYTHON"] = sys.executable
        print(
            f"| {asked.records:,} DNS records, {asked.indicators:,} indicators | first, with its start | again | hits |"
        )
        print("| --- | ---: | ---: | ---: |")
        for name, hunt in (("ours", _ours), ("Spark `mapInArrow`", _spark), ("Ray Data", _ray)):
            hunt(name, folder / "dns.parquet" if hunt is _ours else stored, index)


def _matcher(folder: Path) -> IndexMatcher:
    return IndexMatcher(IndicatorIndex.open(folder))


def _made(folder: Path, records: int, indicators: int) -> tuple[Path, Path]:
    """Events as the mapping names them, and the index."""
    random = np.random.default_rng(7)
    pool = data.pools(random, records)
    frame = data.logs(random, pool, 4 * records)["dns"]
    log = data.write(folder, "dns", frame, "parquet")
    IndicatorIndex.build(folder / "index", data.indicators(random, pool, indicators), 1)
    stored = folder / "events.parquet"
    pq.write_table(pa.Table.from_batches([batch.events for batch in read(log, mappings()[MAPPING])]), stored)
    return stored, folder / "index"


def _print(name: str, begun: float, hunt: Callable[[], int]) -> None:
    hits = hunt()
    first, again = time.perf_counter() - begun, time.perf_counter()
    assert hunt() == hits
    print(f"| {name} | {first:.2f} s | {time.perf_counter() - again:.2f} s | {hits:,} |", flush=True)


def _ours(name: str, log: Path, index: Path) -> None:
    begun = time.perf_counter()
    with crew(index, 2) as hunters:
        _print(name, begun, lambda: sum(part.hits.num_rows for part in hunters.parts([log]) if part.hits is not None))


def _spark(name: str, stored: Path, index: Path) -> None:
    from pyspark.sql import SparkSession

    from commonwatch.capabilities.detection.matching.drivers import spark

    begun = time.perf_counter()
    building = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    session = building.config("spark.sql.execution.arrow.maxRecordsPerBatch", "100000").getOrCreate()
    try:
        made = functools.partial(_matcher, index)
        _print(name, begun, lambda: spark.hits(session.read.parquet(str(stored)), mappings()[MAPPING], made).count())
    finally:
        session.stop()


def _ray(name: str, stored: Path, index: Path) -> None:
    import ray
    import ray.data

    from commonwatch.capabilities.detection.matching.drivers import ray_data

    begun = time.perf_counter()
    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False)
    try:
        made: Any = functools.partial(_matcher, index)
        events = functools.partial(ray.data.read_parquet, str(stored))
        _print(name, begun, lambda: int(ray_data.hits(events(), mappings()[MAPPING], made, actors=2).count()))
    finally:
        ray.shutdown()


if __name__ == "__main__":
    main()
