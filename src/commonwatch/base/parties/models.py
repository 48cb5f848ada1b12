"""Who is in the partnership. Members and agreements arrive with the issue that needs them; communities are here now."""

from __future__ import annotations

from django.db import models


class Community(models.Model):
    """A named set of members with rules. Its name is the handle people use on the command line."""

    name = models.CharField(max_length=100, unique=True)
    description = models.TextField(default="", blank=True)
    created_us = models.BigIntegerField()

    class Meta:
        db_table = "parties_community"

    def __str__(self) -> str:
        return self.name
