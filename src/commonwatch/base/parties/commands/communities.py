"""`commonwatch community`."""

from __future__ import annotations

from typing import Annotated

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.parties.actions import create_community
from commonwatch.base.parties.models import Community
from commonwatch.base.terminal import current

app = typer.Typer(no_args_is_help=True, help="Make and list communities: sets of members that share collections.")


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Short name: lower-case letters, digits, . _ and -.")],
    description: Annotated[str, typer.Option(help="Who they are.")] = "",
) -> None:
    """Make a community.

    Example: commonwatch community create energy --description "Energy sector CSIRTs"
    """
    create_community(name, description, now_us=now_us())
    current().print(
        f"Community {name} is made. Give it a collection: commonwatch collection create TITLE --read {name}"
    )
    current().result({"name": name, "description": description})


@app.command("list")
def list_communities() -> None:
    """List communities.

    Example: commonwatch community list
    """
    found = list(Community.objects.order_by("name"))
    current().table(["name", "description"], [(c.name, c.description) for c in found], "There are no communities yet.")
    current().result([{"name": c.name, "description": c.description} for c in found])
