"""Health of the node: what was looked at and what to do, what it holds, and how it is set."""

from __future__ import annotations

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from commonwatch import __version__
from commonwatch.base.config import CHOSEN, DEFAULT, explain
from commonwatch.base.intake.models import Source
from commonwatch.base.journal import reading
from commonwatch.base.journal.examine import glance
from commonwatch.base.journal.schema import seq_to_us
from commonwatch.capabilities.exchange.inventory import counts_by_type
from commonwatch.console.shell import cells, told
from commonwatch.console.shell.pages import OPERATOR, shown_to
from commonwatch.console.shell.tables import Column, Empty, Table

FINDINGS = Table(
    _("What was looked at"),
    (
        Column("name", _("What"), cells.code),
        Column("state", _("State"), cells.status),
        Column("sentence", _("What was seen"), told.sentence),
        Column("remedy", _("What to do"), told.sentence),
    ),
)
BROUGHT = Table(
    _("What became of what each source sent"),
    (
        Column("name", _("Source")),
        Column("admitted", _("Admitted"), cells.number),
        Column("with_findings", _("With findings"), cells.number),
        Column("duplicate", _("Known already"), cells.number),
        Column("quarantined", _("In quarantine"), cells.number),
        Column("refused", _("Refused"), cells.number),
        Column("last_us", _("Last"), cells.moment),
    ),
)
HELD = Table(
    _("What the node holds"), (Column("type", _("Type"), cells.code), Column("count", _("Objects"), cells.number))
)
ORIGINS = {DEFAULT: _("default"), CHOSEN: _("command line or COMMONWATCH_DATA")}
SETTINGS = Table(
    _("Settings"),
    (
        Column("name", _("Setting"), cells.code),
        Column("value", _("Value"), cells.code),
        Column("origin", _("From")),
        Column("description", _("What it means"), told.sentence),
    ),
)


@shown_to(OPERATOR)
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """What `doctor` says that is quickly seen, and what `status` says."""
    findings = [
        {"name": one.name, "state": "ok" if one.fine else "failed", "sentence": one.sentence, "remedy": one.remedy}
        for one in sorted(glance(settings.COMMONWATCH), key=lambda one: one.fine)
    ]
    last = reading.last_seq()
    types = [{"type": kind, "count": count} for kind, count in counts_by_type().items()]
    nothing = Empty(_("Nothing yet"), _("Add a source, or import files with `commonwatch import`."))
    context = {
        "findings": FINDINGS.listing(request, findings, bare=True),
        "problems": sum(one["state"] == "failed" for one in findings),
        "brought": BROUGHT.listing(request, list(Source.objects.order_by("name").values()), bare=True, empty=nothing),
        "held": HELD.listing(request, types, bare=True, empty=nothing),
        "database": connection.vendor,
        "data": str(settings.COMMONWATCH.data),
        "version": __version__,
        "last": seq_to_us(last) if last else None,
    }
    return render(request, "console/administration/health.html", context)


@shown_to(OPERATOR)
@require_safe
def node_settings(request: HttpRequest) -> HttpResponse:
    """Every setting with its value and where that comes from; secrets are never shown."""
    rows = [
        {
            "name": one.name,
            "value": ", ".join(map(str, one.value)) if isinstance(one.value, list) else str(one.value),
            "origin": ORIGINS.get(one.origin, one.origin),
            "description": one.description,
        }
        for one in explain(settings.COMMONWATCH)
    ]
    listing = SETTINGS.listing(request, rows, bare=True)
    return render(request, "console/administration/settings.html", {"settings": listing})
