"""People and service accounts, their roles and their tokens."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models

from commonwatch.base.parties.models import Member
from commonwatch.core.policy.facts import DEFAULT_PURPOSE


class Role(models.TextChoices):
    """What an account may do on this node; each role includes those before it."""

    READER = "reader"  # read the collections of its member's communities
    CONTRIBUTOR = "contributor"  # and add to the ones that are writable for them
    OPERATOR = "operator"  # and import, export, mend quarantine, run sources
    ADMINISTRATOR = "administrator"  # and manage collections, accounts, tokens


class Theme(models.TextChoices):
    """How pages look to a person; empty: as the machine is set."""

    LIGHT = "light"
    DARK = "dark"
    CONTRAST = "contrast"


class AccountManager(BaseUserManager["Account"]):
    """Django asks for one; accounts are made by `accounts.actions` only."""

    def get_by_natural_key(self, username: str | None) -> Account:
        return self.get(name=username)


class Account(AbstractBaseUser):
    """A person (who signs in to the console) or a service account (a machine with tokens). It acts for one member:
    what it may see follows from the communities that member is in now.
    """

    name = models.CharField(max_length=100, unique=True)
    is_person = models.BooleanField(default=False)
    role = models.CharField(max_length=20, choices=Role, default=Role.READER)
    is_active = models.BooleanField(default=True)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="accounts")
    certificate_sha256 = models.CharField(max_length=64, default="", blank=True, db_index=True)
    created_us = models.BigIntegerField()
    language = models.CharField(max_length=10, default="", blank=True)  # empty: what the browser asks for
    time_zone = models.CharField(max_length=50, default="", blank=True)  # empty: UTC
    theme = models.CharField(max_length=10, choices=Theme, default="", blank=True)

    USERNAME_FIELD = "name"
    objects = AccountManager()

    class Meta:
        db_table = "accounts_account"


class Token(models.Model):
    """A secret that speaks for an account until it expires or is revoked. Only its hash is kept."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100)
    hint = models.CharField(max_length=16)  # the first characters, so that a person can tell tokens apart
    sha256 = models.BinaryField(max_length=32, unique=True)
    role = models.CharField(max_length=20, choices=Role)  # at most the account's
    purpose = models.CharField(max_length=30, default=DEFAULT_PURPOSE)  # what its reader reads for
    networks = models.JSONField(default=list)  # CIDR strings; empty means anywhere
    created_us = models.BigIntegerField()
    expires_us = models.BigIntegerField(null=True)
    revoked_us = models.BigIntegerField(null=True)
    last_used_us = models.BigIntegerField(null=True)

    class Meta:
        db_table = "accounts_token"
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "name"], name="accounts_token_name")]


class SetupLink(models.Model):
    """The one-time link by which the first administrator, or a person invited later, sets a password. Only its hash is kept."""

    account = models.ForeignKey(Account, null=True, on_delete=models.CASCADE)  # none: the first administrator is made
    sha256 = models.BinaryField(max_length=32, unique=True)
    created_us = models.BigIntegerField()
    expires_us = models.BigIntegerField()
    used_us = models.BigIntegerField(null=True)

    class Meta:
        db_table = "accounts_setup_link"


class FailedGuess(models.Model):
    """Failed sign-ins per address and window of ten minutes."""

    address = models.CharField(max_length=45)
    window = models.BigIntegerField()  # microseconds at which the window began
    count = models.IntegerField(default=0)

    class Meta:
        db_table = "accounts_failed_guess"
        constraints: ClassVar = [models.UniqueConstraint(fields=["address", "window"], name="accounts_guess_once")]
