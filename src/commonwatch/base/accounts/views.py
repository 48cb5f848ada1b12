"""The page behind a one-time link: the first administrator's, or an invited person's."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from commonwatch.base.accounts.actions import invited, is_open, use_setup_link
from commonwatch.base.clock import now_us
from commonwatch.core.errors import Conflict, InvalidInput, NotFound


class SetupForm(forms.Form):
    """Name and password; whoever was invited has a name already."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"),
        help_text=_("At least 12 characters. A sentence is easier to remember than a word."),
        strip=False,
        max_length=1024,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("The same password again"),
        strip=False,
        max_length=1024,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, str]:
        """The two passwords agree."""
        given: dict[str, str] = super().clean() or {}
        if given.get("password") and given.get("again") and given["password"] != given["again"]:
            self.add_error("again", _("The two passwords differ."))
        return given


@never_cache
@require_http_methods(["GET", "POST"])
def setup(request: HttpRequest, secret: str) -> HttpResponse:
    """Show the form while the link is open; make the administrator or set the password, once."""
    if not is_open(secret, now_us()):
        return render(request, "accounts/setup_closed.html", status=404)
    name = invited(secret, now_us())
    form = SetupForm(request.POST or None)
    if name:
        form.fields.pop("name")
    if request.method == "POST" and form.is_valid():
        try:
            account = use_setup_link(
                secret,
                name or form.cleaned_data["name"],
                form.cleaned_data["password"],
                address=str(request.META.get("REMOTE_ADDR", "")),
                now_us=now_us(),
            )
        except NotFound:
            return render(request, "accounts/setup_closed.html", status=404)
        except (InvalidInput, Conflict) as error:
            form.add_error(None if name else "name", str(error))
        except ValidationError as error:
            form.add_error("password", error)
        else:
            return render(request, "accounts/setup_done.html", {"account": account})
    return render(request, "accounts/setup.html", {"form": form, "name": name}, status=422 if form.errors else 200)
