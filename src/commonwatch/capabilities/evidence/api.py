"""The API of evidence and legal requests: the same actions and queries as `commonwatch evidence` and `legal`.

Reading is by release: who has an item has its chain, and may fetch its sealed content. Content comes in as the body of a request, sealed
while it comes; it goes out piece by piece, sealed, so that what broke off is gone on with.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from django.http import HttpRequest
from ninja import Field, Path, Query, Router, Schema

from commonwatch.base.clock import now_us
from commonwatch.base.edge import CONTRIBUTOR_AT_HOME, READER, Asked, Paged, caller, page
from commonwatch.base.intake.own import Audience
from commonwatch.base.parties.answering import by
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.reader import reader_of
from commonwatch.capabilities.evidence import actions, queries
from commonwatch.capabilities.evidence.actions import Collected
from commonwatch.capabilities.evidence.case_uco import case_uco
from commonwatch.capabilities.evidence.legal import actions as legal_actions
from commonwatch.capabilities.evidence.legal import queries as legal_queries
from commonwatch.capabilities.evidence.legal.actions import Asking
from commonwatch.capabilities.evidence.legal.instruments import instruments
from commonwatch.capabilities.evidence.receiving import bits
from commonwatch.capabilities.evidence.store import fetched, opened
from commonwatch.core.errors import NotFound
from commonwatch.core.stix.response.evidence import LegalAnswer, NoteKind

evidence = Router(tags=["evidence"])
legal = Router(tags=["legal requests"])
Identity = Annotated[str, Path(max_length=300, description="The object's STIX id.")]
Digest = Annotated[str, Path(max_length=64, description="SHA-256 of the piece.")]
_TEXT = Field("", max_length=20_000)
_LINE = Field("", max_length=500)


class Made(Schema):
    """What was written."""

    id: str


class Piece(Schema):
    """One piece of sealed content."""

    sha256: str
    content: str = Field(description="Base64.")


class ItemIn(Schema):
    """What a person says about a thing that was collected. Its content is the body of the request."""

    name: str = Field(min_length=1, max_length=500)
    basis: str = Field(min_length=1, max_length=500, description="Legal basis: the law, order or consent.")
    collected_by: str = Field(min_length=1, max_length=500)
    collected_at: str = Field(max_length=40, description="STIX timestamp.")
    tool: str = _LINE
    method: str = _LINE
    place: str = _LINE
    description: str = Field("", max_length=2_000)
    case: str = Field("", max_length=300, description="Id of the case that it belongs to.")
    request: str = Field("", max_length=300, description="Id of the legal request that it answers.")
    recipients: list[str] = Field(
        [], max_length=60, description="Public keys of age or OpenSSH, besides those of the settings."
    )
    tlp: str = Field("TLP:AMBER+STRICT", max_length=32)
    members: list[str] = Field([], max_length=200)

    @property
    def collected(self) -> Collected:
        """The same, as the action takes it."""
        return Collected(
            self.name,
            self.collected_by,
            self.collected_at,
            self.basis,
            self.tool,
            self.method,
            self.place,
            self.description,
            self.case,
            self.request,
        )


class OfferIn(Schema):
    """To whom an item is offered."""

    member: str = Field(min_length=1, max_length=100)
    purpose: str = Field(min_length=1, max_length=500, description="What for.")
    conditions: str = _TEXT


class AnswerIn(Schema):
    """Whether what was offered is taken over."""

    answer: Literal["accepted", "refused"]
    reason: str = Field("", max_length=20_000, description="Of a refusal.")


class NoteIn(Schema):
    """What was done with an item."""

    kind: NoteKind
    done_by: str = Field(min_length=1, max_length=500)
    done_at: str = Field(max_length=40, description="STIX timestamp.")
    text: str = _TEXT
    tool: str = _LINE


class ReaderIn(Schema):
    """Who is to see an item."""

    member: str = Field(min_length=1, max_length=100)


class WhichItems(Asked):
    """Which items."""

    case: str = Field("", max_length=300, description="Only of this case, by its id.")


class WaysAsked(Schema):
    """Between whom, what for, on which day."""

    to: str = Field(max_length=100, description="The member that is asked.")
    purpose: str = Field(max_length=60, description="One of the purposes of /legal/instruments.")
    asking: str = Field("", max_length=100, description="The member that asks; empty: the own one.")
    on: date | None = Field(None, description="Empty: today.")
    offences: list[str] = Field([], max_length=50)


class RequestIn(Schema):
    """A request, with what the form needs beyond the facts."""

    to: str = Field(min_length=1, max_length=100)
    purpose: str = Field(min_length=1, max_length=60)
    name: str = Field(min_length=1, max_length=500)
    person: str = Field(min_length=1, max_length=500, description="Who signs it.")
    instrument: str = Field("", max_length=60, description="Empty: the first that is open.")
    offences: list[str] = Field([], max_length=50)
    days: int = Field(60, ge=1, le=3650)
    case: str = Field("", max_length=300)
    preservation: str = Field("", max_length=300)
    looked_up: str = Field("", max_length=2000, description="How it was settled what the list does not know.")
    fields: dict[str, str] = Field({}, description="By the names of the fields of the form.")
    tlp: str = Field("TLP:AMBER+STRICT", max_length=32)
    also: list[str] = Field([], max_length=100, description="Further members that may know.")

    @property
    def value(self) -> Asking:
        """The same, as the action takes it."""
        return Asking(
            self.to,
            self.purpose,
            self.name,
            self.person,
            self.instrument,
            tuple(self.offences),
            self.days,
            self.case,
            self.preservation,
            self.looked_up,
            self.fields,
            self.tlp,
            tuple(self.also),
        )


class LegalAnswerIn(Schema):
    """What the side that is asked does."""

    answer: LegalAnswer
    text: str = _TEXT
    reference: str = _LINE
    grounds: list[str] = Field([], max_length=20)
    preserved_from: str = Field("", max_length=10)
    preserved_until: str = Field("", max_length=10)
    items: list[str] = Field([], max_length=1000, description="Evidence that was handed over.")


class ExtensionIn(Schema):
    """Until when data are to be kept."""

    until: str = Field(max_length=10)
    reason: str = Field(min_length=1, max_length=20_000)


class Why(Schema):
    """Why."""

    reason: str = Field(min_length=1, max_length=20_000)


class Look(Schema):
    """Whether it is only looked at."""

    preview: bool = Field(False, description="Only fill the form and name what is missing; nothing is sent.")


@evidence.get("/evidence", response=Paged[dict[str, Any]], auth=READER)
def list_items(request: HttpRequest, asked: Query[WhichItems]) -> Any:
    """Items that you may know of, what changed last first: who holds each, what is on offer."""
    reader = reader_of(caller(request))
    return page(
        request,
        asked,
        lambda after, count: queries.items(reader, after, count, asked.case),
        lambda one: one.seq,
        msgspec.to_builtins,
    )


@evidence.post("/evidence", response=Made, auth=CONTRIBUTOR_AT_HOME)
def add_item(request: HttpRequest, given: Query[ItemIn]) -> Any:
    """Seal the body of the request, whatever is in it, and write the item. It has to say how long it is (Content-Length).

    Nothing plain is written to a disk, and the node cannot open what it sealed.
    """
    whom = Audience(given.tlp, tuple(given.members))
    with actions.adding(given.collected, whom, given.recipients, by(request)) as item:
        for bit in bits(request):
            item.content.write(bit)
        return {"id": item.kept()}


@evidence.get("/evidence/{identity}", response=dict[str, Any], auth=READER)
def show_item(request: HttpRequest, identity: Identity) -> Any:
    """An item with its sums, every act of its chain, what is wrong with it, and which time stamps are missing."""
    return msgspec.to_builtins(queries.item(reader_of(caller(request)), identity))


@evidence.get("/evidence/{identity}/case-uco", response=dict[str, Any], auth=READER)
def show_case_uco(request: HttpRequest, identity: Identity) -> Any:
    """An item with its chain as CASE/UCO (JSON-LD), for forensic tools."""
    return case_uco(queries.item(reader_of(caller(request)), identity))


@evidence.get("/evidence/{identity}/pieces", response=list[str], auth=READER)
def list_pieces(request: HttpRequest, identity: Identity) -> Any:
    """SHA-256 of every piece of an item's sealed content that is here: the manifest, then its parts in order. That is on record."""
    return actions.give_content(reader_of(caller(request)), identity, by(request))


