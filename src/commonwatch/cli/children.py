"""The processes that `serve` starts beside itself: each is started again when it dies, and ends when we do, however that is.

The first of each is forked from this process, which has everything loaded that it needs: they share that memory, and start at once
(measured, bench/README.md). That is safe only while there is one thread, so one that is started again is a program of its own.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

RESTART_SECONDS = 2.0  # a process that dies at once must not burn a core
STOP_SECONDS = 15.0
END_OF_FAULT = 70  # how a process ends that a fault ended

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Child:
    """One of them: the words after `commonwatch` that start it, and what the same is within this program."""

    words: Sequence[str]
    run: Callable[[], None] = field(repr=False)


class Children:
    """Keeps one process running for each."""

    def __init__(self, data: Path, children: Sequence[Child]) -> None:
        self._stopping = threading.Event()
        self._data = data
        self._children = children
        self._running: dict[int, int] = {}  # process by number of the child
        self._held: list[
            int
        ] = []  # our ends of the pipes that are their standard input: when we die, they read the end
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start them all. Nothing that a process must not share (a database, a thread) may be open."""
        gc.collect()
        gc.freeze()  # what is loaded stays: the collector of no process writes to it, so it stays shared
        for number, child in enumerate(self._children):
            self._running[number] = self._forked(child)
        self._threads = [
            threading.Thread(target=self._watch, args=(number, child), daemon=True)
            for number, child in enumerate(self._children)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask them all to end, and wait."""
        self._stopping.set()
        for process in list(self._running.values()):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGTERM)
        for thread in self._threads:
            thread.join(STOP_SECONDS)

    def _watch(self, number: int, child: Child) -> None:
        code = _ended(self._running[number])
        while not self._stopping.is_set():
            self._running.pop(number, None)
            log.warning("The %s process ended with code %s; starting it again.", child.words[0], code)
            if self._stopping.wait(RESTART_SECONDS):
                return
            command = [sys.executable, "-m", "commonwatch", *child.words, "--data", str(self._data)]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
            self._running[number] = process.pid
            if self._stopping.is_set():  # it began while the others were asked to end
                process.terminate()
            code = process.wait()

    def _forked(self, child: Child) -> int:
        theirs, ours = os.pipe()
        process = os.fork()
        if process:
            os.close(theirs)
            self._held.append(ours)
            return process
        code = END_OF_FAULT
        try:
            os.setsid()
            os.dup2(theirs, 0)
            for one in (theirs, ours, *self._held):  # with another's end in hand we would keep it from noticing
                os.close(one)
            child.run()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else END_OF_FAULT
        except BaseException:  # the boundary of a process: nothing of ours may run on in it
            log.exception("The %s process ended by a fault.", child.words[0])
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)


def _ended(process: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def named(word: str) -> None:
    """What such a process is called in lists of processes, where the system allows it."""
    with suppress(OSError):
        Path("/proc/self/comm").write_text(f"cw {word}")


def on_end_of_parent(stop: Callable[[], object]) -> None:
    """In such a process: call `stop` when `serve` has gone."""

    def wait() -> None:
        while os.read(0, 4096):  # not by `sys.stdin`, whose lock the end of the program would wait for
            pass
        stop()

    threading.Thread(target=wait, name="parent watch", daemon=True).start()
