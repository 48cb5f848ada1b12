"""One duty: its law and how sure that is, why it may apply, its notices with their clocks, what happened, what was done."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from commonwatch.base.clock import now_us
from commonwatch.capabilities.duties import queries
from commonwatch.capabilities.duties.upkeep import ACTOR
from commonwatch.capabilities.duties.words import recipient_said
from commonwatch.console.response import duty_words
from commonwatch.console.response.duty_forms import EventForm
from commonwatch.console.shell import cells
from commonwatch.console.shell.pages import CONTRIBUTOR, READER, shown_to
from commonwatch.console.shell.tables import Column, Empty, Table
from commonwatch.console.shell.who import identity

NOTICES_OF = Table(
    _("Notices and their clocks"),
    (
        Column("name", _("Notice"), duty_words.stage, link=True),
        Column("state", _("State"), duty_words.badge),
        Column("local", _("Due, in the recipient's time"), duty_words.there),
        Column("due", _("Due"), cells.moment),
        Column("left", _("Time")),
        Column("receipt", _("Reference")),
    ),
)
HISTORY = Table(
    _("What was done"),
    (
        Column("at", _("When"), cells.moment),
        Column("actor", _("Who")),
        Column("what", _("What")),
        Column("said", _("In words"), duty_words.act),
    ),
)


@shown_to(READER, at_home=True)
@require_safe
def duty(request: HttpRequest, number: int) -> HttpResponse:
    """One duty: its law and how sure that is, why it may apply, its notices with their clocks, what happened, what was done."""
    return duty_page(request, number)


def duty_page(request: HttpRequest, number: int, form: EventForm | None = None) -> HttpResponse:
    """The same, with a form that has to be corrected."""
    found = queries.whole_duty(queries.duty_numbered(number), now_us())
    notices = [
        {
            **one,
            "url": reverse("duty-notice", args=[one["notice"]]),
            "left": duty_words.left(one),
            "receipt": next((sent["reference"] for sent in reversed(one["sendings"]) if sent["reference"]), ""),
        }
        for one in found["notices"]
    ]
    history = [
        {
            **one,
            "actor": gettext("the clock") if one["actor"] == ACTOR else one["actor"],
            "what": duty_words.ACTS.get(one["what"], one["what"]),
            "said": (one["what"], one["said"]),
        }
        for one in reversed(found["history"])
    ]
    context = {
        "duty": {**found, "recipient": recipient_said(found["recipient"])},
        "state": duty_words.badge(found["state"]),
        "standing": duty_words.badge(found["standing"]),
        "told_too": [duty_words.told_too(one) for one in found["law"]["also_inform"]],
        "counting": duty_words.counting(found["law"]["counting"]),
        "reasons": [duty_words.sentence(one) for one in found["reasons"]],
        "questions": [duty_words.sentence(one) for one in found["questions"]],
        "events": [(one, duty_words.event(one["means"]), duty_words.basis(one["basis"])) for one in found["events"]],
        "law_address": reverse("duties-instrument", args=[found["regime"]]) if found["law"]["in_list"] else "",
        "notices": NOTICES_OF.listing(
            request, notices, bare=True, empty=Empty(_("It has no clocks"), _("Confirm it first."))
        ),
        "history": HISTORY.listing(request, history, bare=True),
        "acts": _acts(found) if identity(request).may(CONTRIBUTOR) else (),
        "may_act": identity(request).may(CONTRIBUTOR) and found["state"] == "confirmed",
        "may_change": identity(request).may(CONTRIBUTOR) and found["state"] in ("proposed", "confirmed"),
        "form": form or EventForm(found["may_happen"]),
        "trail": [(gettext("Duties"), reverse("duties")), (found["instrument"], "")],
    }
    return render(request, "console/response/duty.html", context, status=422 if form and form.errors else 200)


def _acts(found: dict[str, Any]) -> list[tuple[str, Any, bool]]:
    """What may be decided now: address, label, whether it ends something."""
    number = found["duty"]
    words = {
        "proposed": (("confirm", _("Confirm"), False), ("reject", _("Reject"), True)),
        "confirmed": (("close", _("Close"), True), ("reject", _("Reject"), True)),
        "rejected": (("reopen", _("Look at it again"), False), ("confirm", _("Confirm"), False)),
        "closed": (("reopen", _("Open it again"), False),),
    }
    return [(reverse("duty-decide", args=[number, act]), label, danger) for act, label, danger in words[found["state"]]]
