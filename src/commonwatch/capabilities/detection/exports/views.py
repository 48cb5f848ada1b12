"""`/feeds/COLLECTION/FILE`: exports over HTTP, for firewalls, sensors and resolvers that fetch a file.

1. Who asks is told from a token, as in TAXII: `Authorization: Bearer cw_...`, or Basic with the token as the password.
2. `FILE` is a format's main file (`rpz.zone`), a file beside it (`suricata/commonwatch-names.lst`), or its report (`rpz.report.json`).
3. The ETag is the body's digest; If-None-Match is answered with 304. Last-Modified is said but If-Modified-Since is not believed: what a
   reader loses by a change of grants has no time of its own, and must not stay in its block list.
4. `min_confidence=N` in the query asks for more certain indicators only.
"""

from __future__ import annotations

import logging
from hashlib import sha256

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.http import http_date, parse_etags
from django.views.decorators.csrf import csrf_exempt

from commonwatch.base.accounts.identify import client_address, identify
from commonwatch.base.accounts.models import Role
from commonwatch.base.clock import now_us
from commonwatch.base.release.collections import collection
from commonwatch.base.release.reader import Reader
from commonwatch.capabilities.detection.exports.building import Export, export, report_bytes
from commonwatch.capabilities.detection.exports.entries import Asked
from commonwatch.capabilities.detection.exports.forms import FORMS, Form
from commonwatch.capabilities.detection.exports.places import exports_folder
from commonwatch.core.errors import CommonwatchError, InvalidInput, NodeUnable, NotFound, TooBusy

log = logging.getLogger(__name__)
MAX_HEADER = 8_192
REPORT = ".report.json"


@csrf_exempt
def feed(request: HttpRequest, name: str, path: str) -> HttpResponse:
    """One file of an export."""
    try:
        return _answer(request, name, path)
    except DatabaseError as problem:
        log.error("The database did not answer: %s", problem)
        return _error(NodeUnable("database", "The node's database does not answer.", "Try again in a minute."))
    except CommonwatchError as problem:
        return _error(problem)


def _answer(request: HttpRequest, name: str, path: str) -> HttpResponse:
    if request.method not in ("GET", "HEAD"):
        raise InvalidInput(
            "method-not-allowed", f"{request.method} does not work here.", "Use GET or HEAD.", status=405
        )
    reader = _reader(request)
    form = _form(path)
    view = collection(reader, name)
    made = export(reader, view, Asked(form, now_us(), _confidence(request)), exports_folder())
    return _conditional(request, _file(made, form, path), made)


def _reader(request: HttpRequest) -> Reader:
    authorization = request.META.get("HTTP_AUTHORIZATION")
    if authorization is not None and len(authorization) > MAX_HEADER:
        raise InvalidInput("header-too-large", "The Authorization header is too long.", "Send one token.", status=431)
    configured = settings.COMMONWATCH
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR")
    peer = request.META.get("REMOTE_ADDR", "")
    address, trusted = client_address(peer, forwarded, tuple(configured.trusted_proxies))
    named = configured.client_certificate_header
    certificate = request.headers.get(named) if named and trusted else None
    me = identify(authorization, address, certificate, now_us())
    return Reader(me.account_id, me.name, me.member, me.communities, me.sees_all, me.may(Role.CONTRIBUTOR))


def _form(path: str) -> Form:
    main = path.removesuffix(REPORT)
    for form in FORMS.values():
        if path == form.file or path.startswith(f"{form.name}/") or (main != path and main == form.name):
            return form
    files = ", ".join(form.file for form in FORMS.values())
    raise NotFound("feed-unknown", "There is no such feed.", f"Ask for one of {files}.")


def _file(made: Export, form: Form, path: str) -> bytes:
    if path == f"{form.name}{REPORT}":
        return report_bytes(made)
    name = path.removeprefix(f"{form.name}/")
    if name not in made.files:
        raise NotFound("feed-unknown", "This feed has no such file now.", f"It has {', '.join(made.files)}.")
    return made.files[name]


def _confidence(request: HttpRequest) -> int:
    text = request.GET.get("min_confidence", "0")
    if not text.isascii() or not text.isdigit() or len(text) > 3 or int(text) > 100:
        raise InvalidInput("confidence-malformed", "That is no confidence.", "Give min_confidence from 0 to 100.")
    return int(text)


def _conditional(request: HttpRequest, body: bytes, made: Export) -> HttpResponse:
    etag = f'"{sha256(body).hexdigest()}"'
    asked = parse_etags(request.META.get("HTTP_IF_NONE_MATCH", ""))
    if "*" in asked or etag in [one.removeprefix("W/") for one in asked]:
        answer = HttpResponse(status=304)
        del answer.headers["Content-Type"]
    else:
        is_json = request.path.endswith(REPORT)
        answer = HttpResponse(body, content_type="application/json" if is_json else "text/plain; charset=utf-8")
    answer.headers["ETag"] = etag
    answer.headers["Last-Modified"] = http_date(made.changed_us // 1_000_000)
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["Vary"] = "Authorization"
    return answer


def _error(problem: CommonwatchError) -> HttpResponse:
    body = {"error_code": problem.code, "title": problem.sentence, "description": problem.advice}
    answer = JsonResponse(body, status=problem.http_status)
    if problem.http_status == 401:
        answer.headers["WWW-Authenticate"] = (
            'Basic realm="Commonwatch feeds", charset="UTF-8", Bearer realm="Commonwatch feeds"'
        )
    if isinstance(problem, TooBusy):
        answer.headers["Retry-After"] = str(problem.retry_after_seconds)
    return answer
