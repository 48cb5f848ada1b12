"""Pulls on schedule and those that somebody asks for, run by the worker."""

from __future__ import annotations

from commonwatch.base.clock import MICROSECONDS, now_us
from commonwatch.base.jobs.models import Job
from commonwatch.base.jobs.queue import Handler, enqueue, report
from commonwatch.capabilities.exchange.models import RemoteServer
from commonwatch.capabilities.exchange.sources.actions import PULL_JOB, pull


def pull_source(job: Job) -> None:
    """Pull a source. One that was removed meanwhile is left."""
    if not RemoteServer.objects.filter(source__name=job.key).exists():
        return
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        report(job, done, None, now_us())

    pull(job.key, advance)


def schedule_due(now: int) -> None:
    """See that every scheduled source has a job; called by the worker between its rounds."""
    for remote in RemoteServer.objects.filter(interval_seconds__gt=0, paused=False).select_related("source"):
        last = max(remote.last_ok_us or 0, remote.last_error_us or 0)
        due = last + remote.interval_seconds * MICROSECONDS
        if due <= now and not Job.objects.filter(kind=PULL_JOB, key=remote.source.name, finished_us=None).exists():
            enqueue(PULL_JOB, remote.source.name, {}, run_at_us=now)


HANDLERS: dict[str, Handler] = {PULL_JOB: pull_source}
