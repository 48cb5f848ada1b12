"""Who did what, when, from where, and how it ended."""

from __future__ import annotations

from django.db import models


class AuditEntry(models.Model):
    """One act of one actor."""

    at_us = models.BigIntegerField(db_index=True)
    actor = models.CharField(max_length=200)
    address = models.CharField(max_length=45, default="")
    action = models.CharField(max_length=64)
    subject = models.CharField(max_length=300, default="")
    outcome = models.CharField(max_length=16)  # done, refused, failed
    detail = models.JSONField(default=dict)

    class Meta:
        db_table = "accounts_audit"
