"""Accounts and tokens for who looks after them."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, Q, QuerySet

from commonwatch.base.accounts.models import Account, Token
from commonwatch.core.errors import NotFound


@dataclass(frozen=True)
class Wanted:
    """Which accounts; what is empty or None does not count."""

    words: str = ""  # a part of the name
    is_person: bool | None = None
    role: str = ""
    only_off: bool = False


def accounts(wanted: Wanted = Wanted()) -> QuerySet[Account]:
    """People and service accounts, each with `has_factor`: whether a second factor is set up."""
    factors = Authenticator.objects.filter(user=OuterRef("pk")).exclude(type=Authenticator.Type.RECOVERY_CODES)
    found = Account.objects.select_related("member").annotate(has_factor=Exists(factors))
    if wanted.words:
        found = found.filter(name__icontains=wanted.words)
    if wanted.is_person is not None:
        found = found.filter(is_person=wanted.is_person)
    if wanted.role:
        found = found.filter(role=wanted.role)
    return found.filter(is_active=False) if wanted.only_off else found


def account_numbered(number: int) -> Account:
    """One account; raises NotFound."""
    found = accounts().filter(pk=number).first()
    if found is None:
        raise NotFound("account-unknown", f"There is no account {number}.", "See the list of accounts.")
    return found


def tokens(account: str = "", *, everything: bool, now_us: int) -> QuerySet[Token]:
    """Tokens that work; with `everything` also those that are revoked or expired, or whose account is switched off."""
    found = Token.objects.select_related("account")
    if account:
        found = found.filter(account__name=account)
    if everything:
        return found
    lasts = Q(expires_us=None) | Q(expires_us__gt=now_us)
    return found.filter(lasts, revoked_us=None, account__is_active=True)
