"""What a person does about a job: let it be tried now, give it up, take that back. All of it is on record."""

from __future__ import annotations

from django.db import transaction

from commonwatch.base.audit.record import record
from commonwatch.base.jobs.models import Job
from commonwatch.base.jobs.queries import Standing, standing
from commonwatch.core.errors import Conflict, NotFound


def retry_now(number: int, *, reason: str, actor: str, now_us: int) -> Job:
    """Let a job that waits or was given up be tried at once, with all its attempts before it."""
    with transaction.atomic():
        job = _resting(number, now_us)
        _check_alone(job)
        job.run_at_us, job.attempts, job.finished_us, job.failed = now_us, 0, None, False
        job.leased_until_us = None
        job.save()
        record(actor, "job.retry", _subject(job), "done", {"job": job.pk, "reason": reason}, now_us=now_us)
    return job


def give_up(number: int, *, reason: str, actor: str, now_us: int) -> Job:
    """Let a job that waits never be tried again; its last error is kept."""
    with transaction.atomic():
        job = _resting(number, now_us)
        if job.finished_us is None:
            job.finished_us, job.failed, job.leased_until_us = now_us, True, None
            job.save()
            record(actor, "job.give-up", _subject(job), "done", {"job": job.pk, "reason": reason}, now_us=now_us)
    return job


def take_up(number: int, *, actor: str, now_us: int) -> Job:
    """Let a job that was given up wait again, as it did before."""
    with transaction.atomic():
        job = _resting(number, now_us)
        if job.finished_us is not None:
            _check_alone(job)
            job.finished_us, job.failed = None, False
            job.save()
            record(actor, "job.take-up", _subject(job), "done", {"job": job.pk}, now_us=now_us)
    return job


def _resting(number: int, now_us: int) -> Job:
    """A job that is neither done nor being done; raises NotFound or Conflict."""
    job = Job.objects.select_for_update().filter(pk=number).first()
    if job is None:
        raise NotFound("job-unknown", f"There is no job {number}.", "See the list of jobs.")
    now = standing(job, now_us)
    if now is Standing.RUNNING:
        raise Conflict("job-runs", "The job is being done now.", "Wait until it has ended.")
    if now is Standing.DONE:
        raise Conflict("job-done", "The job is done.", "There is nothing to do about it.")
    return job


def _check_alone(job: Job) -> None:
    if Job.objects.filter(kind=job.kind, key=job.key, finished_us=None).exclude(pk=job.pk).exists():
        raise Conflict("job-waits", "The same work waits already as another job.", "Look at that one.")


def _subject(job: Job) -> str:
    return f"{job.kind} {job.key}".strip()
