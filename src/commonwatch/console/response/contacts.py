"""Points of contact: who is reached, who is there now, pings with what came of them, a team's profile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from commonwatch.base.accounts.identify import Identity
from commonwatch.base.clock import now_us
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.reader import reader_of
from commonwatch.base.threads.queries import names
from commonwatch.capabilities.contacts import queries
from commonwatch.capabilities.contacts.rules import SOON_US, YEAR_US, ContactView
from commonwatch.console.response import nominating, pinging, team, words
from commonwatch.console.response.helping import may_act
from commonwatch.console.response.nominating import ROLES
from commonwatch.console.response.pinging import MOST_LOOKED_AT
from commonwatch.console.shell import cells
from commonwatch.console.shell.areas import Entry, Hit, Notice, NoticeKind
from commonwatch.console.shell.pages import CONTRIBUTOR, READER, shown_to
from commonwatch.console.shell.tables import Column, Empty, Filter, Table, together
from commonwatch.console.shell.taking import listed
from commonwatch.console.shell.who import identity, reader

MOST_HITS = 5
_COLUMNS = (
    Column("name", _("Contact"), link=True),
    Column("member", _("Member")),
    Column("roles", _("For")),
    Column("reach", _("Reached by")),
    Column("languages", pgettext_lazy("spoken", "Languages"), cells.code),
    Column("there", _("Now"), words.state),
    Column("since", _("There again, or until"), cells.moment),
    Column("level", _("Tried as"), cells.number),
)
CONTACTS = Table(
    _("Points of contact, what changed last first"),
    (*_COLUMNS, Column("confirmed", _("Confirmed"), cells.moment), Column("overdue", _("State"), words.state)),
)
DUTY = Table(_("Whom to try now, in order"), _COLUMNS)


class ContactsFilter(Filter):
    """Which contacts."""

    role = forms.ChoiceField(label=_("For"), choices=[("", _("Any")), *ROLES.items()])


@shown_to(READER)
@require_safe
def contacts(request: HttpRequest) -> HttpResponse:
    """The contacts that the reader may know of."""
    asked, who, now = ContactsFilter(request), reader(request), now_us()
    role = asked.wanted("role")

    def following(after: Any, count: int) -> Sequence[tuple[int, ContactView]]:
        return queries.contacts(who, now, after, count, role=role)

    def rows(found: Sequence[tuple[int, ContactView]]) -> list[dict[str, Any]]:
        called = names(who, {view.author for _, view in found})
        return [_row(view, called) for _, view in found]

    may_add = may_act(identity(request))
    empty = Empty(
        _("There is no point of contact"),
        _("Say who of your member is reached in which matter, at which hours, and how."),
        _("Nominate a contact") if may_add else "",
        reverse("contact-new") if may_add else "",
    )
    pages = together(following, lambda one: one[0], rows)
    context = {"contacts": CONTACTS.paged(request, pages, filter=asked, empty=empty), "may_add": may_add}
    return listed(request, "console/response/contacts.html", context, "contacts")


@shown_to(READER)
@require_safe
def duty(request: HttpRequest) -> HttpResponse:
    """Whom to try now."""
    asked, who = ContactsFilter(request), reader(request)
    found = queries.on_duty(who, now_us(), asked.wanted("role"))
    called = names(who, {view.author for view in found})
    empty = Empty(_("There is nobody to try"), _("No member has named a point of contact of which you may know."))
    rows = [_row(view, called) for view in found]
    context = {"duty": DUTY.listing(request, rows, total=len(rows), filter=asked, empty=empty)}
    return listed(request, "console/response/on_duty.html", context, "duty")


@shown_to(READER)
@require_safe
def one(request: HttpRequest, name: str) -> HttpResponse:
    """One contact with its member's keys and its pings."""
    who = reader(request)
    view = queries.contact(who, name, now_us())
    called = names(who, {view.author, *(ping.author for ping in view.pings)})
    may, own = may_act(identity(request)), own_member().identity
    context = {
        "view": view,
        "member": called[view.author],
        "row": _row(view, called),
        "state": words.state(_state(view)),
        "roles": [ROLES[role] for role in view.content.roles],
        "hours": [f"{', '.join(span.days)} {span.begins}-{span.ends}" for span in view.content.hours],
        "keys": queries.keys(view.author),
        "pings": pinging.PINGS.listing(
            request, [pinging.ping_row(view, ping, called) for ping in view.pings], bare=True
        ),
        "may_ping": may and not view.ended,
        "may_change": may and view.author == own and not view.ended,
        "ping": pinging.PingForm(),
        "trail": [(gettext("Points of contact"), reverse("contacts")), (view.content.name, "")],
    }
    return render(request, "console/response/contact.html", context)


