"""Duties to notify: what is due, and every duty; and all pages of the room by their addresses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from commonwatch.base.accounts.identify import Identity
from commonwatch.base.clock import now_us
from commonwatch.base.edge import rows
from commonwatch.capabilities.duties import queries
from commonwatch.capabilities.duties.law import duties_list
from commonwatch.capabilities.duties.words import recipient_said, stage_said
from commonwatch.console.response import (
    duty_acts,
    duty_assessing,
    duty_calendars,
    duty_law,
    duty_notices,
    duty_page,
    duty_words,
)
from commonwatch.console.shell import cells
from commonwatch.console.shell.areas import Entry, Hit, Notice, NoticeKind
from commonwatch.console.shell.pages import CONTRIBUTOR, READER, shown_to
from commonwatch.console.shell.several import Several
from commonwatch.console.shell.tables import Column, Empty, Facet, Filter, Table, by_key
from commonwatch.console.shell.taking import listed
from commonwatch.console.shell.who import identity
from commonwatch.core.stix.times import format_time

MOST_DUE = 20
MOST_HITS = 5

DUE = Table(
    _("Notices that are still to be sent, the earliest first"),
    (
        Column("name", _("Notice"), duty_words.stage, link=True),
        Column("instrument", _("Instrument")),
        Column("title", _("About")),
        Column("state", _("State"), duty_words.badge),
        Column("local", _("Due, in the recipient's time"), duty_words.there),
        Column("left", _("Time")),
    ),
)
DUTIES = Table(
    _("Duties, the newest first"),
    (
        Column("instrument", _("Instrument"), link=True),
        Column("title", _("About")),
        Column("state", _("State"), duty_words.badge),
        Column("outcome", _("May apply"), duty_words.badge),
        Column("standing", _("Law"), duty_words.badge),
        Column("place", _("Where"), cells.code),
        Column("member", _("Member")),
        Column("recipient", _("To be told")),
        Column("next_due", _("Next limit"), cells.moment),
        Column("case", _("Case"), cells.code, chosen=False),
        Column("regime", _("Id"), cells.code, chosen=False),
    ),
)


class DutyFilter(Filter):
    """Which duties."""

    state = Several(label=_("State"), choices=duty_words.STATES.items())
    case = forms.CharField(label=_("Case"), max_length=200)
    member = forms.CharField(label=_("Member"), max_length=200)


@shown_to(READER, at_home=True)
@require_safe
def duties(request: HttpRequest) -> HttpResponse:
    """What is due, then every duty by what the address asks."""
    asked = DutyFilter(request)
    states = asked.wanted("state")
    wanted = queries.Wanted(tuple(states or ()), asked.wanted("case").strip(), asked.wanted("member").strip())
    query = queries.duties(wanted)
    counts = [(state, duty_words.STATES[state], many) for state, many in queries.counts().items()]
    may_act = identity(request).may(CONTRIBUTOR)
    assess = reverse("duties-assess") + (f"?{urlencode({'case': wanted.case})}" if wanted.case else "")
    nothing = Empty(
        _("No duties yet"),
        _(
            "Say what is known of a case: which instruments may require notice, to whom and by when, stands there at once."
        ),
        _("Assess a case") if may_act else "",
        assess if may_act else "",
    )
    pages = by_key(rows(query, "-pk"), lambda one: one.pk, lambda one: _row(queries.shown_duty(one)))
    context = {
        "due": _due(request),
        "duties": DUTIES.paged(
            request,
            pages,
            total=query.count(),
            filter=asked,
            facets=[Facet("state", _("State"), counts)],
            empty=nothing,
        ),
        "may_act": may_act,
        "assess": assess,
    }
    return listed(request, "console/response/duties.html", context, "duties")


@shown_to(READER, at_home=True)
@require_safe
def due_alone(request: HttpRequest) -> HttpResponse:
    """What is due alone: the page asks again every minute."""
    return render(request, "console/response/duties_due.html", {"due": _due(request)})


def _due(request: HttpRequest) -> Any:
    now, words, found = now_us(), duties_list(), []
    for one in queries.open_notices()[:MOST_DUE]:
        shown = queries.shown_notice(one, now, words)
        about = {"instrument": one.duty.law["title"], "title": one.duty.title, "left": duty_words.left(shown)}
        found.append({**shown, **about, "url": reverse("duty-notice", args=[one.pk])})
    return DUE.listing(request, found, bare=True)


def _row(found: dict[str, Any]) -> dict[str, Any]:
    return {**found, "recipient": recipient_said(found["recipient"]), "url": reverse("duty", args=[found["duty"]])}


def find_duties(who: Identity, words: str) -> Sequence[Hit]:
    """Duties by a part of what they are about, or of the instrument's id."""
    if not who.is_at_home:
        return ()
    named = Q(title__icontains=words) | Q(regime__icontains=words) | Q(case=words)
    found = queries.duties(queries.Wanted()).filter(named)[:MOST_HITS]
    return [Hit(f"{one.law['title']} · {one.title}", reverse("duty", args=[one.pk]), gettext("Duty")) for one in found]


