"""A case as data, for programs: the same over the API and in `--json`. Times are STIX timestamps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from commonwatch.capabilities.incidents.lists import opinion, phases_of, titles
from commonwatch.capabilities.incidents.rules.case import Case, Known, Moment, Piece, Said, Task
from commonwatch.core.stix.times import format_time

Names = Mapping[str, str]


def shown_line(case: Case, names: Names) -> dict[str, Any]:
    """A case in a list."""
    return {
        "id": case.id,
        "name": case.name,
        "state": case.state,
        "severity": case.level,
        "class": case.rsit,
        "lead": _who(case.lead, names),
        "marking": case.marking,
        "reference": case.root.reference,
        "created": format_time(case.created_us, 3),
        "changed": format_time(case.changed_us, 3),
    }


def shown_case(case: Case, names: Names) -> dict[str, Any]:
    """Everything that a reader has of a case."""
    return {
        **shown_line(case, names),
        "description": case.description,
        "determination": case.determination,
        "class_title": titles().get(case.rsit, case.rsit),
        "root_cause": case.root_cause,
        "track": case.root.track,
        "phases": [{"scheme": one.scheme, "phase": one.title} for one in phases_of(case.state)],
        "severities": [
            {
                "member": _who(author, names),
                "scheme": one.scheme,
                "value": one.value,
                "opinion": opinion(one.scheme, one.value),
            }
            for author, one in case.severities
        ],
        "leads": [
            {"member": _who(one.member, names), "since": format_time(one.since_us, 3), "until": _at(one.until_us)}
            for one in case.leads
        ],
        "offers": [{"to": _who(one.to, names), "at": format_time(one.at_us, 3)} for one in case.offers],
        "participants": [
            {
                "member": _who(one.member, names),
                "actor": one.part.actor,
                "track": one.part.track,
                "roles": list(one.part.roles),
                "since": format_time(one.since_us, 3),
                "left": one.part.left,
            }
            for one in case.participants
        ],
        "times": {kind: shown_time(one, names) for kind, one in case.times.items()},
        "all_times": [{"kind": one.kind, **shown_time(one, names)} for one in case.all_times],
        "timeline": [shown_moment(one, names) for one in case.timeline],
        "tasks": [shown_task(one, names) for one in case.tasks],
        "pieces": [shown_piece(one, names) for one in case.pieces],
        "links": list(case.links),
        "contests": [
            {
                "about": one.slot[0],
                "field": one.slot[1],
                "statements": [shown_said(said, names) for said in one.sayings],
            }
            for one in case.contests
        ],
        "proposals": [shown_said(one, names) for one in case.proposals],
        "history": [shown_said(one, names) for one in case.history],
        "outside": list(case.outside),
        "unread": list(case.unread),
    }


def shown_time(one: Known, names: Names) -> dict[str, Any]:
    """A time with its precision and source."""
    return {
        "at": format_time(one.at_us, 3),
        "precision": one.fidelity,
        "source": one.source,
        "by": _who(one.author, names),
        "stated": one.stated,
    }


def shown_moment(one: Moment, names: Names) -> dict[str, Any]:
    """A line of the timeline."""
    return {
        "at": format_time(one.at_us, 3),
        "precision": one.fidelity,
        "kind": one.kind,
        "code": one.code,
        "words": one.words,
        "about": names.get(one.about, one.about),
        "source": one.source,
        "by": _who(one.author, names),
        "track": one.track,
        "marking": one.marking,
        "object": one.part,
    }


def shown_task(one: Task, names: Names) -> dict[str, Any]:
    """A task."""
    return {
        "id": one.id,
        "name": one.name,
        "description": one.description,
        "outcome": one.outcome,
        "owner": _who(one.owner, names),
        "person": one.person,
        "due": _at(one.due_us),
        "ended": _at(one.ended_us),
        "priority": one.priority,
        "result": one.result,
        "lesson": one.lesson,
        "track": one.track,
        "marking": one.marking,
        "by": _who(one.author, names),
        "playbook": one.playbook,
        "run": one.run,
        "step": one.step,
        "branch": one.branch,
    }


def shown_piece(one: Piece, names: Names) -> dict[str, Any]:
    """A note, entry, decision, impact or report; `object` is what its author wrote."""
    return {
        "id": one.id,
        "kind": one.kind,
        "at": format_time(one.at_us, 3),
        "precision": one.fidelity,
        "name": one.name,
        "text": one.text,
        "source": one.source,
        "track": one.track,
        "marking": one.marking,
        "by": _who(one.author, names),
        "object": one.value,
    }


def shown_said(one: Said, names: Names) -> dict[str, Any]:
    """A statement."""
    return {
        "id": one.id,
        "by": _who(one.author, names),
        "about": one.slot[0],
        "field": one.slot[1],
        "value": msgspec.to_builtins(one.value),
        "written": format_time(one.written_us, 3),
        "at": format_time(one.at_us, 3),
        "reason": one.reason,
        "as_lead": one.leads,
    }


def _who(identity: str, names: Names) -> dict[str, str] | None:
    return {"identity": identity, "name": names.get(identity, identity)} if identity else None


def _at(us: int | None) -> str | None:
    return None if us is None else format_time(us, 3)
