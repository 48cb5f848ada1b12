"""How requests reach peers: over HTTP, or inside one process. Both are real; nothing else knows which it is."""

from __future__ import annotations

from typing import Protocol

import httpx2
from django.conf import settings

from commonwatch.base.outbound import client
from commonwatch.capabilities.federation.wire import Answer, Request
from commonwatch.core.errors import PeerError

MAX_ANSWER_BYTES = 64 * 2**20


class Transport(Protocol):
    """One way to reach peers."""

    def send(self, request: Request) -> Answer:
        """The peer's answer; raises PeerError where there is none."""


class HttpTransport:
    """Over HTTP, to checked addresses only (`base.outbound`)."""

    def send(self, request: Request) -> Answer:
        """The peer's answer, whole and bounded; raises PeerError."""
        try:
            with (
                client(settings.COMMONWATCH.outbound_networks) as http,
                http.stream(request.method, request.url, content=request.body, headers=request.headers) as answer,
            ):
                return Answer(answer.status_code, request, dict(answer.headers), _bounded(answer))
        except httpx2.HTTPError as error:
            raise PeerError(
                "peer-unreachable", f"The peer did not answer: {error}.", "It is tried again by itself.", retry=True
            ) from None


def _bounded(answer: httpx2.Response) -> bytes:
    chunks, size = [], 0
    for chunk in answer.iter_bytes():
        size += len(chunk)
        if size > MAX_ANSWER_BYTES:
            raise PeerError("peer-broken", "The peer's answer is too large.", "Tell whoever runs it.", retry=False)
        chunks.append(chunk)
    return b"".join(chunks)
