"""Who is asking, and everyone who is not let in: abuse classes 3, 4, 48, 49 and 55 of the threat model."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from commonwatch.base.accounts.actions import (
    NewToken,
    bind_certificate,
    create_token,
    ensure_account,
    revoke_token,
    set_active,
)
from commonwatch.base.accounts.identify import Identity, client_address, identify
from commonwatch.base.accounts.models import Account, Role, Token
from commonwatch.base.audit.models import AuditEntry
from commonwatch.base.parties.queries import own_member
from commonwatch.core.errors import Conflict, InvalidInput, NotAllowed, NotFound, TooBusy

NOW = 1_800_000_000_000_000
HOME = "192.0.2.7"
FINGERPRINT = "9f" * 32


def made(name: str = "partner", role: Role = Role.READER, **options: Any) -> NewToken:
    account = ensure_account(name, role, actor="test", now_us=NOW)
    given = {"expires_us": None, "networks": [], "actor": "test", "now_us": NOW, **options}
    return create_token(account, options.pop("label", "token"), given.pop("token_role", role), **given)


def bearer(secret: str, *, address: str = HOME, now: int = NOW) -> Identity:
    return identify(f"Bearer {secret}", address, None, now)


def refusal(ask: Callable[[], object]) -> tuple[int, str]:
    with pytest.raises(NotAllowed) as caught:
        ask()
    return caught.value.http_status, caught.value.code


def reasons() -> list[str]:
    return [entry.detail["reason"] for entry in AuditEntry.objects.filter(action="sign-in").order_by("pk")]


def test_a_token_speaks_for_its_account_as_bearer_and_as_basic_password(ready: Path) -> None:
    secret = made(role=Role.CONTRIBUTOR).secret
    basic = b64encode(f"partner:{secret}".encode()).decode()
    for header in (f"Bearer {secret}", f"bearer {secret} ", f"Basic {basic}"):
        who = identify(header, HOME, None, NOW)
        assert (who.name, who.role, len(who.communities), who.sees_all) == ("partner", "contributor", 1, False)
        assert (who.member, who.member_name) == (own_member().pk, "home")


def test_a_token_has_the_lesser_role_of_itself_and_its_account(ready: Path) -> None:
    secret = made(role=Role.OPERATOR, token_role=Role.READER).secret
    who = bearer(secret)
    assert who.role == "reader" and not who.sees_all and not who.may(Role.CONTRIBUTOR)
    Account.objects.filter(name="partner").update(role=Role.READER)
    assert bearer(secret).role == "reader"


def test_only_the_hash_of_a_token_is_kept(ready: Path) -> None:
    new = made()
    stored = str(list(Token.objects.values_list())) + str(list(AuditEntry.objects.values_list()))
    assert new.secret not in stored and new.secret.startswith(new.token.hint) and len(new.secret) > 40


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Basic",
        "Basic !!!",
        "Basic " + b64encode(b"\xff\xfe:x").decode(),
        "Basic " + b64encode(b"no colon").decode(),
        "Digest username=partner",
        "Negotiate abc",
        "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.",  # class 48: an unsigned JWT is a token nobody knows
        "Bearer eyJhbGciOiJIUzI1NiJ9." + "A" * 7000 + ".x",  # class 49
        "Bearer ' OR 1=1 --",
        "Bearer \x00",
    ],
)
def test_what_is_no_token_is_a_401_and_never_an_error(ready: Path, header: str) -> None:
    assert refusal(lambda: identify(header, HOME, None, NOW)) == (401, "sign-in-refused")


def test_nothing_at_all_asks_for_a_sign_in(ready: Path) -> None:
    assert refusal(lambda: identify(None, HOME, None, NOW)) == (401, "sign-in-needed")
    assert refusal(lambda: identify("", HOME, "", NOW)) == (401, "sign-in-needed")


def test_every_reason_gets_the_same_answer_and_its_own_line_in_the_audit(ready: Path) -> None:
    """Class 55: who guesses must not learn which part was right."""
    expired = made("a", expires_us=NOW + 1).secret
    elsewhere = made("b", networks=["198.51.100.0/24"]).secret
    revoked = made("c")
    revoke_token(revoked.token.pk, reason="lost", actor="test", now_us=NOW)
    off = made("d").secret
    set_active("d", False, reason="left", actor="test", now_us=NOW)
    mine = b64encode(f"someone:{made('e').secret}".encode()).decode()
    asked: list[Callable[[], Identity]] = [
        lambda: bearer("cw_unknown"),
        lambda: bearer(expired, now=NOW + 1),
        lambda: bearer(elsewhere),
        lambda: bearer(revoked.secret),
        lambda: bearer(off),
        lambda: identify(f"Basic {mine}", HOME, None, NOW),
    ]
    assert {refusal(ask) for ask in asked} == {(401, "sign-in-refused")}
    assert reasons() == [
        "unknown",
        "token expired",
        "address outside the token's networks",
        "token revoked",
        "account switched off",
        "token of another account",
    ]


def test_a_revoked_token_and_a_switched_off_account_stop_at_once_and_come_back(ready: Path) -> None:
    new = made()
    bearer(new.secret)
    set_active("partner", False, reason="pause", actor="test", now_us=NOW)
    refusal(lambda: bearer(new.secret))
    set_active("partner", True, reason="back", actor="test", now_us=NOW)
    bearer(new.secret)
    revoke_token(new.token.pk, reason="lost", actor="test", now_us=NOW)
    revoke_token(new.token.pk, reason="again", actor="test", now_us=NOW + 5)
    refusal(lambda: bearer(new.secret))
    assert Token.objects.get().revoked_us == NOW


@pytest.mark.parametrize(
    ("network", "address", "passes"),
    [
        ("192.0.2.0/24", "192.0.2.255", True),
        ("192.0.2.0/24", "192.0.3.0", False),
        ("192.0.2.0/24", "::ffff:192.0.2.9", True),
        ("2001:db8::/32", "2001:db8:1::9", True),
        ("2001:db8::/32", "192.0.2.1", False),
        ("2001:db8::/32", "", False),
        ("2001:db8::/32", "no address", False),
    ],
)
def test_a_token_works_in_its_networks_only(ready: Path, network: str, address: str, passes: bool) -> None:
    secret = made(networks=[network]).secret
    if passes:
        assert bearer(secret, address=address).name == "partner"
    else:
        refusal(lambda: bearer(secret, address=address))


def test_guessing_is_limited_by_address_and_never_locks_out_the_right_token(ready: Path) -> None:
    secret = made().secret
    limit = settings.COMMONWATCH.guess_limit
    for _ in range(limit):
        refusal(lambda: bearer("cw_wrong"))
    with pytest.raises(TooBusy) as caught:
        bearer("cw_wrong")
    assert caught.value.http_status == 429 and 0 < caught.value.retry_after_seconds <= 600
    assert bearer(secret).name == "partner"
    refusal(lambda: bearer("cw_wrong", address="192.0.2.8"))
    refusal(lambda: bearer("cw_wrong", now=NOW + 600_000_000))
    assert AuditEntry.objects.filter(action="sign-in").count() == limit + 2


def test_a_whole_ipv6_network_counts_as_one_guesser(ready: Path) -> None:
    for number in range(settings.COMMONWATCH.guess_limit):
        refusal(partial(bearer, "cw_wrong", address=f"2001:db8::{number + 1:x}"))
    with pytest.raises(TooBusy):
        bearer("cw_wrong", address="2001:db8::ffff:1")


def test_last_use_is_noted_once_a_minute(ready: Path) -> None:
    new = made()
    for moment in (NOW, NOW + 1_000_000, NOW + 61_000_000):
        bearer(new.secret, now=moment)
    assert Token.objects.get().last_used_us == NOW + 61_000_000


def test_a_client_certificate_speaks_for_the_account_it_is_bound_to(ready: Path) -> None:
    made(role=Role.CONTRIBUTOR)
    shown = ":".join(["9F"] * 32)
    assert bind_certificate("partner", shown, actor="test", now_us=NOW).certificate_sha256 == FINGERPRINT
    for fingerprint in (shown, FINGERPRINT):
        assert identify(None, HOME, fingerprint, NOW).name == "partner"
    set_active("partner", False, reason="pause", actor="test", now_us=NOW)
    refusal(lambda: identify(None, HOME, FINGERPRINT, NOW))
    bind_certificate("partner", "", actor="test", now_us=NOW)
    assert refusal(lambda: identify(None, HOME, "8e" * 32, NOW)) == (401, "sign-in-refused")


def test_an_empty_fingerprint_is_nobodys(ready: Path) -> None:
    made()
    for empty in (":", "::::", ""):
        assert refusal(partial(identify, None, HOME, empty, NOW)) == (401, "sign-in-needed")


def test_a_fingerprint_is_checked_and_belongs_to_one_account(ready: Path) -> None:
    made("a"), made("b")
    bind_certificate("a", FINGERPRINT, actor="test", now_us=NOW)
    with pytest.raises(Conflict):
        bind_certificate("b", FINGERPRINT, actor="test", now_us=NOW)
    with pytest.raises(InvalidInput):
        bind_certificate("b", "9f" * 20, actor="test", now_us=NOW)
    with pytest.raises(NotFound):
        bind_certificate("nobody", "8e" * 32, actor="test", now_us=NOW)


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("192.0.2.1", None, ("192.0.2.1", False)),
        ("192.0.2.1", "203.0.113.9", ("192.0.2.1", False)),  # not a proxy of ours: what it says is not believed
        ("10.0.0.1", "203.0.113.9", ("203.0.113.9", True)),
        ("10.0.0.1", "198.51.100.1, 203.0.113.9, 10.0.0.2", ("203.0.113.9", True)),
        ("10.0.0.1", "203.0.113.9, nonsense", ("10.0.0.1", True)),
        ("10.0.0.1", "", ("10.0.0.1", True)),
        ("::ffff:10.0.0.1", "203.0.113.9", ("203.0.113.9", True)),
    ],
)
def test_the_client_is_the_last_hop_that_is_not_ours(peer: str, forwarded: str | None, expected: object) -> None:
    assert client_address(peer, forwarded, ("10.0.0.0/8",)) == expected
