"""Jobs: asked for once, claimed by one, taken up again when a worker dies, given up in the end."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from commonwatch.base import clock
from commonwatch.base.jobs import many, queue, upkeep
from commonwatch.base.jobs.models import Job
from commonwatch.core.errors import Conflict

NOW = 1_800_000_000_000_000
SECOND = 1_000_000
DAY = 86_400 * SECOND


def test_asking_twice_is_asking_once_and_the_earlier_time_counts(node: Path) -> None:
    queue.enqueue("pull", "a", {"n": 1}, run_at_us=NOW + 50)
    queue.enqueue("pull", "a", {"n": 2}, run_at_us=NOW)
    queue.enqueue("pull", "a", {"n": 3}, run_at_us=NOW + 90)
    queue.enqueue("pull", "b", {}, run_at_us=NOW + 1)
    assert list(Job.objects.order_by("pk").values_list("key", "run_at_us")) == [("a", NOW), ("b", NOW + 1)]


def test_a_job_is_due_once_and_free_again_when_its_lease_is_over(node: Path) -> None:
    queue.enqueue("pull", "a", {}, run_at_us=NOW)
    assert queue.claim(["pull"], NOW - 1) is None and queue.claim(["other"], NOW) is None
    job = queue.claim(["pull"], NOW)
    assert job is not None and job.attempts == 1
    assert queue.claim(["pull"], NOW + 1) is None
    queue.report(job, 5, 10, NOW + 200 * SECOND)  # a worker that reports keeps it
    assert queue.claim(["pull"], NOW + queue.LEASE_US) is None
    again = queue.claim(["pull"], NOW + 200 * SECOND + queue.LEASE_US)
    assert again is not None and again.pk == job.pk and again.attempts == 2


def test_of_many_workers_one_gets_the_job(node: Path) -> None:
    for number in range(12):
        queue.enqueue("pull", str(number), {}, run_at_us=NOW)
    got: list[str] = []
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        try:
            while (job := queue.claim(["pull"], NOW)) is not None:
                got.append(job.key)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got, key=int) == [str(number) for number in range(12)]


def test_a_failing_job_waits_longer_each_time_and_is_given_up_with_its_error(node: Path) -> None:
    queue.enqueue("pull", "a", {}, run_at_us=NOW)
    now, waits = NOW, []
    for _ in range(queue.MAX_ATTEMPTS):
        job = queue.claim(["pull"], now)
        assert job is not None
        queue.fail(job, "no route", now)
        stored = Job.objects.get()
        waits.append((stored.run_at_us - now) // SECOND)
        now = stored.run_at_us
    assert waits[:4] == [30, 60, 120, 240] and max(waits) == 3600
    stored = Job.objects.get()
    assert stored.failed and stored.last_error == "no route" and queue.claim(["pull"], now + 1) is None
    assert queue.enqueue("pull", "a", {}, run_at_us=now).pk != stored.pk


def test_one_job_that_fails_does_not_stop_the_others(node: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "clock", lambda: NOW)
    done = []

    def handle(job: Job) -> None:
        if job.key == "bad":
            raise ValueError("broken")
        done.append(job.key)

    for key in ("bad", "good"):
        queue.enqueue("pull", key, {}, run_at_us=NOW)
    assert queue.run_due({"pull": handle}, NOW) == 2 and done == ["good"]
    assert Job.objects.get(key="bad").last_error == "ValueError: broken"
    assert Job.objects.get(key="good").finished_us == NOW


def test_what_was_finished_long_ago_is_forgotten_and_nothing_else(
    node: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "_last_us", 0)
    settings.COMMONWATCH = settings.COMMONWATCH.model_copy(update={"keep_jobs_days": 2})
    for key in ("old", "young"):
        queue.finish(queue.enqueue("pull", key, {}, run_at_us=NOW), NOW - (3 if key == "old" else 1) * DAY)
    queue.enqueue("pull", "open", {}, run_at_us=NOW - 9 * DAY)
    upkeep.upkeep(NOW)
    assert list(Job.objects.order_by("pk").values_list("key", flat=True)) == ["young", "open"]
    upkeep.upkeep(NOW + 2 * DAY)
    assert list(Job.objects.values_list("key", flat=True)) == ["open"]


def test_many_things_are_dealt_with_in_turns_and_what_cannot_be_done_is_counted(
    node: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "SECONDS", -1)  # a turn is one thing
    now, done = clock.now_us(), list[int]()
    job = many.ask("check", [1, 2, 3], {}, actor="ann", now_us=now)

    def act(number: int) -> bool:
        if number == 2:
            raise Conflict("gone", "It is gone.", "")
        done.append(number)
        return True

    handlers: dict[str, queue.Handler] = {"check": lambda job: many.go_on(job, act)}
    assert queue.run_due(handlers, now) == 1 and done == [1], "the rest waits for the next round"
    assert Job.objects.get().finished_us is None and Job.objects.get().attempts == 0
    for _ in range(2):
        queue.run_due(handlers, clock.now_us())
    job.refresh_from_db()
    assert done == [1, 3] and job.finished_us and many.did(job) == 2
    assert many.ask("check", range(20_000), {}, actor="bob", now_us=NOW).payload["numbers"][-1] == many.MOST - 1
