"""Who is in the partnership: members, the communities they form, the agreements that bind them. Nothing is ever deleted:
what ends gets an end, with who ended it and why, because a decision of last year has to be explained next year.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

HOME = "home"  # names the node's own member, and the community of its people and machines


class MemberKind(models.TextChoices):
    """What a party to the partnership is; law treats them differently."""

    STATE_BODY = "state-body"
    INTERNATIONAL_ORGANISATION = "international-organisation"
    COMPANY = "company"
    UNIVERSITY = "university"
    CIVIL_SOCIETY = "civil-society"


class Openness(models.TextChoices):
    """Who may know of a community and its members."""

    OPEN = "open"  # everybody sees it and may ask to join
    CLOSED = "closed"  # everybody sees it; who is in it, its members only
    HIDDEN = "hidden"  # only its members know of it


class Community(models.Model):
    """A named set of members with rules. Its name is the handle people use on the command line."""

    name = models.CharField(max_length=100, unique=True)
    description = models.TextField(default="", blank=True)
    openness = models.CharField(max_length=10, choices=Openness, default=Openness.CLOSED)
    pseudonymous = models.BooleanField(default=False)  # members may contribute without their name
    created_us = models.BigIntegerField()

    class Meta:
        db_table = "parties_community"

    def __str__(self) -> str:
        return self.name


class Member(models.Model):
    """A party to the partnership; a STIX `identity` to others. Every account acts for one.

    `country` is its jurisdiction: empty for organisations of states, and where it is not recorded yet.
    """

    name = models.CharField(max_length=100, unique=True)
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=30, choices=MemberKind)
    country = models.CharField(max_length=2, default="", blank=True)
    identity = models.CharField(max_length=60, unique=True)
    created_us = models.BigIntegerField()

    class Meta:
        db_table = "parties_member"

    def __str__(self) -> str:
        return self.name


STANDING = "standing"  # kind of the fact that says a member is one no longer
EXPELLED = "expelled"  # its value
CONSENT = "consent"  # kind of the fact that an owner lets a member have what it controls as originator


class MemberFact(models.Model):
    """Something dated that holds for one member beyond its country: an alliance, a safeguard, a certification."""

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="facts")
    kind = models.CharField(max_length=30)
    value = models.CharField(max_length=100)
    since = models.DateField(null=True)
    until = models.DateField(null=True)
    source = models.TextField()
    recorded_us = models.BigIntegerField()
    recorded_by = models.CharField(max_length=200)

    class Meta:
        db_table = "parties_member_fact"


class Membership(models.Model):
    """A member's time in a community. The row without an end is the one that counts now."""

    community = models.ForeignKey(Community, on_delete=models.PROTECT, related_name="memberships")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="memberships")
    since_us = models.BigIntegerField()
    until_us = models.BigIntegerField(null=True)
    joined_by = models.CharField(max_length=200)
    joined_reason = models.TextField()
    left_by = models.CharField(max_length=200, default="", blank=True)
    left_reason = models.TextField(default="", blank=True)

    class Meta:
        db_table = "parties_membership"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["community", "member"], condition=models.Q(until_us=None), name="parties_membership_once"
            )
        ]


class AgreementKind(models.TextChoices):
    """What binds: from a treaty between states to a code of conduct."""

    TREATY = "treaty"
    CONVENTION = "convention"
    MEMORANDUM = "memorandum"
    NON_DISCLOSURE = "non-disclosure"
    CODE_OF_CONDUCT = "code-of-conduct"


class Agreement(models.Model):
    """What its parties may send one another, for which purposes, under which safeguards. Empty lists mean no limit by it."""

    name = models.CharField(max_length=100, unique=True)
    title = models.CharField(max_length=300)
    kind = models.CharField(max_length=20, choices=AgreementKind)
    source = models.TextField()  # citation or address of the text
    categories = models.JSONField(default=list)
    purposes = models.JSONField(default=list)
    safeguards = models.JSONField(default=list)
    created_us = models.BigIntegerField()

    class Meta:
        db_table = "parties_agreement"

    def __str__(self) -> str:
        return self.name


class AgreementParty(models.Model):
    """One party's steps: a member, or a state for all members under its jurisdiction."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="parties")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="agreements")
    country = models.CharField(max_length=2, default="", blank=True)
    signed = models.DateField(null=True)
    ratified = models.DateField(null=True)
    in_force = models.DateField(null=True)
    denounced = models.DateField(null=True)
    reservations = models.TextField(default="", blank=True)
    recorded_us = models.BigIntegerField()
    recorded_by = models.CharField(max_length=200)

    class Meta:
        db_table = "parties_agreement_party"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agreement", "member", "country"], name="parties_agreement_party_once"),
            models.CheckConstraint(
                condition=models.Q(member=None) ^ models.Q(country=""), name="parties_agreement_party_is_one"
            ),
        ]


class KeyStatement(models.Model):
    """What a member said of its keys, as it signed it: numbered and chained (`core.signing.statements`), never changed.

    By STIX identity and not by member: whose objects come over a relay need not be a member on record here.
    """

    identity = models.CharField(max_length=60)
    number = models.IntegerField()
    digest = models.CharField(max_length=64)
    raw = models.BinaryField()
    vouched = models.BooleanField(
        default=False
    )  # that it is the member's: by the partnership, or by who runs this node
    taken_us = models.BigIntegerField()
    taken_by = models.CharField(max_length=200)

    class Meta:
        db_table = "parties_key_statement"
        constraints: ClassVar = [models.UniqueConstraint(fields=["identity", "number"], name="parties_statement_once")]


class MemberKey(models.Model):
    """A key with which a member signs what it writes, and its time: what follows from the statements, for quick look-up."""

    identity = models.CharField(max_length=60, db_index=True)
    key_id = models.CharField(max_length=43, unique=True)
    public = models.CharField(max_length=43)
    from_us = models.BigIntegerField()
    until_us = models.BigIntegerField(null=True)
    revoked_since_us = models.BigIntegerField(null=True)
    reason = models.TextField(default="")

    class Meta:
        db_table = "parties_member_key"
