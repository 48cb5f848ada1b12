"""Playbooks: taken in, shared as courses of action, run in a case step by step by people.

The node executes nothing. A run is a task of the case (`playbook-execution`); each step that somebody did is a task as well
(`playbook-step-execution`), with who did it, when, how it went and, where the step asks, what was found.
"""

from __future__ import annotations

from base64 import b64decode, b64encode

from commonwatch.base.intake.own import Audience, write
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.reader import Reader
from commonwatch.base.threads.queries import Part, part, roots
from commonwatch.capabilities.incidents.actions.entries import ToDo, as_part, task_object
from commonwatch.capabilities.incidents.actions.writing import ALL, For, Open, audience, head, opened, own_reader, put
from commonwatch.capabilities.incidents.rules.case import Case, Task
from commonwatch.capabilities.incidents.rules.playbooks import MOST_BYTES, Playbook, parse_playbook
from commonwatch.capabilities.incidents.rules.running import Done, Standing, standing
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


def start(case: str, playbook: str, person: str, by: By, *, for_: For = ALL) -> str:
    """Begin a run in a case, with somebody in charge. Returns the run: a task."""
    at = opened(case, by)
    at.must_take_part()
    read = parse_playbook(playbook_bytes(own_reader(by.actor), playbook))
    if read.revoked:
        raise Conflict("playbook-revoked", "Its author has revoked this playbook.", "Use a newer one.")
    what = ToDo(read.name or read.id, read.description[:5_000], "home", person, types=(RUN,), for_=for_)
    value = task_object(at, what, playbook_ref=playbook)
    return put(at, [{**value, "outcome": "ongoing"}], audience(at, for_), "case.playbook", playbook=playbook)[0]


def do_step(
    case: str, run: str, step: str, by: By, *, ok: bool = True, branch: str = "", person: str = "", note: str = ""
) -> str:
    """Put on record that somebody did a step that waits; raises Conflict for one that does not."""
    at = opened(case, by)
    at.must_take_part()
    task, read, now = stands(at, run)
    if step not in now.waiting:
        raise Conflict(
            "step-not-waiting", f"The step {step} does not wait to be done.", "See `commonwatch case playbook show`."
        )
    what = read.workflow[step]
    if ok and what.choices() and branch not in what.choices():
        raise InvalidInput(
            "branch-missing", "This step asks what was found.", f"Say one of {', '.join(what.choices())}."
        )
    done = ToDo(
        what.name or step, note, "home", person or by.actor, types=(STEP,), for_=For(shared_with=task.shared_with)
    )
    value = task_object(at, done, playbook_ref=task.playbook, run_ref=run, step=step, branch=branch)
    stamp = format_time(by.now_us, 3)
    value |= {"outcome": "successful" if ok else "failed", "start_time": stamp, "end_time": stamp}
    return put(at, [value], as_part(at, run), "case.step", step=step)[0]


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
