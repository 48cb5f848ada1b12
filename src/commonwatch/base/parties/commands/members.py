"""`commonwatch party`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commonwatch.base.parties.actions import change_member, create_member, expel_member, readmit_member, record_fact
from commonwatch.base.parties.commands.given import Preview, changed, day, day_or_today
from commonwatch.base.parties.importing import import_parties
from commonwatch.base.parties.models import Member, MemberKind
from commonwatch.base.parties.queries import member_on
from commonwatch.base.parties.shown import shown_member
from commonwatch.base.terminal import current
from commonwatch.core.law.facts import Fact

app = typer.Typer(no_args_is_help=True, help="Members of the partnership, and what holds for each of them.")

Name = Annotated[str, typer.Argument(help="Short name: lower-case letters, digits, . _ and -.")]


@app.command()
def add(
    name: Name,
    kind: Annotated[MemberKind, typer.Option(help="What it is; law treats the kinds differently.")],
    country: Annotated[str, typer.Option(help="Its jurisdiction, e.g. AT; none for international organisations.")] = "",
    title: Annotated[str, typer.Option(help="Its name as people write it.")] = "",
    identity: Annotated[str, typer.Option(help="Its STIX identity, if it has one.")] = "",
    preview: Preview = False,
) -> None:
    """Take a party into the partnership.

    Example: commonwatch party add cert-at --title "CERT.at" --kind state-body --country AT
    """
    member, _ = changed(
        f"{name} becomes a member",
        lambda by: create_member(name, title, kind, country, identity, by),
        preview=preview,
    )
    current().print(f"{name} is a member, as {member.identity}.")
    current().result({"name": member.name, "identity": member.identity, "country": member.country})


@app.command("set")
def set_member(
    name: Name,
    title: Annotated[str, typer.Option(help="Its name as people write it.")] = "",
    kind: Annotated[MemberKind | None, typer.Option(help="What it is; law treats the kinds differently.")] = None,
    country: Annotated[str, typer.Option(help="Its jurisdiction, e.g. AT.")] = "",
    preview: Preview = False,
) -> None:
    """Correct what is recorded of a member. What it was before stays in the audit.

    Example: commonwatch party set home --title "CERT.at" --kind state-body --country AT
    """
    member, _ = changed(
        f"What is recorded of {name} changes",
        lambda by: change_member(name, title=title, kind=kind, country=country, by=by),
        preview=preview,
    )
    current().print(f"{name} is {member.title} ({member.kind}, {_jurisdiction(member.kind, member.country)}).")
    current().result(shown_member(member))


@app.command("list")
def list_members() -> None:
    """List the members; `own` marks the one that runs this node.

    Example: commonwatch party list
    """
    found = [shown_member(member) for member in Member.objects.order_by("name")]
    rows = [["own" if m["own"] else "", m["name"], m["title"], m["kind"], m["country"], m["identity"]] for m in found]
    current().table(["", "name", "title", "kind", "country", "identity"], rows, "")
    current().result(found)


@app.command()
def show(
    name: Name,
    on: Annotated[str, typer.Option(help="As things stood on this day, e.g. 2026-11-23; default: today.")] = "",
) -> None:
    """Show what holds for a member: jurisdiction, alliances, communities, agreements in force, each with its source.

    Example: commonwatch party show cert-at --on 2026-11-23
    """
    found = member_on(name, day_or_today(on))
    out = current()
    out.print(
        f"{found.title} ({found.kind}, {_jurisdiction(found.kind, found.country)}), {found.identity}, on {found.on}"
    )
    out.print(f"Communities: {', '.join(found.communities) or 'none'}\n")
    facts = [(f.kind, f.value, f.since or "", f.until or "", f.scope, f.source) for f in found.facts]
    out.table(["fact", "value", "since", "until", "scope", "source"], facts, "Nothing is on record about it.")
    out.print("")
    rows = [
        (b.agreement, "yes" if b.standing.in_force else "no", b.standing.reason, b.by, b.reservations)
        for b in found.agreements
    ]
    out.table(["agreement", "binds", "because", "party", "reservations"], rows, "No agreement names it.")
    out.print("")
    keys = [(one.key, one.since, one.until, one.revoked_since, one.reason) for one in found.keys]
    out.table(["key", "since", "until", "revoked since", "because"], keys, "It has signed nothing that is known here.")
    out.result(found)


@app.command()
def fact(
    name: Name,
    kind: Annotated[str, typer.Option(help="What it is about: alliance, safeguard, certification ...")],
    value: Annotated[str, typer.Option(help="What holds, e.g. nato, bcr; `country regimes eu` lists words.")],
    source: Annotated[str, typer.Option(help="Who says so: a document, a register.")],
    since: Annotated[str, typer.Option(help="First day on which it holds.")] = "",
    until: Annotated[str, typer.Option(help="First day on which it no longer holds.")] = "",
    preview: Preview = False,
) -> None:
    """Record something dated about a member.

    Example: commonwatch party fact acme --kind safeguard --value bcr --since 2026-01-01 --source "Register 12"
    """
    given = Fact(kind, value, source, day(since), day(until))
    changed(f"{name}: {kind} {value}", lambda by: record_fact(name, given, by), preview=preview)
    current().print(f"Recorded: {kind} {value} of {name}.")
    current().result({"member": name, "fact": given})


@app.command()
def expel(
    name: Name,
    reason: Annotated[str, typer.Option(help="Why, and by whose decision: it stays on record.")],
    preview: Preview = False,
) -> None:
    """End a member's part in the partnership. It leaves every community and is sent recalls for what it had.

    Example: commonwatch party expel cert-xx --reason "Decision 14 of the board, 2026-11-24" --preview
    """
    changed(f"{name} is expelled", lambda by: expel_member(name, reason=reason, by=by), preview=preview)
    current().print(f"{name} is expelled. Its tokens: commonwatch token list. Its answers: commonwatch recall list")
    current().result({"member": name, "expelled": True, "reason": reason})


@app.command()
def readmit(name: Name, preview: Preview = False) -> None:
    """Take an expelled member back. Communities have to let it in again themselves.

    Example: commonwatch party readmit cert-xx
    """
    changed(f"{name} is admitted again", lambda by: readmit_member(name, by=by), preview=preview)
    current().print(f"{name} is a member again. Let it into communities: commonwatch community join COMMUNITY {name}")
    current().result({"member": name, "expelled": False})


@app.command("import")
def import_file(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="JSON with members, communities, agreements.")
    ],
    preview: Preview = False,
) -> None:
    """Take in members, communities and agreements from a file, all or nothing. What is there already stays as it is.

    Example: commonwatch party import partnership.json
    """
    counts, _ = changed(f"{file.name} is taken in", lambda by: import_parties(file.read_bytes(), by), preview=preview)
    current().print(", ".join(f"{number} {what}" for what, number in counts.items()) + " added.")
    current().result(counts)


def _jurisdiction(kind: str, country: str) -> str:
    none = "no jurisdiction" if kind == MemberKind.INTERNATIONAL_ORGANISATION else "country not recorded"
    return country or none
