"""Rounds in a thread: one after the other, whatever goes wrong in one, until they are stopped."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import DatabaseError

from commonwatch.base.jobs import rounds
from commonwatch.base.jobs.rounds import Round, Rounds


def test_rounds_go_on_after_every_fault_and_end_when_they_are_asked_to(
    node: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(rounds, "BROKEN_REST_SECONDS", 0.0)
    faults: list[Exception] = [DatabaseError("gone"), ValueError("broken")]
    went_on, closed = threading.Event(), threading.Event()

    @contextmanager
    def begin() -> Iterator[Round]:
        def work() -> bool:
            if faults:
                raise faults.pop(0)
            went_on.set()
            return False

        yield work
        closed.set()

    made = Rounds("exercise", begin, 60.0)
    made.start()
    assert went_on.wait(30.0)
    made.stop()  # although it rests for a minute
    assert closed.is_set()
    assert "did not answer the exercise (gone)" in caplog.text and "The exercise broke off" in caplog.text
