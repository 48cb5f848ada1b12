"""The record of who did what, for who looks into it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from commonwatch.base.audit.models import AuditEntry
from commonwatch.core.errors import NotFound
from commonwatch.core.stix.times import format_time


@dataclass(frozen=True)
class Wanted:
    """Which entries; what is empty or None does not count."""

    actor: str = ""
    action: str = ""  # whole, or the noun before its point: `token` for all that was done to tokens
    subject: str = ""  # a part of it
    since_us: int | None = None
    until_us: int | None = None


def entries(wanted: Wanted) -> QuerySet[AuditEntry]:
    """Newest first."""
    found = AuditEntry.objects.order_by("-pk")
    if wanted.actor:
        found = found.filter(actor=wanted.actor)
    if wanted.action:
        found = found.filter(Q(action=wanted.action) | Q(action__startswith=f"{wanted.action}."))
    if wanted.subject:
        found = found.filter(subject__icontains=wanted.subject)
    if wanted.since_us is not None:
        found = found.filter(at_us__gte=wanted.since_us)
    return found if wanted.until_us is None else found.filter(at_us__lt=wanted.until_us)


def entry(number: int) -> AuditEntry:
    """One entry; raises NotFound."""
    found = AuditEntry.objects.filter(pk=number).first()
    if found is None:
        raise NotFound("entry-unknown", f"There is no entry {number}.", "See the list.")
    return found


def shown_entry(entry: AuditEntry) -> dict[str, Any]:
    """An entry, the same in commands, pages and the API."""
    return {
        "at": format_time(entry.at_us, 3),
        "actor": entry.actor,
        "address": entry.address,
        "action": entry.action,
        "subject": entry.subject,
        "outcome": entry.outcome,
        "detail": entry.detail,
    }
