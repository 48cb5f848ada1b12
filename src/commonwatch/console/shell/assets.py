"""Style sheets, scripts and vendored libraries: under one address for all that changes when any of them does, so that browsers keep
them for a year and modules may import one another by relative names. Compressed once, when first asked for.
"""

from __future__ import annotations

import gzip
from functools import cache
from hashlib import sha256
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

FOLDER = Path(__file__).parents[1] / "static"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}


@require_safe
def asset(request: HttpRequest, edition: str, name: str) -> HttpResponse:
    """One file. Another edition's address gets today's, but is not kept."""
    if name not in _files():
        raise Http404
    body = _compressed(name) if "gzip" in request.headers.get("Accept-Encoding", "") else _files()[name].read_bytes()
    response = HttpResponse(body, content_type=TYPES[Path(name).suffix])
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        response["Content-Encoding"] = "gzip"
    response["Vary"] = "Accept-Encoding"
    response["Cache-Control"] = "public, max-age=31536000, immutable" if edition == _edition() else "no-cache"
    return response


def address(name: str) -> str:
    """Where a file of `console/static` is found."""
    if name not in _files():
        raise LookupError(f"There is no {name} in {FOLDER}.")
    return reverse("asset", args=[_edition(), name])


@cache
def _files() -> dict[str, Path]:
    """What may be served, and nothing else: names from outside are looked up here and never joined to a path."""
    found = (path for path in sorted(FOLDER.rglob("*")) if path.suffix in TYPES)
    return {path.relative_to(FOLDER).as_posix(): path for path in found}


@cache
def _edition() -> str:
    digest = sha256()
    for name, path in _files().items():
        digest.update(name.encode() + b"\0" + sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


@cache
def _compressed(name: str) -> bytes:
    return gzip.compress(_files()[name].read_bytes(), compresslevel=9, mtime=0)
