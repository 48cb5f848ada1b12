"""People and service accounts: inviting, roles, switching off and on, ending sessions, resetting second factors."""

from __future__ import annotations

from typing import Any

from allauth.usersessions.models import UserSession
from django import forms
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commonwatch.base.accounts import actions
from commonwatch.base.accounts.models import Account, Role
from commonwatch.base.accounts.queries import Wanted, account_numbered, accounts
from commonwatch.base.accounts.shown import link_address
from commonwatch.base.edge import rows
from commonwatch.console.administration import tokens
from commonwatch.console.administration.choosing import ROLES, members_field
from commonwatch.console.administration.undoing import reason_or_undo, undo_at
from commonwatch.console.shell import cells
from commonwatch.console.shell.changing import asked, is_sure
from commonwatch.console.shell.pages import ADMINISTRATOR, done, reason_given, shown_to
from commonwatch.console.shell.tables import Column, Empty, Filter, Table, by_key
from commonwatch.console.shell.taking import listed
from commonwatch.console.shell.who import acting, identity
from commonwatch.core.errors import CommonwatchError, InvalidInput

PEOPLE = Table(
    _("People and service accounts"),
    (
        Column("name", _("Name"), link=True),
        Column("kind", _("Kind")),
        Column("role", _("Role"), cells.status),
        Column("state", _("State"), cells.status),
        Column("member", _("Acts for")),
        Column("second_factor", _("Second factor")),
        Column("last_login", _("Signed in last"), cells.moment),
        Column("created", _("Since"), cells.moment, chosen=False),
    ),
)
SESSIONS = Table(
    _("Where this person is signed in"),
    (
        Column("since", _("Since"), cells.moment),
        Column("from", _("From"), cells.code),
        Column("browser", _("Browser")),
    ),
)


class PeopleFilter(Filter):
    """Which accounts."""

    words = forms.CharField(label=_("Part of the name"), max_length=100)
    kind = forms.ChoiceField(
        label=_("Kind"), choices=[("", _("Any")), ("person", _("People")), ("service", _("Service accounts"))]
    )
    role = forms.ChoiceField(label=_("Role"), choices=[("", _("Any")), *ROLES])
    off = forms.BooleanField(label=_("Only those switched off"))


class InviteForm(forms.Form):
    """A person to invite."""

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("To sign in with. It stays as it is."))
    role = forms.ChoiceField(label=_("Role"), choices=ROLES, help_text=_("Each role includes those before it."))
    member = forms.ChoiceField(label=_("Acts for"), help_text=_("This person sees what that member may see, for good."))

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.fields["member"] = members_field(self.fields["member"])


@shown_to(ADMINISTRATOR)
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Everybody who may do something here, and every machine."""
    asked = PeopleFilter(request)
    found = accounts(
        Wanted(
            words=asked.wanted("words").strip(),
            is_person={"person": True, "service": False}.get(asked.wanted("kind")),
            role=asked.wanted("role"),
            only_off=bool(asked.wanted("off")),
        )
    )
    empty = Empty(_("There are no accounts yet"), _("Nobody can sign up: people are invited."))
    listing = PEOPLE.paged(
        request, by_key(rows(found, "name"), lambda one: one.name, _row), total=found.count(), filter=asked, empty=empty
    )
    return listed(request, "console/administration/people.html", {"people": listing}, "people")


@shown_to(ADMINISTRATOR)
@require_safe
def account(request: HttpRequest, number: int) -> HttpResponse:
    """One account with what it may, where it is signed in, and its tokens."""
    found = account_numbered(number)
    sessions = [
        {"since": one.created_at, "from": one.ip, "browser": one.user_agent}
        for one in (UserSession.objects.purge_and_list(found) if found.is_person else ())
    ]
    nowhere = Empty(_("Nowhere"), _("This person is not signed in."))
    context = {
        "account": _row(found),
        "number": number,
        "roles": [(value, label) for value, label in ROLES if value != found.role],
        "certificate": found.certificate_sha256,
        "sessions": SESSIONS.listing(request, sessions, bare=True, empty=nowhere) if found.is_person else None,
        "has_second_factor": getattr(found, "has_factor", False),
        "tokens": tokens.of_account(request, found),
        "trail": [(gettext("People and accounts"), reverse("people")), (found.name, "")],
    }
    return render(request, "console/administration/account.html", context)


@shown_to(ADMINISTRATOR)
@never_cache
@require_http_methods(["GET", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """Make a person's account; the answer holds the link, and no other page does."""
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given, by = form.cleaned_data, acting(request)
        try:
            secret = actions.invite_person(
                given["name"], Role(given["role"]), given["member"], actor=by.actor, now_us=by.now_us
            )
        except CommonwatchError as problem:
            form.add_error(None, str(problem))
        else:
            return _with_link(request, given["name"], secret)
    context = {"form": form, "title": _("Invite somebody"), "label": _("Make the link"), "back": reverse("people")}
    return render(request, "console/administration/form.html", context, status=422 if form.errors else 200)


