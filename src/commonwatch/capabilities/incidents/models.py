"""What is of a case and stays on this node."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class KeptBack(models.Model):
    """A part of ours that a member which came later is not to have: nobody is asked about it again."""

    case_id = models.CharField(max_length=60)
    part_id = models.CharField(max_length=300)
    member = models.CharField(max_length=60)  # STIX identity
    by = models.CharField(max_length=200)
    at_us = models.BigIntegerField()

    class Meta:
        db_table = "incidents_kept_back"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case_id", "part_id", "member"], name="incidents_kept_back_once")
        ]
