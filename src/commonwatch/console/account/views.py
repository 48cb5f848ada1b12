"""Preferences, and the way to an OpenID Connect provider; the rest of a person's account is allauth's, in our templates."""

from __future__ import annotations

from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from commonwatch.base.accounts.actions import set_preferences
from commonwatch.base.accounts.models import Theme
from commonwatch.console.shell.pages import READER, done, shown_to
from commonwatch.console.shell.who import identity, person

THEMES = [
    ("", _("As the device is set")),
    (Theme.LIGHT, _("Light")),
    (Theme.DARK, _("Dark")),
    (Theme.CONTRAST, _("High contrast")),
]


class PreferencesForm(forms.Form):
    """How pages look and speak."""

    language = forms.ChoiceField(
        label=_("Language"), choices=[("", _("As the browser asks")), *settings.LANGUAGES], required=False
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_("Times are shown in this zone and in UTC."),
        choices=[("", "UTC"), *((name, name) for name in sorted(available_timezones()) if "/" in name)],
        required=False,
    )
    theme = forms.ChoiceField(label=_("Appearance"), choices=THEMES, required=False)


@shown_to(READER, without_second_factor=True)
@require_http_methods(["GET", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Language, time zone, appearance."""
    account = person(request)
    now = {name: getattr(account, name) for name in ("language", "time_zone", "theme")}
    form = PreferencesForm(request.POST or None, initial=now)
    if request.method == "POST" and form.is_valid():
        set_preferences(identity(request).account_id, **form.cleaned_data)
        done(request, _("Your preferences are kept."))
        return redirect("preferences")
    return render(request, "console/account/preferences.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
def speak(request: HttpRequest) -> HttpResponse:
    """The language of somebody who is not signed in, kept in a cookie."""
    back = request.POST.get("next", "/")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts=None) and back.startswith("/")
    answer = redirect(back if safe else "/")
    if (language := request.POST.get("language", "")) in dict(settings.LANGUAGES):
        answer.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=365 * 86_400,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return answer


@require_POST
def to_provider(request: HttpRequest, provider_id: str = "oidc") -> HttpResponse:
    """The way to an OpenID Connect provider, loaded where there is one only."""
    from commonwatch.console.account.openid import login

    return login(request, provider_id)


def from_provider(request: HttpRequest, provider_id: str) -> HttpResponse:
    """The way back."""
    from commonwatch.console.account.openid import callback

    return callback(request, provider_id)


@require_POST
def leave_for_provider(request: HttpRequest) -> HttpResponse:
    """A page that leads to the provider. Forms of ours may only be sent to ourselves, and a redirect would count as sending it on."""
    answer = to_provider(request)
    if isinstance(answer, HttpResponseRedirect):
        kept = render(
            request, "console/account/leaving.html", {"address": answer.url, "provider": settings.COMMONWATCH.oidc_name}
        )
        kept.cookies.update(answer.cookies)
        return kept
    return answer
