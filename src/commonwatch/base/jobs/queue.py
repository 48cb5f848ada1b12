"""The job table: put in with what caused the work, claimed with a lease, finished or tried again.

1. One unfinished job per (kind, key): asking twice for the same work is asking once. 2. A claim is one UPDATE with a
lease; a worker that dies leaves a job that another may claim once the lease is over. 3. A failing job waits longer each
time, and is given up after `MAX_ATTEMPTS`, with its error kept.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from django.db import DatabaseError, transaction
from django.db.models import Q

from commonwatch.base.clock import now_us as clock
from commonwatch.base.jobs.models import Job

log = logging.getLogger(__name__)

LEASE_US = 300 * 1_000_000  # longer than any step between two `report` calls
MAX_ATTEMPTS = 10
FIRST_DELAY_US = 30 * 1_000_000
LONGEST_DELAY_US = 3600 * 1_000_000

Handler = Callable[[Job], bool | None]  # False: there is more to do, in the next round


def enqueue(kind: str, key: str, payload: Mapping[str, object], *, run_at_us: int) -> Job:
    """Ask for work. If it is asked for already, the earlier of the two times counts."""
    with transaction.atomic():
        job, made = Job.objects.get_or_create(
            kind=kind, key=key, finished_us=None, defaults={"payload": dict(payload), "run_at_us": run_at_us}
        )
        if not made and run_at_us < job.run_at_us:
            Job.objects.filter(pk=job.pk).update(run_at_us=run_at_us)
    return job


def withdraw(kind: str, key: str) -> None:
    """What was asked for is not wanted any more. One that is being done is done to its end."""
    Job.objects.filter(kind=kind, key=key, finished_us=None).delete()


def claim(kinds: list[str], now_us: int) -> Job | None:
    """The next job that is due and free, leased to the caller."""
    free = Q(leased_until_us=None) | Q(leased_until_us__lte=now_us)
    due = Job.objects.filter(free, kind__in=kinds, finished_us=None, run_at_us__lte=now_us).order_by("run_at_us", "pk")
    for job in due[:10]:
        # The condition is repeated in the update: of several workers that saw the job free, one changes a row.
        claimed = Job.objects.filter(free, pk=job.pk, finished_us=None).update(
            leased_until_us=now_us + LEASE_US, attempts=job.attempts + 1
        )
        if claimed:
            job.attempts += 1
            return job
    return None


def report(job: Job, done: int, total: int | None, now_us: int) -> None:
    """Progress, which also extends the lease."""
    Job.objects.filter(pk=job.pk).update(progress_done=done, progress_total=total, leased_until_us=now_us + LEASE_US)


def rest(job: Job, done: int, total: int, now_us: int) -> bool:
    """Let go of a job between two turns, with what it noted in its payload; whether it was the last turn."""
    Job.objects.filter(pk=job.pk).update(
        progress_done=done,
        progress_total=total,
        payload=job.payload,
        leased_until_us=None,
        run_at_us=now_us,
        attempts=job.attempts - 1,
    )
    return done >= total


def finish(job: Job, now_us: int) -> None:
    """It is done."""
    Job.objects.filter(pk=job.pk).update(finished_us=now_us, leased_until_us=None, last_error="")


def fail(job: Job, error: str, now_us: int) -> None:
    """It failed: later again, or given up."""
    if job.attempts >= MAX_ATTEMPTS:
        Job.objects.filter(pk=job.pk).update(finished_us=now_us, failed=True, leased_until_us=None, last_error=error)
        return
    delay = min(FIRST_DELAY_US << (job.attempts - 1), LONGEST_DELAY_US)
    Job.objects.filter(pk=job.pk).update(run_at_us=now_us + delay, leased_until_us=None, last_error=error)


def run_due(handlers: Mapping[str, Handler], now_us: int) -> int:
    """Run every job that is due, one after the other; how many ran."""
    ran = 0
    while (job := claim(list(handlers), now_us)) is not None:
        ran += 1
        try:
            ended = handlers[job.kind](job)
        except DatabaseError:
            raise  # the database is the node's trouble; the lease runs out and the job is tried again
        except Exception as error:  # noqa: BLE001 - the job runner's boundary: one job must not stop the others
            log.warning("Job %s %s failed (attempt %s): %s", job.kind, job.key, job.attempts, error)
            fail(job, f"{type(error).__name__}: {error}", clock())
        else:
            if ended is not False:
                finish(job, clock())
    return ran
