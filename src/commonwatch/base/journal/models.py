"""The journal's cool tables: followers, quarantine. The hot ones are in `schema`, written out by hand."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class FollowerState(models.Model):
    """How far one follower has come. Committed together with the rows it wrote."""

    name = models.CharField(max_length=64, primary_key=True)
    version = models.IntegerField(default=1)
    cursor = models.BigIntegerField(default=0)
    failed_at = models.BigIntegerField(null=True)
    failure = models.TextField(default="")
    updated_us = models.BigIntegerField(default=0)

    class Meta:
        db_table = "journal_follower"


class FollowerSkip(models.Model):
    """An entry that a person told a follower to pass over, and why."""

    follower = models.CharField(max_length=64)
    seq = models.BigIntegerField()
    actor = models.CharField(max_length=200)
    reason = models.TextField()
    skipped_us = models.BigIntegerField()

    class Meta:
        db_table = "journal_follower_skip"
        constraints: ClassVar = [models.UniqueConstraint(fields=["follower", "seq"], name="journal_skip_once")]


class QuarantineEntry(models.Model):
    """Bytes that could not be admitted but may matter, with every finding, until a person mends or drops them."""

    class State(models.TextChoices):
        HELD = "held"
        ADMITTED = "admitted"
        DROPPED = "dropped"

    received_us = models.BigIntegerField()
    source = models.IntegerField()
    slots = models.JSONField(default=list)
    place = models.TextField(default="")
    object_id = models.CharField(max_length=300, default="", db_index=True)
    reason = models.CharField(max_length=64)
    findings = models.JSONField(default=list)
    sha256 = models.BinaryField(max_length=32)
    raw = models.BinaryField()
    spec = models.SmallIntegerField(default=0)  # what the container said of its objects: 20, or 0 for nothing
    state = models.CharField(max_length=16, choices=State, default=State.HELD, db_index=True)
    resolved_us = models.BigIntegerField(null=True)
    resolved_by = models.CharField(max_length=200, default="")
    resolution = models.TextField(default="")

    class Meta:
        db_table = "journal_quarantine"
        # The same bad bytes from the same source are one entry, however often they arrive.
        constraints: ClassVar = [models.UniqueConstraint(fields=["source", "sha256"], name="journal_quarantine_once")]
