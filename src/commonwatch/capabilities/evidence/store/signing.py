"""AWS Signature Version 4, as far as a store of pieces needs it: requests with a known body, signed in a header.

After "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk" (Amazon S3 API reference).
The SHA-256 of the body is signed, and for a piece it is its name: a store that checks signatures checks the content as well.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True)
class Credentials:
    """Who asks. `region` is whatever the service calls its own."""

    key_id: str
    secret: str
    region: str


def authorised(
    credentials: Credentials,
    method: str,
    path: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    body_digest: str,
    at: str,
) -> dict[str, str]:
    """The headers with the three that sign them. `path` is not encoded yet; `headers` has `host`; `at` as 20261129T101500Z."""
    signed = {**headers, "x-amz-content-sha256": body_digest, "x-amz-date": at}
    names = sorted(signed, key=str.lower)
    listed = ";".join(name.lower() for name in names)
    asked = "\n".join(
        [
            method,
            quote(path, safe="/-_.~"),
            encoded(query),
            *(f"{name.lower()}:{signed[name].strip()}" for name in names),
            "",
            listed,
            body_digest,
        ]
    )
    scope = f"{at[:8]}/{credentials.region}/s3/aws4_request"
    text = "\n".join([_ALGORITHM, at, scope, hashlib.sha256(asked.encode()).hexdigest()])
    key = f"AWS4{credentials.secret}".encode()
    for part in (at[:8], credentials.region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    who = f"{_ALGORITHM} Credential={credentials.key_id}/{scope},SignedHeaders={listed},Signature={signature}"
    return {**signed, "authorization": who}


def encoded(query: Mapping[str, str]) -> str:
    """A query as it is signed and sent: sorted, and encoded as the signature wants it."""
    pairs = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in query.items())
    return "&".join(f"{name}={value}" for name, value in pairs)
