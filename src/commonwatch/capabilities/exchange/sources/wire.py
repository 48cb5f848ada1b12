"""Requests to a remote TAXII 2.1 server: bounded, patient, and forgiving of what servers get wrong."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import httpx2
import msgspec

from commonwatch.base.outbound import check_url
from commonwatch.core.errors import PeerError
from commonwatch.core.taxii.media import TAXII_21

MAX_PAGE_BYTES = 256 * 2**20
TRIES = 4
LONGEST_WAIT_SECONDS = 120
_RETRY = frozenset({429, 502, 503, 504})


@dataclass(frozen=True)
class Reply:
    """A successful answer: its whole body, and its headers."""

    body: bytes
    headers: Mapping[str, str]

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; raises PeerError."""
        try:
            value = msgspec.json.decode(self.body)
        except msgspec.DecodeError as error:
            raise PeerError("peer-broken", f"The server sent no JSON: {error}.", retry=True) from None
        if not isinstance(value, dict):
            raise PeerError("peer-broken", "The server sent JSON that is no object.", retry=True)
        return value


class Remote:
    """One API root of a remote server."""

    def __init__(
        self,
        http: httpx2.Client,
        url: str,
        authorization: str | None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._http = http
        self.url = check_url(url if url.endswith("/") else url + "/")
        self._headers = {"Accept": TAXII_21, "Accept-Encoding": "gzip"}
        if authorization:
            self._headers["Authorization"] = authorization
        self._sleep = sleep
        self.requests = 0

    def get(self, path: str, parameters: Mapping[str, str] | None = None) -> Reply:
        """Read a resource; tried again where the server is busy or the connection breaks."""
        return self._send("GET", path, parameters or {}, None)

    def post(self, path: str, body: bytes) -> Reply:
        """Add objects; tried again only where the server said that it did not take them."""
        return self._send("POST", path, {}, body)

    def pause(self, seconds: float) -> None:
        """Wait before asking again."""
        self._sleep(seconds)

    def _send(self, method: str, path: str, parameters: Mapping[str, str], body: bytes | None) -> Reply:
        url = urljoin(self.url, path)
        for attempt in range(1, TRIES + 1):
            self.requests += 1
            try:
                reply = self._once(method, url, parameters, body)
            except httpx2.TransportError as error:
                problem = PeerError(
                    "peer-unreachable", f"{url} cannot be reached: {error}.", "Try again later.", retry=True
                )
                if body is not None:
                    raise problem from None
                wait = float(2**attempt)
            else:
                if isinstance(reply, Reply):
                    return reply
                problem, wait = reply
            if not problem.retry or attempt == TRIES:
                raise problem
            self._sleep(min(wait, LONGEST_WAIT_SECONDS))
        raise AssertionError("unreachable")

    def _once(
        self, method: str, url: str, parameters: Mapping[str, str], body: bytes | None
    ) -> Reply | tuple[PeerError, float]:
        headers = {**self._headers, **({"Content-Type": TAXII_21} if body is not None else {})}
        with self._http.stream(method, url, params=dict(parameters), headers=headers, content=body) as response:
            content = _bounded(response)
            if response.status_code in (200, 202):
                return Reply(content, response.headers)
            status = response.status_code
            said = content[:300].decode("utf-8", "replace")
            if 300 <= status < 400:
                location = response.headers.get("location", "elsewhere")
                problem = PeerError(
                    "peer-redirects",
                    f"{url} redirects to {location}, which is not followed.",
                    "If that is right, remove the source and add it with that address.",
                    retry=False,
                )
            elif status in (401, 403):
                problem = PeerError(
                    "peer-refused",
                    f"{url} answered with status {status}: {said}",
                    "Check the credentials.",
                    retry=False,
                )
            else:
                problem = PeerError(
                    "peer-error",
                    f"{url} answered with status {status}: {said}",
                    "Ask the server's keeper.",
                    retry=status in _RETRY,
                )
            return problem, _retry_after(response.headers.get("retry-after"))


def _bounded(response: httpx2.Response) -> bytes:
    """The decoded body within the limit, whatever it was packed to."""
    coding = response.headers.get("content-encoding", "identity").lower()
    unpack = zlib.decompressobj(wbits=31) if coding == "gzip" else None
    chunks, size = [], 0
    for chunk in response.iter_raw():
        room = MAX_PAGE_BYTES + 1 - size
        try:
            plain = unpack.decompress(chunk, room) if unpack else chunk
        except zlib.error:
            raise PeerError("peer-broken", "The server sent broken gzip.", retry=True) from None
        size += len(plain)
        if size > MAX_PAGE_BYTES:
            raise PeerError("page-too-large", f"A page is larger than {MAX_PAGE_BYTES:,} bytes.", retry=False)
        chunks.append(plain)
    return b"".join(chunks)


def _retry_after(value: str | None) -> float:
    return float(value) if value and value.isdigit() else 5.0
