"""Playbooks over the API: taken in, shown, run step by step by people. The node executes nothing."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import orjson
from django.http import HttpRequest
from ninja import Field, Path, Query, Router, Schema
from pydantic import StringConstraints

from commonwatch.base.edge import CONTRIBUTOR_AT_HOME, READER, Asked, Paged, caller, page
from commonwatch.base.intake.own import Audience
from commonwatch.base.parties.answering import by
from commonwatch.base.release.reader import reader_of
from commonwatch.base.threads.queries import Part
from commonwatch.capabilities.incidents import queries
from commonwatch.capabilities.incidents.actions import playbooks as acts
from commonwatch.capabilities.incidents.rules.playbooks import parse_playbook
from commonwatch.capabilities.incidents.rules.values import Held, Piece, Values

playbooks = Router(tags=["cases"])
Given = Annotated[
    dict[Annotated[str, StringConstraints(max_length=300)], Annotated[str, StringConstraints(max_length=1_000)]],
    Field(
        max_length=200,
        description="Values by variable, as the playbook names them. A secret is refused: a case is shared.",
    ),
]
Identity = Annotated[str, Path(max_length=300, description="A STIX id.")]


class PlaybookIn(Schema):
    """A CACAO 2.0 playbook, and whom it is for; nobody named is your own member alone."""

    playbook: dict[str, Any]
    tlp: str = Field("TLP:AMBER", max_length=20)
    members: list[str] = Field([], max_length=200)
    communities: list[str] = Field([], max_length=20)


class RunIn(Schema):
    """Which playbook is run, and who is in charge."""

    playbook: str = Field(max_length=300)
    person: str = Field("", max_length=500)
    values: Given = Field({})


class ValuesIn(Schema):
    """What variables of a run hold."""

    values: Given
    step: str = Field(
        "", max_length=120, description="For variables of a step, or of one that it stands in: this step."
    )


class StepIn(Schema):
    """A step that somebody did."""

    step: str = Field(max_length=120)
    ok: bool = True
    branch: str = Field("", max_length=500, description="Where the step asks: true, false, or a case.")
    person: str = Field("", max_length=500)
    note: str = Field("", max_length=20_000)
    values: Given = Field({})


@playbooks.get("/playbooks", response=Paged[dict[str, Any]], auth=READER)
def list_playbooks(request: HttpRequest, asked: Query[Asked]) -> Any:
    """Playbooks that you may have, what changed last first."""
    reader = reader_of(caller(request))

    def following(after: int | None, count: int) -> list[Part]:
        return acts.playbooks(reader, after, count)

    def shown(one: Part) -> dict[str, Any]:
        return {"id": one.id, "name": str(one.value.get("name", "")), "marking": one.marking, "author": one.author}

    return page(request, asked, following, lambda one: one.seq, shown)


@playbooks.post("/playbooks", response=dict[str, str], auth=CONTRIBUTOR_AT_HOME)
def import_playbook(request: HttpRequest, given: PlaybookIn) -> Any:
    """Check a playbook and keep it as a course of action of your member."""
    whom = Audience(given.tlp, tuple(given.members), tuple(given.communities))
    return {"id": acts.take_in(orjson.dumps(given.playbook), whom, by(request))}


@playbooks.get("/playbooks/{identity}", response=dict[str, Any], auth=READER)
def show_playbook(request: HttpRequest, identity: Identity) -> Any:
    """A playbook as its author made it."""
    raw = acts.playbook_bytes(reader_of(caller(request)), identity)
    parse_playbook(raw)
    found: dict[str, Any] = orjson.loads(raw)
    return found


@playbooks.post("/cases/{identity}/runs", response=dict[str, str], auth=CONTRIBUTOR_AT_HOME)
def start_run(request: HttpRequest, identity: Identity, given: RunIn) -> Any:
    """Begin a run of a playbook in a case."""
    return {"id": acts.start(identity, given.playbook, given.person, by(request), values=given.values)}


@playbooks.get("/cases/{identity}/runs/{run}", response=dict[str, Any], auth=READER)
def show_run(request: HttpRequest, identity: Identity, run: Identity) -> Any:
    """Where a run stands: the steps that wait, with what they ask, those that were done, and what its variables hold.

    `pieces` are `asks` and `words` with the values in their places: a piece with a `variable` is a value. Never run it as part
    of a command without quoting it.
    """
    reader = reader_of(caller(request))
    case = queries.seen(reader, identity)
    task, read, now = acts.run_of(reader, case, run)
    held = Values(read, case, run)
    return {
        "name": read.name,
        "person": task.person,
        "over": now.is_over,
        "failed_at": now.failed_at,
        "waiting": [_step(held, one) for one in now.waiting],
        "done": [msgspec.to_builtins(one) for one in now.done],
        "variables": [_variable(one) for one in held.seen_by(now.waiting)],
        "asked": [one.name for one in held.asked(now.waiting)],
    }


def _step(held: Values, name: str) -> dict[str, Any]:
    step = held.playbook.workflow[name]
    asks = step.condition or step.switch

    def pieces(text: str) -> list[Piece]:
        return [msgspec.to_builtins(one) for one in held.told(name, text)]

    return {
        "id": name,
        "type": step.type,
        "name": step.name,
        "asks": asks,
        "pieces": pieces(asks),
        "choices": list(step.choices()),
        "commands": [{"type": one.type, "words": one.words, "pieces": pieces(one.words)} for one in step.commands],
        "agent": pieces(held.playbook.party(step.agent)),
        "targets": [pieces(held.playbook.party(one)) for one in step.targets],
        "gives_back": [one.name for one in held.set_by(name)],
    }


def _variable(one: Held) -> dict[str, Any]:
    return {
        "name": one.name,
        "step": one.step,
        "type": one.variable.type,
        "description": one.variable.description,
        "constant": one.variable.constant,
        "external": one.variable.external,
        "state": one.state,
        "value": one.value,
        "by": one.said.author if one.said else "",
    }


@playbooks.post("/cases/{identity}/runs/{run}/values", response=dict[str, list[str]], auth=CONTRIBUTOR_AT_HOME)
def set_values(request: HttpRequest, identity: Identity, run: Identity, given: ValuesIn) -> Any:
    """Say what variables of a run hold, for those that the run is for."""
    return {"objects": list(acts.set_values(identity, run, given.values, by(request), step=given.step))}


@playbooks.post("/cases/{identity}/runs/{run}/steps", response=dict[str, str], auth=CONTRIBUTOR_AT_HOME)
def do_step(request: HttpRequest, identity: Identity, run: Identity, given: StepIn) -> Any:
    """Put on record that somebody did a step that waits."""
    did = acts.Did(given.step, given.ok, given.branch, given.person, given.note, given.values)
    return {"id": acts.do_step(identity, run, did, by(request))}
