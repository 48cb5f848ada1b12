"""`/calendars/TOKEN/duties.ics`: the calendar, for programs that can send no header. The token is the key, so it can be revoked."""

from __future__ import annotations

from hashlib import sha256

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from commonwatch.base.clock import now_us
from commonwatch.capabilities.duties.feeds import is_open
from commonwatch.capabilities.duties.showing import duties_calendar


@csrf_exempt
@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar; an address that was revoked is no address."""
    if len(token) > 200 or not is_open(token):
        return HttpResponseNotFound("There is no such calendar.\n", content_type="text/plain")
    body = duties_calendar(now_us())
    etag = f'"{sha256(body).hexdigest()[:32]}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=304, headers={"ETag": etag})
    answer = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    answer["ETag"], answer["Cache-Control"] = etag, "private, no-cache"
    answer["Content-Disposition"] = 'inline; filename="duties.ics"'
    return answer
