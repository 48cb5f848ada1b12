"""Content of evidence in the body of a request: how much is announced, and whether all of it came."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.http import HttpRequest

from commonwatch.capabilities.evidence.sealing import too_large
from commonwatch.core.errors import InvalidInput

BIT = 2**20  # bytes that are taken at once


def announced(request: HttpRequest, around: int = 0) -> int:
    """How many bytes are to come; raises InvalidInput before any is read. `around`: what may stand around the content."""
    text = request.META.get("CONTENT_LENGTH") or ""
    if not text.isdecimal():
        raise InvalidInput("length-missing", "It does not say how long it is.", "Send Content-Length.", status=411)
    most: int = settings.COMMONWATCH.max_evidence_bytes
    if int(text) > most + around:
        raise too_large(most)
    return int(text)


def bits(request: HttpRequest) -> Iterator[bytes]:
    """The body as it comes, all of it; raises InvalidInput where the line broke.

    A server takes a broken line for the end, and half a thing would be evidence of something else.
    """
    length, came = announced(request), 0
    while bit := request.read(BIT):
        came += len(bit)
        yield bit
    all_came(came, length)


def all_came(came: int, length: int) -> None:
    """Raises InvalidInput where less came than was announced."""
    if came != length:
        raise InvalidInput(
            "upload-broken", f"{came:,} of {length:,} bytes came.", "Send it again, on a line that holds."
        )
