"""Every write to accounts: who may act for whom, with which secret, until when. Each is audited in its transaction."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_network
from itertools import count
from zoneinfo import available_timezones

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.db.models import QuerySet

from commonwatch.base.accounts.models import Account, Role, SetupLink, Theme, Token
from commonwatch.base.audit.record import record
from commonwatch.base.parties.models import HOME, Member
from commonwatch.base.parties.queries import member_named, own_member
from commonwatch.core.errors import Conflict, InvalidInput, NotFound
from commonwatch.core.policy.facts import DEFAULT_PURPOSE, PURPOSES
from commonwatch.core.stix.times import parse_time

SETUP_LINK_US = 24 * 3600 * 1_000_000
INVITATION_US = 7 * SETUP_LINK_US  # a link that goes by mail or messenger, maybe over a weekend
TOKEN_BYTES = 32
_HINT = 7  # "cw_" and four characters: enough to tell tokens apart, far too little to guess the rest
_RANK = {role.value: rank for rank, role in enumerate(Role)}
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_DAY_US = 86_400 * 1_000_000
_DURATION = re.compile(r"(\d{1,5})([hdwy])", re.ASCII)
_HOURS = {"h": 1, "d": 24, "w": 168, "y": 8766}
_TOKEN_NAME = re.compile(r"[\w .@-]{1,100}")


# What a member may have for a purpose is decided above this room, before the first token reads for it: (member, purpose,
# actor, now).
deciders: list[Callable[[Member, str, str, int], None]] = []


@dataclass(frozen=True)
class NewToken:
    """A token and its secret, which exists nowhere else from now on."""

    token: Token
    secret: str


def ensure_account(name: str, role: Role, member: str = "", *, actor: str, now_us: int) -> Account:
    """The service account with this name, made if new; a known one gets a higher role, and only here.

    It acts for `member`, or the node's own where none is named. Whom it acts for never changes: what it brought and the
    cursors it holds are that member's.
    """
    check_name(name)
    with transaction.atomic():
        defaults = {"role": role, "member": member_named(member or HOME), "created_us": now_us}
        account, made = Account.objects.select_related("member").get_or_create(name=name, defaults=defaults)
        if member and account.member.name != member:
            raise Conflict(
                "account-member", f"{name} acts for {account.member.name}.", "Choose another name for this account."
            )
        if account.is_person and _RANK[account.role] < _RANK[role]:
            raise Conflict("account-person", f"{name} is a person, {account.role}.", "Give a machine its own account.")
        if made:
            account.set_unusable_password()
        elif _RANK[account.role] < _RANK[role]:
            account.role = role
        account.save()
        if made:
            record(actor, "account.create", name, "done", {"role": role, "member": account.member.name}, now_us=now_us)
    return account


def create_token(
    account: Account,
    name: str,
    role: Role,
    *,
    expires_us: int | None,
    networks: Sequence[str],
    actor: str,
    now_us: int,
    purpose: str = DEFAULT_PURPOSE,
) -> NewToken:
    """A new secret for an account. Its role is at most the account's; what is read with it is read for its purpose."""
    if _RANK[role] > _RANK[account.role]:
        raise InvalidInput(
            "role-too-high", f"{account.name} is only {account.role}.", "Give the token at most that role."
        )
    if _TOKEN_NAME.fullmatch(name) is None:
        raise InvalidInput("name-invalid", f"{name!r} cannot name a token.", "Use letters, digits, blanks and . _ @ -.")
    if expires_us is not None and expires_us <= now_us:
        raise InvalidInput("expired-already", "The token would be expired already.", "Give a later date.")
    if purpose not in PURPOSES:
        raise InvalidInput("purpose-unknown", f"There is no purpose {purpose}.", f"Use one of {', '.join(PURPOSES)}.")
    listed = [_network(text) for text in networks]
    for decide in deciders:
        decide(account.member, purpose, actor, now_us)
    secret = f"cw_{secrets.token_urlsafe(TOKEN_BYTES)}"
    with transaction.atomic():
        if Token.objects.filter(account=account, name=name, revoked_us=None).exists():
            raise Conflict(
                "token-name-taken",
                f"{account.name} has a token called {name} already.",
                "Revoke it, or choose another name.",
            )
        Token.objects.filter(account=account, name=name).delete()
        token = Token.objects.create(
            account=account,
            name=name,
            hint=secret[:_HINT],
            sha256=sha256(secret.encode()).digest(),
            role=role,
            purpose=purpose,
            networks=listed,
            created_us=now_us,
            expires_us=expires_us,
        )
        detail = {"token": token.pk, "role": role, "purpose": purpose, "expires_us": expires_us, "networks": listed}
        record(actor, "token.create", f"{account.name}/{name}", "done", detail, now_us=now_us)
    return NewToken(token, secret)