def find_contacts(who: Identity, text: str) -> list[Hit]:
    """Contacts by a part of their name."""
    found = queries.contacts(reader_of(who), now_us(), limit=MOST_LOOKED_AT)
    fitting = [view for _, view in found if text.lower() in view.content.name.lower()]
    return [
        Hit(view.content.name, reverse("contact", args=[view.id]), gettext("Point of contact"))
        for view in fitting[:MOST_HITS]
    ]


def to_confirm(who: Identity) -> list[Notice]:
    """Contacts of our own whose confirmation is due within a month, or overdue."""
    if not who.is_at_home:
        return []
    own, now = own_member().identity, now_us()
    found = queries.contacts(reader_of(who), now, limit=MOST_LOOKED_AT, author=own)
    due = [view for _, view in found if view.confirmed_us + YEAR_US - SOON_US <= now]
    return [
        Notice(
            gettext("Does the contact %(name)s still hold? Confirm it.") % {"name": view.content.name},
            reverse("contact", args=[view.id]),
            "bad" if view.overdue else "warn",
        )
        for view in due
    ]


def _state(view: ContactView) -> str:
    return "closed" if view.ended else "there" if view.is_there else "away"


def _row(view: ContactView, called: Mapping[str, str]) -> dict[str, Any]:
    said = view.content
    return {
        "id": view.id,
        "name": said.name,
        "url": reverse("contact", args=[view.id]),
        "member": called[view.author],
        "roles": ", ".join(str(ROLES[role]) for role in said.roles),
        "reach": " ".join(one for one in (said.telephone, said.email, said.channel) if one),
        "languages": ", ".join(said.languages),
        "there": _state(view),
        "since": view.there_until_us if view.is_there else view.there_from_us,
        "level": said.level,
        "confirmed": view.confirmed_us,
        "overdue": "overdue" if view.overdue else "",
    }


ENTRIES = (Entry("contacts", _("Points of contact")),)
NOTICES = (
    NoticeKind("contact-pings", _("Pings that wait for an answer"), CONTRIBUTOR, pinging.waiting_pings),
    NoticeKind("contact-confirm", _("Contacts to confirm"), CONTRIBUTOR, to_confirm),
)
FINDERS = (find_contacts,)
urlpatterns = [
    path("contacts/", contacts, name="contacts"),
    path("contacts/duty/", duty, name="contact-duty"),
    path("contacts/pings/", pinging.pings, name="contact-pings"),
    path("contacts/pings/one/<str:name>/answer/", pinging.answer, name="contact-answer"),
    path("contacts/new/", nominating.add, name="contact-new"),
    path("contacts/one/<str:name>/", one, name="contact"),
    path("contacts/one/<str:name>/correct/", nominating.correct, name="contact-correct"),
    path("contacts/one/<str:name>/confirm/", nominating.confirm, name="contact-confirm"),
    path("contacts/one/<str:name>/end/", nominating.end, name="contact-end"),
    path("contacts/one/<str:name>/ping/", pinging.ping, name="contact-ping"),
    path("contacts/profile/write/", team.write_profile, name="team-write"),
    path("contacts/profile/<str:name>/", team.team, name="team"),
]
