"""Collections and who may open them; policies and epochs on record; the numbers by which grants know recipients."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from commonwatch.base.parties.models import Community, Member


class Collection(models.Model):
    """A TAXII collection. `slot` is its number in the journal's placements and never reused."""

    slot = models.IntegerField(primary_key=True)
    uuid = models.UUIDField(unique=True)
    alias = models.CharField(max_length=100, unique=True, null=True)
    title = models.CharField(max_length=200)
    description = models.TextField(default="", blank=True)
    for_all = models.BooleanField(default=False)  # every member may read it and add to it
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


class PolicySet(models.Model):
    """The node's own policy files, as activated once. The latest counts; none is ever changed."""

    files = models.JSONField()  # text by file name
    activated_us = models.BigIntegerField()
    actor = models.CharField(max_length=200)
    reason = models.TextField()

    class Meta:
        db_table = "release_policy_set"


class Epoch(models.Model):
    """A time in which decisions rest on the same world. The latest serves; `report` says what it changed, for whom."""

    digest = models.CharField(max_length=64)  # of the world
    on = models.DateField()
    made_us = models.BigIntegerField()
    actor = models.CharField(max_length=200)
    what = models.TextField()  # what was changed, in words
    report = models.JSONField()

    class Meta:
        db_table = "release_epoch"


class Recipient(models.Model):
    """A member with a purpose, by the number under which grants know it. Without a member: the public."""

    member = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    purpose = models.CharField(max_length=30)
    served_us = models.BigIntegerField(null=True)  # when something was first served to it
    visible = models.BigIntegerField(default=0)  # placements it may see, and
    placements = models.BigIntegerField(default=0)  # all there were, when last counted: steers how pages are found

    class Meta:
        db_table = "release_recipient"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["member", "purpose"], name="release_recipient_once"),
            models.UniqueConstraint(
                fields=["purpose"], condition=models.Q(member=None), name="release_public_recipient_once"
            ),
        ]


class Loss(models.Model):
    """Somebody lost a class, or one object (`seq`): noted with the change, recalled afterwards, kept as a record."""

    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT, related_name="+")
    klass = models.IntegerField()
    seq = models.BigIntegerField(null=True)
    upto = models.BigIntegerField()  # of a class: entries before this place
    reason = models.TextField()
    after = models.BigIntegerField(default=0)  # how far recalls have come
    done = models.BooleanField(default=False, db_index=True)

    class Meta:
        db_table = "release_loss"


class Recall(models.Model):
    """A recall that was sent, and what its recipient answered."""

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT, null=True, related_name="+")
    recall = models.CharField(max_length=60, unique=True)  # id of the recall object
    count = models.IntegerField()  # of objects
    reason = models.TextField()
    made_us = models.BigIntegerField()
    answered_us = models.BigIntegerField(null=True)
    answer = models.CharField(max_length=20, default="", blank=True)  # complied, refused, partly
    receipt = models.CharField(max_length=60, default="", blank=True)  # id of the receipt object
    reminders = models.IntegerField(default=0)  # sent so far
    remind_us = models.BigIntegerField(null=True)  # when it is looked at next; null: it was not looked at yet
    lifted_us = models.BigIntegerField(null=True)  # the member may have all of it again: nothing is asked of it

    class Meta:
        db_table = "release_recall"
        indexes: ClassVar = [
            models.Index(
                fields=["remind_us"],
                condition=models.Q(answered_us=None, lifted_us=None),
                name="release_recall_open",
            )
        ]


class Recalled(models.Model):
    """An object that a recall names."""

    recall = models.ForeignKey(Recall, on_delete=models.CASCADE, related_name="named")
    object = models.CharField(max_length=300, db_index=True)
    kept = models.BooleanField(default=False)  # its receipt says that the member still holds it

    class Meta:
        db_table = "release_recalled"


class Handover(models.Model):
    """A parcel of objects that goes to a member's node, or came from it, as both sides put it on record; once, however
    often it is sent. `slot`, `after` and `pos` are the sender's.
    """

    at_us = models.BigIntegerField(db_index=True)
    member = models.CharField(max_length=60)  # the other side's STIX identity
    outgoing = models.BooleanField()
    slot = models.IntegerField()
    after = models.BigIntegerField()
    pos = models.BigIntegerField()
    count = models.IntegerField()  # of objects
    root = models.CharField(max_length=64)  # of the RFC 6962 tree over their bytes

    class Meta:
        db_table = "release_handover"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["member", "outgoing", "slot", "pos", "root"], name="release_handover_once")
        ]


class Served(models.Model):
    """A page that was served (`served.Line`). Appended to, never changed."""

    at_us = models.BigIntegerField(db_index=True)
    reader = models.CharField(max_length=100)
    recipient = models.IntegerField()
    epoch = models.IntegerField()
    kind = models.CharField(max_length=10)
    slot = models.IntegerField()
    filter = models.TextField()
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    count = models.IntegerField()

    class Meta:
        db_table = "release_served"


class Arrival(models.Model):
    """How many objects of a class came into a collection in an hour (counted from 1970)."""

    hour = models.IntegerField()
    slot = models.IntegerField()
    klass = models.IntegerField()
    count = models.BigIntegerField(default=0)

    class Meta:
        db_table = "release_arrival"
        constraints: ClassVar = [models.UniqueConstraint(fields=["hour", "slot", "klass"], name="release_arrival_once")]
