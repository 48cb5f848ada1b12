"""Playbooks: taken in, shared as courses of action, run in a case step by step by people.

The node executes nothing. A run is a task of the case (`playbook-execution`); each step that somebody did is a task as well
(`playbook-step-execution`), with who did it, when, how it went and, where the step asks, what was found. What its variables hold are
statements about the run, for those that the run is for.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from commonwatch.base.intake.own import Audience, write
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.reader import Reader
from commonwatch.base.threads.queries import Part, part, roots
from commonwatch.capabilities.incidents.actions.entries import ToDo, as_part, task_object
from commonwatch.capabilities.incidents.actions.writing import (
    ALL,
    For,
    Open,
    audience,
    head,
    opened,
    own_reader,
    put,
    statement,
)
from commonwatch.capabilities.incidents.rules.case import Case, Task
from commonwatch.capabilities.incidents.rules.playbooks import MOST_BYTES, Playbook, parse_playbook
from commonwatch.capabilities.incidents.rules.running import Done, Standing, standing
from commonwatch.capabilities.incidents.rules.saying import VARIABLE
from commonwatch.capabilities.incidents.rules.values import Held, Values
from commonwatch.capabilities.incidents.rules.variables import checked
from commonwatch.core.errors import Conflict, InvalidInput, NotFound
from commonwatch.core.stix.response.incidents import PLAYBOOK
from commonwatch.core.stix.times import format_time

RUN, STEP = "playbook-execution", "playbook-step-execution"  # of the suite's task types (section 4.10)
_AT_ONCE = 200
_LONGEST = MOST_BYTES * 4 // 3 + 4


def take_in(raw: bytes, whom: Audience, by: By) -> str:
    """Keep a playbook as a course of action of the own member; raises InvalidInput. The bytes stay as they are."""
    playbook = parse_playbook(raw)
    extension = {
        "extension_type": "property-extension",
        "playbook_id": playbook.id,
        "created": playbook.created,
        "modified": playbook.modified,
        "playbook_creator": playbook.created_by,
        "revoked": playbook.revoked,
        "playbook_standard": "cacao",
        "playbook_abstraction": "template",
        "playbook_base64": b64encode(raw).decode(),
        **({"playbook_type": list(playbook.playbook_types)} if playbook.playbook_types else {}),
        **({"labels": list(playbook.labels)} if playbook.labels else {}),
    }
    value = {
        **head("course-of-action", own_member().identity, by),
        "name": playbook.name[:500] or playbook.id,
        **({"description": playbook.description} if playbook.description else {}),
        "extensions": {PLAYBOOK: extension},
    }
    return write([value], whom, by=by, action="playbook.import", detail={"playbook": playbook.id})[0]


def playbook_bytes(reader: Reader, identity: str) -> bytes:
    """The playbook that a course of action carries, as its author made it; raises NotFound."""
    found = part(reader, identity)
    text = _carried(found) if found is not None else None
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise NotFound("playbook-unknown", f"{identity} carries no playbook.", "See `commonwatch case playbook list`.")
    try:
        return b64decode(text, validate=True)
    except ValueError:
        raise InvalidInput("playbook-invalid", f"What {identity} carries is no base64.", "Ask its author.") from None


def _carried(one: Part) -> str | None:
    extensions = one.value.get("extensions")
    carried = extensions.get(PLAYBOOK) if isinstance(extensions, dict) else None
    text = carried.get("playbook_base64") if isinstance(carried, dict) else None
    return text if isinstance(text, str) else None


def playbooks(reader: Reader, after: int | None = None, limit: int = 50) -> list[Part]:
    """Courses of action that carry a playbook, the one that changed last first."""
    found: list[Part] = []
    while len(found) < limit:
        rows = roots(reader, ["course-of-action"], after, _AT_ONCE)
        if not rows:
            break
        found += [one for one in rows if _carried(one) is not None and not one.revoked]
        after = rows[-1].seq
    return found[:limit]


@dataclass(frozen=True)
class Did:
    """What came of a step. `branch`: what was found where it asks; `values`: by variable, of those that it gives back."""

    step: str
    ok: bool = True
    branch: str = ""
    person: str = ""
    note: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


def start(
    case: str, playbook: str, person: str, by: By, *, values: Mapping[str, str] | None = None, for_: For = ALL
) -> str:
    """Begin a run in a case, with somebody in charge and first values of its variables. Returns the run: a task."""
    at = opened(case, by)
    at.must_take_part()
    read = parse_playbook(playbook_bytes(own_reader(by.actor), playbook))
    if read.revoked:
        raise Conflict("playbook-revoked", "Its author has revoked this playbook.", "Use a newer one.")
    what = ToDo(read.name or read.id, read.description[:5_000], "home", person, types=(RUN,), for_=for_)
    value = task_object(at, what, playbook_ref=playbook)
    of_whom: dict[str, Any] = {"track": at.track, "shared_with": for_.shared_with}
    said = _statements(at, value["id"], _changes(Values(read), "", values or {}), of_whom)
    return put(at, [{**value, "outcome": "ongoing"}, *said], audience(at, for_), "case.playbook", playbook=playbook)[0]


def set_values(case: str, run: str, values: Mapping[str, str], by: By, *, step: str = "") -> tuple[str, ...]:
    """Say what variables of a run hold: the playbook's, or those that a step sees. What they hold already is not said again."""
    at = opened(case, by)
    at.must_take_part()
    task, read, _ = stands(at, run)
    if step and step not in read.workflow:
        raise NotFound(
            "step-unknown", f"There is no step {step} in the playbook.", "See `commonwatch case playbook show`."
        )
    changes = _changes(Values(read, at.case, run), step, values)
    if not changes:
        raise InvalidInput("nothing-said", "Every variable holds that value already.", "Give another value.")
    return put(at, _statements(at, run, changes, _of_whom(task)), as_part(at, run), "case.values", run=run)


