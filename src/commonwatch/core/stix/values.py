"""What intake passes on: findings, head fields, and the judgement on one object."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Severity: TypeAlias = Literal["refuse", "hold", "note"]


class Finding(msgspec.Struct, frozen=True, gc=False):
    """One thing that is not as it should be, for a person who is to mend it.

    `severity` says what it does: `refuse` (cannot be identified, or dangerous), `hold` (quarantine: a person may mend
    it), `note` (admitted all the same). `place` is a JSON pointer (RFC 6901) inside the object, "" for the whole.
    """

    code: str
    severity: Severity
    place: str
    sentence: str
    remedy: str


class Head(msgspec.Struct, frozen=True, gc=False):
    """The head fields of one object, parsed. Times are microseconds since 1970-01-01T00:00:00Z."""

    id: str
    type: str
    uid: bytes  # the 16 bytes of the id's UUID
    spec: int  # 20 or 21
    version: int  # `modified`, else `created`, else 0
    digits: int  # fraction digits the author wrote in that timestamp; 7 for more than six; 0 without one
    created: int | None
    author: str | None  # created_by_ref: a claim until a signature proves it
    markings: tuple[str, ...]  # object_marking_refs, as given
    granular: tuple[str, ...]  # the markings that granular_markings refer to, as given
    revoked: bool


class Admissible(msgspec.Struct, frozen=True, gc=False):
    """May go into the journal, perhaps with notes."""

    head: Head
    raw: bytes
    place: str
    findings: tuple[Finding, ...] = ()


class Rejected(msgspec.Struct, frozen=True, gc=False):
    """Goes to quarantine (`severity` hold) or nowhere (refuse). `findings` is never empty; the deciding one is first."""

    severity: Literal["refuse", "hold"]
    raw: bytes
    place: str
    findings: tuple[Finding, ...]
    object_id: str = ""  # as far as it could be read
    object_type: str = ""
    version_text: str = ""


Judgement: TypeAlias = Admissible | Rejected


class Piece(msgspec.Struct, frozen=True, gc=False):
    """The bytes of one object inside a container, and where they stood there.

    `spec` is what the container says of its objects (STIX 2.0 bundles do), 0 where it says nothing.
    """

    raw: bytes
    place: str
    spec: int = 0
