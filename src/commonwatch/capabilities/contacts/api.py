"""The API of points of contact: the same actions and queries as `commonwatch contact`.

Reading is by release. Nominating, confirming, pinging and answering are the own member's, so its contributors do it on its own node.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from django.http import HttpRequest
from ninja import Field, Path, Query, Router, Schema

from commonwatch.base.clock import now_us
from commonwatch.base.edge import CONTRIBUTOR_AT_HOME, READER, Asked, Paged, caller, page
from commonwatch.base.intake.own import Audience
from commonwatch.base.parties.answering import by
from commonwatch.base.parties.queries import member_named
from commonwatch.base.parties.visibility import members
from commonwatch.base.release.reader import reader_of
from commonwatch.capabilities.contacts import actions, given, queries, showing
from commonwatch.core.stix.response import contacts as stix

contacts = Router(tags=["contacts"])
Identity = Annotated[str, Path(max_length=300, description="The object's STIX id.")]
MemberName = Annotated[str, Path(max_length=100, description="The member's name.")]


class ContactIn(Schema):
    """Who is reached in which matter, when, how."""

    name: str = Field(min_length=1, max_length=200, description="An office rather than a person.")
    roles: list[stix.Role] = Field(min_length=1, max_length=5)
    position: str = Field("", max_length=300)
    telephone: str = Field("", max_length=300)
    email: str = Field("", max_length=300)
    channel: str = Field("", max_length=300, description="A secure one.")
    languages: list[str] = Field([], max_length=30)
    time_zone: str = Field("UTC", max_length=60, description="Such as Africa/Nairobi.")
    hours: list[str] = Field([], max_length=20, description="mon-fri 09:00-17:00, each; none: always.")
    away: list[str] = Field([], max_length=100, description="BEGIN/END, each: when nobody is there.")
    level: int = Field(1, ge=1, le=9, description="In which order they are tried.")
    openpgp: str = Field("", max_length=60, description="Fingerprint, 40 digits.")
    tlp: str = Field("TLP:AMBER", max_length=20)
    members: list[str] = Field([], max_length=100, description="Members that may know of it.")
    communities: list[str] = Field([], max_length=20, description="Communities that may.")
    altered: bool = Field(False, description="Accept that law has it pseudonymised for some.")

    @property
    def value(self) -> stix.Contact:
        """The same, as it is written."""
        return stix.Contact(
            name=self.name,
            roles=tuple(self.roles),
            position=self.position,
            telephone=self.telephone,
            email=self.email,
            channel=self.channel,
            languages=tuple(self.languages),
            time_zone=self.time_zone,
            hours=given.hours(self.hours),
            away=given.away(self.away),
            level=self.level,
            openpgp=self.openpgp.replace(" ", "").upper(),
        )

    @property
    def audience(self) -> Audience:
        """Whom it is for."""
        return Audience(self.tlp, tuple(self.members), tuple(self.communities), altered=self.altered)


class PingIn(Schema):
    """A question whether anybody is there."""

    text: str = Field("", max_length=300)
    minutes: int = Field(actions.DEFAULT_MINUTES, ge=1, le=actions.MOST_MINUTES)
    escalates: bool = Field(False, description="Go on to the next contact where nobody answers.")


class AnswerIn(Schema):
    """A person's answer."""

    text: str = Field("", max_length=300)


class ProfileIn(Schema):
    """What a team says of itself, by the numbers of RFC 2350's sections."""

    name: str = Field(min_length=1, max_length=200)
    sections: dict[str, str] = Field({}, description="By number, e.g. 3.2.")
    tlp: str = Field("TLP:GREEN", max_length=20)
    members: list[str] = Field([], max_length=100)
    communities: list[str] = Field([], max_length=20)


class Why(Schema):
    """Why, for the record."""

    reason: str = Field(min_length=1, max_length=2000)


class Made(Schema):
    """What was written."""

    id: str


class WhichDuty(Schema):
    """For what, and of whom."""

    role: str = Field("", max_length=30)
    member: str = Field("", max_length=100, description="By name; empty: of everybody.")


