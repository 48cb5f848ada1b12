"""The API of duties: the same actions as `commonwatch duties` and the console's pages, for the member that runs the node.

Whoever keeps cases in another program sends their facts here and gets back who must be told by when. Nothing here sends a notice.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from django.http import HttpRequest
from ninja import Field, Path, Query, Router, Schema

from commonwatch.base.clock import now_us
from commonwatch.base.edge import (
    ADMINISTRATOR_AT_HOME,
    CONTRIBUTOR_AT_HOME,
    READER_AT_HOME,
    Asked,
    InWords,
    Paged,
    among,
    page,
    rows,
)
from commonwatch.base.parties.answering import by
from commonwatch.capabilities.duties import actions, feeds, law, lawmaking, notices, queries
from commonwatch.capabilities.duties.case_facts import Facts, read_facts
from commonwatch.capabilities.duties.foreseeing import foreseen
from commonwatch.capabilities.duties.models import Feed
from commonwatch.core.errors import InvalidInput
from commonwatch.core.stix.times import format_time, parse_time

duties = Router(tags=["duties"])

Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="From the list.")]
State = Literal["proposed", "confirmed", "rejected", "closed"]
ListKind = Literal["duties", "holidays"]
REASON = Field(min_length=1, max_length=2000, description="Why, for the record.")
TIME = Field(max_length=40, description="A time, as STIX writes it.")


class SubjectIn(Schema):
    """A member whose duties are asked about."""

    name: str = Field(min_length=1, max_length=200)
    places: list[str] = Field(min_length=1, max_length=60, description="ISO 3166 codes; union for bodies of the EU.")
    roles: list[str] = Field([], max_length=40, description="What it is: nis2-entity, financial-entity ...")
    sectors: list[str] = Field([], max_length=40, description="energy, health, banking ...")


class FactsIn(Schema):
    """What is known of a case. A flag that is left out is open, which is not the same as no."""

    title: str = Field(min_length=1, max_length=300)
    subjects: list[SubjectIn] = Field(min_length=1, max_length=50)
    case: str = Field("", max_length=200, description="The id of the case, in whatever program it is kept.")
    severity: Literal["", "low", "medium", "high", "critical"] = ""
    flags: dict[str, bool] = Field({}, description="personal_data, malicious, payment_made ...")
    times: dict[str, str] = Field({}, description="occurred, detected, aware, classified, paid, recovered, handled.")
    texts: dict[str, str] = Field({}, description="What notices say: summary, impact, measures, contact ...")

    @property
    def facts(self) -> Facts:
        """The same, checked; raises InvalidInput."""
        given = self.model_dump()
        given["times"] = {name: _moment(text) for name, text in self.times.items()}
        return read_facts(given)


class Chosen(Schema):
    """One of the answers of an assessment."""

    member: str = Field(max_length=200)
    place: str = Field(max_length=40)
    regime: str = Field(max_length=80)


class ProposeIn(Schema):
    """Facts whose duties are kept as proposals."""

    facts: FactsIn
    only: list[Chosen] | None = Field(None, max_length=500, description="Only these; default: all that are in force.")


class DutiesAsked(Asked):
    """Which duties."""

    state: list[State] = Field([], max_length=4)
    case: str = Field("", max_length=200)
    member: str = Field("", max_length=200)
    regime: str = Field("", max_length=80)


class Why(Schema):
    """Why, for the record."""

    reason: str = REASON


class EventIn(Schema):
    """An event that starts clocks."""

    event: str = Field(max_length=80, description="One of `may_happen` of the duty.")
    at: str = TIME
    basis: str = Field(min_length=1, max_length=2000, description="Who says so, or where it stands.")
    answer_by: str = Field("", max_length=40, description="For a request: the time that was set for the answer.")


class ExtensionIn(Schema):
    """More time for a notice."""

    until: str = TIME
    ground: str = Field(min_length=1, max_length=2000, description="Who granted it, on which ground.")


class DraftIn(Schema):
    """A draft as a person wrote it."""

    text: str = Field(max_length=notices.LONGEST_TEXT, description="Empty: made from the facts again.")


class SentIn(InWords):
    """What a person sent; `language`: that of the draft, where no other text is given."""

    at: str = TIME
    how: str = Field(min_length=1, max_length=200, description="portal, mail, telephone ...")
    to: str = Field(min_length=1, max_length=300)
    text: str = Field("", max_length=notices.LONGEST_TEXT, description="Where it differs from the draft.")


class ReceiptIn(Schema):
    """What came back."""

    at: str = TIME
    reference: str = Field("", max_length=300)
    receipt: str = Field("", max_length=notices.LONGEST_TEXT)
    file_name: str = Field("", max_length=300)
    file_sha256: str = Field("", max_length=64, description="The file itself is not kept here.")


class LawIn(Why):
    """An edited list."""

    list: dict[str, Any] = Field(description="In the form that GET gives.")


class LawAsked(Schema):
    """Whether it is only looked at."""

    preview: bool = Field(True, description="Only say what it would change and which open clocks would move.")


class FeedIn(Schema):
    """An address of the calendar."""

    label: str = Field(min_length=1, max_length=200, description="Who reads it.")


@duties.post("/duties/assess", response=list[dict[str, Any]], auth=CONTRIBUTOR_AT_HOME)
def assess(request: HttpRequest, given: FactsIn) -> Any:
    """Which instruments may require notice, to whom, by when, with reasons and open questions. Nothing is kept."""
    return msgspec.to_builtins(foreseen(given.facts, now_us()))


@duties.post("/duties", response=list[dict[str, Any]], auth=CONTRIBUTOR_AT_HOME)
def propose(request: HttpRequest, given: ProposeIn) -> Any:
    """Keep what may apply as proposals, for a person to confirm or reject."""
    only = None if given.only is None else [(one.member, one.place, one.regime) for one in given.only]
    return [queries.shown_duty(one) for one in actions.propose(given.facts.facts, by(request), only)]


@duties.get("/duties", response=Paged[dict[str, Any]], auth=READER_AT_HOME)
def list_duties(request: HttpRequest, asked: Query[DutiesAsked]) -> dict[str, Any]:
    """Duties, newest first, each with the moment of its next notice."""
    wanted = queries.Wanted(tuple(asked.state), asked.case, asked.member, asked.regime)
    return page(request, asked, rows(queries.duties(wanted), "-pk"), lambda one: one.pk, queries.shown_duty)


@duties.get("/duties/notices", response=list[dict[str, Any]], auth=READER_AT_HOME)
def list_open_notices(request: HttpRequest) -> Any:
    """Up to 1,000 notices of confirmed duties that are still to be sent, the earliest first."""
    now, words = now_us(), law.duties_list()
    return [queries.shown_notice(one, now, words) for one in queries.open_notices()[:1000]]


@duties.get("/duties/calendars", response=Paged[dict[str, Any]], auth=CONTRIBUTOR_AT_HOME)
def list_feeds(request: HttpRequest, asked: Query[Asked]) -> dict[str, Any]:
    """Addresses of the calendar that were made; not their tokens, which are not known here."""
    found = among(feeds.feeds(), lambda one: -one.pk)
    return page(request, asked, found, lambda one: -one.pk, _shown_feed)


@duties.post("/duties/calendars", response=dict[str, Any], auth=CONTRIBUTOR_AT_HOME)
def make_feed(request: HttpRequest, given: FeedIn) -> dict[str, Any]:
    """A new address that calendar programs fetch; it is in this answer and nowhere else."""
    made, address = feeds.make_feed(given.label, by(request))
    return {**_shown_feed(made), "address": address}


@duties.delete("/duties/calendars/{number}", response=dict[str, Any], auth=CONTRIBUTOR_AT_HOME)
def revoke_feed(request: HttpRequest, number: Number) -> dict[str, Any]:
    """End an address of the calendar."""
    return _shown_feed(feeds.revoke_feed(number, by(request)))


@duties.get("/duties/law/{kind}", response=dict[str, Any], auth=READER_AT_HOME)
def show_law(request: HttpRequest, kind: ListKind) -> Any:
    """The list in use: duties with their instruments, or public holidays by place."""
    return msgspec.json.decode(law.raw_list(kind))


@duties.put("/duties/law/{kind}", response=dict[str, Any], auth=ADMINISTRATOR_AT_HOME)
def put_law(request: HttpRequest, kind: ListKind, given: LawIn, asked: Query[LawAsked]) -> Any:
    """Use an edited list from now on, or only say what it would change and which open clocks would move."""
    raw = msgspec.json.encode(given.list)
    change = lawmaking.preview(kind, raw) if asked.preview else lawmaking.put_in(kind, raw, given.reason, by(request))
    return {"preview": asked.preview, "change": msgspec.to_builtins(change)}


@duties.delete("/duties/law/{kind}", response=dict[str, Any], auth=ADMINISTRATOR_AT_HOME)
def undo_law(request: HttpRequest, kind: ListKind, given: Query[Why]) -> Any:
    """Take the last list back: the one before it is in use again, and clocks move back."""
    return {"preview": False, "change": msgspec.to_builtins(lawmaking.undo(kind, given.reason, by(request)))}


@duties.get("/duties/{number}", response=dict[str, Any], auth=READER_AT_HOME)
def show_duty(request: HttpRequest, number: Number) -> Any:
    """A duty whole: its law and source, what happened, each notice with its clock and why, its history."""
    return queries.whole_duty(queries.duty_numbered(number), now_us())


@duties.put("/duties/{number}/facts", response=dict[str, Any], auth=CONTRIBUTOR_AT_HOME)
def change_facts(request: HttpRequest, number: Number, given: FactsIn) -> Any:
    """Give a duty the facts as they are known now; its clocks follow."""
    return queries.whole_duty(actions.change_facts(number, given.facts, by(request)), now_us())


@duties.put("/duties/{number}/state/{state}", response=dict[str, Any], auth=CONTRIBUTOR_AT_HOME)
def decide(request: HttpRequest, number: Number, state: State, given: Why) -> Any:
    """Confirm, reject or close a duty; `proposed` takes a rejection back, `confirmed` also a closing."""
    duty = queries.duty_numbered(number)
    if state == "confirmed":
        act = actions.reopen if duty.state == "closed" else actions.confirm
    else:
        act = {"rejected": actions.reject, "closed": actions.close, "proposed": actions.reopen}[state]
    return queries.whole_duty(act(number, given.reason, by(request)), now_us())


@duties.post("/duties/{number}/events", response=dict[str, Any], auth=CONTRIBUTOR_AT_HOME)
def state_event(request: HttpRequest, number: Number, given: EventIn) -> Any:
    """State when an event happened that starts clocks, and who says so."""
    until = _moment(given.answer_by) if given.answer_by else None
    duty = actions.state_event(number, given.event, _moment(given.at), given.basis, by(request), answer_by_us=until)
    return queries.whole_duty(duty, now_us())


@duties.delete("/duties/{number}/events/{event}", response=dict[str, Any], auth=CONTRIBUTOR_AT_HOME)
def withdraw_event(request: HttpRequest, number: Number, event: Number, given: Query[Why]) -> Any:
    """Take a wrong event back."""
    return queries.whole_duty(actions.withdraw_event(number, event, given.reason, by(request)), now_us())


@duties.get("/duties/notices/{number}/draft", response=dict[str, Any], auth=READER_AT_HOME)
def show_draft(request: HttpRequest, number: Number, words: Query[InWords]) -> Any:
    """The draft of a notice in a language: as a person left it, else from the facts, with what is not known yet."""
    notice = queries.notice_numbered(number)
    made = notices.made_draft(notice, now_us(), words.language)
    return {"text": notice.draft or made.text, "changed": bool(notice.draft), "made": msgspec.to_builtins(made)}


@duties.put("/duties/notices/{number}/draft", response=dict[str, Any], auth=CONTRIBUTOR_AT_HOME)
def save_draft(request: HttpRequest, number: Number, given: DraftIn) -> Any:
    """Keep a draft as a person wrote it."""
    notice = notices.save_draft(number, given.text, by(request))
    return {"text": notices.text_of(notice, now_us()), "changed": bool(notice.draft)}


@duties.post("/duties/notices/{number}/sendings", response=dict[str, Any], auth=CONTRIBUTOR_AT_HOME)
def record_sent(request: HttpRequest, number: Number, given: SentIn) -> Any:
    """Record that a person sent a notice; clocks that follow from it start."""
    made = notices.sent(
        number,
        at_us=_moment(given.at),
        how=given.how,
        to=given.to,
        by=by(request),
        text=given.text,
        language=given.language,
    )
    return queries.shown_sending(made)


@duties.put("/duties/sendings/{number}/receipt", response=dict[str, Any], auth=CONTRIBUTOR_AT_HOME)
def keep_receipt(request: HttpRequest, number: Number, given: ReceiptIn) -> Any:
    """Keep what an authority answered: a reference, words, the name and digest of a file."""
    kept = notices.keep_receipt(
        number,
        reference=given.reference,
        receipt=given.receipt,
        at_us=_moment(given.at),
        by=by(request),
        file_name=given.file_name,
        file_sha256=given.file_sha256,
    )
    return queries.shown_sending(kept)


@duties.post("/duties/notices/{number}/extensions", response=dict[str, Any], auth=CONTRIBUTOR_AT_HOME)
def extend(request: HttpRequest, number: Number, given: ExtensionIn) -> Any:
    """Record more time for a notice."""
    return queries.shown_notice(
        actions.extend(number, _moment(given.until), given.ground, by(request)), now_us(), law.duties_list()
    )


@duties.put("/duties/notices/{number}/left-out", response=dict[str, Any], auth=CONTRIBUTOR_AT_HOME)
def leave_out(request: HttpRequest, number: Number, given: Why) -> Any:
    """Say that a notice is not needed, and why; said again, it is needed after all."""
    return queries.shown_notice(actions.leave_out(number, given.reason, by(request)), now_us(), law.duties_list())


def _shown_feed(one: Feed) -> dict[str, Any]:
    revoked = format_time(one.revoked_us, 0) if one.revoked_us is not None else ""
    return {
        "calendar": one.pk,
        "label": one.label,
        "by": one.actor,
        "made": format_time(one.made_us, 0),
        "revoked": revoked,
    }


def _moment(text: str) -> int:
    parsed = parse_time(text)
    if parsed is None:
        raise InvalidInput("time-unreadable", f"{text[:60]} is no time.", "Write 2026-11-28T00:00:00Z.", status=422)
    return parsed[0]


routers = (duties,)
