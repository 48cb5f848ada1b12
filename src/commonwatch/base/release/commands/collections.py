"""`commonwatch collection`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.parties.actions import communities_named
from commonwatch.base.release.actions import create_collection
from commonwatch.base.release.models import Collection
from commonwatch.base.terminal import current

app = typer.Typer(no_args_is_help=True, help="Make and list collections: what TAXII clients see.")

Communities = Annotated[list[str] | None, typer.Option(help="Community by name. May be repeated.")]


@app.command()
def create(
    title: Annotated[str, typer.Argument(help="Title that readers see.")],
    alias: Annotated[str | None, typer.Option(help="Short name for addresses and commands.")] = None,
    description: Annotated[str, typer.Option(help="What is in it, for readers.")] = "",
    read: Communities = None,
    write: Communities = None,
) -> None:
    """Make a collection. Communities that may write may read as well; nobody else sees that it exists.

    Example: commonwatch collection create "Energy sector" --alias energy --read energy --write home
    """
    made = create_collection(
        title,
        alias=alias,
        description=description,
        readers=communities_named(read or []),
        writers=communities_named(write or []),
        actor="command line",
        now_us=now_us(),
    )
    current().print(f"Collection {made.uuid} is made.")
    if not read and not write:
        current().print("No community may read it yet: give --read.")
    current().result({"id": str(made.uuid), "alias": made.alias, "title": made.title})


@app.command("list")
def list_collections() -> None:
    """List collections and who may read and write them.

    Example: commonwatch collection list
    """
    found: list[dict[str, Any]] = []
    for collection in Collection.objects.order_by("slot").prefetch_related("access__community"):
        grants = list(collection.access.all())
        found.append(
            {
                "id": str(collection.uuid),
                "alias": collection.alias,
                "title": collection.title,
                "readers": sorted(grant.community.name for grant in grants if grant.can_read),
                "writers": sorted(grant.community.name for grant in grants if grant.can_write),
            }
        )
    columns = ["id", "alias", "title", "readers", "writers"]
    rows = [[", ".join(row[c]) if isinstance(row[c], list) else row[c] for c in columns] for row in found]
    current().table(columns, rows, "There are no collections yet: commonwatch collection create TITLE")
    current().result(found)
