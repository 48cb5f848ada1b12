"""Small posts on their way to a thread: those that come in while others are begun go together.

Handing one post to a thread and back costs more than judging it, and looking up who sends it costs as much. So posts
wait in a queue that one thread empties; what it takes at once is begun as one round.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from functools import partial
from typing import Generic, TypeVar

from commonwatch.capabilities.exchange.taxii_server.request import Answer

P = TypeVar("P")


class Gathering(Generic[P]):
    """Belongs to one event loop. `begin` gets a round of posts on a thread and promises an answer to each."""

    def __init__(self, pool: Executor, begin: Callable[[Sequence[P]], list[Future[Answer]]]) -> None:
        self._pool = pool
        self._begin = begin
        self._waiting: list[tuple[P, asyncio.Future[Answer]]] = []
        self._under_way = False

    async def answer(self, post: P) -> Answer:
        """Wait for the answer to a post."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((post, answer))
        if not self._under_way:
            self._start(loop)
        return await answer

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        """On the loop: send all that waits to a thread."""
        self._under_way = bool(self._waiting)
        if self._under_way:
            taken, self._waiting = self._waiting, []
            self._pool.submit(self._round, loop, taken)

    def _round(self, loop: asyncio.AbstractEventLoop, taken: Sequence[tuple[P, asyncio.Future[Answer]]]) -> None:
        """On a thread. Whatever happens to this round, the next one starts, and everyone in this one is answered."""
        try:
            promises = self._begin([post for post, _ in taken])
        except Exception as problem:  # noqa: BLE001 - raised again where each request is answered
            promises = [_broken(problem) for _ in taken]
        finally:
            loop.call_soon_threadsafe(self._start, loop)
        for promise, (_, answer) in zip(promises, taken, strict=True):
            promise.add_done_callback(partial(_hand_back, loop, answer))


def _broken(problem: Exception) -> Future[Answer]:
    promise: Future[Answer] = Future()
    promise.set_exception(problem)
    return promise


def _hand_back(loop: asyncio.AbstractEventLoop, answer: asyncio.Future[Answer], promise: Future[Answer]) -> None:
    """On whichever thread kept the promise; a loop that has ended meanwhile has nobody waiting."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(_settle, answer, promise)


def _settle(answer: asyncio.Future[Answer], promise: Future[Answer]) -> None:
    """On the loop: give the answer to who waits for it, unless its client has gone."""
    if answer.done():
        return
    if (problem := promise.exception()) is not None:
        answer.set_exception(problem)
    else:
        answer.set_result(promise.result())