@shown_to(ADMINISTRATOR)
@never_cache
@require_POST
def link(request: HttpRequest, number: int) -> HttpResponse:
    """A fresh link for who lost the first, or the password."""
    found, by = account_numbered(number), acting(request)
    secret = actions.renew_invitation(found.name, reason=reason_given(request), actor=by.actor, now_us=by.now_us)
    return _with_link(request, found.name, secret)


@shown_to(ADMINISTRATOR)
@require_POST
def role(request: HttpRequest, number: int) -> HttpResponse:
    """Give a person another role."""
    found, by = account_numbered(number), acting(request)
    wanted = request.POST.get("role") or request.GET.get("role", "")
    if wanted not in Role.values:
        raise InvalidInput("role-unknown", gettext("There is no such role."), gettext("Choose one of the list."))
    actions.change_role(found.name, Role(wanted), reason=reason_or_undo(request), actor=by.actor, now_us=by.now_us)
    said = gettext("%(name)s has another role now: %(role)s.") % {
        "name": cells.visible(found.name),
        "role": cells.word(wanted),
    }
    done(request, said, undo=undo_at(reverse("account-role", args=[number]), role=found.role))
    return redirect("account", number)


@shown_to(ADMINISTRATOR)
@require_POST
def switch_off(request: HttpRequest, number: int) -> HttpResponse:
    """Let an account do nothing any more, with all its tokens and sessions, at once."""
    return _switch(request, number, active=False)


@shown_to(ADMINISTRATOR)
@require_POST
def switch_on(request: HttpRequest, number: int) -> HttpResponse:
    """Let it work again."""
    return _switch(request, number, active=True)


@shown_to(ADMINISTRATOR)
@require_POST
def sign_out(request: HttpRequest, number: int) -> HttpResponse:
    """End every session of a person."""
    found, by = account_numbered(number), acting(request)
    ended = actions.end_sessions(found.name, reason=reason_given(request), actor=by.actor, now_us=by.now_us)
    sentence = ngettext("%(count)s session is ended.", "%(count)s sessions are ended.", ended)
    done(request, sentence % {"count": ended})
    return redirect("account", number)


@shown_to(ADMINISTRATOR)
@require_POST
def reset_second_factor(request: HttpRequest, number: int) -> HttpResponse:
    """Forget how a person proves to be that person beside the password; of oneself only after it was said what follows."""
    found, by, reason = account_numbered(number), acting(request), reason_given(request)
    is_own = found.pk == identity(request).account_id
    if is_own and not is_sure(request):
        return asked(
            request,
            _("Reset your own second factor"),
            _(
                "This is your own account. You are signed out at once, and until you set up a new second factor your password "
                "alone lets anybody in, as administrator."
            ),
            reverse("account", args=[number]),
        )
    actions.reset_second_factor(found.name, reason=reason, actor=by.actor, now_us=by.now_us)
    said = gettext("The second factor of %(name)s is forgotten, and all sessions are ended.")
    if is_own:
        logout(request)  # its session is gone already: what follows is another's
    done(request, said % {"name": cells.visible(found.name)})
    return redirect("account", number)


def _switch(request: HttpRequest, number: int, *, active: bool) -> HttpResponse:
    found, by = account_numbered(number), acting(request)
    actions.set_active(found.name, active, reason=reason_or_undo(request), actor=by.actor, now_us=by.now_us)
    said = gettext("%(name)s is switched on.") if active else gettext("%(name)s is switched off, with all tokens.")
    back = reverse("account-off" if active else "account-on", args=[number])
    done(request, said % {"name": cells.visible(found.name)}, undo=undo_at(back))
    return redirect("account", number)


def _with_link(request: HttpRequest, name: str, secret: str) -> HttpResponse:
    address = link_address(secret, request.build_absolute_uri("/"))
    context = {"name": name, "address": address, "back": reverse("people")}
    return render(request, "console/administration/link.html", context)


def _row(one: Account) -> dict[str, Any]:
    has_never_come = one.is_person and not one.has_usable_password()
    factor = gettext("yes") if getattr(one, "has_factor", False) else gettext("no")
    return {
        "name": one.name,
        "kind": gettext("Person") if one.is_person else gettext("Service account"),
        "is_person": one.is_person,
        "role": one.role,
        "state": "off" if not one.is_active else "invited" if has_never_come else "active",
        "member": one.member.name,
        "second_factor": factor if one.is_person else "",
        "last_login": one.last_login,
        "created": one.created_us,
        "url": reverse("account", args=[one.pk]),
    }
