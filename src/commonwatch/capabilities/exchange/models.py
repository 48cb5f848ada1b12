"""Exchange's own tables: TAXII status resources and remote TAXII servers."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from commonwatch.base.accounts.models import Account
from commonwatch.base.intake.models import Source
from commonwatch.base.release.models import Collection


class RemoteServer(models.Model):
    """A remote TAXII 2.1 collection that this node pulls from, pushes to, or both."""

    source = models.OneToOneField(Source, on_delete=models.CASCADE, related_name="remote", primary_key=True)
    url = models.TextField()  # API root
    collection_id = models.CharField(max_length=200)
    username = models.CharField(max_length=200, default="")
    secret = models.BinaryField(default=b"")  # encrypted with the node's key
    interval_seconds = models.IntegerField(default=0)  # 0: only when told
    paused = models.BooleanField(default=False)  # not on schedule until resumed
    into = models.ForeignKey(Collection, on_delete=models.PROTECT, related_name="+", null=True)
    added_after = models.CharField(max_length=40, default="")  # the server's own text, as last received
    push_from = models.ForeignKey(Collection, on_delete=models.SET_NULL, related_name="+", null=True)
    pushed_pos = models.BigIntegerField(default=0)
    pulled = models.BigIntegerField(default=0)
    pushed = models.BigIntegerField(default=0)
    requests = models.BigIntegerField(default=0)
    last_ok_us = models.BigIntegerField(null=True)
    last_error = models.TextField(default="")
    last_error_us = models.BigIntegerField(null=True)

    class Meta:
        db_table = "exchange_remote"


class AddStatus(models.Model):
    """The truth about one TAXII add request, object by object where something did not go in."""

    uuid = models.UUIDField(primary_key=True)
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="+", db_index=False)
    account = models.ForeignKey(Account, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    requested_us = models.BigIntegerField(db_index=True)
    total = models.IntegerField()
    success = models.IntegerField()
    failures = models.JSONField(default=list)  # [{"id", "version", "message"}]

    class Meta:
        db_table = "exchange_add_status"


class InventoryCount(models.Model):
    """How many object versions of one type came from one source."""

    type = models.CharField(max_length=255)
    source = models.IntegerField()
    count = models.BigIntegerField(default=0)

    class Meta:
        db_table = "exchange_inventory"
        constraints: ClassVar = [models.UniqueConstraint(fields=["type", "source"], name="exchange_inventory_once")]
