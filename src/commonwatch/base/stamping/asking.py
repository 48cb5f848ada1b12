"""Asking time-stamping authorities (RFC 3161): which there are, whose roots are believed, and one question with its answer."""

from __future__ import annotations

from pathlib import Path

import httpx2
from cryptography.x509 import Certificate
from django.conf import settings
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from commonwatch.base.outbound import check_url, client
from commonwatch.core.errors import InvalidInput, NodeUnable, PeerError
from commonwatch.core.signing import stamps

QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"  # RFC 3161, section 3.4


def authorities() -> dict[str, str]:
    """The addresses of the time-stamping authorities of the settings, by name."""
    found = {}
    for text in settings.COMMONWATCH.stamp_authorities:
        name, _, url = text.partition("=")
        found[name.strip()] = url.strip()
    return found


def roots() -> list[Certificate]:
    """The roots of the settings; raises NodeUnable where the file cannot be used."""
    named = settings.COMMONWATCH.stamp_roots
    if not named:
        raise NodeUnable("stamp-roots", "No roots are set by which to believe an authority.", "Set stamp_roots.")
    try:
        return stamps.roots_of(Path(named).read_bytes())
    except OSError as error:
        raise NodeUnable("stamp-roots", f"{named} cannot be read: {error.strerror}.", "Correct stamp_roots.") from None


def ask(authority: str, data: bytes) -> tuple[bytes, stamps.Time]:
    """The stamp of an authority over these bytes, whole, and what it says; raises PeerError where none comes that holds."""
    url = authorities().get(authority)
    if url is None:
        raise InvalidInput(
            "authority-unknown", f"There is no authority {authority} in the settings.", "See stamp_authorities."
        )
    believed = roots()
    asked = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).build()
    response = _answer(url, asked.as_bytes(), authority)
    told = stamps.judge(response, data, believed, asked.nonce)
    if isinstance(told, stamps.NoTime):
        raise PeerError(
            "stamp-wrong", f"{authority}: {told.sentence}", "Look at stamp_roots, and at the authority.", retry=True
        )
    return response, told


def _answer(url: str, query: bytes, authority: str) -> bytes:
    try:
        with client(settings.COMMONWATCH.outbound_networks) as line:
            answer = line.post(check_url(url), content=query, headers={"content-type": QUERY})
    except httpx2.TransportError as error:
        raise PeerError(
            "authority-unreachable", f"{authority} cannot be reached: {error}.", "It is asked again.", retry=True
        ) from None
    if answer.status_code != 200:
        raise PeerError(
            "authority-refused", f"{authority} answered {answer.status_code}.", "It is asked again.", retry=True
        )
    return answer.content[: stamps.LARGEST_REPLY + 1]
