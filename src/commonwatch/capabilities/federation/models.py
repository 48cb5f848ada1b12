"""Peers and how far the exchange with each has come."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from commonwatch.base.intake.models import Source
from commonwatch.base.parties.models import Member
from commonwatch.base.release.models import Collection


class Peer(models.Model):
    """A node that this one exchanges with, known by its key. What it brings is vouched for by its member."""

    name = models.CharField(max_length=100, unique=True)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    into = models.ForeignKey(Collection, on_delete=models.PROTECT, related_name="+")  # what it sends goes there
    offered = models.JSONField(default=list)  # slots of collections it gets beside those of its communities
    key = models.CharField(max_length=64, unique=True)  # Ed25519, hexadecimal
    url = models.TextField(default="")  # where it answers; empty: only it calls us, or bundles travel
    paused = models.BooleanField(default=False)
    joined_us = models.BigIntegerField()
    looked_at = models.BigIntegerField(default=0)  # end of the journal when everything for it had been sent
    fetch = models.BooleanField(default=False)  # we call it for what it has, because it cannot call us
    fetched = models.JSONField(default=dict)  # its position by its slot: what we have of it
    fetched_us = models.BigIntegerField(default=0)
    sent = models.BigIntegerField(default=0)
    received = models.BigIntegerField(default=0)
    failures = models.IntegerField(default=0)  # in a row
    next_try_us = models.BigIntegerField(default=0)
    last_ok_us = models.BigIntegerField(null=True)
    last_heard_us = models.BigIntegerField(null=True)
    last_error = models.TextField(default="")
    greeted = models.BooleanField(default=False)  # since this node's last start
    bytes_per_second = models.IntegerField(default=0)  # most that we send it, or fetch from it; 0: no limit
    free_us = models.BigIntegerField(default=0)  # until then what was sent last uses the limit up
    behind_since_us = models.BigIntegerField(null=True)  # something has waited for it since then
    warned_us = models.BigIntegerField(null=True)  # that it is behind was said then; null: it is not, or not for long

    class Meta:
        db_table = "federation_peer"


class Sent(models.Model):
    """How far a peer has acknowledged one of our collections; `pos` may be past that where all there was came from it."""

    peer = models.ForeignKey(Peer, on_delete=models.CASCADE, related_name="places")
    slot = models.IntegerField()
    pos = models.BigIntegerField()
    acknowledged = models.BigIntegerField(default=0)
    bundled = models.BigIntegerField(default=0)  # how far the last bundle went

    class Meta:
        db_table = "federation_sent"
        constraints: ClassVar = [models.UniqueConstraint(fields=["peer", "slot"], name="federation_sent_once")]


class Received(models.Model):
    """What a peer sent, by digest of its bytes: it is not sent back."""

    peer = models.ForeignKey(Peer, on_delete=models.CASCADE, related_name="+")
    digest = models.BigIntegerField()  # first eight bytes of BLAKE2b, signed
    pos = models.BigIntegerField(default=0)  # where the parcel ended in the peer's order that brought it last

    class Meta:
        db_table = "federation_received"
        constraints: ClassVar = [models.UniqueConstraint(fields=["peer", "digest"], name="federation_received_once")]


class Begun(models.Model):
    """The beginning of a parcel whose answer broke off: the rest is asked for by the whole's digest."""

    peer = models.OneToOneField(Peer, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=100)  # Content-Digest of the whole, by the peer's signature
    body = models.BinaryField()

    class Meta:
        db_table = "federation_begun"


class Given(models.Model):
    """The parcel that a peer was given last, until it asks for the next: what was lost of it on the line is given again."""

    peer = models.OneToOneField(Peer, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=100)
    body = models.BinaryField()

    class Meta:
        db_table = "federation_given"


class Outgoing(models.Model):
    """A parcel whose sending broke off: made again just so, it goes on behind what the peer has of it."""

    peer = models.OneToOneField(Peer, on_delete=models.CASCADE, related_name="+")
    slot = models.IntegerField()
    begins = models.BigIntegerField(null=True)  # as `parcels.Made` has it
    count = models.IntegerField()
    digest = models.CharField(max_length=100)  # Content-Digest of the whole, as it goes in pieces

    class Meta:
        db_table = "federation_outgoing"


class Arrived(models.Model):
    """A piece of a parcel that a peer sends in pieces, until all of it is there."""

    peer = models.ForeignKey(Peer, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=100)  # Content-Digest of the whole
    begins = models.IntegerField()  # bytes
    ends = models.IntegerField()
    body = models.BinaryField()
    at_us = models.BigIntegerField(db_index=True)

    class Meta:
        db_table = "federation_arrived"
        constraints: ClassVar = [models.UniqueConstraint(fields=["peer", "begins"], name="federation_arrived_once")]


