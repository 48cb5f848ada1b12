"""Pings: sending one, answering ours, what came of all, and how members answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from commonwatch.base.accounts.identify import Identity
from commonwatch.base.clock import now_us
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.reader import reader_of
from commonwatch.base.threads.queries import names
from commonwatch.capabilities.contacts import actions, queries
from commonwatch.capabilities.contacts.rules import ContactView, PingView
from commonwatch.console.response import words
from commonwatch.console.response.helping import may_act
from commonwatch.console.shell import cells
from commonwatch.console.shell.areas import Notice
from commonwatch.console.shell.pages import CONTRIBUTOR, READER, done, shown_to
from commonwatch.console.shell.tables import Column, Empty, Table
from commonwatch.console.shell.who import acting, identity, reader

MOST_LOOKED_AT = 500
PINGS = Table(
    _("Pings, the last first"),
    (
        Column("contact", _("Contact"), link=True),
        Column("member", _("Member")),
        Column("by", _("Pinged by")),
        Column("sent", pgettext_lazy("status", "Sent"), cells.moment),
        Column("due", _("Hoped for by"), cells.moment),
        Column("standing", _("State"), words.state),
        Column("automatic", _("Its node answered"), cells.moment),
        Column("answered", _("A person answered"), cells.moment),
        Column("who", _("Who answered")),
        Column("took", _("Took")),
        Column("text", _("What was said")),
    ),
)
MEASURES = Table(
    _("How members answer, pings of the last 90 days"),
    (
        Column("member", _("Member")),
        Column("pings", _("Pings"), cells.number),
        Column("answered", _("Answered"), cells.number),
        Column("late", _("Late"), cells.number),
        Column("unanswered", _("Unanswered"), cells.number),
        Column("automatic", _("By the node"), cells.number),
        Column("waiting", _("Waiting"), cells.number),
        Column("p50", _("Half within")),
        Column("p90", _("Nine of ten within")),
    ),
)


class PingForm(forms.Form):
    """A question whether anybody is there."""

    text = forms.CharField(label=_("What is said with it"), max_length=300, required=False)
    minutes = forms.IntegerField(
        label=_("Minutes in which an answer is hoped for"),
        min_value=1,
        max_value=actions.MOST_MINUTES,
        initial=actions.DEFAULT_MINUTES,
    )
    escalates = forms.BooleanField(label=_("Go on to the next contact where nobody answers"), required=False)


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def ping(request: HttpRequest, name: str) -> HttpResponse:
    """Ask whether anybody is there."""
    form = PingForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        actions.ping(name, acting(request), text=said["text"], minutes=said["minutes"], escalates=said["escalates"])
        done(request, gettext("The ping is on its way."))
    return redirect("contact", name)


@shown_to(READER)
@require_safe
def pings(request: HttpRequest) -> HttpResponse:
    """Pings that wait for our answer, all others, and how members answer."""
    who, now, own = reader(request), now_us(), own_member().identity
    views = [view for _, view in queries.contacts(who, now, limit=MOST_LOOKED_AT, ended=True)]
    called = names(who, {view.author for view in views} | {each.author for view in views for each in view.pings})
    sent = sorted(((each, view) for view in views for each in view.pings), key=lambda pair: -pair[0].sent_us)
    may = may_act(identity(request))
    waiting = [
        {"id": each.id, "contact": view.content.name, "by": called[each.author], "text": each.text, "at": each.sent_us}
        for each, view in sent
        if may and view.author == own and each.answered_us is None and not view.ended
    ]
    measures = [
        {
            "member": called[found.member],
            "pings": found.pings,
            "answered": found.answered,
            "late": found.late,
            "unanswered": found.unanswered,
            "automatic": found.automatic,
            "waiting": found.waiting,
            "p50": _spoken(found.p50_seconds) if found.pings else "",
            "p90": _spoken(found.p90_seconds) if found.pings else "",
        }
        for found in queries.measures(who, now)
    ]
    empty = Empty(_("Nobody was pinged"), _("Open a contact and ask whether anybody is there."))
    context = {
        "waiting": waiting,
        "measures": MEASURES.listing(request, measures, bare=True),
        "has_measures": bool(measures),
        "pings": PINGS.listing(request, [ping_row(view, each, called) for each, view in sent], bare=True, empty=empty),
    }
    return render(request, "console/response/pings.html", context)


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def answer(request: HttpRequest, name: str) -> HttpResponse:
    """Answer a ping, as a person."""
    actions.answer(name, acting(request), text=request.POST.get("text", "")[:300])
    done(request, gettext("Answered."))
    return redirect("contact-pings")


def waiting_pings(who: Identity) -> list[Notice]:
    """Pings of our own contacts that no person has answered."""
    if not who.is_at_home:
        return []
    own = own_member().identity
    found = queries.contacts(reader_of(who), now_us(), limit=MOST_LOOKED_AT, author=own)
    count = sum(each.answered_us is None for _, view in found for each in view.pings)
    if not count:
        return []
    sentence = ngettext("%(count)s ping waits for an answer.", "%(count)s pings wait for an answer.", count)
    return [Notice(sentence % {"count": count}, reverse("contact-pings"), count=count)]


def ping_row(view: ContactView, each: PingView, called: Mapping[str, str]) -> dict[str, Any]:
    """A ping in a list."""
    return {
        "contact": view.content.name,
        "url": reverse("contact", args=[view.id]),
        "member": called[view.author],
        "by": called[each.author],
        "sent": each.sent_us,
        "due": each.due_us,
        "standing": each.standing,
        "automatic": each.automatic_us,
        "answered": each.answered_us,
        "who": each.answered_by,
        "took": _spoken(each.took_us / 1e6) if each.took_us is not None else "",
        "text": each.answer or each.text,
    }


def _spoken(seconds: float | None) -> str:
    if seconds is None:
        return gettext("no answer")
    if seconds < 120:
        return ngettext("%(count)s second", "%(count)s seconds", round(seconds)) % {"count": round(seconds)}
    if seconds < 7_200:
        return ngettext("%(count)s minute", "%(count)s minutes", round(seconds / 60)) % {"count": round(seconds / 60)}
    return ngettext("%(count)s hour", "%(count)s hours", round(seconds / 3_600)) % {"count": round(seconds / 3_600)}
