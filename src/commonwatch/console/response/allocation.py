"""Who should help whom: the proposal with its reasons, and people's decisions on it; and who helped whom so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from commonwatch.base.clock import now_us
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.reader import Reader
from commonwatch.base.threads.queries import names
from commonwatch.capabilities.assistance import actions, queries
from commonwatch.capabilities.assistance.allocation import Choice, ForNeed
from commonwatch.capabilities.assistance.standing import RequestView
from commonwatch.console.response import words
from commonwatch.console.shell import cells
from commonwatch.console.shell.pages import CONTRIBUTOR, READER, done, reason_given, shown_to
from commonwatch.console.shell.tables import Column, Empty, Table
from commonwatch.console.shell.who import acting, reader
from commonwatch.core.errors import NodeUnable

GIVEN = Table(
    _("Who helped whom within a year"),
    (
        Column("helper", _("Helped")),
        Column("helped", _("Whom")),
        Column("kind", _("Kind")),
        Column("accepted", _("Accepted"), cells.number),
        Column("delivered", _("Delivered"), cells.number),
        Column("confirmed", _("Confirmed"), cells.number),
    ),
)
SHARES = Table(
    _("What each gave and got"),
    (
        Column("member", _("Member")),
        Column("kind", _("Kind")),
        Column("given", _("Given"), cells.number),
        Column("received", _("Received"), cells.number),
        Column("balance", _("Given less received"), cells.number),
        Column("going", _("In hand"), cells.number),
    ),
)
ANSWERING = Table(
    _("Who answers when asked by name"),
    (
        Column("member", _("Member")),
        Column("asked", _("Asked"), cells.number),
        Column("acknowledged", _("Acknowledged"), cells.number),
        Column("offered", _("Offered"), cells.number),
        Column("declined", _("Declined"), cells.number),
        Column("silent", _("Silent"), cells.number),
        Column("late", _("Late"), cells.number),
    ),
)


AT_ONCE = 50  # needs on a page: writing them out takes longer than proposing for all of them


@shown_to(CONTRIBUTOR, at_home=True)
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """What is needed, who is proposed for it and why, and what can be done about each pair."""
    who, now = reader(request), now_us()
    listed = queries.requests(who, now)
    try:
        found = queries.proposal(who, now, request.GET.get("request", ""), listed)
    except NodeUnable as problem:  # the optimiser is an extra: everything else works without it
        return render(request, "console/response/allocation.html", {"problem": problem})
    views = {view.id: view for _, view in listed}
    first = int(text) if (text := request.GET.get("from", "0")[:6]).isdecimal() else 0
    needs = found.needs[first : first + AT_ONCE]
    members = {one.need.member for one in needs}
    members |= {choice.helper for one in needs for choice in (*one.chosen, *one.next_best)}
    called, own = names(who, members), own_member().identity
    context = {
        "needs": [_need(one, called, own, views) for one in needs],
        "from_the_beginning": first > 0,
        "following": first + AT_ONCE if first + AT_ONCE < len(found.needs) else None,
        "found": found,
        "trail": [(gettext("Requests for help"), reverse("help-requests")), (gettext("Who should help"), "")],
    }
    return render(request, "console/response/allocation.html", context)


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def ignore(request: HttpRequest) -> HttpResponse:
    """Decide against a pair."""
    actions.ignore(
        request.POST.get("need", "")[:400], request.POST.get("supply", "")[:400], reason_given(request), acting(request)
    )
    done(request, gettext("It is not proposed here again."))
    return redirect("allocation")


@shown_to(READER)
@require_safe
def ledger(request: HttpRequest) -> HttpResponse:
    """Who helped whom, as far as the reader may know."""
    who: Reader = reader(request)
    found = queries.account(who, now_us())
    members = {one.helper for one in found.given} | {one.helped for one in found.given}
    called = names(who, members | {one.member for one in found.answering})
    given = [
        {
            "helper": called[one.helper],
            "helped": called[one.helped],
            "kind": words.KINDS.get(one.kind, one.kind),
            "accepted": one.accepted,
            "delivered": one.delivered,
            "confirmed": one.confirmed,
        }
        for one in found.given
    ]
    shares = [
        {
            "member": called[one.member],
            "kind": words.KINDS.get(one.kind, one.kind),
            "given": one.given,
            "received": one.received,
            "balance": one.balance,
            "going": one.going,
        }
        for one in found.shares
    ]
    answering = [
        {
            "member": called[one.member],
            "asked": one.asked,
            "acknowledged": one.acknowledged,
            "offered": one.offered,
            "declined": one.declined,
            "silent": one.silent,
            "late": one.late,
        }
        for one in found.answering
    ]
    nothing = Empty(_("Nobody helped anybody yet"), _("What is accepted and delivered stands here."))
    context = {
        "found": found,
        "given": GIVEN.listing(request, given, bare=True, empty=nothing),
        "shares": SHARES.listing(request, shares, bare=True),
        "answering": ANSWERING.listing(request, answering, bare=True),
    }
    return render(request, "console/response/ledger.html", context)


def _need(one: ForNeed, called: Mapping[str, str], own: str, views: Mapping[str, RequestView]) -> dict[str, Any]:
    return {
        "need": one.need,
        "url": reverse("help-request", args=[one.need.request]),
        "by": called[one.need.member],
        "urgency": words.state(one.need.urgency),
        "unmet": one.unmet,
        "why_unmet": one.why_unmet,
        "chosen": [_choice(choice, one, called, own, views) for choice in one.chosen],
        "next_best": [_choice(choice, one, called, own, views) for choice in one.next_best],
    }


def _choice(
    choice: Choice, one: ForNeed, called: Mapping[str, str], own: str, views: Mapping[str, RequestView]
) -> dict[str, Any]:
    """With what the own member can do about it: accept an offer that is there, or make one of what is its own."""
    view, name = views.get(one.need.request), one.need.id.rpartition("/")[2]
    accept = offer = ""
    if view is not None and choice.helped == own:
        accept = next((each.id for each in view.offers if each.state == "offered" and _serves(each, name, choice)), "")
    if choice.helper == own:
        parts = urlencode({"parts": f"{name}={choice.units or 1}@{choice.supply}"})
        offer = f"{reverse('help-offer', args=[one.need.request])}?{parts}"
    return {
        "helper": called[choice.helper],
        "units": choice.units,
        "reasons": choice.reasons,
        "supply": choice.supply,
        "need": choice.need,
        "request": one.need.request,
        "accept": accept,
        "offer": offer,
    }


def _serves(offered: Any, need: str, choice: Choice) -> bool:
    """Whether an offer is the one that is proposed: it came out of this capability, or is proposed itself."""
    return choice.supply == f"{offered.id}/{need}" or any(
        part.need == need and part.capability_ref == choice.supply for part in offered.content.parts
    )
