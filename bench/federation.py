"""The exchange between nodes as their users run it: real processes, real HTTP over loopback, every byte counted on its way.

`python -m bench.federation [--objects N] [--idle SECONDS] [--database postgresql]`. Three nodes: vienna, oslo (each calls the other)
and field, which nobody can call. Between them stand relays that count what passes, both ways, HTTP's own lines included.

1. Ingest over TAXII at vienna, alone. 2. Joined with oslo: seconds until the last of it is served there, against 1. 3. A day of a small
member: pieces of ten objects, in bytes on the line; and the same as one bundle. 4. One object posted here, visible there.
5. All quiet: bytes a minute.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools import test as throwaway

from bench import client, meter, objects
from bench.servers import Server
from commonwatch.cli.demo.nodes import DemoNode, free_port, stop

PATIENCE_SECONDS = 900.0
PUBLISHED = 60
DAY = 5_000  # objects that a small member gets in a day, in pieces of ten: one in three minutes
PIECE = 10


class Relay:
    """A loopback port that passes everything on to another, and counts it."""

    def __init__(self, to: int) -> None:
        self.bytes = 0
        self._to = to
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _accept(self) -> None:
        while True:
            near, _ = self._listener.accept()
            far = socket.create_connection(("127.0.0.1", self._to))
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := one.recv(1 << 16):
                self.bytes += len(piece)
                other.sendall(piece)
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_WR)


@dataclass
class Running:
    """A node that serves, with what a client of its own member needs."""

    node: DemoNode
    server: Server
    relay: Relay

    @property
    def pid(self) -> int:
        return int((self.node.folder / "demo.pid").read_text())

    def cpu(self) -> float:
        """CPU seconds of all its processes, and of its database."""
        return meter.cpu_seconds(meter.family(self.pid)) + self.server.cpu() - meter.cpu_seconds(self.server.pids)

    def has(self, number: int) -> bool:
        body, _ = client.Client.of(self.server).get(f"objects/?match[id]={_id(number)}")
        return b'"id"' in body


@contextlib.contextmanager
def partnership(folder: Path, database: str) -> Iterator[tuple[Running, Running, Running]]:
    """Three nodes that do not know each other yet."""
    with contextlib.ExitStack() as stack:
        urls: list[str] = []
        pids: list[int] = []
        if database == "postgresql":
            programs = throwaway.server_programs()
            assert programs is not None, "install postgresql"
            url = stack.enter_context(throwaway.postgresql(programs))
            for name in ("vienna", "oslo", "field"):
                subprocess.run(["psql", "-q", url, "-c", f"CREATE DATABASE {name}"], check=True)
                urls.append(url.replace("/postgres", f"/{name}"))
            port = url.rpartition(":")[2].partition("/")[0]
            pids = _postgres(port)
        stack.callback(stop, folder)
        made = []
        for number, (name, country) in enumerate((("vienna", "AT"), ("oslo", "NO"), ("field", "KE"))):
            (folder / name).mkdir()
            more = {"DATABASE_URL": urls[number]} if urls else {}
            if name == "field":
                more["PUBLIC_URL"] = ""
            node = DemoNode(name, name, country, "state-body", folder / name, free_port(), more)
            made.append(_running(node, pids))
        yield made[0], made[1], made[2]


def _running(node: DemoNode, pids: list[int]) -> Running:
    node.run("party", "set", "home", "--title", node.title, "--kind", node.kind, "--country", node.country)
    secret = node.run("token", "create", "--name", "bench", "--role", "contributor")["secret"]
    node.start()
    pid = int((node.folder / "demo.pid").read_text())
    server = Server(
        node.name, node.port, "/taxii2/root/collections/main/", f"Bearer {secret}", [pid], node.folder, pids
    )
    return Running(node, server, Relay(node.port))


def join(one: Running, other: Running, *, reachable: bool = True) -> None:
    """Two nodes become peers, through the relays."""
    invited = one.node.run(
        "federation", "invite", other.node.name, "--kind", "state-body", "--country", other.node.country,
        "--url", one.relay.url,
    )  # fmt: skip
    back = ["--url", other.relay.url] if reachable else []
    other.node.run(
        "federation",
        "join",
        invited["code"],
        one.node.name,
        "--kind",
        "state-body",
        "--country",
        one.node.country,
        *back,
    )


def measure(folder: Path, count: int, idle: float, database: str) -> dict[str, Any]:
    """Every figure, in one run."""
    found: dict[str, Any] = {"database": database, "objects": count}
    with partnership(folder, database) as (vienna, oslo, field):
        found |= ingest(vienna, count)
        found |= sync(vienna, oslo, count)
        found["sync / ingest"] = round(found["sync objects/s"] / found["ingest objects/s"], 2)
        found |= day(vienna, oslo, count)
        found |= latency(vienna, oslo, count + DAY)
        join(vienna, field, reachable=False)
        _wait(lambda: field.has(count + DAY + PUBLISHED - 1))
        found |= quiet(vienna, oslo, field, idle)
    return found


def ingest(vienna: Running, count: int) -> dict[str, Any]:
    """Objects a second over TAXII in envelopes of 1,000, nobody else about."""
    cpu, began = vienna.cpu(), time.perf_counter()
    client.add(vienna.server, count, 1000)
    took = time.perf_counter() - began
    _at_rest(vienna)
    return {
        "ingest objects/s": round(count / took),
        "ingest CPU us, all its processes": round((vienna.cpu() - cpu) / count * 1e6, 1),
    }


def sync(vienna: Running, oslo: Running, count: int) -> dict[str, Any]:
    """Seconds from the joining until all of it is served at the peer."""
    before = (vienna.cpu(), oslo.cpu(), vienna.relay.bytes + oslo.relay.bytes)
    join(vienna, oslo)
    began = time.perf_counter()
    _wait(lambda: all(oslo.has(number) for number in range(count - 1, count - 11, -1)), 0.2)
    took = time.perf_counter() - began
    spent = (vienna.cpu() - before[0], oslo.cpu() - before[1])
    assert client.total(oslo.server) == count, "objects were lost"
    return {
        "sync seconds": round(took, 1),
        "sync objects/s": round(count / took),
        "sync CPU us, sender, all its processes": round(spent[0] / count * 1e6, 1),
        "sync CPU us, receiver, all its processes": round(spent[1] / count * 1e6, 1),
        "sync bytes/object": round((vienna.relay.bytes + oslo.relay.bytes - before[2]) / count),
    }


def day(vienna: Running, oslo: Running, start: int) -> dict[str, Any]:
    """Pieces of ten, each sent on before the next comes; and what a bundle of the same would weigh."""
    oslo.node.run("federation", "pause", "vienna")
    client.add(vienna.server, DAY, PIECE, start)
    made = vienna.node.run("bundle", "make", "oslo", str(vienna.node.folder / "day.cwb"))
    oslo.node.run("bundle", "apply", str(vienna.node.folder / "day.cwb"))
    oslo.node.run("federation", "resume", "vienna")
    vienna.node.run("federation", "resume", "oslo")
    _wait(lambda: oslo.has(start + DAY - 1))
    _at_rest(vienna)
    before = oslo.relay.bytes
    pieces = 50
    for number in range(pieces):
        first = 10_000_000 + number * PIECE
        client.add(vienna.server, PIECE, PIECE, first)
        _wait(lambda first=first: oslo.has(first + PIECE - 1))  # type: ignore[misc]
    each = (oslo.relay.bytes - before) / pieces
    return {
        "bytes of a piece of ten": round(each),
        "day over a line, MB": round(each * DAY / PIECE / 1e6, 2),
        "day as a bundle, MB": round(made["bytes"] / 1e6, 2),
    }


def latency(vienna: Running, oslo: Running, start: int) -> dict[str, Any]:
    """Milliseconds from a post's answer here until the object is served there."""
    took = []
    for number in range(start, start + PUBLISHED):
        began = time.perf_counter()
        client.add(vienna.server, 1, 1, number)
        _wait(lambda number=number: oslo.has(number))  # type: ignore[misc]
        took.append(1000 * (time.perf_counter() - began))
        time.sleep(0.2 + number % 7 / 10)
    took.sort()
    return {"published to visible, ms: median": round(statistics.median(took)), "worst of 60": round(took[-1])}


