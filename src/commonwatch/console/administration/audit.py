"""Who did what: looked through by actor, act, subject and day."""

from __future__ import annotations

import json
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from commonwatch.base.audit.models import AuditEntry
from commonwatch.base.audit.queries import Wanted, entries, entry
from commonwatch.base.clock import MICROSECONDS
from commonwatch.base.edge import rows
from commonwatch.console.shell import cells
from commonwatch.console.shell.pages import ADMINISTRATOR, shown_to
from commonwatch.console.shell.tables import Column, Empty, Filter, Table, by_key
from commonwatch.console.shell.taking import listed

AUDIT = Table(
    _("Who did what, the last first"),
    (
        Column("at", _("When"), cells.moment, link=True),
        Column("actor", _("Who")),
        Column("action", _("Act"), cells.code),
        Column("subject", _("To what")),
        Column("outcome", _("Outcome"), cells.status),
        Column("reason", _("Reason")),
        Column("address", _("From"), cells.code, chosen=False),
        Column("detail", _("Details"), cells.code, chosen=False),
    ),
)


class AuditFilter(Filter):
    """Which entries."""

    actor = forms.CharField(label=_("Who"), max_length=200)
    action = forms.CharField(label=_("Act"), max_length=64, help_text="token, token.revoke, sign-in")
    subject = forms.CharField(label=_("To what"), max_length=300)
    day = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}))


@shown_to(ADMINISTRATOR)
@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """The record, filtered."""
    asked = AuditFilter(request)
    found = entries(_wanted(asked))
    listing = AUDIT.paged(
        request,
        by_key(rows(found, "-pk"), lambda one: one.pk, _row),
        total=found.count(),
        filter=asked,
        empty=Empty(_("Nothing is on record yet"), _("Whatever somebody does here is recorded with who and why.")),
    )
    return listed(request, "console/administration/audit.html", {"audit": listing}, "audit")


@shown_to(ADMINISTRATOR)
@require_safe
def one(request: HttpRequest, number: int) -> HttpResponse:
    """One entry with all that was kept of it."""
    found = entry(number)
    detail = [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in found.detail.items()]
    trail = [(gettext("Audit"), reverse("audit")), (str(number), "")]
    context = {"entry": _row(found), "number": number, "detail": detail, "trail": trail}
    return render(request, "console/administration/entry.html", context)


def _wanted(asked: Filter) -> Wanted:
    since_us, until_us = None, None
    if day := asked.wanted("day"):
        begins = timezone.make_aware(datetime.combine(day, time()))
        ends = timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))
        since_us, until_us = (int(at.timestamp()) * MICROSECONDS for at in (begins, ends))
    actor, action, subject = (asked.wanted(name).strip() for name in ("actor", "action", "subject"))
    return Wanted(actor=actor, action=action, subject=subject, since_us=since_us, until_us=until_us)


def _row(one: AuditEntry) -> dict[str, Any]:
    reason = one.detail.get("reason", "") if isinstance(one.detail, dict) else ""
    return {
        "at": one.at_us,
        "actor": one.actor,
        "action": one.action,
        "subject": one.subject,
        "outcome": one.outcome,
        "reason": reason,
        "address": one.address,
        "detail": json.dumps(one.detail, ensure_ascii=False),
        "url": reverse("audit-entry", args=[one.pk]),
    }