@evidence.get("/evidence/{identity}/pieces/{digest}", response=Piece, auth=READER)
def get_piece(request: HttpRequest, identity: Identity, digest: Digest) -> Any:
    """One piece, as it lies in the store: sealed, for its recipients only."""
    store = opened()
    if digest not in queries.pieces_of(queries.known(reader_of(caller(request)), identity).chain, store):
        raise NotFound("piece-unknown", "It is no piece of this item.", "See the list of pieces.")
    return {"sha256": digest, "content": b64encode(fetched(store, digest)).decode()}


@evidence.post("/evidence/{identity}/offers", response=Made, auth=CONTRIBUTOR_AT_HOME)
def offer_item(request: HttpRequest, identity: Identity, given: OfferIn) -> Any:
    """Offer an item to another member: it is theirs once they accept."""
    return {"id": actions.hand_over(identity, given.member, given.purpose, by(request), given.conditions)}


@evidence.post("/evidence/{identity}/answers", response=Made, auth=CONTRIBUTOR_AT_HOME)
def answer_offer(request: HttpRequest, identity: Identity, given: AnswerIn) -> Any:
    """Take over or refuse what was offered to us. Sealed content that is here is compared, up to 256 MiB; more on the command line."""
    if given.answer == "accepted":
        return {"id": actions.accept(identity, by(request), most_bytes=actions.AT_ONCE_BYTES)}
    return {"id": actions.refuse(identity, given.reason, by(request))}


