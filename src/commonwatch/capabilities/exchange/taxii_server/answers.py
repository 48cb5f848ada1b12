"""What goes over the wire: envelopes, manifests, errors (TAXII 2.1, sections 3.6 and 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from commonwatch.base.journal import schema
from commonwatch.base.release.pages import ManifestRow
from commonwatch.base.release.types import type_name
from commonwatch.capabilities.exchange.taxii_server.request import Answer
from commonwatch.core.errors import CommonwatchError, TooBusy
from commonwatch.core.stix.times import format_time
from commonwatch.core.taxii.media import STIX_20, STIX_21

# What TAXII gives objects without created and modified (section 3.4.1): adding them again is a duplicate.
NO_VERSION = "1970-01-01T00:00:00.000000Z"


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
        return b"".join((b'{"more":false,"objects":[', body, b"]}"))
    return b"".join((b'{"more":true,"next":"', following.encode(), b'","objects":[', body, b"]}"))


def manifest(rows: Sequence[ManifestRow], longer: Mapping[int, str]) -> bytes:
    """Manifest records joined by commas; `longer` has the versions with more than six digits, by entry.

    The strings are built here, by hand, because that is most of a manifest's cost: neighbours mostly share type and
    second, and building the same JSON inside SQLite costs twice as much.
    """
    records = []
    epoch, mask = schema.EPOCH_US, schema.SEQ_MASK
    kind_before, second_before, opening, added = -1, -1, "", ""
    for pos, kind, uid, version, spec, marks, seq in rows:
        if kind != kind_before:
            kind_before, opening = kind, f'{{"id":"{type_name(kind)}--'
        second, fraction = divmod((pos & mask) + epoch, 1_000_000)
        if second != second_before:
            second_before, added = second, format_time(second * 1_000_000, 0)[:-1]
        digits = uid.hex()
        records.append(
            f'{opening}{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}",'
            f'"date_added":"{added}.{fraction:06d}Z",'
            f'"version":"{version_text(version, marks, seq, longer)}",'
            f'"media_type":"{STIX_21 if spec else STIX_20}"}}'
        )
    return ",".join(records).encode()


def added_text(microseconds: int) -> str:
    """A date added, to the microsecond."""
    return format_time(microseconds, 6)


def version_text(version: int, marks: int, seq: int, longer: Mapping[int, str]) -> str:
    """A version as its author wrote it; the fixed stand-in for objects without one (section 3.4.1)."""
    if not version:
        return NO_VERSION
    return longer[seq] if seq in longer else format_time(version, min(marks & schema.DIGITS, 6))
