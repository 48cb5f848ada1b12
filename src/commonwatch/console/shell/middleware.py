"""What stands around every page: its public address, what it may load, compression, and who is looking in which language."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from commonwatch.base.accounts.identify import address_of, signed_in
from commonwatch.console.shell import errors
from commonwatch.console.shell.who import person, remember
from commonwatch.core.errors import CommonwatchError

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
MACHINES = ("/api/", "/federation/", "/tlog/", "/feeds/")  # nobody reads pages there, or signs in

Next = Callable[[HttpRequest], HttpResponse]


class PublicAddress:
    """Where `public_url` is set, it is the address of every request: links, checks of origin and passkeys follow from it
    and never from a Host header.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        self.public = urlsplit(settings.COMMONWATCH.public_url)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if self.public.netloc:
            request.META["HTTP_HOST"] = self.public.netloc
            request.META["wsgi.url_scheme"] = self.public.scheme
        return self.get_response(request)


class ContentSecurityPolicy:
    """Sets the policy on every answer."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["Content-Security-Policy"] = POLICY
        return response


class CompressPages(GZipMiddleware):
    """Pages only; Django adds random bytes so that their length says nothing of secrets in them (BREACH)."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Compressed, where it is a page."""
        if not response.get("Content-Type", "").startswith("text/html"):
            return response
        return super().process_response(request, response)


class ForPeople:
    """Knows who is signed in, speaks their language in their time zone, and answers errors with a page."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(MACHINES):
            return self.get_response(request)
        if request.user.is_authenticated:
            remember(request, signed_in(request.user.pk, address_of(request)))
        looking = person(request)
        language = (looking and looking.language) or translation.get_language_from_request(request)
        zone = ZoneInfo((looking and looking.time_zone) or "UTC")
        with translation.override(language), timezone.override(zone):
            response = self.get_response(request)
        response.setdefault("Content-Language", language)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        if looking:
            response.setdefault("Cache-Control", "no-store")
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A page for what went wrong, where the error says what and what to do."""
        if request.path.startswith(MACHINES) or not isinstance(error, CommonwatchError):
            return None
        return errors.shown(request, error)
