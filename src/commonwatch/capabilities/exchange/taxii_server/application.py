"""The ASGI application: reads the request with bounds, finds out who sends it, does the work in threads, answers.

1. Database work runs in a fixed pool of threads, each with its own connection. 2. No thread waits for a post's commit,
and small posts go to the threads together (`gathering`), so that many share one hand-over and one commit. 3. Every error is a
TAXII error resource; nothing a client sends makes a 500.
"""

from __future__ import annotations

import asyncio
import logging
import os
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from threading import Barrier
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection

from commonwatch.base.accounts.identify import Identity, client_address, identify
from commonwatch.base.clock import now_us
from commonwatch.base.release.collections import collection as find_collection
from commonwatch.capabilities.exchange.taxii_server import adding
from commonwatch.capabilities.exchange.taxii_server.answers import error
from commonwatch.capabilities.exchange.taxii_server.gathering import Gathering
from commonwatch.capabilities.exchange.taxii_server.request import Answer, Request
from commonwatch.capabilities.exchange.taxii_server.routes import Handler, Route, check_accept, handler, route
from commonwatch.core.errors import CommonwatchError, InvalidInput, NodeUnable

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_Post = tuple[Scope, Mapping[str, str], Route, bytes]

log = logging.getLogger(__name__)

# This process's share of the cores and one that may wait: measured, more threads only take the interpreter from each other.
THREADS = -(-(os.cpu_count() or 1) // settings.COMMONWATCH.processes) + 1
SMALL_BYTES = 8_192  # posts up to this size share a hand-over to a thread, and mostly a commit
MAX_HEADER_BYTES = 8_192  # of Authorization
_TOO_LARGE = "body-too-large"


class TaxiiApplication:
    """Serves everything under /taxii2/."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, "taxii")
        self._small_posts = Gathering(self._pool, _begin)

    def close(self) -> None:
        """End the threads with their database connections; requests under way are finished first."""
        everyone = Barrier(THREADS)  # so that each thread gets one of the tasks

        def leave() -> None:
            everyone.wait()
            connection.close()

        for _ in range(THREADS):
            self._pool.submit(leave)
        self._pool.shutdown(wait=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = scope["method"] == "HEAD"
        try:
            answer = await self._answer(scope, receive)
        except CommonwatchError as problem:
            answer = error(problem)
        except DatabaseError as problem:
            log.error("The database did not answer: %s", problem)
            answer = error(NodeUnable("database", "The node's database does not answer.", "Try again in a minute."))
        except Exception:  # the request boundary: whatever it was, the client gets a TAXII error and we the trace
            log.exception("Answering %s %s failed", scope["method"], scope["path"])
            answer = error(NodeUnable("internal", "The node failed on this request.", "Its log says why.", status=500))
        await _send(send, answer, without_body=head)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        headers = _headers(scope)
        found = route(scope["path"])
        work = handler(found, scope["method"])
        body = await _body(receive, headers) if scope["method"] == "POST" else b""
        if work is adding.add and len(body) <= SMALL_BYTES:
            return await self._small_posts.answer((scope, headers, found, body))
        loop = asyncio.get_running_loop()
        given = await loop.run_in_executor(self._pool, _work, work, scope, headers, found, body)
        return await asyncio.wrap_future(given) if isinstance(given, Future) else given


def _work(
    work: Handler, scope: Scope, headers: Mapping[str, str], found: Route, body: bytes
) -> Answer | Future[Answer]:
    connection.close_if_unusable_or_obsolete()
    request = _request(scope, headers, body, identify, now_us())
    return work(request, *found.names)


def _begin(posts: Sequence[_Post]) -> list[Future[Answer]]:
    """Begin a round of posts; those of the same sender or to the same collection share its look-up."""
    connection.close_if_unusable_or_obsolete()
    who, find, now = cache(identify), cache(find_collection), now_us()
    promises = []
    for scope, headers, found, body in posts:
        try:
            promise = adding.add(_request(scope, headers, body, who, now), found.names[0], find)
        except Exception as problem:  # noqa: BLE001 - raised again where this request is answered
            promise = Future()
            promise.set_exception(problem)
        promises.append(promise)
    return promises


def _request(
    scope: Scope, headers: Mapping[str, str], body: bytes, who: Callable[..., Identity], now_us: int
) -> Request:
    configured = settings.COMMONWATCH
    peer = scope["client"][0] if scope.get("client") else ""
    address, trusted = client_address(peer, headers.get("x-forwarded-for"), tuple(configured.trusted_proxies))
    named = configured.client_certificate_header.lower()
    certificate = headers.get(named) if named and trusted else None
    identity = who(headers.get("authorization"), address, certificate, now_us)
    request = Request(scope["method"], scope["path"], scope["query_string"], headers, identity, body)
    check_accept(request)
    return request


def _headers(scope: Scope) -> dict[str, str]:
    """By lower-case name; names with an underscore are dropped, repeated ones joined as RFC 9110 says."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        if b"_" in name:
            continue
        key, text = name.decode("latin-1"), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    if len(headers.get("authorization", "")) > MAX_HEADER_BYTES:
        raise InvalidInput("header-too-large", "The Authorization header is too long.", "Send one token.", status=431)
    return headers


async def _body(receive: Receive, headers: Mapping[str, str]) -> bytes:
    """The request's body, decoded, within the limit whatever its headers claim."""
    most = settings.COMMONWATCH.max_body_bytes
    declared = headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > most:
        raise _too_large(most)
    coding = headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("identity", "gzip"):
        raise InvalidInput(
            "content-encoding", "Only gzip is decoded.", "Send the body plain or gzipped once.", status=415
        )
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise InvalidInput("disconnected", "The connection ended inside the body.")
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > most:
            raise _too_large(most)
        if not message.get("more_body"):
            break
    body = b"".join(chunks)
    return body if coding == "identity" else _gunzip(body, most)


def _gunzip(body: bytes, most: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(body, most + 1)
    except zlib.error:
        raise InvalidInput("gzip-broken", "The body is not gzip, or was cut.", "Send it again.") from None
    if len(plain) > most:
        raise _too_large(most)
    if not unpacker.eof or unpacker.unused_data:
        raise InvalidInput("gzip-broken", "The gzip body was cut or has more than one part.", "Send one whole part.")
    return plain


def _too_large(most: int) -> InvalidInput:
    return InvalidInput(_TOO_LARGE, f"The body is larger than {most:,} bytes.", "Send smaller envelopes.", status=413)


async def _send(send: Send, answer: Answer, *, without_body: bool) -> None:
    headers = [(b"content-type", answer.content_type.encode()), (b"content-length", str(len(answer.body)).encode())]
    headers += [(name.encode(), value.encode("latin-1")) for name, value in answer.headers.items()]
    headers += [(b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if without_body else answer.body})
