"""The public record's speed: durable leaves, inclusion proofs, and a partnership of 30 whose nodes cosign one another.

    .venv/bin/python -m bench.transparency_log                        # both databases, a few minutes
    .venv/bin/python -m bench.transparency_log --databases sqlite

Prints, for each database in one run: leaves a second in batches of 1,000, each batch committed before the next (fsync), by the clock,
in the tenth of batches in which other programs left the cores alone most, and by CPU, beside the limit: the same rows of leaf and opening with
nothing but the driver (executemany, binary COPY), in turns; `record.proof` for random leaves, median and 99th percentile, beside the
two look-ups by primary key alone; and 30 x 29 add-checkpoint requests, each with a proof of consistency, answered by a node's own view
and committed, with what the asking side does. With PostgreSQL, CPU is that of the program and of the server; of proofs and requests,
of the back end that serves them.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench import meter

BATCH = 1_000
NODES = 30
MINUTES = 4  # of cosigning: the first has no proof of consistency and does not count
_OPENING = (
    "CREATE TABLE limit_opening (number BIGINT PRIMARY KEY, source VARCHAR(20) NOT NULL, key BIGINT NOT NULL, "
    "kind VARCHAR(20) NOT NULL, nonce {bytes} NOT NULL, body TEXT NOT NULL)"
)
TABLES = (
    "CREATE TABLE limit_leaf (number BIGINT PRIMARY KEY, entry {bytes} NOT NULL)",
    _OPENING,
    "CREATE INDEX limit_opening_of ON limit_opening (source, key)",
)


def main() -> None:
    """Each database in a process of its own: Django knows one."""
    options = argparse.ArgumentParser()
    options.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"], choices=["sqlite", "postgresql"])
    options.add_argument("--leaves", type=int, default=100_000)
    options.add_argument("--proofs", type=int, default=2_000)
    options.add_argument("--here", default="", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.here:
        _measure(given.here, given.leaves, given.proofs)
        return
    for database in given.databases:
        with _database(database) as (url, pids):
            environment = {**os.environ, "COMMONWATCH_DATABASE_URL": url, "BENCH_PIDS": pids}
            environment |= {"COMMONWATCH_DATA": tempfile.mkdtemp(prefix="commonwatch-bench-")}
            environment |= {"DJANGO_SETTINGS_MODULE": "commonwatch.site.settings"}
            given_here = ["--here", database, "--leaves", str(given.leaves), "--proofs", str(given.proofs)]
            subprocess.run([sys.executable, "-m", "bench.transparency_log", *given_here], env=environment, check=True)


@contextlib.contextmanager
def _database(name: str) -> Iterator[tuple[str, str]]:
    if name == "sqlite":
        yield "", ""
        return
    from bench.run import _postgresql

    with _postgresql() as (url, pids):
        yield url, " ".join(map(str, pids))


def _measure(database: str, leaves: int, proofs: int) -> None:
    import django

    django.setup()
    from commonwatch.cli import node

    node.prepare()
    print(f"\n{database}", flush=True)
    _append(database, leaves)
    _prove(proofs)
    _witness()
    node.close()


def _cpu() -> float:
    """Of the program, and with PostgreSQL of the server with all its processes."""
    server = [int(pid) for pid in os.environ["BENCH_PIDS"].split()]
    return time.process_time() + meter.cpu_seconds([pid for root in server for pid in meter.family(root)])


def _own_cpu() -> float:
    """Of the program and the one back end that serves it: what the server still does about the leaves before is not counted."""
    return time.process_time() + (meter.cpu_seconds([_back_end()]) if os.environ["BENCH_PIDS"] else 0.0)


@cache
def _back_end() -> int:
    from commonwatch.base.journal.driver import fetch

    return int(fetch("SELECT pg_backend_pid()", [])[0][0])


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of CPU."""
    clock, cpu = time.perf_counter(), _cpu()
    work()
    return time.perf_counter() - clock, _cpu() - cpu


