"""What this node keeps for itself about mutual assistance. Requests, offers and answers are objects, never rows."""

from __future__ import annotations

from django.db import models


class Reminder(models.Model):
    """That somebody was reminded of a clock, once before it was due and once after."""

    clock = models.CharField(max_length=400)
    what = models.CharField(max_length=10)  # soon, overdue
    at_us = models.BigIntegerField()

    class Meta:
        db_table = "assistance_reminder"
        constraints = (models.UniqueConstraint(fields=["clock", "what"], name="assistance_reminder_once"),)


class Ignored(models.Model):
    """A proposed pair that somebody here decided against, and why."""

    need = models.CharField(max_length=400)
    supply = models.CharField(max_length=400)
    reason = models.TextField()
    by = models.CharField(max_length=200)
    at_us = models.BigIntegerField()

    class Meta:
        db_table = "assistance_ignored"
        constraints = (models.UniqueConstraint(fields=["need", "supply"], name="assistance_ignored_once"),)
