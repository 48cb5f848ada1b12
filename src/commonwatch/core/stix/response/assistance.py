"""What members write when one asks for help and others give it: five types of ours, each by one author.

`assistance-request` is the root of a thread; an `assistance-offer` answers it, an `assistance-answer` is every further act about one of
both. `assistance-capability` is the root of another: what a member can give at all; an `assistance-reservation` says that some of it is
held, given back, or allotted by its owner.

`follows_refs` names the acts that the author had seen last, so that order does not hang on clocks alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

import msgspec

REQUEST, OFFER, ANSWER = "assistance-request", "assistance-offer", "assistance-answer"
CAPABILITY, RESERVATION = "assistance-capability", "assistance-reservation"
ROOTS = frozenset({REQUEST, CAPABILITY})
# Which property names the root of the thread.
ROOT_PROPERTIES: Mapping[str, str] = {OFFER: "request_ref", ANSWER: "request_ref", RESERVATION: "capability_ref"}

MOST_NEEDS = 50
MOST_UNITS = 10_000

Kind: TypeAlias = Literal["people", "tool", "capacity", "funds"]
Act: TypeAlias = Literal[
    "acknowledge", "refuse", "accept", "begin", "wait", "deliver", "dispute", "confirm", "close", "withdraw"
]
Short = Annotated[str, msgspec.Meta(max_length=300)]
Long = Annotated[str, msgspec.Meta(max_length=20_000)]
Word = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=60)]
Language = Annotated[str, msgspec.Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]  # RFC 5646
Time = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$", max_length=40)]
Ref = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_-]{1,250}--[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Units = Annotated[int, msgspec.Meta(ge=1, le=MOST_UNITS)]
Offset = Annotated[int, msgspec.Meta(ge=-720, le=840)]  # minutes before or after UTC
Languages = Annotated[tuple[Language, ...], msgspec.Meta(max_length=30)]
Refs = Annotated[tuple[Ref, ...], msgspec.Meta(max_length=200)]


class Contact(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who speaks for the author in this matter, and how they are reached."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    reach: Short = ""  # telephone, mail address, secure channel
    contact_ref: Ref | None = None  # a point of contact on record


class Need(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is asked for."""

    id: Word  # within its request
    skill: Word  # a word of the list of skills
    quantity: Units = 1
    languages: Languages = ()  # any of them will do; none: any
    utc_offset: Offset = 0  # where the work is
    on_site: bool = False
    begins: Time = ""
    ends: Time = ""
    note: Short = ""


class Request(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one member asks others for, on a form."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    form: Word
    contact: Contact
    answers: Annotated[dict[Word, Long], msgspec.Meta(max_length=60)]
    needs: Annotated[tuple[Need, ...], msgspec.Meta(max_length=MOST_NEEDS)] = ()
    urgency: Literal["routine", "urgent", "emergency"] = "routine"
    acknowledge_by: Time = ""
    answer_by: Time = ""
    deliver_by: Time = ""
    expires: Time = ""
    asked_refs: Refs = ()  # identities that are asked by name; none: whoever gets it
    case_ref: Ref | None = None


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """What of a need is offered or accepted, and out of what."""

    need: Word
    quantity: Units = 1
    capability_ref: Ref | None = None


Parts = Annotated[tuple[Part, ...], msgspec.Meta(max_length=MOST_NEEDS)]


class Offer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one member would do about a request, and on which terms."""

    request_ref: Ref
    contact: Contact
    parts: Parts = ()
    terms: Long = ""
    costs: Short = ""
    basis: Short = ""  # the agreement under which it is given
    languages: Languages = ()
    deliver_by: Time = ""
    expires: Time = ""
    follows_refs: Refs = ()


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One further act about a request or an offer."""

    request_ref: Ref
    about_ref: Ref  # the request, or an offer
    act: Act
    by: Short = ""  # the person or machine that acted, as their member names them
    automatic: bool = False
    reason: Long = ""
    terms: Long = ""
    parts: Parts = ()
    follows_refs: Refs = ()


class Capability(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a member can give: so much of something, at a time."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    skill: Word
    quantity: Units = 1
    languages: Languages = ()
    utc_offset: Offset = 0
    on_site: bool = False  # whether it can go where the work is
    begins: Time = ""
    ends: Time = ""
    notice_hours: Annotated[int, msgspec.Meta(ge=0, le=8_760)] = 0
    contact: Contact | None = None
    note: Long = ""


class Reservation(msgspec.Struct, frozen=True, omit_defaults=True):
    """That some of a capability is held; later, that it is given back, or how its owner decided."""

    capability_ref: Ref
    act: Literal["reserve", "release", "allot"]
    quantity: Units = 1
    begins: Time = ""
    ends: Time = ""
    about_ref: Ref | None = None  # of release and allot: the reservation
    for_ref: Ref | None = None  # the offer that was accepted
    by: Short = ""
    reason: Long = ""
    follows_refs: Refs = ()


CONTENTS: Mapping[str, type[msgspec.Struct]] = {
    REQUEST: Request,
    OFFER: Offer,
    ANSWER: Answer,
    CAPABILITY: Capability,
    RESERVATION: Reservation,
}
