"""Peers' requests over HTTP: read with a bound, handed on, answered. The signature is the authentication, so no CSRF token."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from commonwatch.base.clock import now_us
from commonwatch.capabilities.federation.serving import answer
from commonwatch.capabilities.federation.wire import Request

MAX_BYTES = 32 * 2**20  # as sent; unpacked it is bounded by `max_body_bytes`


@csrf_exempt
@require_POST
def federation(request: HttpRequest, what: str) -> HttpResponse:
    """Answer a peer."""
    body = request.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        said = {"code": "body-too-large", "sentence": f"More than {MAX_BYTES:,} bytes.", "advice": "Send less."}
        return HttpResponse(json.dumps(said), status=413, content_type="application/json")
    made = answer(Request("POST", request.get_full_path(), dict(request.headers), body), now_us())
    return HttpResponse(made.body, status=made.status_code, headers=made.headers)