def do_step(case: str, run: str, did: Did, by: By) -> str:
    """Put on record that somebody did a step that waits; raises Conflict for one that does not."""
    at = opened(case, by)
    at.must_take_part()
    task, read, now = stands(at, run)
    if did.step not in now.waiting:
        raise Conflict(
            "step-not-waiting",
            f"The step {did.step} does not wait to be done.",
            "See `commonwatch case playbook show`.",
        )
    what = read.workflow[did.step]
    if did.ok and what.choices() and did.branch not in what.choices():
        raise InvalidInput(
            "branch-missing", "This step asks what was found.", f"Say one of {', '.join(what.choices())}."
        )
    held = Values(read, at.case, run)
    gives = {one.name for one in held.set_by(did.step)}
    for name in did.values:
        if name not in gives:
            raise InvalidInput(
                "variable-not-given-back",
                f"This step gives back no {name}.",
                "Give it a value by itself: commonwatch case playbook set.",
            )
    done = ToDo(
        held.line(did.step, what.name) or did.step,
        did.note,
        "home",
        did.person or by.actor,
        types=(STEP,),
        for_=For(shared_with=task.shared_with),
    )
    value = task_object(at, done, playbook_ref=task.playbook, run_ref=run, step=did.step, branch=did.branch)
    stamp = format_time(by.now_us, 3)
    value |= {"outcome": "successful" if did.ok else "failed", "start_time": stamp, "end_time": stamp}
    said = _statements(at, run, _changes(held, did.step, did.values), _of_whom(task))
    return put(at, [value, *said], as_part(at, run), "case.step", step=did.step)[0]


def _changes(values: Values, step: str, given: Mapping[str, str]) -> list[tuple[Held, str]]:
    """What is to hold something else than it does; raises InvalidInput for what cannot."""
    found: list[tuple[Held, str]] = []
    for name, text in given.items():
        held = values.of(step, name)
        if held is None:
            raise InvalidInput(
                "variable-unknown", f"There is no variable {name} here.", "See `commonwatch case playbook show`."
            )
        if held.state == "given" and held.value == text:
            continue
        if held.state == "given" and held.variable.constant:
            raise Conflict("variable-constant", f"{name} is a constant: its value stays.", "Begin another run.")
        found.append((held, checked(name, held.variable, text, is_secret=held.state == "secret")))
    return found


def _statements(
    at: Open, run: str, changes: Iterable[tuple[Held, str]], of_whom: Mapping[str, Any]
) -> list[dict[str, Any]]:
    return [
        statement(
            at, VARIABLE, {"step": held.step, "name": held.name, "value": text}, about=run, key=held.key, **of_whom
        )
        for held, text in changes
    ]


def _of_whom(task: Task) -> dict[str, Any]:
    return {"track": task.track, "shared_with": task.shared_with}


def stands(at: Open, run: str) -> tuple[Task, Playbook, Standing]:
    """A run with its playbook and where it stands."""
    return run_of(own_reader(at.by.actor), at.case, run)


def run_of(reader: Reader, case: Case, run: str) -> tuple[Task, Playbook, Standing]:
    """The same as a reader has it; raises NotFound."""
    task = case.task(run)
    if task is None or not task.playbook or task.run:
        raise NotFound("run-unknown", f"There is no run {run} in this case.", "See `commonwatch case show`.")
    read = parse_playbook(playbook_bytes(reader, task.playbook))
    return task, read, standing(read, record(case, run))


def record(case: Case, run: str) -> list[Done]:
    """What was done of a run."""
    return [
        Done(one.step, one.outcome == "successful", one.branch, one.ended_us or one.created_us, one.id)
        for one in case.tasks
        if one.run == run and one.outcome in ("successful", "failed")
    ]


def runs(case: Case) -> list[Task]:
    """The runs of a case."""
    return [one for one in case.tasks if one.playbook and not one.run]
