"""Addresses of the calendar: made, shown once, revoked."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from commonwatch.capabilities.duties import feeds
from commonwatch.console.response.duty_forms import FeedForm
from commonwatch.console.shell.pages import CONTRIBUTOR, done, shown_to
from commonwatch.console.shell.who import acting


@shown_to(CONTRIBUTOR, at_home=True)
@require_http_methods(["GET", "HEAD", "POST"])
def calendars(request: HttpRequest) -> HttpResponse:
    """The addresses that were made, and a form for one more; a new one stands on this page and nowhere else."""
    form, address = FeedForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        _made, address = feeds.make_feed(form.cleaned_data["label"], acting(request))
        address = address if address.startswith("http") else request.build_absolute_uri(address)
        form = FeedForm()
    context = {
        "feeds": feeds.feeds(),
        "form": form,
        "address": address,
        "trail": [(gettext("Duties"), reverse("duties")), (gettext("Calendar"), "")],
    }
    return render(request, "console/response/duty_calendars.html", context, status=422 if form.errors else 200)


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def revoke(request: HttpRequest, number: int) -> HttpResponse:
    """End an address."""
    feeds.revoke_feed(number, acting(request))
    done(request, _("The address is no longer given out."))
    return redirect("duties-calendars")
