"""Which entries belong to which thread. An index: what is in an entry, and who may have it, is asked of `base.release`."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

LONGEST_ID = 300  # a type of at most 250 characters, and a UUID


class ThreadEntry(models.Model):
    """One version of a root or of a part."""

    seq = models.BigIntegerField(primary_key=True)
    object_id = models.CharField(max_length=LONGEST_ID)
    root_id = models.CharField(max_length=LONGEST_ID)
    kind = models.CharField(max_length=250)  # type of the object

    class Meta:
        db_table = "threads_entry"
        indexes: ClassVar = [
            models.Index(fields=["root_id", "seq"], name="threads_by_root"),
            models.Index(fields=["kind", "seq"], name="threads_by_kind"),
            models.Index(fields=["object_id", "seq"], name="threads_by_object"),
        ]
