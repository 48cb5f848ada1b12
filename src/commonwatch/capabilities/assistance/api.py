"""The API of mutual assistance: the same actions and queries as `commonwatch assist`.

Reading is by release. Asking, offering and answering are the own member's, so its contributors do it on its own node.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from django.http import HttpRequest
from ninja import Field, Path, Query, Router, Schema

from commonwatch.base.clock import now_us
from commonwatch.base.edge import CONTRIBUTOR_AT_HOME, READER, Asked, Paged, caller, page
from commonwatch.base.intake.own import Audience, reach
from commonwatch.base.parties.answering import by
from commonwatch.base.release.reader import reader_of
from commonwatch.capabilities.assistance import actions, queries, showing
from commonwatch.capabilities.assistance.actions import Asked as Wanted
from commonwatch.capabilities.assistance.actions import Given, Said
from commonwatch.capabilities.assistance.facts import form_named, forms, skills
from commonwatch.core.stix.response import assistance as stix

assistance = Router(tags=["assistance"])
Identity = Annotated[str, Path(max_length=300, description="The object's STIX id.")]
FormName = Annotated[str, Path(max_length=60, description="The form's id.")]
_TIME = Field("", max_length=40, description="STIX timestamp; empty for none.")


class ContactIn(Schema):
    """Who speaks for your member in this."""

    name: str = Field(min_length=1, max_length=200)
    reach: str = Field("", max_length=300, description="Telephone, mail, channel.")
    contact: str = Field("", max_length=300, description="A point of contact on record, by its id.")

    @property
    def value(self) -> stix.Contact:
        """The same, as it is written."""
        return stix.Contact(self.name, self.reach, self.contact or None)


class NeedIn(Schema):
    """One thing that is asked for."""

    id: str = Field(max_length=60, description="Within the request, e.g. n1.")
    skill: str = Field(max_length=60, description="A word of /assistance/skills.")
    quantity: int = Field(1, ge=1, le=stix.MOST_UNITS)
    languages: list[str] = Field([], max_length=30, description="Any of them will do.")
    utc_offset: int = Field(0, ge=-720, le=840, description="Minutes from UTC where the work is.")
    on_site: bool = False
    begins: str = _TIME
    ends: str = _TIME
    note: str = Field("", max_length=300)

    @property
    def value(self) -> stix.Need:
        """The same, as it is written."""
        return stix.Need(
            self.id,
            self.skill,
            self.quantity,
            tuple(self.languages),
            self.utc_offset,
            self.on_site,
            self.begins,
            self.ends,
            self.note,
        )


class PartIn(Schema):
    """What of a need, how much of it, out of what."""

    need: str = Field(max_length=60)
    quantity: int = Field(1, ge=1, le=stix.MOST_UNITS)
    capability: str = Field("", max_length=300, description="A capability of the one that offers, by its id.")

    @property
    def value(self) -> stix.Part:
        """The same, as it is written."""
        return stix.Part(self.need, self.quantity, self.capability or None)


class AudienceIn(Schema):
    """Whom it is for; nobody named is the own member alone."""

    tlp: str = Field("TLP:AMBER", max_length=20)
    members: list[str] = Field([], max_length=100, description="Members by name.")
    communities: list[str] = Field([], max_length=20)
    altered: bool = Field(False, description="Accept that law has it pseudonymised or stripped for some.")

    @classmethod
    def nobody(cls) -> AudienceIn:
        """Nobody but the own member."""
        return cls.model_validate({})

    @property
    def value(self) -> Audience:
        """The same, as it is marked."""
        return Audience(self.tlp, tuple(self.members), tuple(self.communities), altered=self.altered)


class RequestIn(Schema):
    """A filled form."""

    form: str = Field(max_length=60)
    name: str = Field(min_length=1, max_length=300, description="What it is about, in a line.")
    contact: ContactIn
    answers: dict[str, str] = Field({}, description="By the names of the form's fields.")
    needs: list[NeedIn] = Field([], max_length=stix.MOST_NEEDS)
    urgency: Literal["routine", "urgent", "emergency"] = "routine"
    asked: list[str] = Field([], max_length=100, description="Members that are asked by name.")
    case: str = Field("", max_length=300)
    expires: str = _TIME
    hours: dict[str, int] = Field({}, description="acknowledge, answer, deliver; else those of the form. 0 sets none.")
    audience: AudienceIn = Field(default_factory=AudienceIn.nobody)

    @property
    def value(self) -> Wanted:
        """The same, as the action takes it."""
        return Wanted(
            form=self.form,
            name=self.name,
            contact=self.contact.value,
            answers=self.answers,
            needs=tuple(one.value for one in self.needs),
            urgency=self.urgency,
            asked=tuple(self.asked),
            case=self.case,
            expires=self.expires,
            hours=self.hours,
        )


class OfferIn(Schema):
    """What you would do, and on which terms."""

    contact: ContactIn
    parts: list[PartIn] = Field([], max_length=stix.MOST_NEEDS)
    terms: str = Field("", max_length=20_000)
    costs: str = Field("", max_length=300)
    basis: str = Field("", max_length=300, description="The agreement under which it is given.")
    languages: list[str] = Field([], max_length=30)
    deliver_by: str = _TIME
    expires: str = _TIME

    @property
    def value(self) -> Given:
        """The same, as the action takes it."""
        return Given(
            self.contact.value,
            tuple(one.value for one in self.parts),
            self.terms,
            self.costs,
            self.basis,
            tuple(self.languages),
            self.deliver_by,
            self.expires,
        )


class ActIn(Schema):
    """One act about a request or an offer."""

    act: stix.Act
    about: str = Field("", max_length=300, description="The offer; empty: the request.")
    reason: str = Field("", max_length=20_000)
    terms: str = Field("", max_length=20_000)
    parts: list[PartIn] = Field([], max_length=stix.MOST_NEEDS, description="Of an acceptance in part.")


class CapabilityIn(Schema):
    """What your member can give."""

    name: str = Field(min_length=1, max_length=300)
    skill: str = Field(max_length=60)
    quantity: int = Field(1, ge=1, le=stix.MOST_UNITS)
    languages: list[str] = Field([], max_length=30)
    utc_offset: int = Field(0, ge=-720, le=840)
    on_site: bool = False
    begins: str = _TIME
    ends: str = _TIME
    notice_hours: int = Field(0, ge=0, le=8_760)
    audience: AudienceIn = Field(default_factory=AudienceIn.nobody)

    @property
    def value(self) -> stix.Capability:
        """The same, as it is written."""
        return stix.Capability(
            name=self.name,
            skill=self.skill,
            quantity=self.quantity,
            languages=tuple(self.languages),
            utc_offset=self.utc_offset,
            on_site=self.on_site,
            begins=self.begins,
            ends=self.ends,
            notice_hours=self.notice_hours,
        )


class ReservationIn(Schema):
    """How much is held, and when."""

    quantity: int = Field(1, ge=1, le=stix.MOST_UNITS)
    begins: str = _TIME
    ends: str = _TIME
    reason: str = Field("", max_length=20_000)


class Why(Schema):
    """Why; the other side reads it."""

    reason: str = Field(min_length=1, max_length=20_000)


class PairIn(Why):
    """A proposed pair, and why not."""

    need: str = Field(min_length=1, max_length=400)
    supply: str = Field(min_length=1, max_length=400)


class WhichRequests(Asked):
    """Which requests."""

    open: bool = Field(False, description="Only those that are not closed, withdrawn or expired.")


class Made(Schema):
    """What was written."""

    id: str


class Look(Schema):
    """Whether it is only looked at."""

    preview: bool = Field(False, description="Only say whom it would reach; nothing is sent.")


@assistance.get("/assistance/forms", response=dict[str, Any], auth=READER)
def list_forms(request: HttpRequest) -> Any:
    """The forms on which help is asked for, with their fields, sources, and whether the official template was seen."""
    return msgspec.to_builtins(forms())


@assistance.get("/assistance/forms/{name}", response=dict[str, Any], auth=READER)
def show_form(request: HttpRequest, name: FormName) -> Any:
    """One form."""
    return msgspec.to_builtins(form_named(name))


@assistance.get("/assistance/skills", response=dict[str, Any], auth=READER)
def list_skills(request: HttpRequest) -> Any:
    """What can be asked for and offered."""
    return msgspec.to_builtins(skills())


@assistance.get("/assistance/requests", response=Paged[dict[str, Any]], auth=READER)
def list_requests(request: HttpRequest, asked: Query[WhichRequests]) -> Any:
    """Requests that you may know of, what changed last first: state, what is missing, who is silent."""
    reader, now = reader_of(caller(request)), now_us()

    def following(after: int | None, count: int) -> list[tuple[int, Any]]:
        return queries.requests(reader, now, after, count, is_open=asked.open)

    return page(request, asked, following, lambda one: one[0], lambda one: showing.shown_in_list(one[1]))


@assistance.post("/assistance/requests", response=dict[str, Any], auth=CONTRIBUTOR_AT_HOME)
def ask(request: HttpRequest, given: RequestIn, look: Query[Look]) -> Any:
    """Ask for help on a form, or see whom it would reach. Every gap of the form is named."""
    who, audience = by(request), actions.with_asked(given.value, given.audience.value)
    if look.preview:
        found = reach([actions.drafted(given.value, who)], audience, now_us=who.now_us)
        return {"preview": True, "reach": msgspec.to_builtins(found), "id": None}
    return {"preview": False, "reach": None, "id": actions.request(given.value, given.audience.value, who)}


@assistance.get("/assistance/requests/{identity}", response=dict[str, Any], auth=READER)
def show_request(request: HttpRequest, identity: Identity) -> Any:
    """A request with its thread: who said what when, offers, clocks, who is silent, and what your member can do now."""
    who, now = caller(request), now_us()
    view = queries.request(reader_of(who), identity, now)
    possible = actions.possible_now(view) if who.is_at_home and who.holds("contributor") else ()
    return showing.shown_request(view, possible, reader_of(who), now)


@assistance.post("/assistance/requests/{identity}/offers", response=Made, auth=CONTRIBUTOR_AT_HOME)
def make_offer(request: HttpRequest, identity: Identity, given: OfferIn) -> Any:
    """Offer help with a request."""
    return {"id": actions.offer(identity, given.value, by(request))}


@assistance.post("/assistance/requests/{identity}/acts", response=dict[str, Any], auth=CONTRIBUTOR_AT_HOME)
def take_act(request: HttpRequest, identity: Identity, given: ActIn) -> Any:
    """Acknowledge, refuse, accept, begin, wait, deliver, dispute, confirm, close or withdraw."""
    said = Said(given.reason, given.terms, tuple(one.value for one in given.parts))
    made = actions.answer(identity, given.about or identity, given.act, said, by(request))
    view = queries.request(reader_of(caller(request)), identity, now_us())
    return {"id": made, "state": view.state}


@assistance.get("/assistance/capabilities", response=Paged[dict[str, Any]], auth=READER)
def list_capabilities(request: HttpRequest, asked: Query[Asked]) -> Any:
    """What members can give, how much of it is free, what is contested."""
    reader, now = reader_of(caller(request)), now_us()

    def following(after: int | None, count: int) -> list[tuple[int, Any]]:
        return queries.capabilities(reader, now, after, count)

    return page(request, asked, following, lambda one: one[0], lambda one: showing.shown_capability(one[1]))


@assistance.post("/assistance/capabilities", response=Made, auth=CONTRIBUTOR_AT_HOME)
def add_capability(request: HttpRequest, given: CapabilityIn) -> Any:
    """Put into the catalogue what your member can give."""
    return {"id": actions.add_capability(given.value, given.audience.value, by(request))}


@assistance.get("/assistance/capabilities/{identity}", response=dict[str, Any], auth=READER)
def show_capability(request: HttpRequest, identity: Identity) -> Any:
    """One capability with its reservations."""
    return showing.shown_capability(queries.capability(reader_of(caller(request)), identity, now_us()))


@assistance.delete("/assistance/capabilities/{identity}", response=Made, auth=CONTRIBUTOR_AT_HOME)
def end_capability(request: HttpRequest, identity: Identity, why: Query[Why]) -> Any:
    """Take one of your own out of the catalogue."""
    actions.end_capability(identity, why.reason, by(request))
    return {"id": identity}


@assistance.post("/assistance/capabilities/{identity}/reservations", response=Made, auth=CONTRIBUTOR_AT_HOME)
def reserve(request: HttpRequest, identity: Identity, given: ReservationIn) -> Any:
    """Hold some of a capability; where there is not enough left it is contested, and its owner decides."""
    return {"id": actions.reserve(identity, given.quantity, given.begins, given.ends, given.reason, by(request))}


@assistance.delete("/assistance/reservations/{identity}", response=Made, auth=CONTRIBUTOR_AT_HOME)
def release(request: HttpRequest, identity: Identity, why: Query[Why]) -> Any:
    """Give back what you reserved; or refuse, as the owner, what another reserved."""
    return {"id": actions.release(identity, why.reason, by(request))}


@assistance.put("/assistance/reservations/{identity}/allotment", response=Made, auth=CONTRIBUTOR_AT_HOME)
def allot(request: HttpRequest, identity: Identity, given: Why) -> Any:
    """Decide, as the owner, that a reservation stands."""
    return {"id": actions.allot(identity, given.reason, by(request))}


class WhichProposal(Schema):
    """For which request."""

    request: str = Field("", max_length=300, description="One request; empty: everything that is open.")


@assistance.get("/assistance/proposal", response=dict[str, Any], auth=CONTRIBUTOR_AT_HOME)
def propose(request: HttpRequest, which: Query[WhichProposal]) -> Any:
    """Who should help whom, with the reasons for each pair, the next best, and what stays unmet and why. People decide."""
    return showing.shown_proposal(queries.proposal(reader_of(caller(request)), now_us(), which.request))


@assistance.put("/assistance/ignored", response=PairIn, auth=CONTRIBUTOR_AT_HOME)
def ignore(request: HttpRequest, given: PairIn) -> Any:
    """Decide against a proposed pair; it is not proposed here again."""
    actions.ignore(given.need, given.supply, given.reason, by(request))
    return given


@assistance.get("/assistance/ledger", response=dict[str, Any], auth=READER)
def show_ledger(request: HttpRequest) -> Any:
    """Who helped whom within a year, what each gave and got, and who answers when asked: of the requests that you may know of."""
    return showing.shown_ledger(queries.account(reader_of(caller(request)), now_us()))


routers = (assistance,)
