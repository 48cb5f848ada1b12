"""What the console keeps of people's work: what they looked at last, which notices they mute, which views they saved, which steps of
the first start were skipped.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from commonwatch.base.accounts.models import Account


class Digest(models.TextChoices):
    """How often somebody is written to."""

    DAILY = "daily"
    WEEKLY = "weekly"


class Desk(models.Model):
    """One person's."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="+", primary_key=True)
    looked_us = models.BigIntegerField(default=0)  # when the overview was opened last
    before_us = models.BigIntegerField(default=0)  # when it was opened the time before: what is new is new since then
    muted = models.JSONField(default=list)  # names of kinds of notices
    mail_to = models.CharField(max_length=254, default="", blank=True)  # where digests go: confirmed by its reader
    mail_wanted = models.CharField(max_length=254, default="", blank=True)  # where they are to go once it is confirmed
    mail_links_us = models.JSONField(default=list)  # when links to confirm were asked for lately; the last one counts
    digest = models.CharField(max_length=10, choices=Digest, default="", blank=True)  # empty: none are wanted
    digest_us = models.BigIntegerField(default=0)  # when the last was sent, or they were asked for

    class Meta:
        db_table = "console_desk"


class SavedView(models.Model):
    """A page with its state, under a name; shared with the people of the same member, or not."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    address = models.CharField(max_length=2000)
    shared = models.BooleanField(default=False)
    created_us = models.BigIntegerField()

    class Meta:
        db_table = "console_saved_view"
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "name"], name="console_saved_view_once")]


class SkippedStep(models.Model):
    """A step of the first start that this node does without."""

    name = models.CharField(max_length=30, primary_key=True)

    class Meta:
        db_table = "console_skipped_step"
