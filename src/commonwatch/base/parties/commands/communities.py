"""`commonwatch community`."""

from __future__ import annotations

from typing import Annotated

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.parties.actions import communities_named, create_community, join_community, leave_community
from commonwatch.base.parties.commands.given import Preview, changed
from commonwatch.base.parties.models import Community, Openness
from commonwatch.base.parties.shown import shown_membership
from commonwatch.base.terminal import current

app = typer.Typer(no_args_is_help=True, help="Make and list communities: sets of members that share collections.")

Name = Annotated[str, typer.Argument(help="Short name: lower-case letters, digits, . _ and -.")]
Who = Annotated[str, typer.Argument(help="Name of the member.")]
Why = Annotated[str, typer.Option(help="Why, for the record.")]


@app.command()
def create(
    name: Name,
    description: Annotated[str, typer.Option(help="Who they are.")] = "",
    openness: Annotated[Openness, typer.Option(help="Who may know of it and of its members.")] = Openness.CLOSED,
    pseudonymous: Annotated[
        bool, typer.Option("--pseudonymous", help="Members may contribute without their name.")
    ] = False,
) -> None:
    """Make a community.

    Example: commonwatch community create energy --description "Energy sector CSIRTs" --openness closed
    """
    create_community(name, description, now_us=now_us(), openness=openness, pseudonymous=pseudonymous)
    current().print(
        f"Community {name} is made. Give it a collection: commonwatch collection create TITLE --read {name}"
    )
    current().result({"name": name, "description": description, "openness": openness, "pseudonymous": pseudonymous})


@app.command("list")
def list_communities() -> None:
    """List communities.

    Example: commonwatch community list
    """
    found = [
        {
            "name": c.name,
            "openness": c.openness,
            "members": c.memberships.filter(until_us=None).count(),
            "description": c.description,
        }
        for c in Community.objects.order_by("name")
    ]
    columns = ["name", "openness", "members", "description"]
    current().table(columns, [[row[column] for column in columns] for row in found], "There are no communities yet.")
    current().result(found)


@app.command()
def show(name: Name) -> None:
    """Show who is and was in a community, since when and why.

    Example: commonwatch community show energy
    """
    community = communities_named([name])[0]
    rows = community.memberships.select_related("member").order_by("since_us", "pk")
    found = [shown_membership(row) for row in rows]
    out = current()
    may = (
        "members may contribute without their name" if community.pseudonymous else "members contribute under their name"
    )
    out.print(f"{community.name}: {community.openness}, {may}. {community.description}\n")
    columns = ["member", "since", "until", "joined", "left"]
    shown = [[row[column] or "" for column in columns] for row in found]
    out.table(columns, shown, f"Nobody is in it: commonwatch community join {name} MEMBER --reason WHY")
    out.result({"name": name, "openness": community.openness, "members": found})


@app.command()
def join(name: Name, member: Who, reason: Why, preview: Preview = False) -> None:
    """Let a member into a community.

    Example: commonwatch community join energy cert-at --reason "Accepted by the steering group on 2026-11-20"
    """
    changed(f"{member} joins {name}", lambda by: join_community(name, member, reason=reason, by=by), preview=preview)
    current().print(f"{member} is in {name}.")
    current().result({"community": name, "member": member})


@app.command()
def leave(name: Name, member: Who, reason: Why, preview: Preview = False) -> None:
    """End a member's time in a community; that it was there stays on record.

    Example: commonwatch community leave energy cert-at --reason "Merged into another member"
    """
    changed(f"{member} leaves {name}", lambda by: leave_community(name, member, reason=reason, by=by), preview=preview)
    current().print(f"{member} has left {name}.")
    current().result({"community": name, "member": member})
