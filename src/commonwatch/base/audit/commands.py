"""`commonwatch audit`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from commonwatch.base.audit.models import AuditEntry
from commonwatch.base.terminal import current
from commonwatch.core.stix.times import format_time


def audit(
    action: Annotated[str, typer.Option(help="Only this action, e.g. token.revoke or sign-in.")] = "",
    actor: Annotated[str, typer.Option(help="Only what this one did.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 50,
) -> None:
    """Show who did what, newest first.

    Example: commonwatch audit --action sign-in
    """
    entries = AuditEntry.objects.order_by("-pk")
    if action:
        entries = entries.filter(action=action)
    if actor:
        entries = entries.filter(actor=actor)
    found: list[dict[str, Any]] = [
        {
            "at": format_time(entry.at_us, 3),
            "actor": entry.actor,
            "address": entry.address,
            "action": entry.action,
            "subject": entry.subject,
            "outcome": entry.outcome,
            "detail": entry.detail,
        }
        for entry in entries[:limit]
    ]
    columns = ["at", "actor", "address", "action", "subject", "outcome"]
    current().table(columns, [[row[c] for c in columns] for row in found], "Nothing is on record yet.")
    current().result(found)
