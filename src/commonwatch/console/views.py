"""The front page, and the one style sheet, which is too little to need a server of files."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def front(request: HttpRequest) -> HttpResponse:
    """What this is, for whoever finds it; nothing of what the node holds."""
    base = settings.COMMONWATCH.public_url.rstrip("/")
    return render(request, "console/front.html", {"discovery": f"{base}/taxii2/"})


@require_safe
def style(request: HttpRequest) -> HttpResponse:
    """The style sheet."""
    return HttpResponse(_style(), content_type="text/css; charset=utf-8", headers={"Cache-Control": "max-age=3600"})


@cache
def _style() -> bytes:
    return (Path(__file__).parent / "static" / "style.css").read_bytes()
