"""Work that waits: one table, claimed with a lease, in the same transaction as what caused it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Job(models.Model):
    """One piece of background work. At most one unfinished job per (kind, key)."""

    kind = models.CharField(max_length=64)
    key = models.CharField(max_length=200, default="")
    payload = models.JSONField(default=dict)
    run_at_us = models.BigIntegerField(db_index=True)
    attempts = models.IntegerField(default=0)
    leased_until_us = models.BigIntegerField(null=True)
    progress_done = models.BigIntegerField(default=0)
    progress_total = models.BigIntegerField(null=True)
    last_error = models.TextField(default="")
    finished_us = models.BigIntegerField(null=True)
    failed = models.BooleanField(default=False)

    class Meta:
        db_table = "jobs_job"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "key"], condition=models.Q(finished_us=None), name="jobs_once")
        ]
