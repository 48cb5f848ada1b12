"""The API of joint cases: the same actions and queries as `commonwatch case`.

Reading is by release, as the reader's track sees the case. Writing is the own member's, so its contributors do it on its own node.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import orjson
from django.http import HttpRequest
from ninja import Path, Query, Router

from commonwatch.base.clock import now_us
from commonwatch.base.edge import CONTRIBUTOR_AT_HOME, READER, InWords, Paged, caller, page
from commonwatch.base.parties.answering import by
from commonwatch.base.release.reader import Reader, reader_of
from commonwatch.capabilities.incidents import queries
from commonwatch.capabilities.incidents.actions import entries, exchange, opening, taking_part
from commonwatch.capabilities.incidents.actions.writing import called, opened
from commonwatch.capabilities.incidents.api_values import (
    CaseIn,
    ClosureIn,
    DecisionIn,
    EarlierIn,
    EntryIn,
    FileIn,
    ForIn,
    ImpactIn,
    InvitedIn,
    LeadAnswer,
    LeadIn,
    LinksIn,
    Look,
    Made,
    NoteIn,
    RatingIn,
    ReportIn,
    Said,
    Settled,
    StampIn,
    StateIn,
    TaskChange,
    TaskIn,
    TriageIn,
    View,
    Which,
    Why,
    moment,
)
from commonwatch.capabilities.incidents.lists import schemes, taxonomy
from commonwatch.capabilities.incidents.playbook_api import playbooks
from commonwatch.capabilities.incidents.rules.case import Case
from commonwatch.capabilities.incidents.rules.measured import DEFINITION
from commonwatch.capabilities.incidents.showing import shown_case, shown_line
from commonwatch.capabilities.incidents.sitreps import lines_of
from commonwatch.core.errors import InvalidInput, NotFound
from commonwatch.core.stix.response.incidents import (
    SituationReport,
    Track,
    read,
)

cases = Router(tags=["cases"])
Identity = Annotated[str, Path(max_length=60, description="The case's STIX id.")]
PartId = Annotated[str, Path(max_length=300, description="STIX id of an entry.")]
Name = Annotated[str, Path(max_length=100, description="Name of a member.")]


@cases.get("/cases", response=Paged[dict[str, Any]], auth=READER)
def list_cases(request: HttpRequest, asked: Query[Which]) -> Any:
    """Cases that you may know of, the one that changed last first."""
    reader = reader_of(caller(request))
    wanted = queries.Wanted(
        tuple(asked.state), tuple(asked.severity), tuple(asked.class_), text=asked.text, open_only=asked.open
    )

    def following(after: int | None, count: int) -> list[queries.Line]:
        return queries.cases(reader, wanted, after, count)

    def shown(line: queries.Line) -> dict[str, Any]:
        return shown_line(line.case, queries.who(reader, line.case))

    return page(request, asked, following, lambda line: line.key, shown)


@cases.post("/cases", response=dict[str, Any], auth=CONTRIBUTOR_AT_HOME)
def report_case(request: HttpRequest, given: CaseIn, look: Query[Look]) -> Any:
    """Begin a case that your member leads, or see whom it would reach."""
    if look.preview:
        found = opening.would_reach(given.value, by(request))
        return {"preview": True, "reach": msgspec.to_builtins(found), "id": None}
    return {"preview": False, "reach": None, "id": opening.report(given.value, by(request))}


@cases.get("/cases/{identity}", response=dict[str, Any], auth=READER)
def show_case(request: HttpRequest, identity: Identity, view: Query[View]) -> Any:
    """A case: how it stands, who takes part, timeline, tasks, times, what two said at once."""
    reader, found = _case(request, identity, view.track)
    found = queries.with_sightings(reader, found)
    return shown_case(found, queries.who(reader, found))


@cases.get("/cases/{identity}/duties", response=list[dict[str, Any]], auth=READER)
def show_duties(request: HttpRequest, identity: Identity) -> Any:
    """Who may see, collect, decide and be told, by the segregation of duties."""
    _, found = _case(request, identity, None)
    return [msgspec.to_builtins(row) for row in queries.roles(found)]


@cases.get("/cases/{identity}/related", response=list[dict[str, Any]], auth=READER)
def show_related(request: HttpRequest, identity: Identity) -> Any:
    """Other cases about the same objects, or about objects that name the same values."""
    reader, found = _case(request, identity, None)
    return [
        {**shown_line(one.case, queries.who(reader, one.case)), "shared": list(one.shared)}
        for one in queries.related(reader, found)
    ]


@cases.get("/cases/{identity}/stix", response=dict[str, Any], auth=READER)
def export_stix(request: HttpRequest, identity: Identity) -> Any:
    """The case as a STIX bundle, as you may have it."""
    return orjson.loads(exchange.as_stix(reader_of(caller(request)), identity))


@cases.get("/cases/{identity}/veris", response=dict[str, Any], auth=READER)
def export_veris(request: HttpRequest, identity: Identity) -> Any:
    """The case as a VERIS record, with what that loses."""
    record, lost = exchange.as_veris(reader_of(caller(request)), identity)
    return {"record": record, "lost": [msgspec.to_builtins(one) for one in lost]}


@cases.post("/case-imports", response=dict[str, Any], auth=CONTRIBUTOR_AT_HOME)
def import_case(request: HttpRequest, given: FileIn) -> Any:
    """Take in a STIX bundle that holds a case, or begin a case of your own from a VERIS record."""
    who = tuple(one.value for one in given.members)
    done = exchange.take_in(orjson.dumps(given.file), given.tlp, who, by(request))
    return msgspec.to_builtins(done)


@cases.get("/cases/{identity}/audience", response=dict[str, Any], auth=CONTRIBUTOR_AT_HOME)
def show_audience(request: HttpRequest, identity: Identity, given: Query[ForIn]) -> Any:
    """Whom an entry would reach, before it is written."""
    return msgspec.to_builtins(entries.would_get(identity, given.value, by(request)))


@cases.put("/cases/{identity}/acknowledgement", response=Made, auth=CONTRIBUTOR_AT_HOME)
def acknowledge(request: HttpRequest, identity: Identity, given: Said) -> Any:
    """Say that your member was told and looks at it."""
    return _made(opening.acknowledge(identity, given.note, by(request)))


@cases.post("/cases/{identity}/triage", response=Made, auth=CONTRIBUTOR_AT_HOME)
def triage(request: HttpRequest, identity: Identity, given: TriageIn) -> Any:
    """Say what it is and how severe; for the lead."""
    said = (given.class_, given.severity or "", given.determination or "", given.reason)
    return _made(*opening.triage(identity, *said, by(request)))


@cases.post("/cases/{identity}/ratings", response=Made, auth=CONTRIBUTOR_AT_HOME)
def rate(request: HttpRequest, identity: Identity, given: RatingIn) -> Any:
    """Say how severe it is in a scheme of your own, beside the partnership's."""
    return _made(opening.rate(identity, given.scheme, given.value, given.reason, by(request)))


