"""The API of the record of who did what."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router

from commonwatch.base.audit.queries import Wanted, entries, shown_entry
from commonwatch.base.edge import ADMINISTRATOR, Asked, Paged, page, rows
from commonwatch.core.errors import InvalidInput
from commonwatch.core.stix.times import parse_time

audit = Router(tags=["the node"])


class AuditAsked(Asked):
    """Which entries."""

    actor: str = Field("", max_length=200)
    action: str = Field("", max_length=64, description="token.revoke; or token, for all that was done to tokens.")
    subject: str = Field("", max_length=300, description="A part of it.")
    since: str = Field("", max_length=40, description="A time, as STIX writes it.")
    until: str = Field("", max_length=40, description="Not from this time on.")


@audit.get("/audit", response=Paged[dict[str, Any]], auth=ADMINISTRATOR)
def list_entries(request: HttpRequest, asked: Query[AuditAsked]) -> dict[str, Any]:
    """Who did what, newest first."""
    wanted = Wanted(asked.actor, asked.action, asked.subject, _moment(asked.since), _moment(asked.until))
    return page(request, asked, rows(entries(wanted), "-pk"), lambda one: one.pk, shown_entry)


def _moment(text: str) -> int | None:
    if not text:
        return None
    parsed = parse_time(text)
    if parsed is None:
        raise InvalidInput("time-unreadable", f"{text} is no time.", "Write 2026-11-28T00:00:00Z.", status=422)
    return parsed[0]


routers = (audit,)
