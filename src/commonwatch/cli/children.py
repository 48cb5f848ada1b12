"""The processes that `serve` starts beside itself: each is started again when it dies, and ends when we do, however that is."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

RESTART_SECONDS = 2.0  # a process that dies at once must not burn a core
STOP_SECONDS = 15.0

log = logging.getLogger(__name__)


class Children:
    """Keeps one process running for each list of words after `commonwatch`."""

    def __init__(self, data: Path, commands: Sequence[Sequence[str]]) -> None:
        self._stopping = threading.Event()
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._threads = [
            threading.Thread(target=self._watch, args=(number, [*words, "--data", str(data)]), daemon=True)
            for number, words in enumerate(commands)
        ]

    def start(self) -> None:
        """Start them all."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask them all to end, and wait."""
        self._stopping.set()
        for process in list(self._running.values()):
            process.terminate()
        for thread in self._threads:
            thread.join(STOP_SECONDS)

    def _watch(self, number: int, words: list[str]) -> None:
        while not self._stopping.is_set():
            # Its standard input is a pipe that we hold: when we die, however that is, it reads the end and stops.
            command = [sys.executable, "-m", "commonwatch", *words]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
            self._running[number] = process
            if self._stopping.is_set():  # it began while the others were asked to end
                process.terminate()
            code = process.wait()
            if not self._stopping.is_set():
                log.warning("The %s process ended with code %s; starting it again.", words[0], code)
                self._stopping.wait(RESTART_SECONDS)


def on_end_of_parent(stop: Callable[[], object]) -> None:
    """In such a process: call `stop` when `serve` has gone."""

    def wait() -> None:
        sys.stdin.buffer.read()
        stop()

    threading.Thread(target=wait, name="parent watch", daemon=True).start()
