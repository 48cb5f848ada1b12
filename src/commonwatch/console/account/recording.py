"""Puts on record what allauth does: sign-ins, passwords, second factors, sessions."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed
from allauth.mfa.signals import authentication_failed, authenticator_added, authenticator_removed, authenticator_reset
from allauth.socialaccount.signals import social_account_added, social_account_removed
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.http import HttpRequest

from commonwatch.base.accounts.identify import address_of
from commonwatch.base.accounts.models import Account
from commonwatch.base.audit.record import record
from commonwatch.base.clock import now_us

ACTIONS = {
    user_logged_in: "sign-in",
    user_logged_out: "sign-out",
    password_changed: "account.password",
    authenticator_added: "second-factor.add",
    authenticator_removed: "second-factor.remove",
    authenticator_reset: "second-factor.renew",
    social_account_added: "provider.connect",
    social_account_removed: "provider.disconnect",
}


def start() -> None:
    """Listen, from the start of the process on."""
    for signal, action in ACTIONS.items():
        signal.connect(_recorder(action), weak=False, dispatch_uid=f"record {action}")
    authentication_failed.connect(_code_failed, dispatch_uid="record second-factor")


def _recorder(action: str) -> Any:
    def receive(sender: Any, request: HttpRequest | None = None, user: Account | None = None, **more: Any) -> None:
        account = (
            user or getattr(more.get("sociallogin"), "user", None) or getattr(more.get("socialaccount"), "user", None)
        )
        if account is not None and request is not None:
            record(account.name, action, account.name, "done", {}, now_us=now_us(), address=address_of(request))

    return receive


def _code_failed(sender: Any, request: HttpRequest, user: Account, **more: Any) -> None:
    record(user.name, "sign-in", user.name, "refused", {"reason": "code"}, now_us=now_us(), address=address_of(request))