@cases.put("/cases/{identity}/state", response=Made, auth=CONTRIBUTOR_AT_HOME)
def set_state(request: HttpRequest, identity: Identity, given: StateIn) -> Any:
    """Say how it stands. Of others than the lead it is a proposal."""
    at_us = moment(given.at) if given.at else None
    return _made(opening.move(identity, given.state, given.reason, by(request), at_us=at_us, fidelity=given.precision))


@cases.post("/cases/{identity}/times", response=Made, auth=CONTRIBUTOR_AT_HOME)
def add_time(request: HttpRequest, identity: Identity, given: StampIn) -> Any:
    """Say when something happened, how exactly that is known, and from where."""
    at_us = moment(given.at)
    return _made(opening.stamp(identity, given.kind, at_us, given.precision, given.source, given.reason, by(request)))


@cases.post("/cases/{identity}/links", response=Made, auth=CONTRIBUTOR_AT_HOME)
def link(request: HttpRequest, identity: Identity, given: LinksIn) -> Any:
    """Say that the case is about intelligence, or is not."""
    made = opening.link(identity, tuple(given.objects), by(request), linked=given.linked, reason=given.reason)
    return _made(*made)


@cases.put("/cases/{identity}/closure", response=Made, auth=CONTRIBUTOR_AT_HOME)
def close(request: HttpRequest, identity: Identity, given: ClosureIn) -> Any:
    """Close it with its root cause."""
    return _made(*opening.close(identity, given.root_cause, given.determination, given.reason, by(request)))


