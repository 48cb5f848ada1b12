"""Where intelligence comes from: each source with its default handling and what became of what it sent."""

from __future__ import annotations

from django.db import models

from commonwatch.base.parties.models import Member


class Source(models.Model):
    """A channel by which objects reach this node: a file import, a TAXII client, an account that posts, a remote server.

    Its member vouches for what it brings.
    """

    name = models.CharField(max_length=100, unique=True)
    default_marking = models.CharField(max_length=32)  # TLP:... of unmarked objects
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", null=True)  # null: the node's own
    created_us = models.BigIntegerField()
    last_us = models.BigIntegerField(null=True)
    admitted = models.BigIntegerField(default=0)
    with_findings = models.BigIntegerField(default=0)  # of the admitted
    duplicate = models.BigIntegerField(default=0)
    quarantined = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)

    class Meta:
        db_table = "intake_source"
