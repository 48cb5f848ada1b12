"""What a person does about a duty: confirm, reject, close, open again, state events and take them back."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from commonwatch.base.clock import now_us
from commonwatch.capabilities.duties import actions, queries
from commonwatch.console.response import duty_words
from commonwatch.console.response.duty_forms import EventForm
from commonwatch.console.response.duty_page import duty_page
from commonwatch.console.shell.pages import CONTRIBUTOR, done, reason_given, shown_to
from commonwatch.console.shell.who import acting

ACTS = {
    "confirm": (actions.confirm, _("The duty is confirmed: its clocks are open.")),
    "reject": (actions.reject, _("The duty is rejected.")),
    "close": (actions.close, _("The duty is closed.")),
    "reopen": (actions.reopen, _("The decision is taken back.")),
}


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def decide(request: HttpRequest, number: int, act: str) -> HttpResponse:
    """Decide, with a reason."""
    if act not in ACTS:
        raise Http404
    do, said = ACTS[act]
    do(number, reason_given(request), acting(request))
    done(request, said)
    return redirect("duty", number)


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def state_event(request: HttpRequest, number: int) -> HttpResponse:
    """State when something happened that starts clocks."""
    found = queries.whole_duty(queries.duty_numbered(number), now_us())
    form = EventForm(found["may_happen"], request.POST)
    if not form.is_valid():
        return duty_page(request, number, form)
    given = form.cleaned_data
    until = duty_words.us(given["answer_by"]) if given["answer_by"] else None
    at_us = duty_words.us(given["at"])
    actions.state_event(number, given["event"], at_us, given["basis"], acting(request), answer_by_us=until)
    done(request, _("It is stated, and the clocks follow it."))
    return redirect("duty", number)


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def withdraw_event(request: HttpRequest, number: int, event: int) -> HttpResponse:
    """Take a wrong event back."""
    actions.withdraw_event(number, event, reason_given(request), acting(request))
    done(request, _("The event is taken back, and the clocks follow."))
    return redirect("duty", number)
