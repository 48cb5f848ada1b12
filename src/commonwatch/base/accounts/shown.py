"""Accounts and tokens for machines: the same in commands and in the API. Never a secret."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from commonwatch.base.accounts.models import Account, Token
from commonwatch.core.stix.times import format_time


def shown_account(account: Account) -> dict[str, Any]:
    """An account."""
    return {
        "name": account.name,
        "kind": "person" if account.is_person else "service",
        "role": account.role,
        "active": account.is_active,
        "member": account.member.name,
    }


def shown_token(token: Token) -> dict[str, Any]:
    """A token, without its secret."""
    return {
        "number": token.pk,
        "account": token.account.name,
        "label": token.name,
        "hint": token.hint,
        "role": token.role,
        "purpose": token.purpose,
        "networks": token.networks,
        "created": _moment(token.created_us),
        "expires": _moment(token.expires_us),
        "last_used": _moment(token.last_used_us),
        "revoked": _moment(token.revoked_us),
    }


def link_address(secret: str, here: str = "") -> str:
    """Where a one-time link leads: under the node's public address, else under `here`, else where the node listens."""
    configured = settings.COMMONWATCH
    base = configured.public_url or here or f"http://{configured.host}:{configured.port}"
    return f"{base.rstrip('/')}/setup/{secret}/"


def _moment(microseconds: int | None) -> str | None:
    return None if microseconds is None else format_time(microseconds, 0)