@evidence.post("/evidence/{identity}/notes", response=Made, auth=CONTRIBUTOR_AT_HOME)
def add_note(request: HttpRequest, identity: Identity, given: NoteIn) -> Any:
    """Say what was done with an item that is held here; `withdrawn` takes an offer back."""
    made = actions.note(identity, given.kind, given.done_by, given.done_at, by(request), given.text, given.tool)
    return {"id": made}


@evidence.post("/evidence/{identity}/readers", response=dict[str, Any], auth=CONTRIBUTOR_AT_HOME)
def share_item(request: HttpRequest, identity: Identity, given: ReaderIn) -> Any:
    """Show another member what is ours of an item's chain."""
    return {"shown": actions.share(identity, given.member, by(request))}


@legal.get("/legal/instruments", response=dict[str, Any], auth=READER)
def list_instruments(request: HttpRequest) -> Any:
    """Treaties with their parties and days, purposes, offences, grounds for refusal, forms: as of when, from which source, verified or not."""
    return msgspec.to_builtins(instruments())


@legal.get("/legal/ways", response=list[dict[str, Any]], auth=READER)
def list_ways(request: HttpRequest, asked: Query[WaysAsked]) -> Any:
    """By which treaty one member may ask another on a day, with reasons and the checklist. No legal advice: a person decides."""
    on = asked.on or legal_queries.today(now_us())
    asking = asked.asking or own_member().name
    return msgspec.to_builtins(legal_queries.may_ask(asking, asked.to, asked.purpose, on, tuple(asked.offences)))


@legal.get("/legal/requests", response=Paged[dict[str, Any]], auth=READER)
def list_requests(request: HttpRequest, asked: Query[Asked]) -> Any:
    """Requests that you may know of, what changed last first: state, and how long data are kept."""
    reader, now = reader_of(caller(request)), now_us()
    return page(
        request,
        asked,
        lambda after, count: legal_queries.requests(reader, after, count, now),
        lambda one: one.seq,
        msgspec.to_builtins,
    )


@legal.post("/legal/requests", response=dict[str, Any], auth=CONTRIBUTOR_AT_HOME)
def send_request(request: HttpRequest, given: RequestIn, look: Query[Look]) -> Any:
    """Send a request by a way that is open today, or only see its form as far as the facts fill it."""
    if look.preview:
        way, filled = legal_actions.prepared(given.value, now_us())
        seen = {
            "form": filled.form.id,
            "article": way.article.ref,
            "fields": dict(filled.values),
            "missing": filled.missing,
        }
        return {"preview": True, "id": None, **seen}
    return {"preview": False, "id": legal_actions.ask(given.value, by(request))}


@legal.get("/legal/requests/{identity}", response=dict[str, Any], auth=READER)
def show_request(request: HttpRequest, identity: Identity) -> Any:
    """A request with its form, every answer, its clocks and the checklist."""
    return msgspec.to_builtins(legal_queries.request(reader_of(caller(request)), identity, now_us()))


@legal.post("/legal/requests/{identity}/answers", response=Made, auth=CONTRIBUTOR_AT_HOME)
def answer_request(request: HttpRequest, identity: Identity, given: LegalAnswerIn) -> Any:
    """Answer a request to us; `preserved` also answers an extension that waits."""
    made = legal_actions.answer(
        identity,
        given.answer,
        by(request),
        text=given.text,
        reference=given.reference,
        grounds=given.grounds,
        preserved_from=given.preserved_from,
        preserved_until=given.preserved_until,
        items=given.items,
    )
    return {"id": made}


@legal.post("/legal/requests/{identity}/extensions", response=Made, auth=CONTRIBUTOR_AT_HOME)
def extend_request(request: HttpRequest, identity: Identity, given: ExtensionIn) -> Any:
    """Ask that preserved data be kept longer. It counts once the other side answers."""
    return {"id": legal_actions.extend(identity, given.until, given.reason, by(request))}


@legal.put("/legal/requests/{identity}/withdrawal", response=Made, auth=CONTRIBUTOR_AT_HOME)
def withdraw_request(request: HttpRequest, identity: Identity, given: Why) -> Any:
    """Say that a request of ours is not needed any more."""
    return {"id": legal_actions.withdraw(identity, given.reason, by(request))}


routers = (evidence, legal)
