"""Notices, saved views, presence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commonwatch.base.accounts.identify import Identity
from commonwatch.base.clock import now_us
from commonwatch.console.areas import AREAS
from commonwatch.console.desk import actions, confirming, presence, queries
from commonwatch.console.models import Desk, Digest
from commonwatch.console.shell.areas import Notice, NoticeKind
from commonwatch.console.shell.pages import READER, done, shown_to
from commonwatch.console.shell.who import identity

HOW_OFTEN = {Digest.DAILY.value: gettext_lazy("Once a day"), Digest.WEEKLY.value: gettext_lazy("Once a week")}


def kinds_for(who: Identity) -> list[NoticeKind]:
    """The kinds of notices that somebody can have."""
    return [kind for area in AREAS for kind in area.notices if who.may(kind.role)]


def notices_for(who: Identity) -> Iterator[Notice]:
    """What waits for somebody, of the kinds that they did not mute."""
    muted = queries.muted(who)
    for kind in kinds_for(who):
        if kind.name not in muted:
            yield from kind.find(who)


@shown_to(READER)
@require_safe
def bell(request: HttpRequest) -> HttpResponse:
    """How much waits, for the navigation of every page, which asks once a minute."""
    return render(request, "console/desk/bell.html", {"count": len(list(notices_for(identity(request))))})


class DigestForm(forms.Form):
    """Whether somebody is written to, how often, and where."""

    digest = forms.ChoiceField(
        label=gettext_lazy("Send a digest"), choices=[("", gettext_lazy("Never")), *HOW_OFTEN.items()], required=False
    )
    mail_to = forms.EmailField(
        label=gettext_lazy("Mail address"),
        required=False,
        help_text=gettext_lazy("The mail says how much waits, with links, and nothing of what it is."),
    )

    def clean(self) -> dict[str, Any]:
        """Who wants mail says where."""
        given = super().clean() or {}
        if given.get("digest") and not given.get("mail_to") and "mail_to" not in self.errors:
            self.add_error("mail_to", _("Say where it goes."))
        return given


@shown_to(READER)
@require_http_methods(["GET", "POST"])
def choose(request: HttpRequest) -> HttpResponse:
    """Which notices somebody wants, and whether by mail."""
    who = identity(request)
    kinds, muted, desk = kinds_for(who), queries.muted(who), queries.digest_of(who.account_id)
    sends = settings.COMMONWATCH.sends_mail
    now = {"digest": desk.digest, "mail_to": desk.mail_wanted or desk.mail_to} if desk is not None else {}
    form = DigestForm(request.POST or None, initial=now)
    if request.method == "POST":
        wanted = set(request.POST.getlist("kind"))
        muted = frozenset(kind.name for kind in kinds if kind.name not in wanted)
        if not sends or form.is_valid():
            if sends and form.cleaned_data != now:
                actions.have_digests(who, form.cleaned_data["digest"], form.cleaned_data["mail_to"], now_us())
            actions.mute(who, sorted(muted))
            done(request, _("From now on you are told of what you ticked."))
            return redirect("notices")
    context = {
        "kinds": [(kind, kind.name not in muted) for kind in kinds],
        "form": form,
        "sends": sends,
        "waiting": _waiting(desk) if sends and desk is not None and desk.mail_wanted else None,
    }
    return render(request, "console/desk/notices.html", context, status=422 if form.errors and sends else 200)


@shown_to(READER)
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Keep the page that the form stands on."""
    address = request.POST.get("address", "")
    shared = request.POST.get("shared") == "yes"
    view = actions.save_view(identity(request), request.POST.get("name", ""), address, shared=shared, now_us=now_us())
    done(request, _("The view %(name)s is kept.") % {"name": view.name}, undo=reverse("remove-view", args=[view.pk]))
    return redirect(view.address)


@shown_to(READER)
@require_POST
def change(request: HttpRequest, number: int) -> HttpResponse:
    """Give a view another name, share it, or share it no longer."""
    shared = request.POST.get("shared") == "yes"
    view = actions.change_view(identity(request), number, name=request.POST.get("name", ""), shared=shared)
    done(request, _("The view %(name)s is kept.") % {"name": view.name})
    return redirect(view.address)


@shown_to(READER)
@require_POST
def remove(request: HttpRequest, number: int) -> HttpResponse:
    """Forget a view."""
    view = actions.remove_view(identity(request), number)
    done(request, _("The view %(name)s is removed.") % {"name": view.name})
    return redirect(view.address)


@shown_to(READER)
@require_safe
def who_is_here(request: HttpRequest) -> HttpResponse:
    """The others on a page; that this person is there, too, is noted."""
    names = presence.here(identity(request), request.GET.get("page", "")[:500], now_us())
    return render(request, "console/desk/presence.html", {"names": names})


def _waiting(desk: Desk) -> dict[str, Any]:
    """The address that is to be confirmed, and the one that is used meanwhile."""
    ends = confirming.ends_us(desk)
    return {"address": desk.mail_wanted, "ends": ends, "is_over": ends <= now_us(), "before": desk.mail_to}
