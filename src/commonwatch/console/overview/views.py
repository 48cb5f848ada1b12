"""The first page: what waits for you, what is new since you looked, how far sources and peers have come, what you may read."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from commonwatch.base.accounts.models import Role
from commonwatch.base.clock import MICROSECONDS, now_us
from commonwatch.base.release.arrivals import arrivals
from commonwatch.base.release.collections import visible_collections
from commonwatch.capabilities.exchange.sources.queries import servers
from commonwatch.capabilities.federation.queries import states
from commonwatch.console.desk.actions import look
from commonwatch.console.desk.views import notices_for
from commonwatch.console.overview import figures
from commonwatch.console.overview.first_start import open_steps
from commonwatch.console.shell import cells
from commonwatch.console.shell.pages import READER, shown_to
from commonwatch.console.shell.tables import Column, Empty, Listing, Table
from commonwatch.console.shell.who import identity, reader

COLLECTIONS = Table(
    gettext_lazy("Collections that you may read or add to"),
    (
        Column("title", gettext_lazy("Collection")),
        Column("alias", gettext_lazy("Short name"), cells.code),
        Column("rights", gettext_lazy("You may")),
        Column("reason", gettext_lazy("Why")),
    ),
)
_REASONS = {
    "runs this node": gettext_lazy("runs this node"),
    "open to every member": gettext_lazy("open to every member"),
}
LAG = Table(
    gettext_lazy("How far sources and peers have come"),
    (
        Column("name", gettext_lazy("Name")),
        Column("kind", gettext_lazy("Kind"), cells.text),
        Column("state", gettext_lazy("State"), cells.status),
        Column("lag", gettext_lazy("Behind")),
        Column("received", gettext_lazy("Received"), cells.number),
        Column("sent", gettext_lazy("Sent"), cells.number),
        Column("trouble", gettext_lazy("Trouble")),
    ),
)


@shown_to(READER)
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Everything at one look, of what the reader may know."""
    who, now = identity(request), now_us()
    since = look(who, now)
    first = int(figures.first_day(now).timestamp() * MICROSECONDS)
    arrived = arrivals(reader(request), min(first, since or first))
    shown = [one for one in arrived if one.hour_us >= first]
    context: dict[str, Any] = {
        "since": since,
        "new": sum(one.count for one in arrived if one.hour_us >= since) if since else None,
        "notices": list(notices_for(who)),
        "chart": figures.chart(shown, now),
        "map": figures.world(shown, who),
        "collections": _collections(request),
    }
    if who.may(Role.OPERATOR):
        context["lag"] = _lag(request, now)
    if who.may(Role.ADMINISTRATOR):
        context["open_steps"] = open_steps(request)
    return render(request, "console/overview/overview.html", context)


def _collections(request: HttpRequest) -> Listing:
    rows = [
        {
            "title": one.title,
            "alias": one.alias,
            "rights": _("read and add") if one.can_read and one.can_write else _("add") if one.can_write else _("read"),
            "reason": _REASONS.get(one.reason, one.reason),
        }
        for one in visible_collections(reader(request))
    ]
    empty = Empty(_("Nothing is shared with you yet"), _("Ask an administrator for access to a collection."))
    return COLLECTIONS.listing(request, rows, bare=True, empty=empty)


def _lag(request: HttpRequest, now: int) -> Listing:
    rows = [
        {
            "name": one["name"],
            "kind": _("source"),
            "state": "paused" if one["paused"] else "failed" if one["last_error"] else "ok",
            "lag": "" if one["lag_seconds"] is None else f"{one['lag_seconds']:,} s",
            "received": one["pulled"],
            "sent": one["pushed"],
            "trouble": one["last_error"],
        }
        for one in servers(now)
    ]
    rows += [
        {
            "name": one.name,
            "kind": _("peer"),
            "state": "paused" if one.way == "paused" else "failed" if one.trouble else "ok",
            "lag": one.lag,
            "received": one.received,
            "sent": one.sent,
            "trouble": one.trouble,
        }
        for one in states(now)
    ]
    empty = Empty(
        _("No source and no peer yet"),
        _("A source is a TAXII server that this node reads; a peer is a node that it exchanges with."),
        _("Add the first"),
        reverse("first-start") if identity(request).may(Role.ADMINISTRATOR) else "",
    )
    return LAG.listing(request, rows, bare=True, empty=empty)
