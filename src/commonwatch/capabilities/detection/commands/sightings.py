"""`commonwatch sightings`."""

from __future__ import annotations

from typing import Annotated

import typer

from commonwatch.base.terminal import current
from commonwatch.capabilities.detection.alerts import queries

app = typer.Typer(
    no_args_is_help=True, help="What fired, here and elsewhere, object by object, and how often it was wrong."
)
_COLUMNS = [
    "object",
    "name",
    "ours",
    "hits",
    "alerts",
    "true",
    "false",
    "members",
    "seen_elsewhere",
    "true_elsewhere",
    "false_elsewhere",
    "wrong_rate",
]


@app.command("list")
def list_sightings(
    ours: Annotated[bool, typer.Option("--ours", help="Only objects that this node's member wrote.")] = False,
) -> None:
    """List every object that matched here or of which a member says something, with its rate of false positives.

    Example: commonwatch sightings list --ours
    """
    found = [row for row in queries.sightings() if row["ours"] or not ours]
    empty = "Nothing has matched yet, and nobody has reported anything: commonwatch hunt PATH"
    rows = [[row[column] for column in _COLUMNS] for row in found]
    current().table([column.replace("_", " ") for column in _COLUMNS], rows, empty)
    current().result(found)


@app.command()
def show(identity: Annotated[str, typer.Argument(help="STIX id of an indicator.")]) -> None:
    """Show one object: who reports what of it, and the alerts here.

    Example: commonwatch sightings show indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f
    """
    found = queries.sightings_of(identity)
    terminal = current()
    terminal.print(f"{found['object']} {found['name']}")
    terminal.print(
        f"Here {found['hits']:,} hits in {found['alerts']:,} alerts: {found['true']} true, {found['false']} false. "
        f"Elsewhere {found['true_elsewhere']} true, {found['false_elsewhere']} false."
    )
    terminal.table(
        ["by", "kind", "count", "first", "last", "id"],
        [list(row.values()) for row in found["said"]],
        "Nobody else reports.",
    )
    terminal.result(found)
