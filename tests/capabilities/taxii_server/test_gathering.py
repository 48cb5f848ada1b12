"""Rounds of small posts: every post is answered once, whatever becomes of its round."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from commonwatch.capabilities.exchange.taxii_server.gathering import Gathering
from commonwatch.capabilities.exchange.taxii_server.request import Answer


def kept(answer: Answer) -> Future[Answer]:
    promise: Future[Answer] = Future()
    promise.set_result(answer)
    return promise


def test_a_round_that_breaks_is_told_to_everyone_in_it_and_the_next_one_works() -> None:
    rounds: list[int] = []

    def begin(posts: Sequence[int]) -> list[Future[Answer]]:
        rounds.append(len(posts))
        if len(rounds) == 1:
            raise OSError("no database")
        return [kept(Answer(200, str(post).encode())) for post in posts]

    async def run() -> list[Answer]:
        gathering = Gathering(pool, begin)
        with pytest.raises(OSError, match="no database"):
            await gathering.answer(0)
        return await asyncio.gather(*(gathering.answer(post) for post in range(1, 20)))

    with ThreadPoolExecutor(1) as pool:
        answers = asyncio.run(asyncio.wait_for(run(), 10))
    assert [answer.body for answer in answers] == [str(post).encode() for post in range(1, 20)]
    assert len(rounds) < 20 and sum(rounds) == 20
