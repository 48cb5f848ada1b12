"""Sources: how each goes, adding, pulling now, pausing, removing."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commonwatch.base.clock import now_us
from commonwatch.base.outbound import check_url
from commonwatch.base.release.collections import collection, visible_collections
from commonwatch.capabilities.exchange.sources import actions
from commonwatch.capabilities.exchange.sources.queries import server_numbered, servers
from commonwatch.console.administration.choosing import members_field
from commonwatch.console.administration.undoing import reason_or_undo, undo_at
from commonwatch.console.overview.first_start import MAIN, SourceForm
from commonwatch.console.shell import cells
from commonwatch.console.shell.pages import OPERATOR, done, shown_to
from commonwatch.console.shell.tables import Column, Empty, Table
from commonwatch.console.shell.taking import listed
from commonwatch.console.shell.who import acting, reader
from commonwatch.core.errors import CommonwatchError

SOURCES = Table(
    _("Sources"),
    (
        Column("name", _("Name"), link=True),
        Column("state", _("State"), cells.status),
        Column("every", _("Every")),
        Column("last_ok", _("Answered last"), cells.moment),
        Column("lag", _("Behind")),
        Column("next", _("Next pull"), cells.moment),
        Column("pulled", _("Received"), cells.number),
        Column("pushed", _("Sent"), cells.number),
        Column("last_error", _("Last error")),
        Column("member", _("Vouched for by"), chosen=False),
        Column("address", _("Address"), cells.indicator, chosen=False),
    ),
)


class NewSourceForm(SourceForm):
    """A source to add, with everything that can be said of it."""

    every = forms.CharField(
        label=_("Pull every"),
        max_length=5,
        initial="1h",
        required=False,
        help_text=_("15m, 2h or 1d; empty: only when told."),
    )
    into = forms.ChoiceField(label=_("Into our collection"))
    member = forms.ChoiceField(
        label=_("Vouched for by"), help_text=_("What it brings counts as this member's, for good.")
    )

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.POST or None)
        self.fields["collection"].required = False
        self.fields["collection"].help_text = _("Leave it empty to be told which there are.")
        ours = [
            (one.alias or str(one.uuid), one.title) for one in visible_collections(reader(request)) if one.can_write
        ]
        self.fields["into"] = forms.ChoiceField(label=_("Into our collection"), choices=ours, initial=MAIN)
        self.fields["member"] = members_field(self.fields["member"])


@shown_to(OPERATOR)
@require_safe
def sources(request: HttpRequest) -> HttpResponse:
    """Every source with how far behind it is, and why."""
    found = [_row(one) for one in servers(now_us())]
    empty = Empty(
        _("No source yet"),
        _("A source is a TAXII server from which this node takes intelligence in."),
        _("Add a source"),
        reverse("source-new"),
    )
    listing = SOURCES.listing(request, found, total=len(found), empty=empty)
    return listed(request, "console/administration/sources.html", {"sources": listing}, "sources")


@shown_to(OPERATOR)
@require_safe
def source(request: HttpRequest, number: int) -> HttpResponse:
    """One source, and what can be done about it."""
    found = server_numbered(number, now_us())
    trail = [(gettext("Sources"), reverse("sources")), (found["name"], "")]
    return render(
        request, "console/administration/source.html", {"source": _row(found), "number": number, "trail": trail}
    )


@shown_to(OPERATOR)
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Add a source; nothing is fetched yet, unless its collections are asked for."""
    form = NewSourceForm(request)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made = actions.add_source(
                given["name"],
                check_url(given["url"]),
                given["collection"],
                username=given["username"],
                secret=given["secret"],
                default_marking=given["marking"],
                member=given["member"],
                interval_seconds=actions.interval(given["every"]),
                into=collection(reader(request), given["into"]),
                actor=acting(request).actor,
            )
        except CommonwatchError as problem:
            form.add_error(None, str(problem))
        else:
            said = gettext("The source %(name)s is added.") % {"name": cells.visible(given["name"])}
            done(request, said, undo=undo_at(reverse("source-remove", args=[made.pk])))
            return redirect("sources")
    context = {"form": form, "title": _("Add a source"), "label": _("Add a source"), "back": reverse("sources")}
    return render(request, "console/administration/form.html", context, status=422 if form.errors else 200)


@shown_to(OPERATOR)
@require_POST
def pull(request: HttpRequest, number: int) -> HttpResponse:
    """Let it be pulled as the worker's next job."""
    actions.pull_soon(server_numbered(number, now_us())["name"], actor=acting(request).actor)
    done(request, _("It is pulled as soon as the worker is free. Its job shows how far it is."))
    return redirect("source", number)


@shown_to(OPERATOR)
@require_POST
def pause(request: HttpRequest, number: int) -> HttpResponse:
    """Pull it no more on schedule."""
    return _pause(request, number, paused=True)


@shown_to(OPERATOR)
@require_POST
def resume(request: HttpRequest, number: int) -> HttpResponse:
    """Pull it on schedule again."""
    return _pause(request, number, paused=False)


@shown_to(OPERATOR)
@require_POST
def remove(request: HttpRequest, number: int) -> HttpResponse:
    """Forget it and its credentials, which is why this cannot be undone; what it brought stays."""
    name = server_numbered(number, now_us())["name"]
    actions.remove_source(name, actor=acting(request).actor, reason=reason_or_undo(request))
    done(request, gettext("The source %(name)s is removed. What it brought stays.") % {"name": cells.visible(name)})
    return redirect("sources")


def _pause(request: HttpRequest, number: int, *, paused: bool) -> HttpResponse:
    name = server_numbered(number, now_us())["name"]
    actions.pause_source(name, paused=paused, reason=reason_or_undo(request), actor=acting(request).actor)
    said = gettext("%(name)s is paused.") if paused else gettext("%(name)s is pulled on schedule again.")
    back = reverse("source-resume" if paused else "source-pause", args=[number])
    done(request, said % {"name": cells.visible(name)}, undo=undo_at(back))
    return redirect("source", number)


def _row(one: dict[str, Any]) -> dict[str, Any]:
    lag = one["lag_seconds"]
    return {
        **one,
        "state": "paused"
        if one["paused"]
        else "failed"
        if one["last_error"]
        else "ok"
        if lag is not None
        else "waiting",
        "every": gettext("only when told") if one["every"] == "when told" else one["every"],
        "last_ok": None if one["last_ok"] == "never" else one["last_ok"],
        "lag": "" if lag is None else f"{lag:,} s",
        "address": one["url"],
        "url": reverse("source", args=[one["number"]]),
    }
