"""Pieces as objects of an S3-compatible service: PUT, GET, HEAD and ListObjectsV2, addressed by path.

An answer that may be better the next time (no connection, 429, 5xx) is asked for again a few times, then it is a PeerError.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

import httpx2

from commonwatch.capabilities.evidence.store.blobs import is_digest
from commonwatch.capabilities.evidence.store.signing import Credentials, authorised, encoded
from commonwatch.core.errors import NodeUnable, NotFound, PeerError

_NOTHING = hashlib.sha256(b"").hexdigest()
_RESTS = (0.5, 1.0, 2.0)  # seconds between attempts
_MAY_PASS = frozenset({429, 500, 502, 503, 504})
# The keys are hexadecimal digits and slashes, so that nothing in this XML needs a parser.
_KEY = re.compile(rb"<Key>([^<]{1,1024})</Key>")
_NEXT = re.compile(rb"<NextContinuationToken>([^<]{1,4096})</NextContinuationToken>")


@dataclass(frozen=True)
class Bucket:
    """Where: the service's address, the bucket, and what stands before each key."""

    url: str
    name: str
    prefix: str = ""


class BucketStore:
    """A bucket. `now_us` gives the time that requests are signed with."""

    def __init__(
        self, bucket: Bucket, credentials: Credentials, client: httpx2.Client, now_us: Callable[[], int]
    ) -> None:
        self._bucket, self._credentials, self._client, self._now_us = bucket, credentials, client, now_us

    @property
    def place(self) -> str:
        return f"{self._bucket.url}/{self._bucket.name}/{self._bucket.prefix}"

    def size(self, digest: str) -> int | None:
        answer = self._ask("HEAD", self._key(digest))
        if answer.status_code == 404:
            return None
        return int(self._good(answer).headers.get("content-length", "0"))

    def put(self, digest: str, raw: bytes) -> None:
        if self.size(digest) == len(raw):
            return
        self._good(self._ask("PUT", self._key(digest), body=raw, digest=digest))

    def get(self, digest: str) -> bytes:
        answer = self._ask("GET", self._key(digest))
        if answer.status_code == 404:
            raise NotFound(
                "piece-missing", f"The piece {digest[:16]} is not in {self.place}.", "Restore it from a backup."
            )
        return self._good(answer).content

    def digests(self) -> Iterator[str]:
        query = {"list-type": "2", "prefix": self._bucket.prefix}
        while True:
            answer = self._good(self._ask("GET", "", query)).content
            keys = (key.decode("ascii", "replace") for key in _KEY.findall(answer))
            yield from (name for key in keys if is_digest(name := key.rpartition("/")[2]))
            following = _NEXT.search(answer)
            if following is None:
                return
            query["continuation-token"] = following[1].decode("ascii", "replace")

    def _key(self, digest: str) -> str:
        return f"{self._bucket.prefix}{digest[:2]}/{digest}"

    def _ask(
        self, method: str, key: str, query: Mapping[str, str] | None = None, body: bytes = b"", digest: str = _NOTHING
    ) -> httpx2.Response:
        for rest in _RESTS:
            try:
                answer = self._once(method, key, query or {}, body, digest)
                if answer.status_code not in _MAY_PASS:
                    return answer
            except httpx2.TransportError:
                pass
            time.sleep(rest)
        try:
            return self._once(method, key, query or {}, body, digest)
        except httpx2.TransportError as error:
            raise PeerError(
                "evidence-store",
                f"The store of evidence at {self._bucket.url} cannot be reached: {error}.",
                "Look at evidence_s3_url and the line there.",
                retry=True,
            ) from None

    def _once(self, method: str, key: str, query: Mapping[str, str], body: bytes, digest: str) -> httpx2.Response:
        parts = urlsplit(self._bucket.url)
        path = f"{parts.path.rstrip('/')}/{self._bucket.name}/{key}".rstrip("/")
        at = datetime.fromtimestamp(self._now_us() / 1_000_000, UTC).strftime("%Y%m%dT%H%M%SZ")
        headers = authorised(self._credentials, method, path, query, {"host": parts.netloc}, digest, at)
        address = f"{parts.scheme}://{parts.netloc}{quote(path, safe='/-_.~')}"
        return self._client.request(
            method, f"{address}?{encoded(query)}" if query else address, headers=headers, content=body or None
        )

    def _good(self, answer: httpx2.Response) -> httpx2.Response:
        if answer.is_success:
            return answer
        if answer.status_code in (401, 403):
            raise NodeUnable(
                "evidence-store",
                f"The store of evidence at {self.place} does not let this node in.",
                "Look at evidence_s3_key_id, evidence_s3_secret and evidence_s3_region.",
            )
        raise PeerError(
            "evidence-store",
            f"The store of evidence at {self.place} answered {answer.status_code}.",
            "Look at the service's own log.",
            retry=answer.status_code in _MAY_PASS,
        )
