"""Jobs for who looks after them: what waits, for what, and what went wrong."""

from __future__ import annotations

from enum import StrEnum

from django.db.models import QuerySet

from commonwatch.base.jobs.models import Job
from commonwatch.core.errors import NotFound


class Standing(StrEnum):
    """Where a job stands."""

    RUNNING = "running"
    DUE = "due"  # waits for the worker, which does one after the other
    LATER = "later"  # not before its time
    AGAIN = "again"  # failed, and is tried again at its time
    DONE = "done"
    FAILED = "failed"  # given up


def jobs(*, open_only: bool = True, failed_only: bool = False) -> QuerySet[Job]:
    """Those that are not finished; or those given up; or all."""
    if failed_only:
        return Job.objects.filter(failed=True)
    return Job.objects.filter(finished_us=None) if open_only else Job.objects.all()


def not_done(found: QuerySet[Job]) -> QuerySet[Job]:
    """Of these, those that wait, run or were given up."""
    return found.exclude(finished_us__isnull=False, failed=False)


def job_numbered(number: int) -> Job:
    """One job; raises NotFound."""
    found = Job.objects.filter(pk=number).first()
    if found is None:
        raise NotFound("job-unknown", f"There is no job {number}.", "See the list of jobs.")
    return found


def standing(job: Job, now_us: int) -> Standing:
    """Where a job stands now."""
    if job.finished_us is not None:
        return Standing.FAILED if job.failed else Standing.DONE
    if job.leased_until_us is not None and job.leased_until_us > now_us:
        return Standing.RUNNING
    if job.run_at_us <= now_us:
        return Standing.DUE
    return Standing.AGAIN if job.last_error else Standing.LATER
