"""Killed at any moment, the node loses nothing it acknowledged, holds no half batch, and goes on by itself."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

from django.db import connection

from commonwatch.base.journal import reading
from tests.base.journal.test_order import database

KILLS = 200
BATCH = 6
# A warm parent without a database connection forks one writer after the other, so that a kill costs milliseconds.
FORKING = """
import json, os, sys, django
django.setup()
from tests.base.journal.arrivals import arrival
from commonwatch.base.journal.sequencer import Sequencer
from commonwatch.base.journal.values import Batch

def write(start):
    sequencer = Sequencer()
    for batch in range(1000):
        first = start + batch * BATCH
        receipt = sequencer.append(Batch([arrival(first + n) for n in range(BATCH)], 1, "test", (1,)))
        os.write(1, (json.dumps([first, [outcome.seq for outcome in receipt.outcomes]]) + "\\n").encode())

for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        write(int(line))
        os._exit(0)
    os.write(1, f"{pid}\\n".encode())
    os.waitpid(pid, 0)
    os.write(1, b"dead\\n")
""".replace("BATCH", str(BATCH))


def test_nothing_acknowledged_is_lost_over_hundreds_of_kills(node: Path) -> None:
    chance = Random(7)
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.node.writer_settings", **database()}
    parent = subprocess.Popen(
        [sys.executable, "-c", FORKING],
        env=environment,
        cwd=Path(__file__).parents[3],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert parent.stdin is not None and parent.stdout is not None
    acknowledged: dict[int, list[int]] = {}
    for kill in range(KILLS):
        parent.stdin.write(f"{kill * 1_000_000}\n".encode())
        parent.stdin.flush()
        pid = int(parent.stdout.readline())
        select.select([parent.stdout], [], [], 2.0)  # until the first answer, or the writer is still opening
        time.sleep(chance.random() * 0.02)
        os.kill(pid, signal.SIGKILL)
        while (line := parent.stdout.readline()) != b"dead\n":
            first, seqs = json.loads(line)
            acknowledged[first] = seqs
    parent.stdin.close()
    assert parent.wait(10) == 0
    assert len(acknowledged) > KILLS / 2

    entries = reading.entries(0, 1_000_000)
    assert [entry.seq for entry in entries] == sorted({entry.seq for entry in entries})
    held = {entry.seq for entry in entries}
    assert all(seq in held for seqs in acknowledged.values() for seq in seqs)
    by_batch: dict[int, int] = {}
    for entry in entries:
        number = json.loads(entry.raw)["n"]  # type: ignore[union-attr]
        by_batch[number - number % 1_000_000 % BATCH] = by_batch.get(number - number % 1_000_000 % BATCH, 0) + 1
    assert set(by_batch.values()) == {BATCH}, "a batch is there whole or not at all"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM journal_placement")
        assert cursor.fetchone()[0] == len(entries)
