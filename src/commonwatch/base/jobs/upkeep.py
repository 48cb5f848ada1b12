"""What the worker does for the table of jobs: what was finished long ago is forgotten."""

from __future__ import annotations

from django.conf import settings

from commonwatch.base.clock import MICROSECONDS
from commonwatch.base.jobs.models import Job

EVERY_US = 3_600 * MICROSECONDS
_last_us = 0


def upkeep(now_us: int) -> None:
    """Once an hour, delete the jobs that were done or given up more than `keep_jobs_days` ago."""
    global _last_us
    if now_us - _last_us < EVERY_US:
        return
    _last_us = now_us
    kept_us = settings.COMMONWATCH.keep_jobs_days * 24 * 3_600 * MICROSECONDS
    Job.objects.filter(finished_us__lt=now_us - kept_us).delete()
