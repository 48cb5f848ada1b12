"""The one writer: gathers what is waiting into one transaction, gives entries their order, commits, then answers.

1. Callers hand in batches from any thread; one writing thread per process takes all that wait (group commit). Where
   several came together lately it waits for as many again, a few milliseconds at most: fewer, larger commits.
2. Processes of this machine take turns at a file lock, which hands over at once where SQLite's own lock would be polled;
   whoever waits for its turn goes on gathering. On PostgreSQL the row of `journal_head` holds writers of other machines
   apart, too. So entries are ordered as they are committed.
3. Every transaction uses up a window of the clock's microseconds, however small it is (decision 0009). A writer that is
   ahead of the clock by more than MAX_LEAD_US waits for it, two windows at most, and gathers meanwhile.
4. A batch that fails alone (its `also` raised) is rolled back alone: the group is then run again, batch by batch.
5. A database that cannot write fails every batch of the group with NodeUnable; nothing of them is in.
"""

from __future__ import annotations

import fcntl
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from time import monotonic
from typing import TypeVar

from django.conf import settings
from django.db import DatabaseError, OperationalError, connection, transaction

from commonwatch.base.clock import now_us
from commonwatch.base.journal.appending import Appending
from commonwatch.base.journal.drawing import WINDOW
from commonwatch.base.journal.interning import Interning
from commonwatch.base.journal.values import Arrival, Batch, Receipt
from commonwatch.core.errors import NodeUnable

T = TypeVar("T")
Work = Callable[[Appending], T]

MAX_GROUP = 256  # batches in one transaction: bounds how long the first of them waits for the last
MAX_GROUP_OBJECTS = 4_000
MAX_LEAD_US = 100_000  # entries may be dated this far ahead: a burst of small commits waits for nothing


class _Request:
    """One caller's work and the future it waits for."""

    __slots__ = ("arrivals", "future", "is_act", "size", "work")

    def __init__(self, work: Work[object], size: int, arrivals: Sequence[Arrival], is_act: bool) -> None:
        self.work = work
        self.is_act = is_act
        self.size = size
        self.arrivals = arrivals
        self.future: Future[object] = Future()


