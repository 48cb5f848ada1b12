"""The record's tables. Rows and not files: a leaf, its tiles, the checkpoint and the follower's cursor commit together, on both
databases, and are in every backup. A full tile's row never changes; a partial one grows, and any earlier width is its beginning.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Leaf(models.Model):
    """One entry, by its number in the log, as it is served. Never changed, never deleted."""

    number = models.BigIntegerField(primary_key=True)
    entry = models.BinaryField()

    class Meta:
        db_table = "transparency_leaf"


class Opening(models.Model):
    """What a leaf's commitment stands for: kept for those who are entitled to it, deleted when the law asks for it."""

    number = models.BigIntegerField(primary_key=True)  # of the leaf
    source = models.CharField(max_length=20)  # what was followed
    key = models.BigIntegerField()  # and its row or entry there
    kind = models.CharField(max_length=20)
    nonce = models.BinaryField()
    body = models.TextField()

    class Meta:
        db_table = "transparency_opening"
        indexes: ClassVar = [models.Index(fields=["source", "key"], name="transparency_opening_of")]


class TileRow(models.Model):
    """The hashes of one tile."""

    level = models.SmallIntegerField()
    number = models.BigIntegerField()
    hashes = models.BinaryField()

    class Meta:
        db_table = "transparency_tile"
        constraints: ClassVar = [models.UniqueConstraint(fields=["level", "number"], name="transparency_tile_once")]


class Head(models.Model):
    """The one row of the log's head: right edge, and the checkpoint as it is served."""

    origin = models.CharField(max_length=200)
    size = models.BigIntegerField(default=0)
    edge = models.BinaryField(default=b"")
    note = models.BinaryField(default=b"")

    class Meta:
        db_table = "transparency_head"


class LogKey(models.Model):
    """A key that signed or signs our checkpoints: old ones stay, because old checkpoints do."""

    vkey = models.TextField(unique=True)
    from_us = models.BigIntegerField()
    until_us = models.BigIntegerField(null=True)

    class Meta:
        db_table = "transparency_key"


class Followed(models.Model):
    """How far each source was logged. A log cannot be emptied: what was logged is not logged again after a rebuild."""

    source = models.CharField(max_length=20, primary_key=True)
    upto = models.BigIntegerField(default=0)

    class Meta:
        db_table = "transparency_followed"


class WatchedLog(models.Model):
    """A key of a peer's log that we witness, and the last checkpoint of that log that we cosigned (same for all its keys)."""

    origin = models.CharField(max_length=300, db_index=True)
    vkey = models.TextField(unique=True)
    url = models.TextField(default="")  # where the log is served; empty: it is witnessed, not looked at
    added_us = models.BigIntegerField()
    added_by = models.CharField(max_length=200)

    class Meta:
        db_table = "transparency_watched"


class Cosigned(models.Model):
    """The last checkpoint of a log that we cosigned, with our cosignature."""

    origin_hash = models.CharField(max_length=64, primary_key=True)  # SHA-256, as in the witness protocol
    note = models.BinaryField(default=b"")
    at_us = models.BigIntegerField(default=0)

    class Meta:
        db_table = "transparency_cosigned"


class Suspect(models.Model):
    """A checkpoint that a log signed and that did not fit what we knew of it: to be compared when the log is next looked at."""

    origin_hash = models.CharField(max_length=64, primary_key=True)
    note = models.BinaryField()
    at_us = models.BigIntegerField()

    class Meta:
        db_table = "transparency_suspect"


class Seen(models.Model):
    """The last checkpoint that a log showed us when we looked, and how looking at it goes."""

    origin_hash = models.CharField(max_length=64, primary_key=True)
    note = models.BinaryField(default=b"")
    at_us = models.BigIntegerField(default=0)
    failures = models.IntegerField(default=0)  # in a row
    next_try_us = models.BigIntegerField(default=0)
    last_error = models.TextField(default="")

    class Meta:
        db_table = "transparency_seen"


class Round(models.Model):
    """The one row of the checkpoint that our witnesses are asked to cosign, with what they answered so far."""

    note = models.BinaryField(default=b"")
    at_us = models.BigIntegerField(default=0)
    quorate = models.BinaryField(default=b"")  # the latest that a quorum has cosigned
    quorate_us = models.BigIntegerField(default=0)

    class Meta:
        db_table = "transparency_round"


class Asked(models.Model):
    """How it goes with a witness that we ask, by its key."""

    vkey = models.CharField(max_length=3000, primary_key=True)
    size = models.BigIntegerField(default=0)  # of the checkpoint that it cosigned last
    at_us = models.BigIntegerField(default=0)
    failures = models.IntegerField(default=0)  # in a row
    next_try_us = models.BigIntegerField(default=0)
    last_error = models.TextField(default="")

    class Meta:
        db_table = "transparency_asked"


class Evidence(models.Model):
    """Evidence against a log, as the signed note in which it is handed on (`core.merkle.evidence`)."""

    origin = models.CharField(max_length=300)
    code = models.CharField(max_length=40)
    observer = models.CharField(max_length=300)  # whose signature it bears
    file = models.BinaryField()
    at_us = models.BigIntegerField()
    digest = models.CharField(max_length=64, unique=True)  # of both checkpoints: the same is kept once

    class Meta:
        db_table = "transparency_evidence"


class TrustPolicy(models.Model):
    """The policy file (C2SP tlog-policy) by which this node believes checkpoints. The latest counts; none is changed."""

    text = models.TextField()
    set_us = models.BigIntegerField()
    actor = models.CharField(max_length=200)

    class Meta:
        db_table = "transparency_policy"


class Daily(models.Model):
    """The checkpoint of a day that time-stamping authorities are asked about, byte for byte as they are. Never changed."""

    day = models.CharField(max_length=10, primary_key=True)  # YYYY-MM-DD, UTC
    note = models.BinaryField()
    size = models.BigIntegerField()

    class Meta:
        db_table = "transparency_daily"


class DailyStamp(models.Model):
    """What an authority answered about a day's checkpoint (RFC 3161), whole, after it was found to hold."""

    daily = models.ForeignKey(Daily, on_delete=models.PROTECT, related_name="stamps")
    authority = models.CharField(max_length=100)
    answer = models.BinaryField()
    at_us = models.BigIntegerField()  # as the authority says

    class Meta:
        db_table = "transparency_daily_stamp"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["daily", "authority"], name="transparency_daily_stamp_once")
        ]
