"""The live watch under load: from a line in a log to its alert, and from a journal entry to the index that matches it.

`python -m bench.watch_latency [--indicators N] [--rate EVENTS_PER_SECOND] [--seconds S]`. A writer process appends Suricata events
to a file, a few a second of which match an indicator of their own; the watch runs as in `commonwatch watch`, its alerts
committed. The line's clock is read before it is written, the alert's after its transaction.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

HITS_A_SECOND = 5
PUBLISHED = 50


def event(name: str, number: int) -> str:
    return json.dumps(
        {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000000+0000", time.gmtime()),
            "flow_id": number,
            "event_type": "dns",
            "src_ip": f"10.0.{number >> 8 & 255}.{number & 255}",
            "src_port": 5353,
            "dest_ip": f"9.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
            "dest_port": 53,
            "proto": "UDP",
            "dns": {"type": "query", "id": number & 65535, "rrname": name, "rrtype": "A"},
        }
    )


def write(path: str, rate: int, seconds: float, times: str) -> None:
    """The log's writer: a piece every 10 ms, like a sensor that flushes its buffer."""
    written: dict[str, float] = {}
    begin = time.time()
    number = hits = 0
    with Path(path).open("a", buffering=1 << 20) as file:
        while (now := time.time()) - begin < seconds:
            for _ in range(max(0, int((now - begin) * rate) - number)):
                name = f"host{number % 50_000}.fine.example"
                if int((now - begin) * HITS_A_SECOND) > hits:
                    name = f"evil{hits}.example"
                    written[name] = time.time()
                    hits += 1
                file.write(event(name, number) + "\n")
                number += 1
            file.flush()
            time.sleep(0.01)
    Path(times).write_text(json.dumps({"times": written, "events": number}))


def made(folder: Path) -> None:
    """A node in a folder, Django set up for this process."""
    os.environ["COMMONWATCH_DATA"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "commonwatch.site.settings"
    import django

    django.setup()
    from commonwatch.cli import node

    node.prepare()


def publish(values: list[str], first: int = 0) -> None:
    """Indicators of our own, by intake."""
    from commonwatch.base.clock import now_us
    from commonwatch.base.intake.receive import Channel, receive
    from commonwatch.base.intake.sources import ensure_source, voucher_of
    from commonwatch.base.parties.queries import own_member
    from commonwatch.base.release.models import Collection
    from commonwatch.capabilities.detection.indicators.writing import Said, indicator_of
    from commonwatch.core.patterns.values import Kind, Value
    from commonwatch.core.stix.markings import TLP2
    from commonwatch.core.stix.times import format_time
    from commonwatch.core.stix.values import Piece

    said = Said(own_member().identity, "bench", (TLP2["TLP:GREEN"],), format_time(now_us() - 60_000_000, 3), 80)
    objects = [indicator_of(Value(Kind.DOMAIN, value), said) for value in values]
    source = ensure_source("bench", "TLP:GREEN")
    channel = Channel(source.pk, "TLP:GREEN", voucher_of(source), "bench", (Collection.objects.get(alias="main").slot,))
    receive([Piece(json.dumps(one).encode(), "") for one in objects], channel, now_us()).result()


def filled(engine: Any, count: int) -> None:
    """The index with so many further values beside those of the node: what a member with many feeds has."""
    import pyarrow as pa

    from commonwatch.capabilities.detection.matching.index.index import IndicatorIndex
    from commonwatch.capabilities.detection.matching.kernel import IndexMatcher

    def batches() -> Any:
        yield from engine._batches()
        kinds = ("address", "domain", "sha256", "url")
        for first in range(0, count, 100_000):
            numbers = range(first, min(first + 100_000, count))
            texts = [
                (
                    f"11.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}",
                    f"n{n}.bad.example",
                    f"{n:064x}",
                    f"http://n{n}.example/",
                )[n % 4]
                for n in numbers
            ]
            yield pa.RecordBatch.from_pydict(
                {"entry": [10_000_000 + n for n in numbers], "kind": [kinds[n % 4] for n in numbers], "text": texts}
            )

    engine.index = IndicatorIndex.build(engine._folder, batches(), engine.index.generation)
    engine._values = IndexMatcher(engine.index)


def line_to_alert(engine: Any, folder: Path, rate: int, seconds: float) -> dict[str, Any]:
    """Milliseconds from a line to its committed alert."""
    from commonwatch.capabilities.detection.models import Alert
    from commonwatch.capabilities.detection.watch.service import inputs, run

    log, times = folder / "eve.json", folder / "times.json"
    log.write_text(event("first.fine.example", 0) + "\n")
    seen: dict[str, float] = {}

    def raised(number: int) -> None:
        at = time.time()
        seen[Alert.objects.get(pk=number).value] = at

    writer = multiprocessing.get_context("spawn").Process(target=write, args=(str(log), rate, seconds, str(times)))
    with inputs(engine, raised) as found:
        found.add("bench", str(log), "suricata-eve")
        writer.start()
        ends = [0.0]

        def stopped() -> bool:
            if not writer.is_alive() and not ends[0]:
                ends[0] = time.time() + 2
            return bool(ends[0]) and time.time() > ends[0]

        run(found, stopped, lambda meter: None, once=False)
        events = found.meter().events
    writer.join()
    said = json.loads(times.read_text())
    took = sorted(1000 * (seen[name] - at) for name, at in said["times"].items() if name in seen)
    return {
        "written": said["events"],
        "read": events - 1,
        "hits": len(said["times"]),
        "alerts": len(took),
        "median_ms": round(statistics.median(took), 1),
        "p99_ms": round(took[min(len(took) - 1, int(len(took) * 0.99))], 1),
        "max_ms": round(took[-1], 1),
    }


def entry_to_index(engine: Any) -> dict[str, Any]:
    """Milliseconds from a durable journal entry to the index that matches it, the worker's loop beside the watch."""
    from commonwatch.capabilities.detection.watch.service import _IDLE_SECONDS
    from commonwatch.cli import worker
    from commonwatch.core.patterns.values import Kind, Value

    stop = threading.Event()
    loop = threading.Thread(target=worker.run, args=(stop,))
    loop.start()
    took = []
    for number in range(PUBLISHED):
        name = f"published{number}.example"
        publish([name])
        at = time.time()
        while not engine.index.lookup(Value(Kind.HOST, name)):
            engine.catch_up()
            time.sleep(_IDLE_SECONDS)
        took.append(1000 * (time.time() - at))
    stop.set()
    loop.join()
    took.sort()
    return {"median_ms": round(statistics.median(took), 1), "p99_ms": round(took[-1], 1), "published": PUBLISHED}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--indicators", type=int, default=1_000_000)
    parser.add_argument("--rate", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=40)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="commonwatch-bench-") as temporary:
        folder = Path(temporary)
        made(folder)
        publish([f"evil{number}.example" for number in range(int(given.seconds * HITS_A_SECOND) + 10)])
        from commonwatch.capabilities.detection.hunts.running import follow
        from commonwatch.capabilities.detection.indicators.engine import Engine
        from commonwatch.cli import node

        follow()
        engine = Engine()
        filled(engine, given.indicators)
        print(json.dumps({"line_to_alert": line_to_alert(engine, folder, given.rate, given.seconds)}))
        print(json.dumps({"entry_to_index": entry_to_index(engine)}))
        node.close()


if __name__ == "__main__":
    main()
