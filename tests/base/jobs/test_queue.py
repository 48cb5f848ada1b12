"""Jobs: asked for once, claimed by one, taken up again when a worker dies, given up in the end."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from django.db import connection

from commonwatch.base.jobs import queue
from commonwatch.base.jobs.models import Job

NOW = 1_800_000_000_000_000
SECOND = 1_000_000


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
