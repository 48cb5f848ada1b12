"""Collections: named selections of the journal that readers are given, and which communities may read or write them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from commonwatch.base.parties.models import Community


class Collection(models.Model):
    """A TAXII collection. `slot` is its number in the journal's placements and never reused."""

    slot = models.IntegerField(primary_key=True)
    uuid = models.UUIDField(unique=True)
    alias = models.CharField(max_length=100, unique=True, null=True)
    title = models.CharField(max_length=200)
    description = models.TextField(default="", blank=True)
    created_us = models.BigIntegerField()

    class Meta:
        db_table = "release_collection"


class CollectionAccess(models.Model):
    """What the members of one community may do with one collection."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="access")
    community = models.ForeignKey(Community, on_delete=models.CASCADE, related_name="+")
    can_read = models.BooleanField(default=True)
    can_write = models.BooleanField(default=False)

    class Meta:
        db_table = "release_collection_access"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["collection", "community"], name="release_access_once")
        ]
