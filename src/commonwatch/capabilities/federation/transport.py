"""How requests reach peers: over HTTP, or inside one process. Both are real; nothing else knows which it is."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Protocol

import httpx2
from django.conf import settings

from commonwatch.base.config import NodeSettings
from commonwatch.base.outbound import client
from commonwatch.capabilities.federation.wire import Answer, Request
from commonwatch.core.errors import PeerError

MAX_ANSWER_BYTES = 64 * 2**20


class CutOff(PeerError):
    """The answer broke off; `answer` has what came of it."""

    def __init__(self, answer: Answer, why: str) -> None:
        sentence = f"The peer's answer broke off after {len(answer.body):,} bytes: {why}."
        super().__init__("peer-cut-off", sentence, "It is tried again by itself.", retry=True)
        self.answer = answer


class LineBroke(PeerError):
    """The request was on its way, or the answer awaited: how much of it has arrived nobody here knows."""

    def __init__(self, why: str) -> None:
        super().__init__(
            "peer-unreachable", f"The peer did not answer: {why}.", "It is tried again by itself.", retry=True
        )


class Transport(Protocol):
    """One way to reach peers."""

    def send(self, request: Request) -> Answer:
        """The peer's answer; raises PeerError where there is none, LineBroke where the request was on its way, CutOff where the
        answer is not whole.
        """


class HttpTransport:
    """Over HTTP, to checked addresses only (`base.outbound`). For one thread: it keeps its connections.

    Certificates are read again when their files have changed: they live for days, the process for months.
    """

    def __init__(self) -> None:
        self._client: httpx2.Client | None = None
        self._made_of: tuple[object, ...] = ()

    def send(self, request: Request) -> Answer:
        """The peer's answer, whole and bounded; raises PeerError."""
        http = self._ready()
        try:
            with http.stream(request.method, request.url, content=request.body, headers=request.headers) as answer:
                return _whole(answer, request)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise PeerError(
                "peer-unreachable", f"The peer did not answer: {error}.", "It is tried again by itself.", retry=True
            ) from None
        except httpx2.HTTPError as error:
            raise LineBroke(str(error) or type(error).__name__) from None

    def close(self) -> None:
        """Let go of the connections; the next request makes new ones."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _ready(self) -> httpx2.Client:
        configured = settings.COMMONWATCH
        made_of = (tuple(configured.outbound_networks), *_stamps(configured))
        if self._client is None or made_of != self._made_of:
            tls = _tls(configured)
            self.close()
            self._client, self._made_of = client(configured.outbound_networks, tls=tls), made_of
        return self._client


def _stamps(configured: NodeSettings) -> tuple[object, ...]:
    """What tells whether a certificate's file is another one now."""
    names = (configured.peer_certificate, configured.peer_certificate_key, configured.peer_authorities)
    return tuple((name, _changed_ns(name)) for name in names if name)


def _changed_ns(name: str) -> int:
    try:
        return Path(name).stat().st_mtime_ns
    except OSError:
        return 0


def _tls(configured: NodeSettings) -> ssl.SSLContext | None:
    """Whom to believe, and what to show; None where nothing is set. Raises PeerError naming what cannot be used."""
    if not (configured.peer_certificate or configured.peer_authorities):
        return None
    try:
        context = ssl.create_default_context(cafile=configured.peer_authorities or None)
        if configured.peer_certificate:
            context.minimum_version = ssl.TLSVersion.TLSv1_3  # before it, whoever listens sees who we are
            context.load_cert_chain(configured.peer_certificate, configured.peer_certificate_key or None)
    except (OSError, ValueError) as error:
        raise PeerError(
            "peer-certificate",
            f"The certificate for peers cannot be used: {error}.",
            "See peer_certificate, peer_certificate_key and peer_authorities in `commonwatch settings`.",
            retry=True,
        ) from None
    return context


def _whole(answer: httpx2.Response, request: Request) -> Answer:
    got = bytearray()
    try:
        for chunk in answer.iter_bytes():
            got += chunk
            if len(got) > MAX_ANSWER_BYTES:
                raise PeerError("peer-broken", "The peer's answer is too large.", "Tell whoever runs it.", retry=False)
    except httpx2.HTTPError as error:
        raise CutOff(Answer(answer.status_code, request, dict(answer.headers), bytes(got)), str(error)) from None
    return Answer(answer.status_code, request, dict(answer.headers), bytes(got))
