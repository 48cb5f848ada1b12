"""What goes over the wire: envelopes, manifests, errors (TAXII 2.1, sections 3.6 and 5)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from commonwatch.base.journal import schema
from commonwatch.base.release.types import type_name
from commonwatch.capabilities.exchange.taxii_server.request import Answer
from commonwatch.core.errors import CommonwatchError, TooBusy
from commonwatch.core.stix.times import format_time
from commonwatch.core.taxii.media import STIX_20, STIX_21

# What TAXII gives objects without created and modified (section 3.4.1): adding them again is a duplicate.
NO_VERSION = "1970-01-01T00:00:00.000000Z"
ManifestRow = tuple[int, int, bytes, int, int, int, int]


def error(problem: CommonwatchError) -> Answer:
    """The error resource for a problem; a 401 says how to sign in, a 429 or 503 when to come back."""
    status = problem.http_status
    body = {
        "title": problem.sentence,
        "description": problem.advice,
        "error_code": problem.code,
        "http_status": str(status),
        **({"details": {name: str(value) for name, value in problem.data.items()}} if problem.data else {}),
    }
    headers = {}
    if status == 401:
        headers["www-authenticate"] = (
            'Basic realm="Commonwatch TAXII", charset="UTF-8", Bearer realm="Commonwatch TAXII"'
        )
    if isinstance(problem, TooBusy):
        headers["retry-after"] = str(problem.retry_after_seconds)
    return Answer(status, msgspec.json.encode(body), headers)


def envelope(body: bytes, following: str | None) -> bytes:
    """Objects that are joined by commas already, in an envelope; an empty one has no objects (section 3.7)."""
    if not body:
        return b"{}"
    if following is None:
        return b'{"more":false,"objects":[' + body + b"]}"
    return b'{"more":true,"next":"' + following.encode() + b'","objects":[' + body + b"]}"


def manifest(rows: Sequence[ManifestRow]) -> bytes:
    """Manifest records joined by commas. Their strings are built here because that is most of a manifest's cost."""
    records = []
    epoch, mask, digits_mask = schema.EPOCH_US, schema.SEQ_MASK, schema.DIGITS
    for pos, kind, uid, version, spec, marks, _ in rows:
        text = uid.hex()
        shown = format_time(version, min(marks & digits_mask, 6)) if version else NO_VERSION
        records.append(
            f'{{"id":"{type_name(kind)}--{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}",'
            f'"date_added":"{format_time((pos & mask) + epoch, 6)}",'
            f'"version":"{shown}","media_type":"{STIX_21 if spec else STIX_20}"}}'
        )
    return ",".join(records).encode()


def added_text(microseconds: int) -> str:
    """A date added, to the microsecond."""
    return format_time(microseconds, 6)


def version_text(version: int, marks: int) -> str:
    """A version as its author wrote it; the fixed stand-in for objects without one (section 3.4.1)."""
    return format_time(version, min(marks & schema.DIGITS, 6)) if version else NO_VERSION
