"""How every object of this room is written, and for whom an answer is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

from commonwatch.base.intake.own import Audience, audience_of, write
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.models import Member
from commonwatch.base.parties.queries import own_member
from commonwatch.base.threads.queries import Part
from commonwatch.core.errors import InvalidInput
from commonwatch.core.stix.response.evidence import STRUCTS, Content, content, said
from commonwatch.core.stix.shared import new_object
from commonwatch.core.stix.times import format_time


def written(kind: str, what: Content, audience: Audience, by: By, action: str, detail: Mapping[str, object]) -> str:
    """Write one object; its id. Raises InvalidInput for what is too long, NotAllowed where a member would not get it."""
    made = object_of(kind, what, by)
    write([made], audience, by=by, action=action, detail=detail)
    return str(made["id"])


def object_of(kind: str, what: Content, by: By) -> dict[str, Any]:
    """A new object of the own member; raises InvalidInput for what is too long."""
    given = said(what)
    read = content(given, STRUCTS[kind])
    if isinstance(read, str):
        raise InvalidInput("content-malformed", f"It cannot be written: {read}.", "Correct or shorten that.")
    at = format_time(by.now_us, 3)
    return new_object(kind, given, identity=f"{kind}--{uuid4()}", author=own_member().identity, made=at, at=at)


def on_terms_of(part: Part, more: Iterable[str] = ()) -> Audience:
    """The audience of an answer: whom the object is for, its author, and further members by identity."""
    known = audience_of(part.markings)
    refs = {part.author, *more} - {own_member().identity}
    called = dict(Member.objects.filter(identity__in=refs).values_list("identity", "name"))
    named = tuple(sorted({*known.named, *(called.get(one, one) for one in refs)}))
    return replace(known, named=named)
