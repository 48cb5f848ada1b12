"""The API of accounts and tokens; and how a request to any route of the API is given its account."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Path, Query, Router, Schema

from commonwatch.base import edge
from commonwatch.base.accounts import actions
from commonwatch.base.accounts.identify import Identity, address_of, identify
from commonwatch.base.accounts.models import Account, Role, Token
from commonwatch.base.accounts.shown import link_address, shown_account, shown_token
from commonwatch.base.clock import now_us
from commonwatch.base.edge import ADMINISTRATOR, READER, Asked, Paged, caller, page, rows
from commonwatch.base.parties.models import Community
from commonwatch.core.errors import InvalidInput
from commonwatch.core.policy.facts import DEFAULT_PURPOSE

MAX_HEADER_BYTES = 8_192  # of Authorization
accounts = Router(tags=["accounts and tokens"])
Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="From the list of tokens.")]


class Me(Schema):
    """Who you are here."""

    account: str
    role: Role
    member: str
    communities: list[str]
    purpose: str = Field(description="What you read for.")


class TokenIn(Schema):
    """A token to make, for a service account that is made if new."""

    account: str = Field(min_length=1, max_length=100)
    role: Role
    member: str = Field("", max_length=100, description="Member it acts for; default: home, the node's own.")
    expires: str = Field("365d", max_length=40, description="A date, a duration (90d, 12h, 1y), or never.")
    purpose: str = Field(DEFAULT_PURPOSE, max_length=30, description="What is read with it is read for this.")
    label: str = Field("", max_length=100, description="Name of the token, to tell several of one account apart.")
    networks: list[str] = Field([], max_length=100, description="Only from these networks (CIDR).")


class Why(Schema):
    """Why, for the record."""

    reason: str = Field(min_length=1, max_length=2000)


class Activity(Why):
    """Whether an account works."""

    active: bool


class Invited(Schema):
    """A person to invite."""

    name: str = Field(min_length=1, max_length=100, description="To sign in with.")
    role: Role
    member: str = Field("", max_length=100, description="Member the person acts for; default: home, the node's own.")


class NewRole(Why):
    """What a person may do from now on."""

    role: Role


class Certificate(Schema):
    """The client certificate by which the TLS terminator knows an account."""

    sha256: str = Field("", max_length=95, description="Fingerprint; empty unbinds.")


@accounts.get("/me", response=Me, auth=READER)
def me(request: HttpRequest) -> dict[str, Any]:
    """Who you are: account, role, member, and the communities that member is in now."""
    who: Any = caller(request)
    inside = Community.objects.filter(pk__in=who.communities).order_by("name").values_list("name", flat=True)
    return {
        "account": who.name,
        "role": who.role,
        "member": who.member_name,
        "communities": list(inside),
        "purpose": who.purpose,
    }


@accounts.get("/accounts", response=Paged[dict[str, Any]], auth=ADMINISTRATOR)
def list_accounts(request: HttpRequest, asked: Query[Asked]) -> dict[str, Any]:
    """People and service accounts, by name."""
    found = Account.objects.select_related("member")
    return page(request, asked, rows(found, "name"), lambda one: one.name, shown_account)


@accounts.patch("/accounts/{name}", response=dict[str, Any], auth=ADMINISTRATOR)
def set_active(request: HttpRequest, name: str, given: Activity) -> dict[str, Any]:
    """Switch an account off or on, with all its tokens, at once."""
    who = caller(request).name
    actions.set_active(name, given.active, reason=given.reason, actor=who, now_us=now_us())
    return {"name": name, "active": given.active}


@accounts.post("/people", response=dict[str, Any], auth=ADMINISTRATOR)
def invite_person(request: HttpRequest, given: Invited) -> dict[str, Any]:
    """Make a person's account. The link by which that person sets a password, once and within seven days, is in this answer,
    and nowhere else.
    """
    secret = actions.invite_person(given.name, given.role, given.member, actor=caller(request).name, now_us=now_us())
    return {"name": given.name, "link": link_address(secret)}


@accounts.post("/accounts/{name}/link", response=dict[str, Any], auth=ADMINISTRATOR)
def renew_invitation(request: HttpRequest, name: str, given: Why) -> dict[str, Any]:
    """A fresh link for a person who lost the first, or the password; earlier ones are void."""
    secret = actions.renew_invitation(name, reason=given.reason, actor=caller(request).name, now_us=now_us())
    return {"name": name, "link": link_address(secret)}


@accounts.put("/accounts/{name}/role", response=dict[str, Any], auth=ADMINISTRATOR)
def change_role(request: HttpRequest, name: str, given: NewRole) -> dict[str, Any]:
    """Give a person another role; the last administrator keeps it."""
    account = actions.change_role(name, given.role, reason=given.reason, actor=caller(request).name, now_us=now_us())
    return shown_account(account)


@accounts.delete("/accounts/{name}/sessions", response=dict[str, Any], auth=ADMINISTRATOR)
def end_sessions(request: HttpRequest, name: str, given: Query[Why]) -> dict[str, Any]:
    """Sign a person out of the console everywhere."""
    ended = actions.end_sessions(name, reason=given.reason, actor=caller(request).name, now_us=now_us())
    return {"name": name, "ended": ended}


@accounts.delete("/accounts/{name}/second-factor", response=dict[str, Any], auth=ADMINISTRATOR)
def reset_second_factor(request: HttpRequest, name: str, given: Query[Why]) -> dict[str, Any]:
    """Forget a person's codes and passkeys, and end all sessions: a new one is set up at the next sign-in."""
    forgotten = actions.reset_second_factor(name, reason=given.reason, actor=caller(request).name, now_us=now_us())
    return {"name": name, "forgotten": forgotten}


