"""Errors carry a word for programs, a sentence and advice for people, facts, and a status."""

from __future__ import annotations

import pytest

from commonwatch.core.errors import (
    CommonwatchError,
    Conflict,
    InvalidInput,
    NodeUnable,
    NotAllowed,
    NotFound,
    PeerError,
    TooBusy,
)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (InvalidInput, 400),
        (NotAllowed, 403),
        (NotFound, 404),
        (Conflict, 409),
        (NodeUnable, 503),
        (CommonwatchError, 500),
    ],
)
def test_each_kind_has_its_status_unless_told_otherwise(kind: type[CommonwatchError], status: int) -> None:
    error = kind("a-code", "It is so.", "Do this.", data={"place": "/id"})
    assert (error.http_status, error.code, str(error)) == (status, "a-code", "It is so. Do this.")
    assert error.data == {"place": "/id"} and kind("c", "s", status=418).http_status == 418
    assert str(kind("c", "It is so.")) == "It is so."


def test_too_busy_says_when_to_come_again_and_peers_whether_it_can_help() -> None:
    busy = TooBusy("a-code", "Too much.", retry_after_seconds=7, status=429)
    assert (busy.retry_after_seconds, busy.http_status, busy.advice) == (7, 429, "Try again in 7 s.")
    peer = PeerError("a-code", "It is down.", retry=True)
    assert peer.retry and peer.http_status == 502
