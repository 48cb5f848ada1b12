"""The page for whoever finds this node, the search box, and the list of keys."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from commonwatch.base.accounts.identify import Identity
from commonwatch.console.areas import AREAS
from commonwatch.console.shell.areas import Hit
from commonwatch.console.shell.pages import READER, shown_to
from commonwatch.console.shell.who import identity, looking

MOST_LETTERS = 200


@require_safe
def front(request: HttpRequest) -> HttpResponse:
    """What this is, for strangers, and nothing of what the node holds; for people the overview."""
    if looking(request):
        return redirect("overview")
    base = settings.COMMONWATCH.public_url.rstrip("/")
    return render(request, "console/front.html", {"discovery": f"{base}/taxii2/"})


@shown_to(READER)
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Everything whose name or id is like the words given, by area. As part of a page for the box under `/`."""
    words = request.GET.get("q", "").strip()[:MOST_LETTERS]
    groups = list(_found(identity(request), words)) if words else []
    part = "console/shell/found.html" if request.headers.get("HX-Request") else "console/shell/search.html"
    return render(request, part, {"words": words, "groups": groups})


@shown_to(READER)
@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    """What the keys do."""
    return render(request, "console/shell/keys.html")


def _found(who: Identity, words: str) -> Iterator[tuple[str, list[Hit]]]:
    folded = words.casefold()
    pages = [
        Hit(str(entry.label), entry.address, str(area.label), foreign=False)
        for area in AREAS
        for entry in area.shown_to(who)
        if folded in str(entry.label).casefold() or folded in str(area.label).casefold()
    ]
    if pages:
        yield _("Pages"), pages
    for area in AREAS:
        if hits := [hit for finder in area.finders for hit in finder(who, words)]:
            yield str(area.label), hits
