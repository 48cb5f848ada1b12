"""Jobs for machines: the same in commands and in the API."""

from __future__ import annotations

from typing import Any

from commonwatch.base.jobs.models import Job
from commonwatch.base.jobs.queries import standing
from commonwatch.core.stix.times import format_time


def shown_job(job: Job, now_us: int) -> dict[str, Any]:
    """A job; `standing` says what it waits for."""
    return {
        "number": job.pk,
        "kind": job.kind,
        "key": job.key,
        "standing": standing(job, now_us).value,
        "not_before": format_time(job.run_at_us, 0),
        "attempts": job.attempts,
        "done": job.progress_done,
        "total": job.progress_total,
        "last_error": job.last_error,
        "finished": None if job.finished_us is None else format_time(job.finished_us, 0),
    }
