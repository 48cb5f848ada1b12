"""Who is asking: a bearer token, Basic with a token as the password, or a client certificate seen by the TLS terminator.

1. Tokens are 256 random bits, so their SHA-256 is looked up as it is: nothing slow protects what cannot be guessed.
2. Unknown, expired, revoked, wrong network, switched off: the same 401 for all; the audit says which it was.
3. Failed attempts are counted per address and ten minutes. A right token passes all the same, so that nobody can lock a
   partner behind the same address out; the limit keeps guessing from costing us anything. Passwords can be guessed: past the
   limit nobody signs in from that address (`check_guesses`).
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha256
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.http import HttpRequest

from commonwatch.base.accounts.models import FailedGuess, Role
from commonwatch.base.audit.record import record
from commonwatch.base.journal.driver import fetch
from commonwatch.base.parties.models import HOME
from commonwatch.core.errors import NotAllowed, TooBusy
from commonwatch.core.policy.facts import DEFAULT_PURPOSE

_RANK = {role.value: rank for rank, role in enumerate(Role)}
_WINDOW_US = 600 * 1_000_000
_TOUCH_US = 60 * 1_000_000  # `last_used` is exact to a minute
_NOW_IN = "FROM parties_membership WHERE member_id = m.id AND until_us IS NULL"
_COMMUNITIES = {
    "sqlite": f"(SELECT group_concat(community_id) {_NOW_IN})",
    "postgresql": f"(SELECT string_agg(community_id::text, ',') {_NOW_IN})",
}
_ACCOUNT = "a.id, a.name, a.role, a.is_active, m.id, m.name, {communities}"
_MEMBER = "JOIN parties_member m ON m.id = a.member_id"
_BY_TOKEN = (
    f"SELECT {_ACCOUNT}, t.id, t.role, t.networks, t.expires_us, t.revoked_us, t.last_used_us, t.purpose "
    f"FROM accounts_token t JOIN accounts_account a ON a.id = t.account_id {_MEMBER} WHERE t.sha256 = %s"
)
_BY_ACCOUNT = f"SELECT {_ACCOUNT} FROM accounts_account a {_MEMBER} WHERE a.id = %s"
_BY_CERTIFICATE = (
    f"SELECT {_ACCOUNT}, NULL, a.role, '[]', NULL, NULL, NULL, '{DEFAULT_PURPOSE}' "
    f"FROM accounts_account a {_MEMBER} WHERE a.certificate_sha256 = %s"
)


@dataclass(frozen=True)
class Identity:
    """An account as it acts now: its role is the lesser of its own and its token's, its communities are its member's,
    what it reads for is its token's purpose.
    """

    account_id: int
    name: str
    role: str
    member: int
    member_name: str
    communities: frozenset[int]
    address: str
    purpose: str = DEFAULT_PURPOSE

    def may(self, role: Role) -> bool:
        """Whether this role includes another."""
        return _RANK[self.role] >= _RANK[role.value]

    def holds(self, role: str) -> bool:
        """Whether this role includes the one of this name."""
        return _RANK[self.role] >= _RANK[role]

    @property
    def is_at_home(self) -> bool:
        """Whether it belongs to the member that runs the node."""
        return self.member_name == HOME

    @cached_property
    def sees_all(self) -> bool:
        """Whether it runs the node."""
        return self.may(Role.OPERATOR)


def identify(authorization: str | None, address: str, certificate_sha256: str | None, now_us: int) -> Identity:
    """The account behind a request; raises NotAllowed (401) or TooBusy (429)."""
    name, secret = _credentials(authorization)
    if secret:
        row = _look_up(_BY_TOKEN, sha256(secret.encode()).digest())
    elif certificate_sha256 and (bare := certificate_sha256.replace(":", "").lower()):
        row = _look_up(_BY_CERTIFICATE, bare)
    else:
        raise (
            _refused()
            if authorization
            else NotAllowed(
                "sign-in-needed", "This needs an account.", "Send a token: Authorization: Bearer cw_...", status=401
            )
        )
    problem = _problem(row, name, address, now_us) if row else "unknown"
    if problem:
        count_guess(address, problem, row[1] if row else "", now_us)
        raise _refused()
    account, account_name, role, _, member, member_name, communities, token, token_role, _, _, _, used, purpose = row
    if token is not None and (used is None or used < now_us - _TOUCH_US):
        _touch(token, now_us)
    lesser = min(role, token_role, key=_RANK.__getitem__)
    return Identity(account, account_name, lesser, member, member_name, _numbers(communities), address, purpose)


def signed_in(account_id: int, address: str) -> Identity | None:
    """A person with a session, as it acts now; None once the account is switched off."""
    row = _look_up(_BY_ACCOUNT, account_id)
    if row is None or not row[3]:
        return None
    account, name, role, _, member, member_name, communities = row
    return Identity(account, name, role, member, member_name, _numbers(communities), address)


@lru_cache(maxsize=1024)
def client_address(peer: str, forwarded_for: str | None, trusted: Sequence[str]) -> tuple[str, bool]:
    """The client's address and whether the peer is a trusted proxy.

    Behind trusted proxies the client is the rightmost hop that is not one of them: what stands left of it anyone can write.
    """
    networks = [ip_network(network) for network in trusted]
    if not _within(peer, networks):
        return peer, False
    for hop in reversed([part.strip() for part in (forwarded_for or "").split(",") if part.strip()]):
        if not _within(hop, networks):
            return (hop if _is_address(hop) else peer), True
    return peer, True


def address_of(request: HttpRequest) -> str:
    """The client's address of a request that came to Django."""
    peer = request.META.get("REMOTE_ADDR", "")
    proxies = tuple(settings.COMMONWATCH.trusted_proxies)
    return client_address(peer, request.headers.get("X-Forwarded-For"), proxies)[0]


