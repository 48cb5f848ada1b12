"""`commonwatch token` and `account`."""

from __future__ import annotations

from typing import Annotated

import typer

from commonwatch.base.accounts import actions
from commonwatch.base.accounts.actions import (
    bind_certificate,
    change_role,
    create_token,
    end_sessions,
    ensure_account,
    expiry,
    free_token_name,
    invite_person,
    renew_invitation,
    revoke_token,
    set_active,
)
from commonwatch.base.accounts.models import Account, Role, Token
from commonwatch.base.accounts.shown import link_address, shown_account, shown_token
from commonwatch.base.clock import now_us
from commonwatch.base.terminal import current
from commonwatch.core.errors import InvalidInput
from commonwatch.core.policy.facts import DEFAULT_PURPOSE

ACTOR = "command line"

tokens = typer.Typer(no_args_is_help=True, help="Make, list and revoke API tokens.")
accounts = typer.Typer(no_args_is_help=True, help="Invite people, list accounts, switch them off and on.")


@tokens.command("create")
def create(
    name: Annotated[str, typer.Option(help="Name of the service account, made if new.")],
    role: Annotated[Role, typer.Option(help="What the token may do.")],
    expires: Annotated[str, typer.Option(help="A date (2027-01-31), a duration (90d, 12h, 1y), or never.")] = "365d",
    label: Annotated[str, typer.Option(help="Name of the token, to tell several of one account apart.")] = "",
    member: Annotated[
        str, typer.Option(help="Member it acts for; default: home, the node's own. It sees what that member may see.")
    ] = "",
    purpose: Annotated[
        str, typer.Option(help="What is read with it is read for this: network-defence, research ...")
    ] = DEFAULT_PURPOSE,
    network: Annotated[list[str] | None, typer.Option(help="Only from this network (CIDR). May be repeated.")] = None,
) -> None:
    """Make a token and show its secret, once.

    Example: commonwatch token create --name partner-csirt --role reader --member cert-at --expires 90d
    """
    now = now_us()
    account = ensure_account(name, role, member, actor=ACTOR, now_us=now)
    named = label or free_token_name(account)
    made = create_token(
        account,
        named,
        role,
        expires_us=expiry(expires, now),
        networks=network or [],
        actor=ACTOR,
        now_us=now,
        purpose=purpose,
    )
    terminal = current()
    terminal.print(f"Token {made.token.pk} for {name} ({role.value}), shown this once:")
    terminal.print(made.secret)
    terminal.print("Use it as a bearer token, or as the password of Basic with the account's name as the user.")
    terminal.result({**shown_token(made.token), "secret": made.secret})


@tokens.command("list")
def list_tokens() -> None:
    """List tokens; secrets are not kept and cannot be shown.

    Example: commonwatch token list
    """
    found = [shown_token(token) for token in Token.objects.select_related("account").order_by("pk")]
    columns = ["number", "account", "label", "hint", "role", "purpose", "networks", "expires", "last_used", "revoked"]
    rows = [[", ".join(row[c]) if isinstance(row[c], list) else row[c] for c in columns] for row in found]
    current().table(columns, rows, "There are no tokens yet: commonwatch token create --name NAME --role reader")
    current().result(found)


@tokens.command("revoke")
def revoke(
    number: Annotated[int, typer.Argument(help="Number of the token, from `token list`.")],
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
) -> None:
    """Make a token useless at once.

    Example: commonwatch token revoke 3 --reason "laptop lost"
    """
    token = revoke_token(number, reason=reason, actor=ACTOR, now_us=now_us())
    current().print(f"Token {number} of {token.account.name} is revoked.")
    current().result(shown_token(token))


@accounts.command("list")
def list_accounts() -> None:
    """List people and service accounts with their roles and the members they act for.

    Example: commonwatch account list
    """
    found = [shown_account(one) for one in Account.objects.order_by("name").select_related("member")]
    rows = [(a["name"], a["kind"], a["role"], "yes" if a["active"] else "no", a["member"]) for a in found]
    current().table(["name", "kind", "role", "active", "member"], rows, "There are no accounts yet.")
    current().result(found)


