"""Taking back everything of a member: first with its numbers, then with a reason, and with a way back until it is erased."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from commonwatch.base.parties.queries import member_named
from commonwatch.capabilities.federation import purging
from commonwatch.capabilities.federation.purging import PurgePlan
from commonwatch.console.shell import cells
from commonwatch.console.shell.changing import asked, is_sure
from commonwatch.console.shell.pages import ADMINISTRATOR, done, reason_given, shown_to
from commonwatch.console.shell.tables import Column, Empty, Filter, Table
from commonwatch.console.shell.who import acting

PLAN = Table(
    _("What would be taken back"),
    (
        Column("what", _("What")),
        Column("name", _("Which")),
        Column("objects", _("Objects"), cells.number),
    ),
)


class WidthFilter(Filter):
    """How far the purge goes."""

    with_others = forms.BooleanField(label=_("Also what other members brought as well"))


@shown_to(ADMINISTRATOR)
@require_safe
def purge(request: HttpRequest, name: str) -> HttpResponse:
    """What a purge would do; where one goes on, how far it has come and how it ends."""
    member = member_named(name)
    going_on = purging.state(name)
    context: dict[str, Any] = {
        "name": name,
        "purge": going_on,
        "trail": [(gettext("Members"), reverse("members")), (member.title, reverse("member", args=[name]))]
        + [(gettext("Purge"), "")],
    }
    if going_on is None:
        chosen = WidthFilter(request)
        with_others = bool(chosen.wanted("with_others"))
        found = purging.plan(name, with_others=with_others)
        nothing = Empty(_("There is nothing of it here"), _("A purge would hide what comes of it from now on."))
        listing = PLAN.listing(request, _rows(found), filter=chosen, empty=nothing)
        context |= {"found": found, "plan": listing, "extra": {"with_others": "yes"} if with_others else {}}
    return render(request, "console/partnership/purge.html", context)


@shown_to(ADMINISTRATOR)
@require_POST
def begin(request: HttpRequest, name: str) -> HttpResponse:
    """Do it; the worker hides one object after the other."""
    reason = reason_given(request)
    purging.begin(name, reason, acting(request), with_others=bool(request.POST.get("with_others")))
    done(request, gettext("Everything of %(name)s is being taken back.") % {"name": name})
    return redirect("member-purge", name)


@shown_to(ADMINISTRATOR)
@require_POST
def end(request: HttpRequest, name: str) -> HttpResponse:
    """Show again what it hid."""
    count = purging.undo(name, reason_given(request), acting(request))
    said = ngettext("%(count)s object is shown again.", "%(count)s objects are shown again.", count)
    done(request, said % {"count": f"{count:,}"})
    return redirect("member-purge", name)


@shown_to(ADMINISTRATOR)
@require_POST
def erase(request: HttpRequest, name: str) -> HttpResponse:
    """Destroy what it hid, for good."""
    reason, back = reason_given(request), reverse("member-purge", args=[name])
    if not is_sure(request):
        text = _("The bytes of everything that this purge hides are destroyed on this node. Nothing brings them back.")
        return asked(request, gettext("Erase everything of %(name)s") % {"name": name}, text, back)
    count = purging.erase(name, reason, acting(request))
    done(
        request,
        ngettext("%(count)s object is erased.", "%(count)s objects are erased.", count) % {"count": f"{count:,}"},
    )
    return redirect(back)


def _rows(found: PurgePlan) -> list[dict[str, object]]:
    parts = (
        (_("Type"), found.types),
        (_("In the collection"), found.collections),
        (_("Recalled from"), found.recalled_from),
        (_("Stays, because it was brought also by"), found.kept),
    )
    return [{"what": what, "name": name, "objects": count} for what, counts in parts for name, count in counts.items()]
