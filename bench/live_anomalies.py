"""What live anomalies cost beside matching: CPU time of reading and matching a folder of logs as it is watched, with and without.

`python -m bench.live_anomalies FOLDER [--indicators N]`. The index holds domains that nothing meets. A week that is replayed in a second
is the worst case: everything a window costs comes at once. Ratios of one run, the median of five.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

import pyarrow as pa

from commonwatch.capabilities.detection.anomalies.live import WAITING, LiveAnomalies
from commonwatch.capabilities.detection.matching.index.index import IndicatorIndex
from commonwatch.capabilities.detection.matching.kernel import IndexMatcher
from commonwatch.capabilities.detection.telemetry.live.folder import Folder
from commonwatch.capabilities.detection.telemetry.mappings import mappings

ROUNDS = 5
NOW_US = 1_796_000_000_000_000


class Spent(NamedTuple):
    events: int
    matching: float
    learning: float


def matcher(count: int, folder: Path) -> IndexMatcher:
    rows = [
        pa.array(range(count)),
        pa.array(["domain"] * count),
        pa.array([f"bad{one}.example" for one in range(count)]),
    ]
    schema = pa.schema([("entry", pa.int64()), ("kind", pa.string()), ("text", pa.string())])
    return IndexMatcher(IndicatorIndex.build(folder, [pa.RecordBatch.from_arrays(rows, schema=schema)], 1))


def watched(folder: Path, index: IndexMatcher) -> Spent:
    live, models = Folder(folder, list(mappings().values()), None), LiveAnomalies()
    events, learning, began = 0, 0.0, time.process_time()
    while came := live.poll(0):
        for delivery in came:
            events += delivery.batch.events.num_rows
            index.match(delivery.batch)
            started = time.process_time()
            models.add(delivery.batch)
            if models.waiting >= WAITING:
                models.take(NOW_US)
            learning += time.process_time() - started
    started = time.process_time()
    models.take(NOW_US)
    learning += time.process_time() - started
    live.close()
    return Spent(events, time.process_time() - began - learning, learning)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--indicators", type=int, default=100_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        index = matcher(given.indicators, Path(folder))
        watched(given.folder, index)  # libraries are loaded
        found = [watched(given.folder, index) for _ in range(ROUNDS)]
    learning, matching = (median(getattr(one, name) for one in found) for name in ("learning", "matching"))
    events = found[0].events
    print(f"{events:,} events: reading and matching {matching / events * 1e6:.2f} us of CPU an event,")
    print(f"learning {learning / events * 1e6:.2f} us more ({learning / matching:.0%})")


if __name__ == "__main__":
    main()