def _credentials(authorization: str | None) -> tuple[str | None, str]:
    """The account name that Basic states (None for Bearer), and the secret; empty where there is none to read."""
    scheme, _, value = (authorization or "").partition(" ")
    if scheme.lower() == "bearer":
        return None, value.strip()
    if scheme.lower() != "basic":
        return None, ""
    try:
        name, _, secret = b64decode(value.strip(), validate=True).decode().partition(":")
    except ValueError:
        return None, ""
    return name, secret


def _numbers(communities: str | None) -> frozenset[int]:
    return frozenset(map(int, communities.split(","))) if communities else frozenset()


def _look_up(query: str, key: bytes | str | int) -> Any:
    rows = fetch(query.format(communities=_COMMUNITIES[connection.vendor]), [key])
    return rows[0] if rows else None


def _problem(row: Any, name: str | None, address: str, now_us: int) -> str:
    """Why an account that was found may not act now; empty if it may."""
    _, account_name, _, active, _, _, _, _, _, networks, expires, revoked, _, _ = row
    if not active:
        return "account switched off"
    if revoked is not None:
        return "token revoked"
    if expires is not None and expires <= now_us:
        return "token expired"
    if name is not None and name != account_name:
        return "token of another account"
    if networks not in ("[]", []) and not _within(address, _networks(networks)):
        return "address outside the token's networks"
    return ""


def _networks(stored: str | list[str]) -> list[IPv4Network | IPv6Network]:
    """SQLite gives JSON as text, PostgreSQL's driver as a list."""
    listed: list[str] = stored if isinstance(stored, list) else json.loads(stored)
    return [ip_network(network) for network in listed]


def _within(address: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    if not networks or not _is_address(address):
        return False
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return any(parsed in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def check_guesses(counted: str, now_us: int) -> None:
    """Raises TooBusy where too many attempts have failed; a password, unlike a token, can be guessed."""
    guess = FailedGuess.objects.filter(address=_counted_address(counted), window=_window(now_us)).first()
    _check_limit(guess.count if guess else 0, now_us)


def count_guess(address: str, problem: str, account: str, now_us: int) -> None:
    """Count a failed attempt and record its true reason; past the limit, say so instead of recording more."""
    with transaction.atomic():
        guess, _ = FailedGuess.objects.get_or_create(address=_counted_address(address), window=_window(now_us))
        _check_limit(guess.count, now_us)
        FailedGuess.objects.filter(pk=guess.pk).update(count=guess.count + 1)
        record(account or "unknown", "sign-in", account, "refused", {"reason": problem}, now_us=now_us, address=address)


def _window(now_us: int) -> int:
    return now_us // _WINDOW_US * _WINDOW_US


def _check_limit(count: int, now_us: int) -> None:
    if count >= settings.COMMONWATCH.guess_limit:
        wait = -(-(_window(now_us) + _WINDOW_US - now_us) // 1_000_000)
        raise TooBusy("too-many-guesses", "Too many failed attempts.", retry_after_seconds=wait, status=429)


def _counted_address(address: str) -> str:
    """IPv6 counts by /64: whoever has one address of it has all of them."""
    if _is_address(address) and isinstance(parsed := ip_address(address), IPv6Address) and not parsed.ipv4_mapped:
        return str(IPv6Network((int(parsed) >> 64 << 64, 64)))
    return address[:45]


def _touch(token: int, now_us: int) -> None:
    """Note the use, if the database is free to: a reader must never wait for a writer to be let in."""
    with connection.cursor() as cursor:
        try:
            if connection.vendor == "sqlite":
                cursor.execute("PRAGMA busy_timeout = 0")
            cursor.execute("UPDATE accounts_token SET last_used_us = %s WHERE id = %s", [now_us, token])
        except OperationalError:
            pass
        finally:
            if connection.vendor == "sqlite":
                cursor.execute("PRAGMA busy_timeout = 30000")


def _refused() -> NotAllowed:
    return NotAllowed(
        "sign-in-refused",
        "This token is not accepted.",
        "It may be mistyped, expired or revoked: ask for a new one.",
        status=401,
    )