@contacts.get("/contacts", response=Paged[dict[str, Any]], auth=READER)
def list_contacts(request: HttpRequest, asked: Query[Asked]) -> Any:
    """The points of contact that you may know of: who is there now, which confirmations are overdue."""
    reader, now = reader_of(caller(request)), now_us()

    def following(after: int | None, count: int) -> list[tuple[int, Any]]:
        return queries.contacts(reader, now, after, count)

    return page(request, asked, following, lambda one: one[0], lambda one: showing.shown_contact(one[1]))


@contacts.post("/contacts", response=Made, auth=CONTRIBUTOR_AT_HOME)
def nominate(request: HttpRequest, given: ContactIn) -> Any:
    """Nominate a point of contact of your member."""
    return {"id": actions.nominate(given.value, given.audience, by(request))}


@contacts.get("/contacts/duty", response=list[dict[str, Any]], auth=READER)
def show_duty(request: HttpRequest, which: Query[WhichDuty]) -> Any:
    """Whom to try now, in order: who is there first, then by when somebody is there again."""
    who = caller(request)
    identity = member_named(which.member, members(who)).identity if which.member else ""
    found = queries.on_duty(reader_of(who), now_us(), which.role, identity)
    return [showing.shown_contact(view) for view in found]


@contacts.get("/contacts/measures", response=list[dict[str, Any]], auth=READER)
def show_measures(request: HttpRequest) -> Any:
    """How each member answered the pings of the last 90 days that you may know of: population, silence, quantiles."""
    return [showing.shown_measure(one) for one in queries.measures(reader_of(caller(request)), now_us())]


@contacts.get("/contacts/{identity}", response=dict[str, Any], auth=READER)
def show_contact(request: HttpRequest, identity: Identity) -> Any:
    """One contact with its pings and its member's keys."""
    return showing.shown_whole(queries.contact(reader_of(caller(request)), identity, now_us()))


@contacts.patch("/contacts/{identity}", response=Made, auth=CONTRIBUTOR_AT_HOME)
def change(request: HttpRequest, identity: Identity, given: ContactIn) -> Any:
    """Correct one of your own, whole; whom it is for stays."""
    actions.change(identity, given.value, by(request))
    return {"id": identity}


@contacts.post("/contacts/{identity}/confirmation", response=Made, auth=CONTRIBUTOR_AT_HOME)
def confirm(request: HttpRequest, identity: Identity) -> Any:
    """Say that one of your own still holds; due once a year."""
    actions.confirm(identity, by(request))
    return {"id": identity}


@contacts.delete("/contacts/{identity}", response=Made, auth=CONTRIBUTOR_AT_HOME)
def end(request: HttpRequest, identity: Identity, why: Query[Why]) -> Any:
    """Take one of your own back."""
    actions.end(identity, why.reason, by(request))
    return {"id": identity}


@contacts.post("/contacts/{identity}/pings", response=Made, auth=CONTRIBUTOR_AT_HOME)
def ping(request: HttpRequest, identity: Identity, given: PingIn) -> Any:
    """Ask whether anybody is there; only the contact's member gets it."""
    made = actions.ping(identity, by(request), text=given.text, minutes=given.minutes, escalates=given.escalates)
    return {"id": made}


@contacts.post("/contact-pings/{identity}/answer", response=Made, auth=CONTRIBUTOR_AT_HOME)
def answer(request: HttpRequest, identity: Identity, given: AnswerIn) -> Any:
    """Answer, as a person, a ping of one of your own contacts."""
    return {"id": actions.answer(identity, by(request), text=given.text)}


@contacts.get("/contact-profiles/{name}", response=dict[str, Any], auth=READER)
def show_profile(request: HttpRequest, name: MemberName) -> Any:
    """A member's profile after RFC 2350, with what it leaves out."""
    who = caller(request)
    return msgspec.to_builtins(queries.team(reader_of(who), member_named(name, members(who)).identity, now_us()))


@contacts.put("/contact-profiles", response=Made, auth=CONTRIBUTOR_AT_HOME)
def set_profile(request: HttpRequest, given: ProfileIn) -> Any:
    """Say what your team is, after RFC 2350; given again, it is a later version."""
    audience = Audience(given.tlp, tuple(given.members), tuple(given.communities))
    return {"id": actions.set_profile(stix.Profile(given.name, given.sections), audience, by(request))}


routers = (contacts,)
