"""The lists on the pages of cases, and their rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from msgspec.structs import replace

from commonwatch.capabilities.incidents.lists import opinion, titles
from commonwatch.capabilities.incidents.rules.case import Case, Moment, Piece, Said, Task
from commonwatch.capabilities.incidents.rules.duties import Holder, Row
from commonwatch.console.response import case_words as words
from commonwatch.console.shell import cells
from commonwatch.console.shell.tables import Column, Table
from commonwatch.core.stix.response.incidents import TIME_KINDS

Names = Mapping[str, str]

CASES = Table(
    _("Cases, what changed last first"),
    (
        Column("name", _("Case"), link=True),
        Column("state", _("State"), words.state),
        Column("level", _("Severity"), words.level),
        Column("rsit", _("Class")),
        Column("lead", _("Lead")),
        Column("tasks", _("Open tasks"), cells.number),
        Column("changed", _("Changed"), cells.moment),
        Column("created", _("Reported"), cells.moment, chosen=False),
        Column("marking", _("Marking"), cells.marking),
        Column("reference", _("Reference"), chosen=False),
        Column("id", _("Id"), cells.code, chosen=False),
    ),
)
TIMELINE = Table(
    _("Timeline, earliest first"),
    (
        Column("at", _("When"), cells.moment),
        Column("exactly", _("How exactly"), words.fidelity),
        Column("kind", _("Kind")),
        Column("code", _("What")),
        Column("words", _("In words")),
        Column("by", _("By")),
        Column("source", _("Source")),
        Column("track", _("Track"), words.track, chosen=False),
        Column("marking", _("Marking"), cells.marking, chosen=False),
    ),
)
TASKS = Table(
    _("Tasks"),
    (
        Column("name", _("Task"), link=True),
        Column("outcome", _("State"), words.outcome),
        Column("owner", _("Member")),
        Column("person", _("Person")),
        Column("due", _("Due"), cells.moment),
        Column("late", _("Late")),
        Column("result", _("Result")),
        Column("marking", _("Marking"), cells.marking),
    ),
)
RUNS = Table(_("Playbooks that are run"), TASKS.columns)
PIECES = Table(
    _("What is on record"),
    (
        Column("at", _("When"), cells.moment),
        Column("kind", _("Kind")),
        Column("name", _("Title")),
        Column("text", _("Text")),
        Column("by", _("By")),
        Column("track", _("Track"), words.track),
        Column("marking", _("Marking"), cells.marking),
        Column("id", _("Id"), cells.code, chosen=False),
    ),
)
REPORTS = Table(
    _("Situation reports, the latest first"),
    (
        Column("name", _("Report"), link=True),
        Column("at", _("When"), cells.moment),
        Column("by", _("By")),
        Column("marking", _("Marking"), cells.marking),
    ),
)
RELATED = Table(
    _("Cases that have something in common with it"),
    (
        Column("name", _("Case"), link=True),
        Column("state", _("State"), words.state),
        Column("shared", _("In common"), cells.code),
    ),
)
PEOPLE = Table(
    _("Who takes part"),
    (
        Column("member", _("Member")),
        Column("actor", _("As")),
        Column("track", _("Track"), words.track),
        Column("roles", _("Roles")),
        Column("since", _("Since"), cells.moment),
        Column("left", _("Left")),
    ),
)
RATINGS = Table(
    _("Severity in other schemes"),
    (
        Column("member", _("Member")),
        Column("scheme", _("Scheme"), cells.code),
        Column("value", _("Value"), cells.code),
        Column("opinion", _("In the partnership's scale, in our opinion"), words.level),
    ),
)
TIMES = Table(
    _("Times"),
    (
        Column("kind", _("What")),
        Column("at", _("When"), cells.both_moments),
        Column("exactly", _("How exactly"), words.fidelity),
        Column("source", _("Source")),
        Column("by", _("By")),
    ),
)
DUTIES = Table(
    _("Who sees, collects, decides and is told"),
    (
        Column("question", _("Bears on")),
        Column("duty", _("Duty")),
        Column("who", _("Who")),
    ),
)
SPANS = Table(
    _("Times of cases"),
    (
        Column("name", _("From one moment to another"), words.span),
        Column("rsit", _("Class"), words.kind_measured),
        Column("level", _("Severity"), words.level),
        Column("cases", _("Cases"), cells.number),
        Column("done", _("Done"), cells.number),
        Column("open", _("Open"), cells.number),
        Column("unknown", _("Unknown"), cells.number),
        Column("median", _("Median, hours")),
        Column("p90", _("90th percentile, hours")),
    ),
)


def case_row(one: Case, names: Names) -> dict[str, Any]:
    """A case in a list."""
    return {
        "id": one.id,
        "name": one.name,
        "url": reverse("case", args=[one.id]),
        "state": one.state,
        "level": one.level or "unrated",
        "rsit": titles().get(one.rsit, one.rsit),
        "lead": names.get(one.lead, one.lead),
        "tasks": sum(task.is_open for task in one.tasks),
        "changed": one.changed_us,
        "created": one.created_us,
        "marking": one.marking,
        "reference": one.root.reference,
    }


def moment_row(one: Moment, names: Names) -> dict[str, Any]:
    """A line of the timeline."""
    return {
        "at": one.at_us,
        "exactly": one.fidelity,
        "kind": words.KINDS.get(one.kind, one.kind),
        "code": words.CODES.get(one.code, one.code),
        "words": one.words or names.get(one.about, one.about),
        "by": names.get(one.author, one.author),
        "source": one.source,
        "track": one.track,
        "marking": one.marking,
    }


def task_row(case: Case, one: Task, names: Names, now_us: int) -> dict[str, Any]:
    """A task."""
    is_run = bool(one.playbook and not one.run)
    return {
        "name": one.name,
        "url": reverse("case-run" if is_run else "case-task", args=[case.id, one.id]),
        "outcome": one.outcome,
        "owner": names.get(one.owner, one.owner),
        "person": one.person,
        "due": one.due_us,
        "late": _("late") if one.is_late(now_us) else "",
        "result": one.result,
        "marking": one.marking,
    }


def piece_row(one: Piece, names: Names) -> dict[str, Any]:
    """A note, a decision, an impact, an entry."""
    return {
        "at": one.at_us,
        "kind": words.KINDS.get(one.kind, one.kind),
        "name": words.CATEGORIES.get(one.name, one.name) if one.kind == "impact" else one.name,
        "text": one.text,
        "by": names.get(one.author, one.author),
        "track": one.track,
        "marking": one.marking,
        "id": one.id,
    }


def said_of(one: Said, names: Names) -> dict[str, Any]:
    """A statement on a card: who says what."""
    value = msgspec.to_builtins(one.value)
    told = value.get("value", value) if isinstance(value, dict) else value
    return {
        "id": one.id,
        "by": names.get(one.author, one.author),
        "field": words.KINDS.get(one.slot[1]) or words.CODES.get(one.slot[1]) or one.slot[1],
        "value": words.CODES.get(told, names.get(told, told)) if isinstance(told, str) else str(told),
        "at": one.written_us,
        "reason": one.reason,
    }


def rating_rows(case: Case, names: Names) -> list[dict[str, Any]]:
    """What members say in schemes of their own."""
    return [
        {
            "member": names.get(author, author),
            "scheme": one.scheme,
            "value": one.value,
            "opinion": opinion(one.scheme, one.value) or "",
        }
        for author, one in case.severities
    ]


def time_rows(case: Case, names: Names) -> list[dict[str, Any]]:
    """The times of a case, one of each kind."""
    return [
        {
            "kind": words.TIMES[kind],
            "at": known.at_us,
            "exactly": known.fidelity,
            "source": known.source,
            "by": names.get(known.author, known.author),
        }
        for kind in TIME_KINDS
        if (known := case.times.get(kind)) is not None
    ]


def people_rows(case: Case, names: Names) -> list[dict[str, Any]]:
    """Who takes part, or did."""
    return [
        {
            "member": names.get(one.member, one.member),
            "actor": words.ACTORS[one.part.actor],
            "track": one.part.track,
            "roles": ", ".join(one.part.roles),
            "since": one.since_us,
            "left": _("yes") if one.part.left else "",
        }
        for one in case.participants
    ]


def duty_rows(rows: Iterable[Row], names: Names) -> list[dict[str, Any]]:
    """The duties of a case while it runs and afterwards, those that bear on who sees, collects, decides and is told first."""
    order = list(words.QUESTIONS)
    among = sorted((row for row in rows if row.duty.phase != "prior"), key=lambda row: order.index(row.duty.question))
    return [
        {
            "question": words.QUESTIONS[row.duty.question],
            "duty": row.duty.duty,
            "who": "; ".join(_holder(one, names) for one in row.holders),
        }
        for row in among
    ]


def _holder(one: Holder, names: Names) -> str:
    """An actor, its part where this country filled it in, and who that is in the case."""
    actor = f"{words.ACTORS[one.actor]} ({words.PARTS[one.part]})" if one.part else f"{words.ACTORS[one.actor]}"
    members = ", ".join(names.get(member, member) for member in one.members)
    return f"{actor}: {members}" if members else actor


def answers(rows: Iterable[Row], names: Names) -> list[tuple[Any, str]]:
    """Who may see, collect, decide and be told in a case: each question with the actors, and who they are here."""
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        if row.duty.question and row.duty.phase != "prior":
            told = found.setdefault(row.duty.question, {})
            told |= {one.actor: _holder(replace(one, part=""), names) for one in row.holders}
    return [
        (words.QUESTIONS[question], "; ".join(found[question].values()))
        for question in words.QUESTIONS
        if question in found
    ]