def expiry(text: str, now_us: int) -> int | None:
    """When a token expires that is to last until a date, for a duration, or for ever; raises InvalidInput."""
    if text == "never":
        return None
    if match := _DURATION.fullmatch(text):
        return now_us + int(match[1]) * _HOURS[match[2]] * _DAY_US // 24
    parsed = parse_time(text) or parse_time(f"{text}T23:59:59Z")
    if parsed is None:
        raise InvalidInput(
            "expiry-unreadable", f"{text} is no date or duration.", "Write 2027-01-31, 90d, 12h or never."
        )
    return parsed[0]


def free_token_name(account: Account) -> str:
    """`token`, or `token 2`, `token 3` ... where that is taken."""
    taken = set(Token.objects.filter(account=account, revoked_us=None).values_list("name", flat=True))
    return next(name for number in count(1) if (name := "token" if number == 1 else f"token {number}") not in taken)


def revoke_token(number: int, *, reason: str, actor: str, now_us: int) -> Token:
    """Make a token useless at once."""
    with transaction.atomic():
        token = Token.objects.select_related("account").filter(pk=number).first()
        if token is None:
            raise NotFound("token-unknown", f"There is no token {number}.", "See `commonwatch token list`.")
        if token.revoked_us is None:
            token.revoked_us = now_us
            token.save(update_fields=["revoked_us"])
            subject = f"{token.account.name}/{token.name}"
            record(actor, "token.revoke", subject, "done", {"token": number, "reason": reason}, now_us=now_us)
    return token


def set_active(name: str, active: bool, *, reason: str, actor: str, now_us: int) -> Account:
    """Switch an account off or on again, with all its tokens, at once."""
    with transaction.atomic():
        account = Account.objects.filter(name=name).first()
        if account is None:
            raise _no_account(name)
        if not active:
            _check_not_last(account)
        account.is_active = active
        account.save(update_fields=["is_active"])
        verb = "account.enable" if active else "account.disable"
        record(actor, verb, name, "done", {"reason": reason}, now_us=now_us)
    return account


def bind_certificate(name: str, fingerprint: str, *, actor: str, now_us: int) -> Account:
    """Let a client certificate speak for an account: its SHA-256 fingerprint, with or without colons; "" unbinds."""
    bare = fingerprint.replace(":", "").lower()
    if bare and _FINGERPRINT.fullmatch(bare) is None:
        raise InvalidInput(
            "fingerprint-invalid",
            f"{fingerprint} is no SHA-256 fingerprint.",
            "Take it from `openssl x509 -in client.pem -noout -fingerprint -sha256`.",
        )
    with transaction.atomic():
        if bare and Account.objects.filter(certificate_sha256=bare).exclude(name=name).exists():
            raise Conflict("certificate-taken", "Another account has this certificate.", "Unbind it there first.")
        if not Account.objects.filter(name=name).update(certificate_sha256=bare):
            raise _no_account(name)
        record(actor, "account.certificate", name, "done", {"sha256": bare}, now_us=now_us)
    return Account.objects.get(name=name)


