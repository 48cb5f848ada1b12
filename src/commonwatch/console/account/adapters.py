"""What allauth asks us: who may sign in how often, from where, under which name, and how second factors are kept.

1. Nobody signs up: accounts are made by invitation. 2. Failed passwords and codes are counted per address and per account, in
the database, for all processes. 3. Every sign-in, and every change of a second factor, is on record. 4. Secrets of second
factors are encrypted with the node's key.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import blake2b
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from cryptography.fernet import Fernet
from django.conf import settings
from django.http import HttpRequest

from commonwatch.base.accounts.identify import address_of, check_guesses, count_guess
from commonwatch.base.clock import MICROSECONDS, now_us

ISSUER = "Commonwatch"
FRESH_SECONDS = 300


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Signing in with a password."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """As the API counts it: behind trusted proxies, the hop before them."""
        return address_of(request)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Not of somebody who signed in just now: a first second factor follows straight on the first sign-in."""
        records = get_authentication_records(context.request, context.request.user)
        return not any(now_us() / MICROSECONDS - one["at"] < FRESH_SECONDS for one in records)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Raises TooBusy where too many attempts have failed from this address, or for this account from anywhere."""
        check_guesses(address_of(request), now_us())
        check_guesses(_account_key(credentials), now_us())

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Counted twice, recorded twice: one attacker may have many addresses."""
        name = str(credentials.get("username", ""))[:100]
        count_guess(address_of(request), "password", name, now_us())
        count_guess(_account_key(credentials), "password", name, now_us())


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Codes and passkeys."""

    def get_totp_issuer(self) -> str:
        """As the authenticator app shows it."""
        return f"{ISSUER} {urlsplit(settings.COMMONWATCH.public_url).hostname or ''}".strip()

    def encrypt(self, text: str) -> str:
        """For the database."""
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """From the database."""
        return _box().decrypt(encrypted_text.encode()).decode()


class ProviderAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Signing in by an OpenID Connect provider: for accounts that connected it before, and nobody else."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Never: whoever is not known here is told what to do."""
        count_guess(address_of(request), "provider: not connected", "", now_us())
        return False

    def on_authentication_error(self, request: HttpRequest, provider: Any, **more: Any) -> None:
        """Recorded with what was wrong, and counted, so that nobody tries tokens until one fits."""
        why = str(more.get("exception") or getattr(more.get("error"), "value", "") or "unknown")[:200]
        count_guess(address_of(request), f"provider: {why}", "", now_us())


def _account_key(credentials: dict[str, Any]) -> str:
    name = str(credentials.get("username", ""))
    return "account " + blake2b(name.casefold().encode(), digest_size=16).hexdigest()


def _box() -> Fernet:
    key = blake2b(settings.SECRET_KEY.encode(), digest_size=32, person=b"second factors").digest()
    return Fernet(urlsafe_b64encode(key))