@cases.delete("/cases/{identity}/closure", response=Made, auth=CONTRIBUTOR_AT_HOME)
def reopen(request: HttpRequest, identity: Identity, why: Query[Why]) -> Any:
    """Open it again; within 30 days that voids the close in the figures."""
    return _made(opening.reopen(identity, why.reason, by(request)))


@cases.post("/cases/{identity}/settlements", response=Made, auth=CONTRIBUTOR_AT_HOME)
def settle(request: HttpRequest, identity: Identity, given: Settled) -> Any:
    """Say which of several statements holds, or take over a proposal."""
    return _made(opening.settle(identity, given.statement, given.reason, by(request)))


@cases.post("/cases/{identity}/entries", response=Made, auth=CONTRIBUTOR_AT_HOME)
def add_entry(request: HttpRequest, identity: Identity, given: EntryIn) -> Any:
    """Put something that happened into the timeline."""
    what = entries.Entry(
        given.name, moment(given.at), given.description, given.precision, given.source, (), given.value
    )
    return _made(entries.add_entry(identity, what, by(request)))


@cases.post("/cases/{identity}/notes", response=Made, auth=CONTRIBUTOR_AT_HOME)
def add_note(request: HttpRequest, identity: Identity, given: NoteIn) -> Any:
    """Write something down."""
    return _made(entries.add_note(identity, given.text, by(request), title=given.title, for_=given.value))


@cases.post("/cases/{identity}/tasks", response=Made, auth=CONTRIBUTOR_AT_HOME)
def add_task(request: HttpRequest, identity: Identity, given: TaskIn) -> Any:
    """Say what is to be done, by whom, by when."""
    due = moment(given.due) if given.due else None
    what = entries.ToDo(
        given.name, given.description, given.owner, given.person, due, given.priority, lesson=given.lesson,
        for_=given.value,
    )  # fmt: skip
    return _made(entries.add_task(identity, what, by(request)))


@cases.patch("/cases/{identity}/tasks/{part}", response=Made, auth=CONTRIBUTOR_AT_HOME)
def change_task(request: HttpRequest, identity: Identity, part: PartId, given: TaskChange) -> Any:
    """Say how a task stands: its author, its owner, the lead. Of others it is a proposal."""
    due = moment(given.due) if given.due else None
    change = entries.Change(
        given.outcome, given.owner, given.person, due, given.due == "", given.name, given.result, given.reason
    )
    return _made(*entries.change_task(identity, part, change, by(request)))


@cases.post("/cases/{identity}/impacts", response=Made, auth=CONTRIBUTOR_AT_HOME)
def add_impact(request: HttpRequest, identity: Identity, given: ImpactIn) -> Any:
    """Say what it did to whom."""
    what = entries.Damage(
        given.category, given.what, given.description, given.criticality, given.counts,
        information=given.information, currency=given.currency, least=given.least, most=given.most, for_=given.value,
    )  # fmt: skip
    return _made(entries.add_impact(identity, what, by(request)))


@cases.post("/cases/{identity}/decisions", response=Made, auth=CONTRIBUTOR_AT_HOME)
def decide(request: HttpRequest, identity: Identity, given: DecisionIn) -> Any:
    """Put a decision on record."""
    what = entries.Decided(
        given.name, given.decision, given.reason, given.basis, None, tuple(given.decided_by), given.value
    )
    return _made(entries.decide(identity, what, by(request)))


@cases.post("/cases/{identity}/reports", response=Made, auth=CONTRIBUTOR_AT_HOME)
def report_situation(request: HttpRequest, identity: Identity, given: ReportIn) -> Any:
    """Write the next situation report from the case."""
    due = moment(given.next_due) if given.next_due else None
    made = entries.report_situation(
        identity, by(request), assessment=given.assessment, outlook=given.outlook, next_due_us=due, for_=given.value
    )
    return _made(made)


@cases.get("/cases/{identity}/reports/{part}", response=dict[str, Any], auth=READER)
def show_report(request: HttpRequest, identity: Identity, part: PartId, words: Query[InWords]) -> Any:
    """A situation report: its facts, and the same in words of a language."""
    reader, found = _case(request, identity, None)
    chosen = next((one for one in found.of("report") if one.id == part), None)
    report = read(chosen.value, SituationReport) if chosen is not None else None
    if report is None:
        raise NotFound("report-unknown", f"There is no situation report {part}.", "See the case.")
    return {
        "report": msgspec.to_builtins(report),
        "lines": lines_of(report, queries.who(reader, found), words.language),
    }


