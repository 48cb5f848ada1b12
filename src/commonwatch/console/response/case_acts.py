"""Acts on a case that take a word at most: acknowledge, reopen, settle, answer an offer, share what was written before."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from commonwatch.capabilities.incidents.actions import entries, opening, taking_part
from commonwatch.console.shell.pages import CONTRIBUTOR, done, reason_given, shown_to
from commonwatch.console.shell.who import acting
from commonwatch.core.errors import NotFound


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def take(request: HttpRequest, name: str, act: str) -> HttpResponse:
    """Do one of them, and go back to the case."""
    by, given = acting(request), request.POST
    if act == "acknowledge":
        opening.acknowledge(name, given.get("reason", "")[:4_000], by)
        done(request, gettext("They know that we saw it."))
    elif act == "reopen":
        opening.reopen(name, reason_given(request), by)
        done(request, gettext("The case is open again."))
    elif act == "settle":
        opening.settle(name, given.get("statement", "")[:300], reason_given(request), by)
        done(request, gettext("It is settled."))
    elif act in ("accept-lead", "decline-lead"):
        taking_part.answer_lead(name, given.get("reason", "")[:4_000], by, accept=act == "accept-lead")
        done(request, gettext("It is said. Everybody who takes part is told."))
    elif act == "share":
        shared = taking_part.share_earlier(name, given.get("member", ""), (), by)
        done(request, gettext("%(number)s entries are shared.") % {"number": len(shared)})
    elif act == "keep-back":
        kept = taking_part.keep_back(name, given.get("member", ""), (), by)
        done(request, gettext("%(number)s entries are kept back.") % {"number": kept})
    elif act == "leave":
        taking_part.leave(name, "home", reason_given(request), by)
        done(request, gettext("Your member does not take part any more."))
    elif act == "revoke":
        entries.revoke(name, given.get("entry", "")[:300], reason_given(request), by)
        done(request, gettext("It is taken back."))
    else:
        raise NotFound("act-unknown", f"There is no act {act}.", "See the case.")
    return redirect("case", name)
