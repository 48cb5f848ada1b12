"""Readers that page while many write miss nothing and see nothing twice: threads and processes, on both databases."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

from django.conf import settings
from django.db import connection

from commonwatch.base.journal import reading
from commonwatch.base.journal.values import Admission, Batch
from commonwatch.base.release.access import EVERYTHING
from commonwatch.base.release.pages import objects_page
from commonwatch.core.taxii.filters import ObjectFilter
from tests.base.journal.arrivals import arrival, running

WRITERS, BATCHES, SIZE = 4, 20, 7


def test_readers_paging_while_threads_write_miss_and_repeat_nothing(node: Path) -> None:
    total = WRITERS * BATCHES * SIZE
    seen: list[int] = []
    served: list[bytes] = []
    done = threading.Event()

    def read_entries() -> None:
        cursor = 0
        while not (done.is_set() and reading.last_seq() <= cursor):
            for entry in reading.entries(cursor, 13):
                seen.append(entry.seq)
                cursor = entry.seq
        connection.close()

    def read_collection() -> None:
        after: int | None = None
        while True:
            finished = done.is_set()
            page = objects_page(EVERYTHING, 1, ObjectFilter(), 11, after)
            if page.count:
                served.extend(page.body.split(b"},{"))
                after = page.last_pos
            elif finished:
                break
        connection.close()

    with running() as sequencer:

        def write(writer: int) -> None:
            for batch in range(BATCHES):
                first = (writer * BATCHES + batch) * SIZE
                sequencer.append(Batch([arrival(first + n) for n in range(SIZE)], 1, "test", (1,)))

        readers = [threading.Thread(target=work) for work in (read_entries, read_collection)]
        writers = [threading.Thread(target=write, args=(n,)) for n in range(WRITERS)]
        for thread in readers + writers:
            thread.start()
        for thread in writers:
            thread.join()
        done.set()
        for thread in readers:
            thread.join(30)
    assert len(seen) == len(set(seen)) == total
    assert seen == sorted(seen)
    assert len(served) == len(set(served)) == total


WRITER = """
import sys, django
django.setup()
from tests.base.journal.arrivals import arrival
from commonwatch.base.journal.sequencer import sequencer, close_sequencer
from commonwatch.base.journal.values import Batch
start = int(sys.argv[1])
for batch in range(20):
    sequencer().append(Batch([arrival(start + batch * 5 + n) for n in range(5)], 1, "test", (1,)))
close_sequencer()
"""


def test_processes_take_turns_and_keep_one_order(node: Path) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.node.writer_settings", **database()}
    processes = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(n * 1000)], env=environment, cwd=Path(__file__).parents[3])
        for n in range(3)
    ]
    seen: list[int] = []
    cursor = 0
    while any(process.poll() is None for process in processes) or reading.last_seq() > cursor:
        for entry in reading.entries(cursor, 10):
            assert isinstance(entry, Admission)
            seen.append(entry.seq)
            cursor = entry.seq
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert len(seen) == 300 and seen == sorted(set(seen))


def database() -> dict[str, str]:
    """Environment by which a child finds the test database of this process."""
    return {
        "COMMONWATCH_TEST_NAME": str(connection.settings_dict["NAME"]),
        "COMMONWATCH_DATA": str(settings.COMMONWATCH.data),
    }
