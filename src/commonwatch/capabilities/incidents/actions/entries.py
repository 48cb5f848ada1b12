"""What people write into a case: entries of the timeline, notes, tasks, impacts, decisions, situation reports, lessons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from commonwatch.base.intake.own import Audience, Reach, audience_of, reach
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.models import HOME
from commonwatch.base.parties.queries import member_named
from commonwatch.base.threads.queries import Part
from commonwatch.capabilities.incidents.actions.writing import (
    ALL,
    For,
    Open,
    audience,
    called,
    head,
    opened,
    own_type,
    put,
    statement,
)
from commonwatch.capabilities.incidents.rules import reporting
from commonwatch.capabilities.incidents.rules.fold import fold
from commonwatch.core.errors import Conflict, InvalidInput, NotFound
from commonwatch.core.stix.response.incidents import (
    CATEGORIES,
    EVENT,
    IMPACT,
    NEW_SDO,
    OUTCOMES,
    TASK,
    Category,
    Decision,
    Fidelity,
    Outlook,
    PartSaid,
    content_of,
)
from commonwatch.core.stix.shared import part_of
from commonwatch.core.stix.times import format_time

# What each category of impact has to say (Incident Core 2.0, section 2.3.2): the property, and the words it takes.
_MUST: Mapping[Category, tuple[str, tuple[str, ...]]] = {
    "availability": ("availability_impact", ()),
    "confidentiality": ("loss_type", ("none", "suspected-loss", "confirmed-loss", "contained", "exploited-loss")),
    "integrity": (
        "alteration",
        (
            "none",
            "potential-modification",
            "partial-modification",
            "full-modification",
            "potential-destruction",
            "partial-destruction",
            "full-destruction",
        ),
    ),
    "external": ("impact_type", ()),
    "monetary": ("variety", ()),
    "physical": ("impact_type", ("none", "damaged-functional", "damaged-nonfunctional", "destruction", "unknown")),
    "traceability": (
        "traceability_impact",
        ("accountability-lost", "partial-accountability", "provable-accountability"),
    ),
}


@dataclass(frozen=True)
class Entry:
    """Something that happened, as exactly as it is known, and from where."""

    name: str
    at_us: int
    description: str = ""
    fidelity: Fidelity = "second"
    source: str = ""
    sightings: tuple[str, ...] = ()
    for_: For = ALL


@dataclass(frozen=True)
class ToDo:
    """A task. `owner`: the member that does it, by name; `person`: who there."""

    name: str
    description: str = ""
    owner: str = ""
    person: str = ""
    due_us: int | None = None
    priority: int | None = None
    types: tuple[str, ...] = ()
    lesson: bool = False
    for_: For = ALL


@dataclass(frozen=True)
class Damage:
    """An impact: its category with the property that it has to state, how grave (0 to 100), how many of what."""

    category: Category
    what: str = ""
    description: str = ""
    criticality: int | None = None
    counts: Mapping[str, int] | None = None
    started_us: int | None = None
    ended_us: int | None = None
    information: str = ""
    currency: str = ""
    least: float | None = None
    most: float | None = None
    for_: For = ALL


@dataclass(frozen=True)
class Decided:
    """A decision."""

    name: str
    decision: str
    reason: str = ""
    basis: str = ""
    decided_us: int | None = None
    decided_by: tuple[str, ...] = ()
    for_: For = ALL


def said_of(at: Open, for_: For, **more: Any) -> dict[str, Any]:
    """What we say of a part: the case, the track, and more."""
    said = content_of(PartSaid(track=at.track, shared_with=for_.shared_with, **more))
    return part_of(at.id, said)


def entry_object(at: Open, what: Entry) -> dict[str, Any]:
    """The `event`; raises InvalidInput."""
    _needs(what.name, "An entry says what happened.")
    return {
        **head("event", at.own, at.by),
        "status": "occurred",
        "name": what.name[:500],
        **({"description": what.description} if what.description else {}),
        **({"sighting_refs": list(what.sightings)} if what.sightings else {}),
        "start_time": format_time(what.at_us, 3),
        "start_time_fidelity": what.fidelity,
        "extensions": {EVENT: dict(NEW_SDO), **said_of(at, what.for_, source=what.source)},
    }


def add_entry(case: str, what: Entry, by: By) -> str:
    """Put something that happened into the timeline."""
    at = _part_in(case, by)
    return put(at, [entry_object(at, what)], audience(at, what.for_), "case.entry")[0]


def add_note(case: str, text: str, by: By, *, title: str = "", for_: For = ALL) -> str:
    """Write something down."""
    at = _part_in(case, by)
    _needs(text, "A note says something.")
    value = {
        **head("note", at.own, by),
        **({"abstract": title[:500]} if title else {}),
        "content": text,
        "object_refs": [at.id],
        "extensions": said_of(at, for_),
    }
    return put(at, [value], audience(at, for_), "case.note")[0]


def would_get(case: str, for_: For, by: By) -> Reach:
    """Whom an entry would reach, before it is written."""
    at = opened(case, by)
    sample = entry_object(at, Entry("What happened", by.now_us, for_=for_))
    return reach([sample], audience(at, for_), now_us=by.now_us)


def task_object(at: Open, what: ToDo, **more: Any) -> dict[str, Any]:
    """The `task`; `more` is said of it beside."""
    _needs(what.name, "A task says what is to be done.")
    owner = member_named(what.owner).identity if what.owner else ""
    if owner and owner not in at.case.involved():
        raise InvalidInput("not-involved", f"{what.owner} does not take part in this case.", "Add the member first.")
    if what.priority is not None and not 0 <= what.priority <= 100:
        raise InvalidInput("priority-range", "A priority is between 0 and 100.", "100 comes first.")
    said = said_of(at, what.for_, owner_ref=owner, person=what.person, lesson=what.lesson, **more)
    return {
        **head("task", at.own, at.by),
        "outcome": "pending",
        "name": what.name[:500],
        **({"description": what.description} if what.description else {}),
        **({"priority": what.priority} if what.priority is not None else {}),
        **({"task_types": list(what.types)} if what.types else {}),
        **({"due_date": format_time(what.due_us, 3)} if what.due_us is not None else {}),
        "extensions": {TASK: dict(NEW_SDO), **said},
    }


def add_task(case: str, what: ToDo, by: By) -> str:
    """Say what is to be done, by whom, by when."""
    at = _part_in(case, by)
    return put(at, [task_object(at, what)], audience(at, what.for_), "case.task")[0]


@dataclass(frozen=True)
class Change:
    """What is to be so of a task from now on; None: as it is."""

    outcome: str | None = None
    owner: str | None = None  # a member's name; empty for nobody
    person: str | None = None
    due_us: int | None = None
    no_due: bool = False
    name: str | None = None
    result: str | None = None
    reason: str = ""


def change_task(case: str, task: str, change: Change, by: By) -> tuple[str, ...]:
    """Say something of a task: for its author, its owner and the lead. Of others it is a proposal."""
    at = _part_in(case, by)
    found = at.case.task(task)
    if found is None:
        raise NotFound("task-unknown", f"There is no task {task} in this case.", "See `commonwatch case show`.")
    owner = None
    if change.owner is not None:
        owner = member_named(change.owner).identity if change.owner else ""
        if owner and owner not in at.case.involved():
            raise InvalidInput(
                "not-involved", f"{change.owner} does not take part in this case.", "Add the member first."
            )
    if change.outcome is not None and change.outcome not in OUTCOMES:
        raise InvalidInput(
            "outcome-unknown", f"There is no outcome {change.outcome}.", f"Use one of {', '.join(OUTCOMES)}."
        )
    due = "" if change.no_due else None if change.due_us is None else format_time(change.due_us, 3)
    wanted = {
        "outcome": change.outcome,
        "owner": owner,
        "person": change.person,
        "due": due,
        "task-name": change.name,
        "result": change.result,
    }
    shared: dict[str, Any] = {"track": found.track, "shared_with": found.shared_with}
    said = [
        statement(at, field, value, about=task, reason=change.reason, **shared)
        for field, value in wanted.items()
        if value is not None
    ]
    if not said:
        raise InvalidInput("nothing-said", "Nothing was said of the task.", "Give an outcome, an owner or a time.")
    return put(at, said, as_part(at, task), "case.task-change", task=task)


def damage_object(at: Open, what: Damage) -> dict[str, Any]:
    """The `impact`, with the extension that its category needs; raises InvalidInput."""
    if what.category not in CATEGORIES:
        raise InvalidInput(
            "category-unknown", f"There is no category {what.category}.", f"Use {', '.join(CATEGORIES)}."
        )
    if what.criticality is not None and not 0 <= what.criticality <= 100:
        raise InvalidInput("criticality-range", "How grave it is lies between 0 and 100.", "100 is gravest.")
    counts = {name: count for name, count in (what.counts or {}).items() if count >= 0}
    return {
        **head("impact", at.own, at.by),
        "impact_category": what.category,
        **({"description": what.description} if what.description else {}),
        **({"criticality": what.criticality} if what.criticality is not None else {}),
        **({"impacted_entity_counts": counts} if counts else {}),
        **({"start_time": format_time(what.started_us, 3)} if what.started_us is not None else {}),
        **({"end_time": format_time(what.ended_us, 3)} if what.ended_us is not None else {}),
        "extensions": {
            IMPACT: dict(NEW_SDO),
            f"{what.category}-ext": _extension(what),
            **said_of(at, what.for_),
        },
    }


def _extension(what: Damage) -> dict[str, Any]:
    name, words = _MUST[what.category]
    if what.category == "availability":
        if not what.what.isdigit() or int(what.what) > 100:
            raise InvalidInput("availability-range", "An impact on availability is 0 to 100.", "100 is all of it.")
        return {name: int(what.what)}
    if words and what.what not in words:
        raise InvalidInput(
            "impact-unknown", f"{what.what} is no value for an impact of this category.", f"Use {', '.join(words)}."
        )
    said: dict[str, Any] = {name: what.what or "uncategorized"}
    if what.category in ("confidentiality", "integrity") and what.what != "none":
        said["information_type"] = what.information or "system"
    if what.category == "physical" and what.what != "none":
        said["asset_type"] = what.information or "computers-server"
    if what.category == "monetary" and what.most is not None:
        said |= {"min_amount": what.least or 0, "max_amount": what.most, "currency": what.currency or "EUR"}
    return said


def add_impact(case: str, what: Damage, by: By) -> str:
    """Say what it did to whom."""
    at = _part_in(case, by)
    return put(at, [damage_object(at, what)], audience(at, what.for_), "case.impact")[0]


def decide(case: str, what: Decided, by: By) -> str:
    """Put a decision on record."""
    at = _part_in(case, by)
    _needs(what.name, "A decision has a title.")
    _needs(what.decision, "A decision says what was decided.")
    said = Decision(
        case_ref=at.id,
        name=what.name[:500],
        decision=what.decision,
        reason=what.reason,
        basis=what.basis,
        decided_at=format_time(what.decided_us if what.decided_us is not None else by.now_us, 3),
        decided_by=what.decided_by or (by.actor,),
        track=at.track,
        shared_with=what.for_.shared_with,
    )
    return put(at, [own_type("case-decision", said, at.own, by)], audience(at, what.for_), "case.decide")[0]


def report_situation(
    case: str,
    by: By,
    *,
    assessment: str = "",
    outlook: Outlook = "",
    next_due_us: int | None = None,
    for_: For = ALL,
) -> str:
    """Write the next situation report: what the own member's track sees of the case now, and a person's assessment.

    Only what everybody that it is for may have goes into it: parts with a narrower audience are left out.
    """
    at = _part_in(case, by)
    whom = audience(at, for_)
    seen = fold(_had_by_all(at, whom.named), at.track) or at.case
    made = reporting.situation(
        seen,
        by.now_us,
        assessment=assessment,
        outlook=outlook,
        next_due_us=next_due_us,
        track=at.track,
        shared_with=for_.shared_with,
    )
    value = own_type("situation-report", made, at.own, by)
    return put(at, [value], whom, "case.sitrep", number=made.number)[0]


def _had_by_all(at: Open, named: tuple[str, ...]) -> list[Part]:
    wanted, authors = set(named), dict(zip(ids := {part.author for part in at.parts}, called(ids), strict=True))
    return [
        part
        for part in at.parts
        if part.id == at.id or wanted <= {*audience_of(part.markings).named, authors[part.author]}
    ]


def revoke(case: str, part: str, reason: str, by: By) -> str:
    """Take back something that the own member wrote. It stays in the history of those that have it, marked as revoked."""
    at = _part_in(case, by)
    found = next((one for one in at.parts if one.id == part), None)
    if found is None or found.author != at.own or found.id == at.id:
        raise NotFound("part-unknown", f"{part} is no entry of yours in this case.", "See `commonwatch case show`.")
    if found.revoked:
        raise Conflict("already-revoked", f"{part} is revoked already.", "Nothing is left to do.")
    value = {**found.value, "revoked": True, "modified": format_time(max(by.now_us, found.modified_us + 1_000), 3)}
    return put(at, [value], as_part(at, part), "case.revoke", reason=reason)[0]


def as_part(at: Open, part: str) -> Audience:
    """For whom a part is, and its author: for whom what is said of it is."""
    found = next(one for one in at.parts if one.id == part)
    whom = audience_of(found.markings)
    others = {*whom.named, *called([found.author])} - {HOME}
    return replace(whom, named=tuple(sorted(others)))


def _part_in(case: str, by: By) -> Open:
    at = opened(case, by)
    at.must_take_part()
    return at


def _needs(text: str, sentence: str) -> None:
    if not text.strip():
        raise InvalidInput("text-missing", sentence, "Write a few words.")