class Sequencer:
    """Thread-safe. Started by its first request; `close` finishes what was handed in."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._interning = Interning()
        self._clock_reached = 0.0  # when, by `monotonic`, the clock has come up enough with the places given
        self._company = 1  # how many batches came together lately; a lone caller never waits

    def submit(self, batch: Batch) -> Future[Receipt]:
        """Append a batch; the receipt is durable. Fails with NodeUnable, or with whatever `also` raised."""

        def work(appending: Appending) -> Receipt:
            receipt = appending.append(batch)
            if batch.also is not None:
                batch.also(receipt, appending)
            return receipt

        return self._enqueue(work, len(batch.arrivals) + len(batch.held), batch.arrivals)

    def append(self, batch: Batch) -> Receipt:
        """`submit`, and wait."""
        return self.submit(batch).result()

    def act(self, work: Work[T]) -> T:
        """Run any other write of the journal under the same order and lock, and wait for its commit."""
        return self._enqueue(work, 1, is_act=True).result()

    def close(self) -> None:
        """Finish what was handed in and end the writing thread. A later request starts another."""
        with self._starting:
            if self._thread is not None:
                self._waiting.put(None)
                self._thread.join()
                self._thread = None

    def _enqueue(
        self, work: Work[T], size: int, arrivals: Sequence[Arrival] = (), *, is_act: bool = False
    ) -> Future[T]:
        request = _Request(work, size, arrivals, is_act)
        if self._thread is None:
            self._start()
        self._waiting.put(request)
        return request.future  # type: ignore[return-value]

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="sequencer", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        try:
            while (first := self._waiting.get()) is not None:
                group = [first]
                self._gather(group, monotonic() + settings.COMMONWATCH.group_commit_wait_ms / 1000, self._company)
                self._gather(group, self._clock_reached, MAX_GROUP)
                self._take_turn(group)
        finally:
            connection.close()

    def _take_turn(self, group: list[_Request]) -> None:
        """Wait for this process's turn, take along what came in meanwhile, and commit."""
        try:
            with _turn():
                self._gather(group)
                self._company = max(len(group), self._company - 1)
                self._commit(group)
        except NodeUnable as error:  # no turn is to be had
            for request in group:
                request.future.set_exception(error)

    def _gather(self, group: list[_Request], deadline: float = 0.0, company: int = 0) -> None:
        """Add what waits; and what comes until the deadline, or until there is this much company."""
        size = sum(request.size for request in group)
        while len(group) < MAX_GROUP and size < MAX_GROUP_OBJECTS:
            try:
                left = deadline - monotonic() if deadline and len(group) < company else 0.0
                request = self._waiting.get(timeout=left) if left > 0 else self._waiting.get_nowait()
            except queue.Empty:
                return
            if request is None:
                self._waiting.put(None)
                return
            group.append(request)
            size += request.size

    def _commit(self, group: list[_Request]) -> None:
        """Commit a group and answer its callers; a group whose transaction fails is tried again one by one."""
        try:
            results = self._transact(group)
        except Exception as error:  # noqa: BLE001 - handed to the caller that caused it, or retried alone
            self._interning.forget()
            if len(group) > 1:
                for request in group:
                    self._commit([request])
            else:
                group[0].future.set_exception(_told(error))
            return
        for request, result in zip(group, results, strict=True):
            request.future.set_result(result)

    def _transact(self, group: Sequence[_Request]) -> list[object]:
        connection.close_if_unusable_or_obsolete()  # after an error, or a server that restarted
        with transaction.atomic():
            appending, begun = Appending(now_us(), self._interning), monotonic()
            appending.look_up({arrival.uid for request in group for arrival in request.arrivals})
            results = [_done(request, appending) for request in group]
            appending.finish()
        self._interning.keep()
        self._clock_reached = begun + min(appending.lead_us - MAX_LEAD_US, 2 * WINDOW) / 1e6
        return results


def _done(request: _Request, appending: Appending) -> object:
    """The result of a request's work. An act stands in a window of its own: after what it is about, before what follows."""
    if not request.is_act:
        return request.work(appending)
    appending.turn_window()
    result = request.work(appending)
    appending.turn_window()
    return result


def _told(error: Exception) -> Exception:
    """The error as the caller should see it."""
    if not isinstance(error, DatabaseError):
        return error
    connection.close()
    text = str(error).strip()
    if "full" in text or "No space" in text:
        return NodeUnable(
            "disk-full", "The disk is full: nothing of this was stored.", "Make room, then send it again."
        )
    if isinstance(error, OperationalError):
        return NodeUnable(
            "database-gone",
            f"The database could not write: {text}. Nothing of this was stored.",
            "Check that it runs and that its disk is writable, then send it again.",
        )
    return error


@contextmanager
def _turn() -> Iterator[None]:
    """Hold the data folder's lock; raises NodeUnable where it cannot be had."""
    with ExitStack() as held:
        try:
            lock = held.enter_context((settings.COMMONWATCH.data / "journal.lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        except OSError as error:
            raise NodeUnable(
                "data-folder",
                f"The data folder cannot be written: {error.strerror}. Nothing of this was stored.",
                "Make it writable, or make room on its disk; then send it again.",
            ) from error
        yield


_sequencer: Sequencer | None = None
_making = threading.Lock()


def sequencer() -> Sequencer:
    """The process's sequencer."""
    global _sequencer
    if _sequencer is None:
        with _making:
            if _sequencer is None:
                _sequencer = Sequencer()
    return _sequencer


def close_sequencer() -> None:
    """Finish and end the process's sequencer, if there is one; what it remembered of the database goes with it."""
    global _sequencer
    with _making:
        ending, _sequencer = _sequencer, None
    if ending is not None:
        ending.close()
