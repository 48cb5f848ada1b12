"""People of every role, signed in, each with a second factor where its role demands one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client

from commonwatch.base.accounts.actions import invite_person, use_setup_link
from commonwatch.base.accounts.models import Account, Role
from commonwatch.base.clock import now_us
from commonwatch.console.intelligence import finding

PASSWORD = "quiet rivers carry far"
SECRET = "JBSWY3DPEHPK3PXP"


def person(role: Role, name: str = "", member: str = "") -> Account:
    """A person's account with the password above, and TOTP with the secret above for those who run the node."""
    link = invite_person(name or role.value, role, member, actor="test", now_us=now_us())
    account = use_setup_link(link, "", PASSWORD, address="192.0.2.1", now_us=now_us())
    if role in (Role.OPERATOR, Role.ADMINISTRATOR):
        TOTP.activate(account, SECRET)
    return account


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counting may take as long as a busy machine needs: no test depends on its speed."""
    monkeypatch.setattr(finding, "AT_ONCE_SECONDS", 60.0)


@pytest.fixture
def signed_in(ready: Path) -> Callable[..., Client]:
    """A browser in which somebody of a role is signed in."""

    def sign_in(role: Role, member: str = "") -> Client:
        client = Client(headers={"accept": "text/html"})
        account = Account.objects.filter(name=role.value).first() or person(role, member=member)
        client.force_login(account)
        return client

    return sign_in