def quiet(vienna: Running, oslo: Running, field: Running, seconds: float) -> dict[str, Any]:
    """Bytes a minute where nothing is new: with a peer that can be called, and one that fetches."""
    time.sleep(5)
    pair, fetching = oslo.relay, vienna.relay
    before = (pair.bytes, fetching.bytes)
    time.sleep(seconds)
    minutes = seconds / 60
    return {
        "idle bytes/minute, both callable": round((pair.bytes - before[0]) / minutes),
        "idle bytes/minute, one fetches": round((fetching.bytes - before[1]) / minutes),
    }


def _at_rest(running: Running) -> None:
    """Until its followers have come to the journal's end: a second that costs next to nothing."""
    spent = running.cpu()
    while True:
        time.sleep(1.0)
        if (now := running.cpu()) - spent < 0.1:
            return
        spent = now


def _wait(done: Callable[[], bool], rest: float = 0.01) -> None:
    until = time.perf_counter() + PATIENCE_SECONDS
    while not done():
        if time.perf_counter() > until:
            raise SystemExit("It did not arrive.")
        time.sleep(rest)


def _id(number: int) -> str:
    return str(json.loads(objects.one(number))["id"])


def _postgres(port: str) -> list[int]:
    wanted = f"-p\0{port}".encode()
    found = []
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if folder.name.isdigit() and wanted in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found[:1]


def main() -> None:
    """Measure and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--idle", type=float, default=240)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    given = parser.parse_args()
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    with tempfile.TemporaryDirectory(prefix="bench-federation-") as folder:
        print(json.dumps(measure(Path(folder), given.objects, given.idle, given.database)), file=sys.stdout)


if __name__ == "__main__":
    main()
