"""What of legal requests only this node knows: which warnings were given."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class LegalWarning(models.Model):
    """That the end of a preservation, or of another clock of a request, was warned of so many days before."""

    request = models.CharField(max_length=300)
    clock = models.CharField(max_length=64)
    day = models.DateField()  # that it ends on: an extension warns anew
    days = models.IntegerField()
    at_us = models.BigIntegerField()

    class Meta:
        db_table = "evidence_legal_warning"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "clock", "day", "days"], name="evidence_warned_once")
        ]