@accounts.put("/accounts/{name}/certificate", response=dict[str, Any], auth=ADMINISTRATOR)
def bind_certificate(request: HttpRequest, name: str, given: Certificate) -> dict[str, Any]:
    """Let a client certificate, verified by the TLS terminator, speak for an account over TAXII."""
    found = actions.bind_certificate(name, given.sha256, actor=caller(request).name, now_us=now_us())
    return {"name": name, "certificate_sha256": found.certificate_sha256}


@accounts.get("/tokens", response=Paged[dict[str, Any]], auth=ADMINISTRATOR)
def list_tokens(request: HttpRequest, asked: Query[Asked]) -> dict[str, Any]:
    """Tokens, oldest first; secrets are not kept and cannot be shown."""
    found = Token.objects.select_related("account")
    return page(request, asked, rows(found, "pk"), lambda one: one.pk, shown_token)


@accounts.post("/tokens", response=dict[str, Any], auth=ADMINISTRATOR)
def make_token(request: HttpRequest, given: TokenIn) -> dict[str, Any]:
    """Make a token. Its secret is in this answer, and nowhere else."""
    who, now = caller(request).name, now_us()
    expires_us = actions.expiry(given.expires, now)
    account = actions.ensure_account(given.account, given.role, given.member, actor=who, now_us=now)
    label = given.label or actions.free_token_name(account)
    made = actions.create_token(
        account,
        label,
        given.role,
        expires_us=expires_us,
        networks=given.networks,
        actor=who,
        now_us=now,
        purpose=given.purpose,
    )
    return {**shown_token(made.token), "secret": made.secret}


@accounts.delete("/tokens/{number}", response=dict[str, Any], auth=ADMINISTRATOR)
def revoke_token(request: HttpRequest, number: Number, given: Query[Why]) -> dict[str, Any]:
    """Make a token useless at once."""
    return shown_token(actions.revoke_token(number, reason=given.reason, actor=caller(request).name, now_us=now_us()))


def identified(request: HttpRequest) -> Identity:
    """The account behind a request, by its bearer token alone: what a browser would send by itself counts for nothing."""
    given = request.headers.get("Authorization", "")
    if len(given) > MAX_HEADER_BYTES:
        raise InvalidInput("header-too-large", "The Authorization header is too long.", "Send one token.", status=431)
    bearer = given if given.lower().startswith("bearer ") else None
    return identify(bearer, address_of(request), None, now_us())


edge.identifiers.append(identified)
routers = (accounts,)
