"""Pages for what went wrong: what it is, what to do, where to go on. For machines a line of text."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from commonwatch.core.errors import CommonwatchError, InvalidInput, NodeUnable, NotAllowed, NotFound, TooBusy

log = logging.getLogger(__name__)


def shown(request: HttpRequest, error: CommonwatchError) -> HttpResponse:
    """An error as a page."""
    title, advice = _said(error.http_status)
    context = {"title": title, "advice": advice, "error": error}
    response = render(request, "console/shell/error.html", context, status=error.http_status)
    if isinstance(error, TooBusy):
        response["Retry-After"] = str(error.retry_after_seconds)
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """No such page."""
    if getattr(request, "auth", None) is None and not request.headers.get("Accept", "").startswith("text/html"):
        return HttpResponse("Not found.\n", status=404, content_type="text/plain")
    return shown(request, NotFound("page-unknown", "There is no such page."))


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What Django or the sign-in itself refuses."""
    return shown(request, NotAllowed("refused", "This was refused."))


def form_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that did not come from a page of ours, or from one of before signing in."""
    sentence = "The form was not sent from a current page of this node."
    return shown(request, NotAllowed("form-refused", sentence, "Go back, load the page again and repeat it."))


def malformed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What Django cannot read."""
    return shown(request, InvalidInput("request-invalid", "The request cannot be read."))


def failed(request: HttpRequest) -> HttpResponse:
    """The request boundary: the trace is in the log, which Django has written."""
    return shown(request, NodeUnable("internal", "The node failed on this request.", "Its log says why.", status=500))


def _said(status: int) -> tuple[str, str]:
    if status == 401:
        return _("Please sign in"), _("This page is for people with an account.")
    if status == 403:
        return _("You may not do this"), _("Ask an administrator of this node if you need it for your work.")
    if status == 404:
        return _("There is nothing here"), _("It may have been taken back, never have been here, or not be for you.")
    if status == 409:
        return _("It has changed meanwhile"), _("Look at the current state, then decide again.")
    if status == 429:
        return _("Too many attempts"), _("Wait a little, then try again.")
    if status >= 500:
        return _("The node could not do this"), _(
            "Nothing was changed. Try again; if it stays, tell who runs this node."
        )
    return _("This cannot be done as it is"), _("Correct what is said below, then try again.")