@accounts.command()
def invite(
    name: Annotated[str, typer.Argument(help="The person's name, to sign in with.")],
    role: Annotated[Role, typer.Option(help="What the person may do.")],
    member: Annotated[str, typer.Option(help="Member the person acts for; default: home, the node's own.")] = "",
) -> None:
    """Make a person's account, and a link by which that person sets a password: one use, seven days.

    Example: commonwatch account invite "Ada Lovelace" --role operator
    """
    _say_link(name, invite_person(name, role, member, actor=ACTOR, now_us=now_us()))


@accounts.command()
def link(
    name: Annotated[str, typer.Argument(help="Name of the person's account.")],
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
) -> None:
    """Make a fresh link for a person who lost the first, or the password. Earlier links are void.

    Example: commonwatch account link "Ada Lovelace" --reason "password forgotten"
    """
    _say_link(name, renew_invitation(name, reason=reason, actor=ACTOR, now_us=now_us()))


@accounts.command("role")
def role_(
    name: Annotated[str, typer.Argument(help="Name of the person's account.")],
    role: Annotated[Role, typer.Option(help="What the person may do from now on.")],
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
) -> None:
    """Give a person another role. The last administrator keeps it.

    Example: commonwatch account role "Ada Lovelace" --role administrator --reason "takes over the node"
    """
    account = change_role(name, role, reason=reason, actor=ACTOR, now_us=now_us())
    current().print(f"{name} is {role.value} now.")
    current().result(shown_account(account))


@accounts.command("sign-out")
def sign_out(
    name: Annotated[str, typer.Argument(help="Name of the person's account.")],
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
) -> None:
    """End every session of a person in the console. The password stays as it is.

    Example: commonwatch account sign-out "Ada Lovelace" --reason "laptop lost"
    """
    ended = end_sessions(name, reason=reason, actor=ACTOR, now_us=now_us())
    current().print(f"{ended} sessions of {name} are ended.")
    current().result({"name": name, "ended": ended})


@accounts.command("reset-second-factor")
def reset_second_factor(
    name: Annotated[str, typer.Argument(help="Name of the person's account.")],
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
) -> None:
    """Forget a person's codes and passkeys, and end all sessions: a new one is set up at the next sign-in.

    Example: commonwatch account reset-second-factor "Ada Lovelace" --reason "telephone lost, known by voice"
    """
    forgotten = actions.reset_second_factor(name, reason=reason, actor=ACTOR, now_us=now_us())
    current().print(f"The second factor of {name} is forgotten. Whoever has the password can set up a new one.")
    current().result({"name": name, "forgotten": forgotten})


@accounts.command()
def disable(
    name: Annotated[str, typer.Argument(help="Name of the account.")],
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
) -> None:
    """Switch an account off, with all its tokens, at once.

    Example: commonwatch account disable partner-csirt --reason "agreement ended"
    """
    set_active(name, False, reason=reason, actor=ACTOR, now_us=now_us())
    current().print(f"{name} is switched off.")
    current().result({"name": name, "active": False})


@accounts.command()
def enable(
    name: Annotated[str, typer.Argument(help="Name of the account.")],
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
) -> None:
    """Switch an account on again.

    Example: commonwatch account enable partner-csirt --reason "agreement renewed"
    """
    set_active(name, True, reason=reason, actor=ACTOR, now_us=now_us())
    current().print(f"{name} is switched on.")
    current().result({"name": name, "active": True})


@accounts.command()
def certificate(
    name: Annotated[str, typer.Argument(help="Name of the account.")],
    sha256: Annotated[str, typer.Option(help="Fingerprint of the client certificate.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Unbind the certificate.")] = False,
) -> None:
    """Let a client certificate, verified by the TLS terminator, speak for an account; needs client_certificate_header.

    Example: commonwatch account certificate partner-csirt --sha256 9F:86:D0:81:88:4C:7D:65:9A:2F:EA:A0:C5:5A:D0:15...
    """
    if bool(sha256) == remove:
        raise InvalidInput("fingerprint-needed", "Which certificate?", "Give --sha256, or --remove.")
    account = bind_certificate(name, sha256, actor=ACTOR, now_us=now_us())
    bound = account.certificate_sha256
    current().print(f"{name} is known by {bound}." if bound else f"{name} is known by no certificate.")
    current().result({"name": name, "certificate_sha256": bound})


def _say_link(name: str, secret: str) -> None:
    address = link_address(secret)
    current().print(f"Link for {name}, one use, seven days:\n\n{address}\n\nGive it to nobody else.")
    current().result({"name": name, "link": address})
