"""Duties of cases, their clocks and notices, and the lists of law that a lawyer put in. Local to this node."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

PROPOSED, CONFIRMED, REJECTED, CLOSED = "proposed", "confirmed", "rejected", "closed"
NO_LONGER_ASKED = "The facts no longer ask for it."  # why the node itself leaves a notice out


class Duty(models.Model):
    """One instrument for one member in one place, in one case: proposed, then confirmed or rejected by a person."""

    about = models.CharField(max_length=300)  # the id of a case, else the title
    case = models.CharField(max_length=200, default="", db_index=True)
    title = models.CharField(max_length=300)
    member = models.CharField(max_length=200)
    place = models.CharField(max_length=40)
    regime = models.CharField(max_length=80)
    law = models.JSONField()  # the instrument as the list has it; follows the list while the duty is open
    facts = models.JSONField()
    outcome = models.CharField(max_length=16)
    standing = models.CharField(max_length=100)
    reasons = models.JSONField(default=list)
    questions = models.JSONField(default=list)
    state = models.CharField(max_length=16, default=PROPOSED, db_index=True)
    made_us = models.BigIntegerField()
    decided_us = models.BigIntegerField(null=True)
    decided_by = models.CharField(max_length=200, default="")
    decided_why = models.TextField(default="")

    class Meta:
        db_table = "duties_duty"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["about", "member", "place", "regime"], name="duties_duty_once")
        ]


class Happened(models.Model):
    """An event that starts or changes clocks of a duty: when, and who says so."""

    duty = models.ForeignKey(Duty, on_delete=models.CASCADE, related_name="events")
    event = models.CharField(max_length=80)
    at_us = models.BigIntegerField()
    basis = models.TextField(default="")
    answer_by_us = models.BigIntegerField(null=True)  # the time that whoever asks has set
    stated = models.BooleanField()  # by a person for this duty; else it was taken from the times of the case
    actor = models.CharField(max_length=200)
    recorded_us = models.BigIntegerField()

    class Meta:
        db_table = "duties_happened"


class Notice(models.Model):
    """One stage of a duty with its clock. An event that happens again may start a further one (`occurrence`)."""

    duty = models.ForeignKey(Duty, on_delete=models.CASCADE, related_name="notices")
    stage = models.CharField(max_length=80)
    occurrence = models.IntegerField(default=0)
    name = models.CharField(max_length=100)
    clock = models.CharField(max_length=16)  # what kind of answer the clock gives (core.law.clocks.State)
    start_us = models.BigIntegerField(null=True)
    due_us = models.BigIntegerField(null=True, db_index=True)
    local = models.CharField(max_length=40, default="")  # the moment in the recipient's zone
    is_guide = models.BooleanField(default=False)
    steps = models.JSONField(default=list)
    gaps = models.JSONField(default=list)
    awaited = models.CharField(max_length=80, default="")
    sent_us = models.BigIntegerField(null=True)  # first; null: not yet
    dropped_why = models.TextField(default="")  # a person says that it is not needed
    draft = models.TextField(default="")  # as a person left it; empty: made from the facts
    reminded = models.IntegerField(default=0)  # parts of its time that were used when it was last reminded of
    next_reminder_us = models.BigIntegerField(null=True, db_index=True)
    sequence = models.IntegerField(default=0)  # of the calendar entry: counts its changes
    changed_us = models.BigIntegerField()

    class Meta:
        db_table = "duties_notice"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["duty", "stage", "occurrence"], name="duties_notice_once")
        ]


class Extension(models.Model):
    """More time for a notice, on which ground, granted by whom."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="extensions")
    until_us = models.BigIntegerField()
    ground = models.TextField()
    actor = models.CharField(max_length=200)
    at_us = models.BigIntegerField()

    class Meta:
        db_table = "duties_extension"


class Sending(models.Model):
    """A notice that a person sent, by a way outside this node, and what came back."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="sendings")
    at_us = models.BigIntegerField()
    how = models.CharField(max_length=200)
    to = models.CharField(max_length=300)
    text = models.TextField()
    text_sha256 = models.CharField(max_length=64)
    actor = models.CharField(max_length=200)
    recorded_us = models.BigIntegerField()
    reference = models.CharField(max_length=300, default="")
    receipt = models.TextField(default="")
    receipt_us = models.BigIntegerField(null=True)
    receipt_file = models.CharField(max_length=300, default="")
    receipt_sha256 = models.CharField(max_length=64, default="")

    class Meta:
        db_table = "duties_sending"


class Step(models.Model):
    """The history of a duty, for who reads its page."""

    duty = models.ForeignKey(Duty, on_delete=models.CASCADE, related_name="history")
    at_us = models.BigIntegerField()
    actor = models.CharField(max_length=200)
    what = models.CharField(max_length=40)
    said = models.TextField(default="")

    class Meta:
        db_table = "duties_step"


class LawList(models.Model):
    """A list that a lawyer put in, in place of the shipped one. The last that is not taken back is in use."""

    kind = models.CharField(max_length=16)  # duties, holidays
    raw = models.TextField()
    as_of = models.CharField(max_length=10)
    actor = models.CharField(max_length=200)
    reason = models.TextField()
    at_us = models.BigIntegerField()
    undone_us = models.BigIntegerField(null=True)

    class Meta:
        db_table = "duties_law_list"


class Feed(models.Model):
    """An address of the calendar. Whoever knows its token reads it; only the token's digest is kept."""

    label = models.CharField(max_length=200)
    token_sha256 = models.CharField(max_length=64, unique=True)
    actor = models.CharField(max_length=200)
    made_us = models.BigIntegerField()
    revoked_us = models.BigIntegerField(null=True)

    class Meta:
        db_table = "duties_feed"
