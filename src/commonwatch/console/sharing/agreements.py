"""Agreements: what each covers, where each party stands on a day, and a party's next step."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commonwatch.base.clock import MICROSECONDS, now_us
from commonwatch.base.edge import rows
from commonwatch.base.parties import actions, visibility
from commonwatch.base.parties.models import AgreementKind
from commonwatch.base.parties.shown import shown_agreement, shown_parties
from commonwatch.console.shell import cells
from commonwatch.console.shell.changing import confirmed, form_page
from commonwatch.console.shell.pages import ADMINISTRATOR, READER, shown_to
from commonwatch.console.shell.tables import Column, Empty, Filter, Table, by_key
from commonwatch.console.shell.taking import listed
from commonwatch.console.shell.who import identity
from commonwatch.core.errors import InvalidInput
from commonwatch.core.law.agreements import PartyDates

KINDS = {
    AgreementKind.TREATY.value: _("Treaty"),
    AgreementKind.CONVENTION.value: _("Convention"),
    AgreementKind.MEMORANDUM.value: _("Memorandum"),
    AgreementKind.NON_DISCLOSURE.value: _("Non-disclosure agreement"),
    AgreementKind.CODE_OF_CONDUCT.value: _("Code of conduct"),
}
AGREEMENTS = Table(
    _("Agreements"),
    (
        Column("title", _("Agreement"), link=True),
        Column("kind", _("Kind")),
        Column("parties", _("Parties"), cells.number),
        Column("name", _("Short name"), cells.code, chosen=False),
        Column("source", _("Where its text is")),
    ),
)
PARTIES = Table(
    _("Parties"),
    (
        Column("party", _("Party")),
        Column("standing", _("On this day"), cells.status),
        Column("signed", _("Signed"), cells.code),
        Column("ratified", _("Ratified"), cells.code),
        Column("in_force", _("In force"), cells.code),
        Column("denounced", _("Denounced"), cells.code),
        Column("reservations", _("Reservations")),
    ),
)


class DayFilter(Filter):
    """On which day."""

    on = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}))


class AgreementForm(forms.Form):
    """An agreement to put on record."""

    name = forms.CharField(label=_("Short name"), max_length=100, help_text=_("Lower-case letters, digits, . _ and -."))
    title = forms.CharField(label=_("Title"), max_length=300, required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=list(KINDS.items()))
    source = forms.CharField(
        label=_("Where its text is"), max_length=2000, help_text=_("A citation or an address, for who checks it.")
    )


class PartyForm(forms.Form):
    """A party's steps. Days that are given replace those on record."""

    member = forms.CharField(label=_("Member"), max_length=100, required=False)
    country = forms.CharField(label=_("Or country, by code"), max_length=2, required=False)
    signed = forms.DateField(label=_("Signed"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    ratified = forms.DateField(label=_("Ratified"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    in_force = forms.DateField(label=_("In force"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    denounced = forms.DateField(label=_("Denounced"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    reservations = forms.CharField(label=_("Reservations"), max_length=2000, required=False)


@shown_to(READER)
@require_safe
def agreements(request: HttpRequest) -> HttpResponse:
    """Those of which the reader may know."""
    found = visibility.agreements(identity(request))
    may_change = identity(request).may(ADMINISTRATOR)
    pages = by_key(rows(found, "name"), lambda one: one.name, _row)
    empty = Empty(
        _("No agreement is on record"),
        _("Treaties, memoranda and codes decide who may have what. Import them, or put one on record."),
        _("Put one on record") if may_change else "",
        reverse("agreement-new") if may_change else "",
    )
    listing = AGREEMENTS.paged(request, pages, total=found.count(), empty=empty)
    context = {"agreements": listing, "may_change": may_change}
    return listed(request, "console/sharing/agreements.html", context, "agreements")


@shown_to(READER)
@require_safe
def agreement(request: HttpRequest, name: str) -> HttpResponse:
    """What it covers, and where each party stands."""
    asked = DayFilter(request)
    on: date = asked.wanted("on") or _today()
    found = actions.agreement_named(name, visibility.agreements(identity(request)))
    parties = [_party(one) for one in shown_parties(found, on)]
    nobody = Empty(_("Nobody is bound by it"), _("Record the first party's steps."))
    context = {
        "agreement": shown_agreement(found),
        "kind": KINDS[found.kind],
        "on": on,
        "parties": PARTIES.listing(request, parties, total=len(parties), filter=asked, empty=nobody),
        "form": PartyForm() if identity(request).may(ADMINISTRATOR) else None,
        "trail": [(gettext("Agreements"), reverse("agreements")), (found.title, "")],
    }
    return render(request, "console/sharing/agreement.html", context)


@shown_to(ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Put an agreement on record; its parties come one by one."""

    def put_on_record(given: dict[str, Any]) -> HttpResponse:
        kind, terms = AgreementKind(given["kind"]), actions.AgreementTerms()
        return confirmed(
            request,
            gettext("The agreement %(name)s is put on record") % {"name": given["name"]},
            lambda by: actions.create_agreement(given["name"], given["title"], kind, given["source"], terms, by),
            said=_("It is on record. Record its parties next."),
            back=reverse("agreement", args=[given["name"]]),
        )

    form = AgreementForm(request.POST or None)
    return form_page(request, form, _("Put an agreement on record"), reverse("agreements"), put_on_record)


@shown_to(ADMINISTRATOR)
@require_POST
def party(request: HttpRequest, name: str) -> HttpResponse:
    """Record a party's steps."""
    form = PartyForm(request.POST)
    if not form.is_valid():
        place, errors = next(iter(form.errors.items()))
        raise InvalidInput("form-invalid", f"{form[place].label}: {errors[0]}", gettext("Go back and correct it."))
    given = form.cleaned_data
    dates = PartyDates(given["signed"], given["ratified"], given["in_force"], given["denounced"])
    who = given["member"] or given["country"].upper()
    return confirmed(
        request,
        gettext("%(who)s takes its steps in %(name)s") % {"who": who, "name": name},
        lambda by: actions.set_agreement_party(
            name,
            member=given["member"],
            country=given["country"],
            dates=dates,
            reservations=given["reservations"],
            by=by,
        ),
        said=gettext("The steps of %(who)s are on record.") % {"who": who},
        back=reverse("agreement", args=[name]),
    )


def _row(one: Any) -> dict[str, Any]:
    return {**shown_agreement(one), "kind": KINDS[one.kind], "url": reverse("agreement", args=[one.name])}


def _party(one: dict[str, Any]) -> dict[str, Any]:
    dates: PartyDates = one["dates"]
    return {
        **one,
        **{step: str(getattr(dates, step) or "") for step in ("signed", "ratified", "in_force", "denounced")},
    }


def _today() -> date:
    return datetime.fromtimestamp(now_us() / MICROSECONDS, UTC).date()
