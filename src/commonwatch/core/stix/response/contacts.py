"""What members write so that others reach them: points of contact, pings and their answers, the profile of a team.

A `point-of-contact` is the root of a thread, by the member that it speaks for; a later version confirms it. A `contact-ping` asks whether
anybody is there, a `contact-pong` answers: by a person, or by a node by itself, and which of both is said. A `team-profile` holds
what a team says of itself after RFC 2350, by the numbers of its sections.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

import msgspec

CONTACT, PING, PONG, PROFILE = "point-of-contact", "contact-ping", "contact-pong", "team-profile"
ROOTS = frozenset({CONTACT, PROFILE})
ROOT_PROPERTIES: Mapping[str, str] = {PING: "contact_ref", PONG: "contact_ref"}

Role: TypeAlias = Literal["technical", "diplomatic", "law-enforcement", "round-the-clock", "policy"]
ROLES: tuple[Role, ...] = ("technical", "diplomatic", "law-enforcement", "round-the-clock", "policy")
Day: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Short = Annotated[str, msgspec.Meta(max_length=300)]
Long = Annotated[str, msgspec.Meta(max_length=20_000)]
Clock = Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]
Time = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$", max_length=40)]
Language = Annotated[str, msgspec.Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
Ref = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_-]{1,250}--[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Section = Annotated[str, msgspec.Meta(pattern=r"^[1-7](\.\d{1,2}){0,2}$")]


class Hours(msgspec.Struct, frozen=True, omit_defaults=True):
    """Hours of the wall clock on some days of the week; until before from is over midnight."""

    days: Annotated[tuple[Day, ...], msgspec.Meta(min_length=1, max_length=7)]
    begins: Clock
    ends: Clock


class Away(msgspec.Struct, frozen=True):
    """A time in which nobody is there."""

    begins: Time
    ends: Time


class Contact(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who is reached in which matter, when, in which languages, how."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]  # an office rather than a person
    roles: Annotated[tuple[Role, ...], msgspec.Meta(min_length=1, max_length=5)]
    position: Short = ""
    telephone: Short = ""
    email: Short = ""
    channel: Short = ""  # a secure one
    languages: Annotated[tuple[Language, ...], msgspec.Meta(max_length=30)] = ()
    time_zone: Annotated[str, msgspec.Meta(max_length=60)] = "UTC"  # of the IANA database
    hours: Annotated[tuple[Hours, ...], msgspec.Meta(max_length=20)] = ()  # none: always
    away: Annotated[tuple[Away, ...], msgspec.Meta(max_length=100)] = ()
    level: Annotated[int, msgspec.Meta(ge=1, le=9)] = 1  # in which order they are tried
    openpgp: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-F]{40}$")] = ""  # fingerprint, as its member says
    confirmed: Time = ""  # when its member last said that it holds


class Ping(msgspec.Struct, frozen=True, omit_defaults=True):
    """A question whether anybody is there, by when an answer is hoped for, and what it goes on from."""

    contact_ref: Ref
    text: Short = ""
    by: Short = ""
    answer_by: Time = ""
    escalates: bool = False  # whether the next one is pinged where nobody answers
    ping_ref: Ref | None = None  # the one that nobody answered


class Pong(msgspec.Struct, frozen=True, omit_defaults=True):
    """An answer."""

    contact_ref: Ref
    ping_ref: Ref
    by: Short = ""
    automatic: bool = False
    text: Short = ""


class Profile(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a team says of itself, by the numbers of RFC 2350's sections."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    sections: Annotated[dict[Section, Long], msgspec.Meta(max_length=60)] = {}


CONTENTS: Mapping[str, type[msgspec.Struct]] = {CONTACT: Contact, PING: Ping, PONG: Pong, PROFILE: Profile}
