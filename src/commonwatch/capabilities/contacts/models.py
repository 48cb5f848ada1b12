"""What this node keeps for itself about contacts. Contacts, pings and answers are objects, never rows."""

from __future__ import annotations

from django.db import models


class Handled(models.Model):
    """What was done about a ping by itself, once: answered by the node, mailed, escalated, reminded of."""

    subject = models.CharField(max_length=300)
    what = models.CharField(max_length=20)
    at_us = models.BigIntegerField()

    class Meta:
        db_table = "contacts_handled"
        constraints = (models.UniqueConstraint(fields=["subject", "what"], name="contacts_handled_once"),)
