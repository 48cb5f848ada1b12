"""Telemetry that this node watches and hunts in: what each brought, and what is wrong with it."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commonwatch.base.clock import now_us
from commonwatch.capabilities.detection.alerts import sources
from commonwatch.capabilities.detection.anomalies.places import forget
from commonwatch.console.shell import cells
from commonwatch.console.shell.pages import OPERATOR, READER, done, shown_to
from commonwatch.console.shell.tables import Column, Empty, Table
from commonwatch.console.shell.taking import listed
from commonwatch.console.shell.told import error_told
from commonwatch.console.shell.who import acting, identity
from commonwatch.core.errors import CommonwatchError

TELEMETRY = Table(
    _("Telemetry"),
    (
        Column("name", _("Name")),
        Column("place", _("Place"), cells.code),
        Column("state", _("State"), cells.status),
        Column("events", _("Events"), cells.number),
        Column("hits", _("Hits"), cells.number),
        Column("dirty", _("Unreadable lines"), cells.number),
        Column("last_event", _("Last event"), cells.moment),
        Column("read", _("Last read"), cells.moment),
        Column("trouble", _("Trouble")),
        Column("mapping", _("Read as"), cells.code, chosen=False),
    ),
)


class TelemetryForm(forms.Form):
    """Telemetry to register."""

    name = forms.SlugField(label=_("Name"), max_length=100, help_text=_("Letters, digits and hyphens: border, dmz."))
    place = forms.CharField(
        label=_("Place"),
        max_length=2000,
        help_text=_("A file or folder on the node's machine, nats://HOST:PORT/SUBJECT, or syslog+udp://HOST:PORT."),
    )
    live = forms.BooleanField(
        label=_("Watch it as it grows"), initial=True, required=False, help_text=_("Otherwise only hunts read it.")
    )


@shown_to(READER, at_home=True)
@require_safe
def telemetry(request: HttpRequest) -> HttpResponse:
    """Every source with what it brought."""
    may_change = identity(request).may(OPERATOR)
    rows = [
        {**row, "state": "failed" if row["trouble"] else "active" if row["live"] else "paused"}
        for row in sources.shown_sources()
    ]
    empty = Empty(
        _("No telemetry is watched yet"),
        _("Zeek, Suricata, Windows events, syslog and others are recognised by looking at them."),
        _("Add telemetry") if may_change else "",
        reverse("telemetry-add") if may_change else "",
    )
    context = {
        "telemetry": TELEMETRY.listing(request, rows, total=len(rows), empty=empty),
        "names": [(row["name"], reverse("telemetry-remove", args=[row["name"]])) for row in rows],
        "may_change": may_change,
    }
    return listed(request, "console/detection/telemetry.html", context, "telemetry")


@shown_to(OPERATOR, at_home=True)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Register telemetry."""
    form = TelemetryForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            sources.add_source(
                given["name"],
                given["place"],
                "",
                live=given["live"],
                actor=acting(request).actor,
                now_us=now_us(),
            )
        except CommonwatchError as problem:
            form.add_error("place", error_told(problem))
        else:
            undo = reverse("telemetry-remove", args=[given["name"]])
            done(request, _("It is registered; what comes from now on is matched."), undo=undo)
            return redirect("telemetry")
    status = 422 if form.errors else 200
    return render(request, "console/detection/telemetry_add.html", {"form": form}, status=status)


@shown_to(OPERATOR, at_home=True)
@require_POST
def remove(request: HttpRequest, name: str) -> HttpResponse:
    """Forget telemetry; its alerts stay."""
    sources.remove_source(name, actor=acting(request).actor, now_us=now_us())
    forget(name)
    done(request, _("It is forgotten. Its alerts stay."))
    return redirect("telemetry")