def ensure_setup_link(now_us: int) -> str | None:
    """The secret of a fresh one-time link for the first administrator; None once there is one. Earlier links are void."""
    with transaction.atomic():
        if Account.objects.filter(role=Role.ADMINISTRATOR, is_person=True).exists():
            return None
        SetupLink.objects.filter(used_us=None, account=None).delete()
        return _link(None, SETUP_LINK_US, now_us)


def invite_person(name: str, role: Role, member: str = "", *, actor: str, now_us: int) -> str:
    """Make a person's account; returns the secret of the one-time link by which that person sets a password."""
    check_name(name)
    acts_for = member_named(member) if member else own_member()
    with transaction.atomic():
        if Account.objects.filter(name=name).exists():
            raise Conflict("name-taken", f"There is an account {name} already.", "Choose another name.")
        account = Account(name=name, role=role, is_person=True, member=acts_for, created_us=now_us)
        account.set_unusable_password()
        account.save()
        detail = {"role": role.value, "member": acts_for.name}
        record(actor, "account.invite", name, "done", detail, now_us=now_us)
        return _link(account, INVITATION_US, now_us)


def renew_invitation(name: str, *, reason: str, actor: str, now_us: int) -> str:
    """A fresh one-time link for a person who lost the first, or the password; earlier ones are void."""
    with transaction.atomic():
        account = Account.objects.filter(name=name, is_person=True).first()
        if account is None:
            raise _no_account(name)
        SetupLink.objects.filter(used_us=None, account=account).delete()
        record(actor, "account.link", name, "done", {"reason": reason}, now_us=now_us)
        return _link(account, INVITATION_US, now_us)


def set_preferences(account_id: int, *, language: str, time_zone: str, theme: str) -> None:
    """How a person wants pages; empty: as the browser asks, UTC, as the machine is set. Raises InvalidInput."""
    if time_zone and time_zone not in available_timezones():
        raise InvalidInput("time-zone-unknown", f"There is no time zone {time_zone}.", "Write it as Europe/Paris.")
    if theme and theme not in Theme.values:
        raise InvalidInput("theme-unknown", f"There is no theme {theme}.", f"Use one of {', '.join(Theme.values)}.")
    if language and language not in dict(settings.LANGUAGES):
        raise InvalidInput("language-unknown", f"Pages are not in {language}.", "Choose one of the list.")
    Account.objects.filter(pk=account_id).update(language=language, time_zone=time_zone, theme=theme)


def change_role(name: str, role: Role, *, reason: str, actor: str, now_us: int) -> Account:
    """Give a person another role; the last administrator keeps it, or nobody could give it back."""
    with transaction.atomic():
        account = Account.objects.filter(name=name, is_person=True).first()
        if account is None:
            raise _no_account(name)
        if role != Role.ADMINISTRATOR:
            _check_not_last(account)
        detail = {"from": account.role, "to": role.value, "reason": reason}
        account.role = role
        account.save(update_fields=["role"])
        record(actor, "account.role", name, "done", detail, now_us=now_us)
    return account


def end_sessions(name: str, *, reason: str, actor: str, now_us: int) -> int:
    """Sign a person out everywhere; how many sessions ended."""
    with transaction.atomic():
        account = Account.objects.filter(name=name, is_person=True).first()
        if account is None:
            raise _no_account(name)
        sessions = UserSession.objects.purge_and_list(account)
        for session in sessions:
            session.end()
        record(actor, "account.sign-out", name, "done", {"sessions": len(sessions), "reason": reason}, now_us=now_us)
    return len(sessions)


