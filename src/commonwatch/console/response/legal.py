"""Preservation and legal requests: the list, which way is open, the form, one request with its clocks, and answers."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commonwatch.base.accounts.identify import Identity
from commonwatch.base.clock import now_us
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.reader import reader_of
from commonwatch.capabilities.evidence.legal import actions, queries
from commonwatch.capabilities.evidence.legal.actions import Asking
from commonwatch.capabilities.evidence.legal.instruments import instruments
from commonwatch.console.response import evidence_words as words
from commonwatch.console.response import list_words
from commonwatch.console.response.custody import may_act
from commonwatch.console.response.legal_forms import AnswerForm, AskForm, ExtendForm, WaysFilter
from commonwatch.console.shell import cells, told
from commonwatch.console.shell.areas import Hit, Notice
from commonwatch.console.shell.changing import asked as question
from commonwatch.console.shell.changing import is_sure
from commonwatch.console.shell.pages import CONTRIBUTOR, READER, done, reason_given, shown_to
from commonwatch.console.shell.tables import Column, Empty, Table, by_key
from commonwatch.console.shell.taking import listed
from commonwatch.console.shell.told import RefusalsOn
from commonwatch.console.shell.who import acting, identity, reader

MOST_HITS, MOST_LOOKED_AT = 5, 100
REQUESTS = Table(
    _("Preservation and legal requests, what changed last first"),
    (
        Column("name", _("About"), link=True),
        Column("by", _("Asked by")),
        Column("asked", _("Asked")),
        Column("article", _("Article"), cells.code),
        Column("state", _("State"), words.state),
        Column("until", _("Preserved until"), cells.code),
        Column("days_left", _("Days left"), cells.number),
        Column("warning", _("Clock"), words.state),
        Column("sent", pgettext_lazy("status", "Sent"), cells.moment),
        Column("id", _("Id"), cells.code, chosen=False),
    ),
)
REASONS = Table(
    _("Reasons"),
    (
        Column("sentence", _("Reason"), told.sentence),
        Column("source", _("Source")),
        Column("as_of", _("As of"), cells.code),
        Column("verified", _("Verified")),
    ),
)
CHECKS = Table(
    _("To be looked at"),
    (
        Column("question", _("Question"), list_words.legal),
        Column("source", _("Source")),
        Column("known", _("Known"), list_words.known),
    ),
)
HISTORY = Table(
    _("Answers"),
    (
        Column("at", _("When"), cells.moment),
        Column("by", _("By")),
        Column("what", _("Says"), words.state),
        Column("reference", _("Reference")),
        Column("text", _("In words")),
        Column("grounds", _("Grounds"), cells.code),
        Column("preserved_until", _("Until"), cells.code),
    ),
)
CLOCKS = Table(
    _("Clocks"),
    (
        Column("what", _("What"), list_words.legal),
        Column("day", _("Day"), cells.code),
        Column("days_left", _("Days left"), cells.number),
        Column("source", _("Source")),
    ),
)


@shown_to(READER)
@require_safe
def requests(request: HttpRequest) -> HttpResponse:
    """The requests that the reader may know of."""
    who, now = reader(request), now_us()
    empty = Empty(
        _("No legal requests yet"),
        _("See first by which treaty one member may ask another, and what has to be looked at."),
        _("Who may ask whom"),
        reverse("legal-ways"),
    )
    pages = by_key(lambda after, count: queries.requests(who, after, count, now), lambda one: one.seq, _row)
    context = {"requests": REQUESTS.paged(request, pages, empty=empty)}
    return listed(request, "console/response/legal.html", context, "requests")


@shown_to(READER)
@require_safe
def ways(request: HttpRequest) -> HttpResponse:
    """By which treaty one member may ask another on a day, with reasons and sources."""
    asked = WaysFilter(request)
    to, purpose = asked.wanted("to"), asked.wanted("purpose")
    on: date = asked.wanted("on") or queries.today(now_us())
    asking = asked.wanted("asking")
    found = queries.may_ask(asking or own_member().name, to, purpose, on) if to and purpose else []
    open_now = bool(found) and not asking and found[0].answer != "may-not" and may_act(identity(request))
    context = {
        "filter": asked,
        "ways": [_way(request, number, way) for number, way in enumerate(found)],
        "on": on,
        "ask": f"{reverse('legal-ask', args=[to, purpose])}" if open_now else "",
        "as_of": instruments().as_of,
        "sources": instruments().sources,
    }
    return render(request, "console/response/legal_ways.html", context)


@shown_to(CONTRIBUTOR, at_home=True)
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, to: str, purpose: str) -> HttpResponse:
    """Fill the form, see it whole, send it."""
    by = acting(request)
    person = identity(request).name
    suggested = actions.suggested(Asking(to, purpose, "", request.POST.get("person", person)), by.now_us)
    form = AskForm(to, purpose, suggested, request.POST or None, initial={"person": person})
    if request.method == "POST" and form.is_valid():
        with RefusalsOn(form):
            if is_sure(request):
                made = actions.ask(form.asking, by)
                done(request, gettext("The request is sent."))
                return redirect("legal-request", made)
            way, filled = actions.prepared(form.asking, by.now_us)
            for name in filled.missing:
                form.add_error(f"field-{name}", gettext("This field of the form is empty."))
            if not filled.missing:
                text = gettext("It goes to %(member)s by %(treaty)s, %(article)s, signed by your member. It says:") % {
                    "member": to,
                    "treaty": way.instrument.title,
                    "article": way.article.ref,
                }
                lines = [f"{list_words.field_named(name)}: {said}" for name, said in filled.values.items() if said]
                return question(
                    request, gettext("Send the request"), text, reverse("legal-ask", args=[to, purpose]), codes=lines
                )
    trail = [(gettext("Legal requests"), reverse("legal")), (gettext("Ask"), "")]
    context = {"form": form, "title": list_words.legal(form.form.title) if form.form else "", "trail": trail, "to": to}
    return render(request, "console/response/legal_ask.html", context, status=422 if form.errors else 200)


@shown_to(READER)
@require_safe
def one(request: HttpRequest, name: str) -> HttpResponse:
    """One request with its form, its answers, its clocks and the checklist."""
    return _page(request, name)


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def answer(request: HttpRequest, name: str) -> HttpResponse:
    """Answer a request to us."""
    form = AnswerForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        with RefusalsOn(form):
            actions.answer(
                name,
                said["answer"],
                acting(request),
                text=said["text"],
                reference=said["reference"],
                grounds=said["grounds"],
                preserved_until=said["preserved_until"],
            )
            done(request, gettext("The answer is sent."))
            return redirect("legal-request", name)
    return _page(request, name, answer=form)


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def extend(request: HttpRequest, name: str) -> HttpResponse:
    """Ask that data be kept longer."""
    form = ExtendForm(request.POST)
    if form.is_valid():
        with RefusalsOn(form):
            actions.extend(name, form.cleaned_data["until"], form.cleaned_data["reason"], acting(request))
            done(request, gettext("It is asked for. It counts once the other side answers."))
            return redirect("legal-request", name)
    return _page(request, name, extend=form)


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def withdraw(request: HttpRequest, name: str) -> HttpResponse:
    """Say that it is not needed any more."""
    actions.withdraw(name, reason_given(request), acting(request))
    done(request, gettext("The request is withdrawn."))
    return redirect("legal-request", name)


def find_requests(who: Identity, text: str) -> list[Hit]:
    """Requests by a part of what they are about."""
    found = queries.requests(reader_of(who), None, MOST_LOOKED_AT, now_us())
    fitting = [one for one in found if text.lower() in one.name.lower() or one.id == text]
    return [
        Hit(one.name, reverse("legal-request", args=[one.id]), gettext("Legal request")) for one in fitting[:MOST_HITS]
    ]


def waiting(who: Identity) -> list[Notice]:
    """Requests to us that nobody answered, and preservations that end."""
    if not who.is_at_home:
        return []
    notices = []
    for one in queries.requests(reader_of(who), None, MOST_LOOKED_AT, now_us()):
        address, said = (
            reverse("legal-request", args=[one.id]),
            {"name": one.name, "member": one.by, "days": one.days_left},
        )
        if one.to_us and one.state == "asked":
            notices.append(Notice(gettext("%(member)s asks: %(name)s.") % said, address))
        if one.warning == "ending" and (one.ours or one.to_us):
            notices.append(Notice(gettext("%(name)s: data are preserved for %(days)s more days.") % said, address))
        elif one.warning == "ended" and (one.ours or one.to_us):
            notices.append(Notice(gettext("%(name)s: the preservation has ended.") % said, address, "bad"))
    return notices


def _page(request: HttpRequest, name: str, **filled: forms.Form) -> HttpResponse:
    found = queries.request(reader(request), name, now_us())
    head, acts = found.request, may_act(identity(request))
    is_open = head.state not in ("executed", "refused", "withdrawn")
    history = [{**msgspec.to_builtins(one), "grounds": ", ".join(one.grounds)} for one in found.history]
    context = {
        "found": found,
        "head": head,
        "state": words.state(head.state),
        "clock": words.state(head.warning),
        "fields": [(list_words.field_named(name), text) for name, text in found.fields.items()],
        "history": HISTORY.listing(request, history, bare=True),
        "clocks": CLOCKS.listing(
            request, [{**msgspec.to_builtins(one), "day": str(one.day)} for one in found.dues], bare=True
        ),
        "checks": CHECKS.listing(request, [msgspec.to_builtins(one) for one in found.checks], bare=True),
        "may_answer": acts and is_open and head.to_us,
        "may_extend": acts and is_open and head.ours and head.until is not None and not found.asks_extension,
        "may_withdraw": acts and is_open and head.ours,
        "answer": filled.get("answer") or AnswerForm(),
        "extend": filled.get("extend") or ExtendForm(),
        "has_errors": {form for form, one in filled.items() if one.errors},
        "trail": [(gettext("Legal requests"), reverse("legal")), (head.name, "")],
    }
    status = 422 if any(form.errors for form in filled.values()) else 200
    return render(request, "console/response/legal_request.html", context, status=status)


def _way(request: HttpRequest, number: int, way: queries.WayView) -> dict[str, Any]:
    yes_no = {True: gettext("yes"), False: gettext("no")}
    reasons = [
        {**msgspec.to_builtins(one), "as_of": str(one.as_of), "verified": yes_no[one.verified]} for one in way.reasons
    ]
    checks = [msgspec.to_builtins(one) for one in way.checks]
    return {
        "way": way,
        "said": {name: list_words.legal(getattr(way, name)) for name in ("title", "what", "asks", "asked", "text")},
        "state": words.state(way.answer),
        "reasons": REASONS.listing(request, reasons, bare=True),
        "checks": CHECKS.listing(request, checks, bare=True),
        "name": f"way{number}",
    }


def _row(one: queries.RequestView) -> dict[str, Any]:
    until = str(one.until) if one.until else ""
    return {**msgspec.to_builtins(one), "until": until, "url": reverse("legal-request", args=[one.id])}
