"""Requests for help: the list, and one request with its thread, its clocks and what can be done next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commonwatch.base.accounts.identify import Identity
from commonwatch.base.clock import now_us
from commonwatch.base.release.reader import reader_of
from commonwatch.base.threads.queries import names
from commonwatch.capabilities.assistance import actions, given, queries
from commonwatch.capabilities.assistance.actions import Given, Said
from commonwatch.capabilities.assistance.clocks import clocks
from commonwatch.capabilities.assistance.facts import form_named
from commonwatch.capabilities.assistance.standing import Possible, RequestView
from commonwatch.console.response import words
from commonwatch.console.response.asking import own_points
from commonwatch.console.response.list_words import help_said
from commonwatch.console.shell import cells, told
from commonwatch.console.shell.areas import Hit, Notice
from commonwatch.console.shell.pages import CONTRIBUTOR, READER, done, shown_to
from commonwatch.console.shell.tables import Column, Empty, Filter, Table, together
from commonwatch.console.shell.taking import listed
from commonwatch.console.shell.told import RefusalsOn
from commonwatch.console.shell.who import acting, identity, reader
from commonwatch.core.errors import NotFound
from commonwatch.core.stix.response import assistance as stix

MOST_HITS, MOST_LOOKED_AT = 5, 200
ANY = "any"
REQUESTS = Table(
    _("Requests for help, what changed last first"),
    (
        Column("name", _("About"), link=True),
        Column("by", _("Asked by")),
        Column("urgency", _("Urgency"), words.state),
        Column("state", _("State"), words.state),
        Column("missing", _("Still missing"), cells.number),
        Column("offers", _("Offers"), cells.number),
        Column("silent", _("Silent")),
        Column("since", _("Since"), cells.moment),
        Column("marking", _("Marking"), cells.marking),
        Column("id", _("Id"), cells.code, chosen=False),
    ),
)
NEEDS = Table(
    _("What is needed"),
    (
        Column("skill", _("What")),
        Column("languages", pgettext_lazy("spoken", "Languages"), cells.code),
        Column("wanted", _("Wanted"), cells.number),
        Column("accepted", _("Accepted"), cells.number),
        Column("delivered", _("Delivered"), cells.number),
        Column("confirmed", _("Confirmed"), cells.number),
        Column("missing", _("Still missing"), cells.number),
    ),
)
TRACKS = Table(
    _("Who was asked, and who answered"),
    (
        Column("member", _("Member")),
        Column("state", _("State"), words.state),
        Column("first", _("First answer"), cells.moment),
        Column("by", _("By whom")),
        Column("reason", _("Why")),
    ),
)
OFFERS = Table(
    _("Offers"),
    (
        Column("by", _("By")),
        Column("state", _("State"), words.state),
        Column("what", _("What")),
        Column("terms", _("Terms")),
        Column("basis", _("Basis")),
        Column("changed", _("Changed since")),
        Column("reason", _("Why")),
    ),
)
CLOCKS = Table(
    _("Clocks"),
    (
        Column("what", _("What")),
        Column("member", _("Who")),
        Column("due", _("Due"), cells.moment),
        Column("met", _("Done"), cells.moment),
        Column("standing", _("State"), words.state),
    ),
)
HISTORY = Table(
    _("What was said"),
    (
        Column("at", _("When"), cells.moment),
        Column("member", _("Member")),
        Column("who", _("By whom")),
        Column("act", _("Act"), words.act),
        Column("then", _("Then"), words.state),
        Column("reason", _("Why")),
        Column("refused", _("Did not count, because"), told.sentence),
    ),
)


class RequestsFilter(Filter):
    """Which requests."""

    state = forms.ChoiceField(label=_("State"), choices=[("", _("Open")), (ANY, _("All"))])


class OfferForm(forms.Form):
    """What we would do, and on which terms."""

    contact = forms.CharField(label=_("Who speaks for us"), max_length=200)
    reach = forms.CharField(label=_("How they are reached"), max_length=300, required=False)
    point = forms.ChoiceField(label=_("Point of contact on record"), required=False)
    parts = forms.CharField(
        label=_("What of it"),
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        help_text=_(
            "One a line: n1=2 is two of the need n1; n1=2@ and a capability's id takes them out of our catalogue."
        ),
    )
    terms = forms.CharField(
        label=_("Terms"), widget=forms.Textarea(attrs={"rows": 4}), max_length=20_000, required=False
    )
    costs = forms.CharField(label=_("Costs, and who bears them"), max_length=300, required=False)
    basis = forms.CharField(label=_("Agreement under which it is given"), max_length=300, required=False)

    def __init__(self, who: Identity, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        point: Any = self.fields["point"]
        point.choices = own_points(who)


@shown_to(READER)
@require_safe
def requests(request: HttpRequest) -> HttpResponse:
    """The requests that the reader may know of."""
    asked, who, now = RequestsFilter(request), reader(request), now_us()
    is_open = asked.wanted("state") != ANY

    def following(after: Any, count: int) -> Sequence[tuple[int, RequestView]]:
        return queries.requests(who, now, after, count, is_open=is_open)

    def rows(found: Sequence[tuple[int, RequestView]]) -> list[dict[str, Any]]:
        views = [view for _, view in found]
        called = names(who, {name for view in views for name in (view.author, *silent(view))})
        return [_row(view, called) for view in views]

    may_ask = may_act(identity(request))
    empty = Empty(
        _("Nobody asks for help"),
        _("A request names what is needed, by when, and of whom. Who gets it can offer, or refuse with a reason."),
        _("Ask for help") if may_ask else "",
        reverse("help-forms") if may_ask else "",
    )
    pages = together(following, lambda one: one[0], rows)
    context = {"requests": REQUESTS.paged(request, pages, filter=asked, empty=empty), "may_ask": may_ask}
    return listed(request, "console/response/requests.html", context, "requests")


@shown_to(READER)
@require_safe
def one(request: HttpRequest, name: str) -> HttpResponse:
    """One request with everything that was said about it."""
    who, now = reader(request), now_us()
    view = queries.request(who, name, now)
    said_by = {event.author for event in view.history} | {one.author for one in view.unread}
    called = names(who, {view.author, *(track.member for track in view.tracks), *said_by})
    possible = actions.possible_now(view) if may_act(identity(request)) else ()
    form = _form_of(view)
    context = {
        "view": view,
        "author": called[view.author],
        "form": form,
        "form_title": help_said(form.title) if form else "",
        "answers": [_answer(form, field, text) for field, text in view.content.answers.items()],
        "state": words.state(view.state),
        "urgency": words.state(view.content.urgency),
        "needs": NEEDS.listing(request, [_need_row(one) for one in view.needs], bare=True),
        "tracks": TRACKS.listing(request, [_track_row(one, called) for one in view.tracks], bare=True),
        "offers": OFFERS.listing(request, [_offer_row(one, called) for one in view.offers], bare=True),
        "clocks": CLOCKS.listing(request, _clock_rows(view, called, now), bare=True),
        "history": HISTORY.listing(request, [_event_row(one, called) for one in view.history], bare=True),
        "unread": [(called.get(one.author, one.author), one.sentence) for one in view.unread],
        "acts": [_act(view, one, called) for one in possible],
        "trail": [(gettext("Requests for help"), reverse("help-requests")), (view.content.name, "")],
    }
    return render(request, "console/response/request.html", context)


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def take(request: HttpRequest, name: str) -> HttpResponse:
    """Take one of the acts that the page offers."""
    act: Any = request.POST.get("act", "")
    if act not in words.ACTS or act == "offer":
        raise NotFound("act-unknown", "There is no such act.", "")
    said = Said(request.POST.get("reason", "").strip()[:20_000])
    actions.answer(name, request.POST.get("about", "") or name, act, said, acting(request))
    done(request, gettext("Done: %(act)s. Everybody who has the request is told.") % {"act": words.ACTS[act]})
    return redirect("help-request", name)


@shown_to(CONTRIBUTOR, at_home=True)
@require_http_methods(["GET", "POST"])
def offer(request: HttpRequest, name: str) -> HttpResponse:
    """Offer help with it."""
    view = queries.request(reader(request), name, now_us())
    suggested = "\n".join(f"{one.need.id}={one.missing}" for one in view.needs if one.missing)
    form = OfferForm(identity(request), request.POST or None, initial={"parts": request.GET.get("parts", suggested)})
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        with RefusalsOn(form):
            parts = given.parts(said["parts"].split())
            contact = stix.Contact(said["contact"], said["reach"], said["point"] or None)
            what = Given(contact, parts, said["terms"], said["costs"], said["basis"])
            actions.offer(name, what, acting(request))
            done(request, gettext("The offer is made."))
            return redirect("help-request", name)
    context = {
        "form": form,
        "view": view,
        "needs": NEEDS.listing(request, [_need_row(one) for one in view.needs], bare=True),
        "trail": [
            (gettext("Requests for help"), reverse("help-requests")),
            (view.content.name, reverse("help-request", args=[name])),
            (gettext("Offer help"), ""),
        ],
    }
    return render(request, "console/response/offer.html", context, status=422 if form.errors else 200)


def may_act(who: Identity) -> bool:
    """Whether somebody acts for the member that runs this node."""
    return who.is_at_home and who.may(CONTRIBUTOR)


def silent(view: RequestView) -> list[str]:
    """Who was asked by name and has said nothing."""
    return [track.member for track in view.tracks if track.asked and track.silent]


def find_requests(who: Identity, text: str) -> list[Hit]:
    """Requests by a part of what they are about."""
    found = queries.requests(reader_of(who), now_us(), limit=MOST_LOOKED_AT)
    fitting = [view for _, view in found if text.lower() in view.content.name.lower() or view.id == text]
    return [
        Hit(view.content.name, reverse("help-request", args=[view.id]), gettext("Request for help"))
        for view in fitting[:MOST_HITS]
    ]


def waiting(who: Identity) -> list[Notice]:
    """Requests about which the own member can do something, and clocks that run out."""
    if not who.is_at_home:
        return []
    now = now_us()
    found = queries.requests(reader_of(who), now, limit=MOST_LOOKED_AT, is_open=True)
    late = [view for _, view in found if any(one.reminds(now) for one in clocks(view, now))]
    called = names(reader_of(who), {view.author for view in late})
    notices = []
    for view in late:
        due = next(one for one in clocks(view, now) if one.reminds(now))
        tone = "bad" if due.standing == "overdue" else "warn"
        sentence = gettext("%(name)s by %(member)s: %(what)s is due.") % {
            "name": view.content.name,
            "member": called[view.author],
            "what": words.CLOCKS[due.what],
        }
        notices.append(Notice(sentence, reverse("help-request", args=[view.id]), tone))
    return notices


def _row(view: RequestView, called: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": view.id,
        "name": view.content.name,
        "url": reverse("help-request", args=[view.id]),
        "by": called[view.author],
        "urgency": view.content.urgency,
        "state": view.state,
        "missing": sum(one.missing for one in view.needs),
        "offers": len(view.offers),
        "silent": ", ".join(called[name] for name in silent(view)),
        "since": view.since_us,
        "marking": view.marking,
    }


def _need_row(covered: Any) -> dict[str, Any]:
    need = covered.need
    return {
        "skill": f"{need.id}: {need.skill}",
        "languages": ", ".join(need.languages),
        "wanted": need.quantity,
        "accepted": covered.accepted,
        "delivered": covered.delivered,
        "confirmed": covered.confirmed,
        "missing": covered.missing,
    }


def _track_row(track: Any, called: Mapping[str, str]) -> dict[str, Any]:
    return {
        "member": called[track.member],
        "state": "silent" if track.silent else track.state,
        "first": track.acknowledged_us,
        "by": gettext("its node, by itself") if track.automatic else track.acknowledged_by,
        "reason": track.reason,
    }


def _offer_row(offered: Any, called: Mapping[str, str]) -> dict[str, Any]:
    return {
        "by": called[offered.author],
        "state": offered.state,
        "what": ", ".join(f"{part.need}: {part.quantity}" for part in (offered.accepted or offered.content.parts)),
        "terms": offered.content.terms,
        "basis": offered.content.basis,
        "changed": gettext("yes") if offered.changed_since else "",
        "reason": offered.reason,
    }


def _clock_rows(view: RequestView, called: Mapping[str, str], now: int) -> list[dict[str, Any]]:
    return [
        {
            "what": words.CLOCKS[clock.what],
            "member": called.get(clock.member, gettext("anybody that was asked")),
            "due": clock.due_us,
            "met": clock.met_us,
            "standing": clock.standing,
        }
        for clock in clocks(view, now)
    ]


def _event_row(event: Any, called: Mapping[str, str]) -> dict[str, Any]:
    return {
        "at": event.at_us,
        "member": called[event.author],
        "who": event.by,
        "act": event.act,
        "then": event.state,
        "reason": event.reason or event.terms,
        "refused": event.refused,
    }


def _act(view: RequestView, found: Possible, called: Mapping[str, str]) -> dict[str, Any]:
    offered = view.offer(found.about)
    about = gettext("Offer of %(member)s") % {"member": called[offered.author]} if offered else ""
    if found.act == "offer":
        return {"label": words.ACTS["offer"], "link": reverse("help-offer", args=[view.id]), "about": ""}
    return {
        "label": words.ACTS[found.act],
        "about": about,
        "danger": found.act in ("refuse", "withdraw", "dispute"),
        "needs_reason": found.needs_reason,
        "extra": {"act": found.act, "about": found.about},
    }


def _form_of(view: RequestView) -> Any:
    try:
        return form_named(view.content.form)
    except NotFound:  # another node has forms that this one does not know
        return None


def _answer(form: Any, name: str, text: str) -> tuple[str, str]:
    """What was asked and what was answered; a choice of the form is said in the reader's language as well."""
    field = next((one for one in form.fields if one.name == name), None) if form else None
    if field is None:
        return name, text
    return help_said(field.label), help_said(text) if text in field.choices else text