def reset_second_factor(name: str, *, reason: str, actor: str, now_us: int) -> int:
    """Forget a person's codes, passkeys and recovery codes, and end all sessions; how many were forgotten.

    Whoever has the password can then set up a new one: the person's role decides whether nothing is seen before that.
    """
    with transaction.atomic():
        account = Account.objects.filter(name=name, is_person=True).first()
        if account is None:
            raise _no_account(name)
        forgotten: int = Authenticator.objects.filter(user=account).delete()[0]
        if not forgotten:
            raise Conflict("second-factor-none", f"{name} has no second factor.", "There is nothing to reset.")
        for session in UserSession.objects.purge_and_list(account):
            session.end()
        record(actor, "second-factor.reset", name, "done", {"forgotten": forgotten, "reason": reason}, now_us=now_us)
    return forgotten


def is_open(secret: str, now_us: int) -> bool:
    """Whether a setup link may still be used."""
    return _open_links(secret, now_us).exists()


def invited(secret: str, now_us: int) -> str:
    """Whom a link was made for; empty for the first administrator, who has no name yet."""
    return _open_links(secret, now_us).values_list("account__name", flat=True).first() or ""


def use_setup_link(secret: str, name: str, password: str, *, address: str, now_us: int) -> Account:
    """Make the first administrator, or set the password of the person invited, whose name is fixed; raises NotFound for a
    link that is used, void, expired or wrong.

    Raises django.core.exceptions.ValidationError for a password that is too weak.
    """
    name = invited(secret, now_us) or name
    check_name(name)
    validate_password(password, Account(name=name))
    with transaction.atomic():
        account = Account.objects.filter(setuplink__in=_open_links(secret, now_us)).first()
        if not _open_links(secret, now_us).update(used_us=now_us):
            raise NotFound("setup-link", "This link is used, expired or wrong.", "Restart the node for a fresh one.")
        if account is not None:
            account.set_password(password)
            account.save(update_fields=["password"])
            record(name, "account.password", name, "done", {}, now_us=now_us, address=address)
            return account
        if Account.objects.filter(name=name).exists():
            raise Conflict("name-taken", f"There is an account {name} already.", "Choose another name.")
        account = Account(name=name, role=Role.ADMINISTRATOR, is_person=True, member=own_member(), created_us=now_us)
        account.set_password(password)
        account.save()
        record(name, "administrator.create", name, "done", {}, now_us=now_us, address=address)
    return account


def check_name(name: str) -> None:
    """Raises InvalidInput for a name that could be mistaken for another or for markup of the terminal."""
    safe = all(unicodedata.category(char)[0] not in "CZ" or char == " " for char in name)
    if not (0 < len(name) <= 100) or name != name.strip() or ":" in name or not safe:
        raise InvalidInput(
            "name-invalid", f"{name!r} cannot be a name.", "Use 1 to 100 visible characters without a colon."
        )


def _check_not_last(account: Account) -> None:
    """Raises Conflict where without this account nobody could administer the node, or give anybody that right back."""
    others = Account.objects.filter(role=Role.ADMINISTRATOR, is_person=True, is_active=True).exclude(pk=account.pk)
    if account.is_person and account.role == Role.ADMINISTRATOR and account.is_active and not others.exists():
        raise Conflict("last-administrator", f"{account.name} is the only administrator.", "Make another one first.")


def _no_account(name: str) -> NotFound:
    return NotFound("account-unknown", f"There is no account {name}.", "See `commonwatch account list`.")


def _open_links(secret: str, now_us: int) -> QuerySet[SetupLink]:
    return SetupLink.objects.filter(sha256=sha256(secret.encode()).digest(), used_us=None, expires_us__gt=now_us)


def _link(account: Account | None, lasts_us: int, now_us: int) -> str:
    secret = secrets.token_urlsafe(TOKEN_BYTES)
    SetupLink.objects.create(
        account=account, sha256=sha256(secret.encode()).digest(), created_us=now_us, expires_us=now_us + lasts_us
    )
    return secret


def _network(text: str) -> str:
    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        raise InvalidInput(
            "network-invalid", f"{text} is no network.", "Write it as 192.0.2.0/24 or 2001:db8::/32."
        ) from None
