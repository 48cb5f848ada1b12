"""How other logs and witnesses are reached: over HTTP, or inside one process. Nothing else knows which it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import httpx2
from django.conf import settings

from commonwatch.base.outbound import client
from commonwatch.core.errors import PeerError
from commonwatch.core.merkle.notes import MAX_BYTES

MOST_BYTES = MAX_BYTES + 8_192  # of an answer: a checkpoint with every cosignature is the largest
TIMEOUT_SECONDS = 10.0  # one that does not answer must not keep the others waiting


@dataclass(frozen=True)
class Got:
    """An answer."""

    status: int
    body: bytes
    content_type: str = ""


class Reach(Protocol):
    """One way to reach logs and witnesses. Both raise PeerError where there is no answer."""

    def get(self, url: str) -> Got:
        """What is there."""

    def post(self, url: str, body: bytes) -> Got:
        """What is answered to this."""


class HttpReach:
    """Over HTTP, to checked addresses only (`base.outbound`); one client, because making one costs more than a request."""

    def __init__(self) -> None:
        self._http = client(settings.COMMONWATCH.outbound_networks)

    def get(self, url: str) -> Got:
        """What is there."""
        return self._sent("GET", url, None)

    def post(self, url: str, body: bytes) -> Got:
        """What is answered to this."""
        return self._sent("POST", url, body)

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def _sent(self, method: str, url: str, body: bytes | None) -> Got:
        try:
            with self._http.stream(method, url, content=body, timeout=TIMEOUT_SECONDS) as answer:
                return Got(answer.status_code, _bounded(answer), answer.headers.get("content-type", ""))
        except httpx2.HTTPError as error:
            raise PeerError("log-unreachable", f"{url} did not answer: {error}.", retry=True) from None


def _bounded(answer: httpx2.Response) -> bytes:
    body = b""
    for chunk in answer.iter_bytes():
        body += chunk
        if len(body) > MOST_BYTES:
            raise PeerError("log-answer", "The answer is larger than any can be.", retry=False)
    return body
