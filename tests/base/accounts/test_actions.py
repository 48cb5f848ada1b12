"""Accounts, tokens and the first administrator's link: what is refused, and what is on record."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

from commonwatch.base.accounts.actions import (
    check_name,
    create_token,
    ensure_account,
    ensure_setup_link,
    is_open,
    revoke_token,
    set_active,
    use_setup_link,
)
from commonwatch.base.accounts.models import Account, Role
from commonwatch.base.audit.models import AuditEntry
from commonwatch.base.parties.actions import By, create_member
from commonwatch.base.parties.models import MemberKind
from commonwatch.core.errors import Conflict, InvalidInput, NotFound

NOW = 1_800_000_000_000_000
DAY = 86_400_000_000
PASSWORD = "quiet rivers carry far"


def account(role: Role = Role.READER) -> Account:
    return ensure_account("partner", role, actor="test", now_us=NOW)


def token(name: str = "t", role: Role = Role.READER, expires: int | None = None, networks: tuple[str, ...] = ()) -> str:
    return create_token(
        Account.objects.get(name="partner"),
        name,
        role,
        expires_us=expires,
        networks=networks,
        actor="test",
        now_us=NOW,
    ).secret


def test_an_account_is_made_once_and_only_ever_raised_by_asking(ready: Path) -> None:
    first = account()
    assert account(Role.CONTRIBUTOR).pk == first.pk and account().role == Role.CONTRIBUTOR
    assert not first.has_usable_password()
    assert AuditEntry.objects.filter(action="account.create").count() == 1


def test_an_account_acts_for_one_member_for_good(ready: Path) -> None:
    create_member("cert-at", "", MemberKind.STATE_BODY, "AT", "", By("test", NOW))

    def ask(name: str, member: str) -> str:
        return ensure_account(name, Role.READER, member, actor="test", now_us=NOW).member.name

    assert ask("ours", "") == "home" and ask("theirs", "cert-at") == "cert-at"
    assert ask("theirs", "") == "cert-at"  # who does not ask for another keeps it
    for name, member in (("theirs", "home"), ("ours", "cert-at")):
        with pytest.raises(Conflict, match="acts for"):
            ask(name, member)
    with pytest.raises(NotFound):
        ask("new", "nobody")
    assert not Account.objects.filter(name="new").exists()


def test_a_token_that_makes_no_sense_is_refused(ready: Path) -> None:
    account()
    with pytest.raises(InvalidInput, match="only reader"):
        token(role=Role.ADMINISTRATOR)  # class 3: nobody gets more by way of a token
    with pytest.raises(InvalidInput, match="expired"):
        token(expires=NOW)
    with pytest.raises(InvalidInput, match="no network"):
        token(networks=("10.0.0.0/33",))
    with pytest.raises(InvalidInput, match="cannot name"):
        token(name="a/b")
    token("same")
    with pytest.raises(Conflict):
        token("same")


def test_a_revoked_tokens_name_is_free_again(ready: Path) -> None:
    account()
    token("laptop")
    revoke_token(Account.objects.get().tokens.get().pk, reason="lost", actor="test", now_us=NOW)
    assert token("laptop")
    with pytest.raises(NotFound):
        revoke_token(999, reason="x", actor="test", now_us=NOW)
    with pytest.raises(NotFound):
        set_active("nobody", False, reason="x", actor="test", now_us=NOW)


@pytest.mark.parametrize("name", ["", " a", "a ", "a:b", "a\nb", "a\u202eb", "x" * 101, "a\u00a0b", "a\x1b[31m"])
def test_a_name_that_could_deceive_is_refused(name: str) -> None:
    """Class 59: bidirectional overrides, blanks that are none, terminal escapes."""
    with pytest.raises(InvalidInput):
        check_name(name)


@pytest.mark.parametrize("name", ["partner", "CSIRT Montréal", "مركز الاستجابة", "国家应急中心", "НКЦКИ"])
def test_names_of_every_script_pass(name: str) -> None:
    check_name(name)


def test_the_setup_link_works_once_within_a_day_and_replaces_the_one_before(ready: Path) -> None:
    old = ensure_setup_link(NOW)
    link = ensure_setup_link(NOW)
    assert old and link and old != link
    assert not is_open(old, NOW) and is_open(link, NOW) and not is_open(link, NOW + DAY)
    with pytest.raises(ValidationError):
        use_setup_link(link, "Ada", "short", address="", now_us=NOW)
    with pytest.raises(NotFound):
        use_setup_link(link, "Ada", PASSWORD, address="", now_us=NOW + DAY)
    made = use_setup_link(link, "Ada", PASSWORD, address="192.0.2.1", now_us=NOW)
    assert made.member.name == "home" and made.role == Role.ADMINISTRATOR
    assert made.check_password(PASSWORD) and made.password.startswith("argon2")
    with pytest.raises(NotFound):
        use_setup_link(link, "Eve", PASSWORD, address="", now_us=NOW)
    assert ensure_setup_link(NOW) is None


def test_the_setup_link_does_not_take_over_a_name(ready: Path) -> None:
    account()
    link = ensure_setup_link(NOW)
    assert link
    with pytest.raises(Conflict):
        use_setup_link(link, "partner", PASSWORD, address="", now_us=NOW)
    assert is_open(link, NOW)
