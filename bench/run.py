"""Measures our node, the databases' own limits and two peers in one run, and prints a Markdown table.

.venv/bin/python -m bench.run                      # 10k and 100k objects, SQLite and PostgreSQL, peers
.venv/bin/python -m bench.run --sizes 1000000 --no-peers --databases sqlite
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tools import test as throwaway

from bench import client, limits, meter, objects, servers

MEDALLION_OBJECTS = 1_000
OPENTAXII_OBJECTS = 5_000

SPREAD = 10_000  # ids and versions that are asked for come from the first ten thousand objects

FILTERS: dict[str, Callable[[int], str]] = {
    "by id": lambda n: f"objects/{_id(n * 130 % SPREAD)}/",
    "match[id]": lambda n: f"objects/?match[id]={_id(n * 130 % SPREAD)}",
    "match[type], limit 100": lambda n: "objects/?match[type]=relationship&limit=100",
    "match[type]=rare or two": lambda n: "objects/?match[type]=ipv4-addr,malware&limit=100",
    "match[version]=value": lambda n: f"objects/?match[version]={_version(n * 130 % SPREAD)}",
    "match[version]=all, limit 100": lambda n: "objects/?match[version]=all&limit=100",
    "match[spec_version]=2.1, limit 100": lambda n: "objects/?match[spec_version]=2.1&limit=100",
    "type and version": lambda n: f"objects/?match[type]=indicator&match[version]={_version(n * 130 % SPREAD)}",
    "versions of an id": lambda n: f"objects/{_id(n * 130 % SPREAD)}/versions/",
    "empty poll": lambda n: "objects/?added_after=2090-01-01T00:00:00.000000Z",
}


def measure(server: servers.Server, count: int, *, whole: bool) -> dict[str, object]:
    """Every row of the table for one server that starts empty."""
    row: dict[str, object] = {"server": server.name, "objects": count}
    tenths = client.add(server, count, 1000)
    row["ingest us"] = sum(tenths) / count * 1e6
    row["last tenth / first"] = tenths[-1] / tenths[0] if len(tenths) > 1 and tenths[0] else None
    for name, resource in (("read us", "objects/"), ("manifest us", "manifest/")):
        row[name] = _attempt(partial(_walk, server, resource, count))
    if not whole:
        return row
    assert client.total(server) == count, "objects were lost"
    for name, tails in FILTERS.items():
        taken = client.latencies(server, tails, 300)
        row[name] = f"{statistics.median(taken) * 1e3:.2f} / {taken[int(len(taken) * 0.99)] * 1e3:.2f} ms"
    one = min(client.readers(server, 1) for _ in range(3))
    eight = client.readers(server, 8)
    row["eight readers / (one x cores)"] = f"{8 * one / eight / (os.cpu_count() or 1):.2f}"
    row["read, one reader, objects/s"] = f"{count / one:,.0f}"
    row["memory MB"] = round(meter.memory_mb(server.pids))
    row["disk bytes/object"] = _disk(server, count)
    row["small posts/s"] = round(client.small_posts(server, 8, 1000, start=count))
    return row


def _walk(server: servers.Server, resource: str, count: int) -> float:
    best = float("inf")
    for _ in range(3):
        before = server.cpu()
        for _page in client.Client.of(server).walk(resource):
            pass
        best = min(best, (server.cpu() - before) / count * 1e6)
    return best


def _attempt(work: Callable[[], float]) -> object:
    try:
        return work()
    except client.Failed as error:
        return f"fails: {error}"


def _disk(server: servers.Server, count: int) -> object:
    files = [path for path in server.folder.glob("commonwatch.db*")]
    return (
        round(sum(path.stat().st_size for path in files if not path.name.endswith(("-wal", "-shm"))) / count)
        if files
        else None
    )


def _id(number: int) -> str:
    return str(json.loads(objects.one(number))["id"])


def _version(number: int) -> str:
    return str(json.loads(objects.one(number))["modified"])


@contextmanager
def _postgresql() -> Iterator[tuple[str, list[int]]]:
    programs = throwaway.server_programs()
    assert programs is not None, "install postgresql"
    with throwaway.postgresql(programs) as url:
        port = url.rpartition(":")[2].partition("/")[0]
        found = [
            int(folder.name)
            for folder in Path("/proc").iterdir()
            if folder.name.isdigit() and b"-p\0" + port.encode() in _command_line(folder)
        ]
        yield url, found[:1]


def _command_line(folder: Path) -> bytes:
    try:
        return (folder / "cmdline").read_bytes()
    except OSError:
        return b""


def main() -> None:
    """Parse the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"], choices=["sqlite", "postgresql"])
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    rows: list[dict[str, object]] = []

    def done(row: dict[str, object], started: float) -> None:
        rows.append(row)
        print(json.dumps(row), f"({time.perf_counter() - started:.0f} s)", file=sys.stderr, flush=True)

    for database in options.databases:
        for size in options.sizes:
            started = time.perf_counter()
            if database == "sqlite":
                with tempfile.TemporaryDirectory(prefix="bench-limit-") as folder:
                    insert, read = limits.sqlite_limits(Path(folder), size)
                done({"server": "limit, SQLite", "objects": size, "ingest us": insert, "read us": read}, started)
                with servers.commonwatch() as server:
                    done(measure(server, size, whole=True), started)
                continue
            with _postgresql() as (url, pids):
                insert, read = limits.postgresql_limits(url, pids, size)
                done({"server": "limit, PostgreSQL", "objects": size, "ingest us": insert, "read us": read}, started)
                with servers.commonwatch(url, pids) as server:
                    server.name = "commonwatch, PostgreSQL"
                    done(measure(server, size, whole=True), started)
    if not options.no_peers:
        started = time.perf_counter()
        with servers.medallion() as server:
            done(measure(server, MEDALLION_OBJECTS, whole=False), started)
        with servers.opentaxii() as server:
            done(measure(server, OPENTAXII_OBJECTS, whole=False), started)
        with _postgresql() as (url, pids), servers.opentaxii(url, pids) as server:
            server.name = "opentaxii, PostgreSQL"
            done(measure(server, OPENTAXII_OBJECTS, whole=False), started)
    print(_markdown(rows))


def _markdown(rows: list[dict[str, object]]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = ["| work | " + " | ".join(f"{row['server']}, {row['objects']:,}" for row in rows) + " |"]
    lines.append("|" + " --- |" * (len(rows) + 1))
    for name in names:
        if name in ("server", "objects"):
            continue
        cells = [row.get(name) for row in rows]
        shown = [f"{cell:.2f}" if isinstance(cell, float) else "" if cell is None else str(cell) for cell in cells]
        lines.append(f"| {name} | " + " | ".join(shown) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