@cases.delete("/cases/{identity}/entries/{part}", response=Made, auth=CONTRIBUTOR_AT_HOME)
def revoke_entry(request: HttpRequest, identity: Identity, part: PartId, why: Query[Why]) -> Any:
    """Take back something that your member wrote."""
    return _made(entries.revoke(identity, part, why.reason, by(request)))


@cases.put("/cases/{identity}/members/{name}", response=Made, auth=CONTRIBUTOR_AT_HOME)
def add_member(request: HttpRequest, identity: Identity, name: Name, given: InvitedIn, why: Query[Why]) -> Any:
    """Let a member take part from now on, or change its part; what was written before is offered to be shared with it."""
    who = given.value
    if who.member != name:
        raise InvalidInput("member-other", "The address names another member than the body.", "Name the same.")
    return _made(taking_part.add(identity, who, why.reason, by(request)))


@cases.delete("/cases/{identity}/members/{name}", response=Made, auth=CONTRIBUTOR_AT_HOME)
def remove_member(request: HttpRequest, identity: Identity, name: Name, why: Query[Why]) -> Any:
    """Say that a member does not take part any more."""
    return _made(taking_part.leave(identity, name, why.reason, by(request)))


@cases.get("/cases/{identity}/earlier", response=dict[str, list[str]], auth=CONTRIBUTOR_AT_HOME)
def list_earlier(request: HttpRequest, identity: Identity) -> Any:
    """By member that came later: your own entries that it has not."""
    missing = taking_part.unshared(opened(identity, by(request)))
    return {called([one])[0]: [part.id for part in parts] for one, parts in missing.items()}


@cases.post("/cases/{identity}/earlier/{name}", response=Made, auth=CONTRIBUTOR_AT_HOME)
def share_earlier(request: HttpRequest, identity: Identity, name: Name, given: EarlierIn) -> Any:
    """Share own earlier entries with a member that came later, or keep them back for good."""
    if given.keep_back:
        taking_part.keep_back(identity, name, tuple(given.entries), by(request))
        return _made()
    return _made(*taking_part.share_earlier(identity, name, tuple(given.entries), by(request)))


@cases.put("/cases/{identity}/lead", response=Made, auth=CONTRIBUTOR_AT_HOME)
def offer_lead(request: HttpRequest, identity: Identity, given: LeadIn) -> Any:
    """Offer the lead; it passes when the other member accepts."""
    return _made(taking_part.offer_lead(identity, given.member, given.reason, by(request)))


@cases.post("/cases/{identity}/lead/answer", response=Made, auth=CONTRIBUTOR_AT_HOME)
def answer_lead(request: HttpRequest, identity: Identity, given: LeadAnswer) -> Any:
    """Accept or decline the lead that was offered to your member."""
    return _made(taking_part.answer_lead(identity, given.reason, by(request), accept=given.accept))


@cases.get("/case-figures", response=dict[str, Any], auth=READER)
def show_figures(request: HttpRequest) -> Any:
    """Times of the cases that you have, by class and severity: median and 90th percentile, open ones counted as open."""
    measured, resolved = queries.figures(reader_of(caller(request)), now_us())
    return {
        "definition": DEFINITION,
        "spans": [msgspec.to_builtins(one) for one in measured],
        "efficiency": msgspec.to_builtins(resolved),
    }


@cases.get("/case-lists", response=dict[str, Any], auth=READER)
def show_lists(request: HttpRequest) -> Any:
    """The classes and types of incidents, and the severity schemes."""
    return {
        "classes": msgspec.to_builtins(taxonomy()),
        "schemes": [msgspec.to_builtins(one) for one in schemes().values()],
    }


def _case(request: HttpRequest, identity: str, track: Track | None) -> tuple[Reader, Case]:
    reader = reader_of(caller(request))
    whole = queries.case(reader, identity)
    return reader, queries.case(reader, identity, track or queries.track_of(reader, whole))


def _made(*ids: str) -> dict[str, list[str]]:
    return {"objects": list(ids)}


routers = (cases, playbooks)
