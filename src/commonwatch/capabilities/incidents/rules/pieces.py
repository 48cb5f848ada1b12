"""Tasks, notes, entries, impacts, decisions and situation reports, read from the objects that carry them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from commonwatch.capabilities.incidents.rules.case import MomentKind, Piece, Task
from commonwatch.capabilities.incidents.rules.saying import moment_of
from commonwatch.core.stix.ordering import Part
from commonwatch.core.stix.response.incidents import (
    FIDELITIES,
    OUTCOMES,
    Decision,
    Fidelity,
    Outcome,
    PartSaid,
    SituationReport,
    read,
)
from commonwatch.core.stix.shared import said_of_part

_LONGEST = 20_000
_MOST = 50
_KINDS: Mapping[str, MomentKind] = {
    "event": "entry",
    "note": "note",
    "opinion": "note",
    "impact": "impact",
    "case-decision": "decision",
    "situation-report": "report",
}


def task_of(part: Part) -> Task | None:
    """A task as its author wrote it."""
    if part.type != "task":
        return None
    value, said = part.value, part_said(part.value)
    outcome = value.get("outcome")
    ended = moment_of(value.get("end_time"))
    priority = value.get("priority")
    return Task(
        id=part.id,
        author=part.author,
        name=line(value, "name", 500),
        description=line(value, "description"),
        outcome=cast(Outcome, outcome) if outcome in OUTCOMES else "unknown",
        owner=said.owner_ref,
        person=said.person,
        due_us=moment_of(value.get("due_date")),
        created_us=part.created_us,
        ended_us=ended,
        priority=priority if isinstance(priority, int) and 0 <= priority <= 100 else None,
        types=words(value.get("task_types")),
        lesson=said.lesson,
        result=line(value, "error"),
        track=said.track,
        shared_with=said.shared_with,
        marking=part.marking,
        playbook=said.playbook_ref,
        run=said.run_ref,
        step=said.step,
        branch=said.branch,
    )


def piece_of(part: Part) -> Piece | None:
    """A piece that is not a task; None for what is none, or cannot be read."""
    kind = _KINDS.get(part.type)
    if kind is None:
        return None
    value = part.value
    if part.type == "case-decision":
        decision = read(value, Decision)
        if decision is None:
            return None
        at = moment_of(decision.decided_at)
        return _piece(part, kind, at, "second", decision.basis, decision.name, decision.decision, decision)
    if part.type == "situation-report":
        report = read(value, SituationReport)
        if report is None:
            return None
        return _piece(part, kind, moment_of(report.as_of), "second", "", report.name, report.assessment, report)
    said = part_said(value)
    at, fidelity = moment_of(value.get("start_time")), value.get("start_time_fidelity")
    exactly = cast(Fidelity, fidelity) if at is not None and fidelity in FIDELITIES else "second"
    name, text = line(value, "name", 500), line(value, "description")
    if part.type in ("note", "opinion"):
        name, text = line(value, "abstract", 500), line(value, "content") or line(value, "explanation")
    if part.type == "impact":
        name = line(value, "impact_category", 100)
    return _piece(part, kind, at, exactly, said.source, name, text, said)


def _piece(
    part: Part,
    kind: MomentKind,
    at_us: int | None,
    fidelity: Fidelity,
    source: str,
    name: str,
    text: str,
    said: Any,
) -> Piece:
    return Piece(
        id=part.id,
        kind=kind,
        author=part.author,
        at_us=part.created_us if at_us is None else at_us,
        fidelity=fidelity,
        source=source,
        name=name,
        text=text,
        track=said.track,
        shared_with=said.shared_with,
        marking=part.marking,
        created_us=part.created_us,
        modified_us=part.modified_us,
        value=part.value,
    )


def line(value: Mapping[str, Any], name: str, longest: int = _LONGEST) -> str:
    """A text property, cut where it is too long; empty where there is none."""
    found = value.get(name)
    return found[:longest] if isinstance(found, str) else ""


def words(value: Any) -> tuple[str, ...]:
    """A list of words."""
    return tuple(one[:100] for one in value[:_MOST] if isinstance(one, str)) if isinstance(value, list) else ()


def part_said(value: Mapping[str, Any]) -> PartSaid:
    """What we say of a part; the empty words where that cannot be read."""
    return read(said_of_part(value), PartSaid) or PartSaid()