def notices_due(who: Identity) -> list[Notice]:
    """Notices whose time is over, or of which people have been reminded."""
    if not who.is_at_home:
        return []
    now, found = now_us(), []
    for one in queries.open_notices()[:MOST_DUE]:
        state = queries.state_of(one, now)
        if state != queries.OVERDUE and not one.reminded:
            continue
        said = gettext("%(instrument)s, %(notice)s: %(about)s") % {
            "instrument": one.duty.law["title"],
            "notice": stage_said(one.name).text,
            "about": cells.visible(one.duty.title),
        }
        tone = "bad" if state == queries.OVERDUE or one.reminded >= 90 else "warn"
        when = format_time(one.due_us, 0) if one.due_us is not None else str(duty_words.KINDS["at-once"])
        found.append(Notice(said, reverse("duty-notice", args=[one.pk]), tone, when))
    return found


def proposals_wait(who: Identity) -> list[Notice]:
    """Proposals that nobody has decided."""
    many = queries.proposals() if who.is_at_home else 0
    said = ngettext(
        "%(count)s duty waits to be confirmed or rejected", "%(count)s duties wait to be confirmed or rejected", many
    )
    address = f"{reverse('duties')}?state=proposed"
    return [Notice(said % {"count": many}, address, count=many)] if many else []


ENTRIES = (Entry("duties", _("Duties to notify")),)
NOTICES = (
    NoticeKind("duties-due", _("Notices to authorities that are due"), CONTRIBUTOR, notices_due),
    NoticeKind("duties-proposed", _("Duties that wait for a decision"), CONTRIBUTOR, proposals_wait),
)
FINDERS = (find_duties,)
urlpatterns = [
    path("duties/", duties, name="duties"),
    path("duties/due/", due_alone, name="duties-due"),
    path("duties/assess/", duty_assessing.assess, name="duties-assess"),
    path("duties/assess/live/", duty_assessing.live, name="duties-assess-live"),
    path("duties/calendars/", duty_calendars.calendars, name="duties-calendars"),
    path("duties/calendars/<int:number>/revoke/", duty_calendars.revoke, name="duties-calendar-revoke"),
    path("duties/law/", duty_law.law, name="duties-law"),
    path("duties/law/put/", duty_law.put, name="duties-law-put"),
    path("duties/law/<str:kind>.json", duty_law.take, name="duties-law-take"),
    path("duties/law/<str:kind>/undo/", duty_law.undo, name="duties-law-undo"),
    path("duties/law/<str:name>/", duty_law.instrument, name="duties-instrument"),
    path("duties/notices/<int:number>/", duty_notices.notice, name="duty-notice"),
    path("duties/notices/<int:number>/draft/", duty_notices.save_draft, name="duty-notice-draft"),
    path("duties/notices/<int:number>/sent/", duty_notices.sent, name="duty-notice-sent"),
    path("duties/notices/<int:number>/extend/", duty_notices.extend, name="duty-notice-extend"),
    path("duties/notices/<int:number>/leave-out/", duty_notices.leave_out, name="duty-notice-leave-out"),
    path("duties/sendings/<int:number>/receipt/", duty_notices.receipt, name="duty-receipt"),
    path("duties/<int:number>/", duty_page.duty, name="duty"),
    path("duties/<int:number>/events/", duty_acts.state_event, name="duty-event"),
    path("duties/<int:number>/events/<int:event>/withdraw/", duty_acts.withdraw_event, name="duty-event-withdraw"),
    path("duties/<int:number>/<str:act>/", duty_acts.decide, name="duty-decide"),
]
