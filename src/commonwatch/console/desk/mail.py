"""The address for digests that waits to be confirmed: following its link, having it sent again, taking the address back."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from commonwatch.base.clock import now_us
from commonwatch.console.desk import actions, confirming, queries
from commonwatch.console.shell.pages import READER, done, shown_to
from commonwatch.console.shell.who import identity


@shown_to(READER)
@never_cache
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, link: str) -> HttpResponse:
    """What the link in the mail opens: a button, for who asked for it."""
    who, now = identity(request), now_us()
    if request.method == "POST":
        to = actions.confirm_address(who, link, now)
        done(request, _("Digests go to %(address)s from now on.") % {"address": to})
        return redirect("notices")
    waiting = confirming.waits(queries.digest_of(who.account_id), link, now)
    return render(request, "console/desk/confirm.html", {"address": waiting})


@shown_to(READER)
@require_POST
def send_again(request: HttpRequest) -> HttpResponse:
    """Another link to the same address."""
    to = actions.send_link_again(identity(request), now_us())
    done(request, _("Another link goes to %(address)s; earlier ones are void.") % {"address": to})
    return redirect("notices")


@shown_to(READER)
@require_POST
def take_back(request: HttpRequest) -> HttpResponse:
    """No longer want that address."""
    to = actions.take_address_back(identity(request))
    done(request, _("Nothing will be sent to %(address)s.") % {"address": to})
    return redirect("notices")