def _append(database: str, leaves: int) -> None:
    from django.db import connection, transaction

    from commonwatch.base.clock import now_us
    from commonwatch.base.journal.driver import insert_many
    from commonwatch.capabilities.transparency import record
    from commonwatch.capabilities.transparency.record import Statement

    with connection.cursor() as cursor:
        for statement in TABLES:
            cursor.execute(statement.format(bytes="BLOB" if database == "sqlite" else "BYTEA"))
    entry, nonce = bytes(180), bytes(32)

    def limit(first: int) -> None:
        numbers = range(first, first + BATCH)
        with transaction.atomic():
            insert_many("limit_leaf", record._LEAF, [(n, entry) for n in numbers])
            rows = [(n, "served", n, "share", nonce, _statement(n)["text"]) for n in numbers]
            insert_many("limit_opening", record._OPENING, rows)

    def ours(first: int) -> None:
        rows = [Statement("share", "served", n, now_us(), _statement(n)["body"]) for n in range(first, first + BATCH)]
        record.append(rows, "ab" * 32)

    plain, made = [], []
    for first in range(0, leaves, BATCH):
        plain.append(_timed(lambda first=first: limit(first)))  # type: ignore[misc]
        made.append(_timed(lambda first=first: ours(first)))  # type: ignore[misc]
    for name, rows in (("limit", plain), ("ours", made)):
        clocks = sorted(row[0] for row in rows)
        cpu = sum(row[1] for row in rows) / len(rows)
        print(
            f"leaves/s in batches of {BATCH:,}, {name}: {BATCH / median(clocks):,.0f} by the clock, {BATCH / clocks[len(rows) // 10]:,.0f} "
            f"in the quietest tenth of batches, {BATCH / cpu:,.0f} by CPU"
        )


def _statement(number: int) -> dict[str, Any]:
    body = {"count": 100, "epoch": 7, "first": number * 1024, "kind": "objects", "last": number * 1024 + 900}
    body |= {"reader": "cert-sg/machine", "recipient": 12, "slot": 1}
    return {"body": body, "text": str(body)}


def _prove(proofs: int) -> None:
    from commonwatch.base.journal.driver import fetch
    from commonwatch.capabilities.transparency import record

    chance = random.Random(1)
    size = record.ensure_log().size
    numbers = [chance.randrange(size) for _ in range(proofs)]

    def look_up(number: int) -> None:
        fetch("SELECT entry FROM transparency_leaf WHERE number = %s", [number])
        fetch("SELECT kind, nonce, body FROM transparency_opening WHERE number = %s", [number])

    for name, work in (("two look-ups alone", look_up), ("inclusion proof", record.proof)):
        taken = []
        start = _own_cpu()
        for number in numbers:
            begin = time.perf_counter()
            work(number)
            taken.append((time.perf_counter() - begin) * 1e3)
        cpu = (_own_cpu() - start) / proofs * 1e3
        print(
            f"{name} of {size:,}: median {median(taken):.2f}, p99 {quantiles(taken, n=100)[98]:.2f}, CPU {cpu:.2f} ms"
        )


def _witness() -> None:
    """Twenty-nine logs ask one node, thirty times over: what thirty nodes do in a minute."""
    from django.test import RequestFactory
    from tests.core.merkle.trees import Log

    from commonwatch.base.clock import now_us
    from commonwatch.capabilities.transparency import views, witnessing
    from commonwatch.core.merkle.checkpoints import verify
    from commonwatch.core.merkle.notes import ED25519, Note, parse_signatures, verified, verifier_key
    from commonwatch.core.merkle.proofs import consistency_proof
    from commonwatch.core.merkle.witness import encode_request
    from commonwatch.core.signing.keys import SigningKey

    keys = [SigningKey((number + 1).to_bytes(32, "big")) for number in range(NODES * (NODES - 1))]
    names = [f"node-{number}.example/tlog" for number in range(len(keys))]
    for name, key in zip(names, keys, strict=True):
        witnessing.watch(verifier_key(name, ED25519, key.public.raw).text, "bench", now_us())
    own, factory = witnessing.witness_key(), RequestFactory()
    spent = []
    for minute in range(MINUTES):
        old, new = 300 * minute, 300 * (minute + 1)
        logs = [Log([b"%d" % n for n in range(new)], key, name) for name, key in zip(names, keys, strict=True)]
        clock, cpu = time.perf_counter(), _own_cpu()
        for log in logs:
            note = log.note()
            body = encode_request(old, consistency_proof(old, new, log.read()), note)
            request = factory.post("/tlog/witness/add-checkpoint", body, content_type="text/plain")
            answer = views.add_checkpoint(request)
            assert answer.status_code == 200
            cosigned = Note(note.text, parse_signatures(answer.content))
            assert isinstance(verified(cosigned, [own], verify), tuple)
        spent.append((time.perf_counter() - clock, _own_cpu() - cpu))
    clock, cpu = median(one[0] for one in spent[1:]), median(one[1] for one in spent[1:])
    many = len(keys)
    print(
        f"{NODES} nodes cosign one another once ({many} requests): CPU {cpu:.2f} s in all, {cpu / many * 1e3:.2f} ms each"
    )
    print(
        f"30 witnesses cosign one log once: CPU {cpu / many * 30:.3f} s; by the clock {clock / many * 1e3:.2f} ms each"
    )


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    main()