class Skipped(models.Model):
    """An object that did not go in at the other side, or here, and why: the latest word on it."""

    class Side(models.TextChoices):
        THERE = "there"
        HERE = "here"

    peer = models.ForeignKey(Peer, on_delete=models.CASCADE, related_name="skipped")
    side = models.CharField(max_length=5, choices=Side)
    object = models.CharField(max_length=300)
    version = models.CharField(max_length=40)
    code = models.CharField(max_length=64)
    sentence = models.TextField()
    at_us = models.BigIntegerField()

    class Meta:
        db_table = "federation_skipped"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["peer", "side", "object", "version"], name="federation_skipped_once")
        ]


class Hidden(models.Model):
    """An object that its voucher has recalled from us: nobody gets it here until that peer sends it again."""

    peer = models.ForeignKey(Peer, on_delete=models.CASCADE, related_name="+")
    object = models.CharField(max_length=300)
    recall = models.CharField(max_length=300)
    reason = models.TextField()
    at_us = models.BigIntegerField()

    class Meta:
        db_table = "federation_hidden"
        constraints: ClassVar = [models.UniqueConstraint(fields=["peer", "object"], name="federation_hidden_once")]


class Pending(models.Model):
    """A recall, or a late copy of something recalled, that is still to be carried out."""

    peer = models.ForeignKey(Peer, on_delete=models.CASCADE, related_name="+")
    recall = models.CharField(max_length=700, unique=True)
    objects_named = models.JSONField()
    done = models.BooleanField(default=False)

    class Meta:
        db_table = "federation_pending"


class Invitation(models.Model):
    """A code that lets one node in once. Only its digest is kept."""

    digest = models.BinaryField(max_length=32, unique=True)
    name = models.CharField(max_length=100)  # how we shall call the peer
    kind = models.CharField(max_length=30)  # what it is and where: said by whom invites, never by the peer
    country = models.CharField(max_length=10)
    into = models.CharField(max_length=100)
    expires_us = models.BigIntegerField()
    used_us = models.BigIntegerField(null=True)

    class Meta:
        db_table = "federation_invitation"


class Nonce(models.Model):
    """A signature that was used: the same request does not count twice."""

    key = models.CharField(max_length=64)
    nonce = models.CharField(max_length=64)
    seen_us = models.BigIntegerField(db_index=True)

    class Meta:
        db_table = "federation_nonce"
        constraints: ClassVar = [models.UniqueConstraint(fields=["key", "nonce"], name="federation_nonce_once")]


class NodeKey(models.Model):
    """A key by which peers know or knew this node."""

    key = models.CharField(max_length=64, unique=True)
    since_us = models.BigIntegerField()
    until_us = models.BigIntegerField(null=True)
    follows = models.CharField(max_length=64, default="")
    reason = models.TextField(default="")

    class Meta:
        db_table = "federation_node_key"


class Card(models.Model):
    """The newest card of a member (`membership.cards`): its TUF role's metadata and the file, as they came."""

    identity = models.CharField(max_length=60, unique=True)
    version = models.IntegerField()
    metadata = models.TextField()
    file = models.TextField()

    class Meta:
        db_table = "federation_card"


class MembershipFile(models.Model):
    """A file of the partnership's membership, verified when it was stored (`membership.metadata`)."""

    name = models.CharField(max_length=200, unique=True)
    text = models.TextField()

    class Meta:
        db_table = "federation_membership_file"


class Proposal(models.Model):
    """A change of the membership that waits for further approvals: the next targets metadata, with the signatures so far."""

    digest = models.CharField(max_length=64, unique=True)  # of what is signed
    targets = models.TextField()
    register = models.TextField()
    root = models.TextField(default="")  # where who approves changes with it
    cards = models.JSONField(default=dict)  # of members that are new, or start anew: identity to metadata and file

    class Meta:
        db_table = "federation_proposal"


class Told(models.Model):
    """What a peer was last told of members and their keys."""

    peer = models.OneToOneField(Peer, on_delete=models.CASCADE, related_name="told")
    digest = models.CharField(max_length=64)
    at_us = models.BigIntegerField()

    class Meta:
        db_table = "federation_told"


class Purge(models.Model):
    """Everything of one member taken back at once; while it lasts, what comes of that member later is hidden, too."""

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    actor = models.CharField(max_length=200)
    made_us = models.BigIntegerField()
    with_others = models.BooleanField(default=False)  # also what further members brought
    ended_us = models.BigIntegerField(null=True)
    erased_us = models.BigIntegerField(null=True)

    class Meta:
        db_table = "federation_purge"


class Purged(models.Model):
    """An object that a purge hides, and the collections in which each of its entries stood."""

    purge = models.ForeignKey(Purge, on_delete=models.CASCADE, related_name="objects_hidden")
    object = models.CharField(max_length=300)
    stood = models.JSONField(default=dict)  # slots by entry
    done = models.BooleanField(default=False)

    class Meta:
        db_table = "federation_purged"
        constraints: ClassVar = [models.UniqueConstraint(fields=["purge", "object"], name="federation_purged_once")]
