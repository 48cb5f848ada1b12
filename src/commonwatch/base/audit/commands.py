"""`commonwatch audit`."""

from __future__ import annotations

from typing import Annotated

import typer

from commonwatch.base.audit.queries import Wanted, entries, shown_entry
from commonwatch.base.terminal import current


def audit(
    action: Annotated[str, typer.Option(help="Only this action, e.g. token.revoke or sign-in.")] = "",
    actor: Annotated[str, typer.Option(help="Only what this one did.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 50,
) -> None:
    """Show who did what, newest first.

    Example: commonwatch audit --action sign-in
    """
    found = [shown_entry(entry) for entry in entries(Wanted(action=action, actor=actor))[:limit]]
    columns = ["at", "actor", "address", "action", "subject", "outcome"]
    current().table(columns, [[row[c] for c in columns] for row in found], "Nothing is on record yet.")
    current().result(found)
