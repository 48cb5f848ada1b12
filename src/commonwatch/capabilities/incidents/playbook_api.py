"""Playbooks over the API: taken in, shown, run step by step by people. The node executes nothing."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import orjson
from django.http import HttpRequest
from ninja import Field, Path, Query, Router, Schema

from commonwatch.base.edge import CONTRIBUTOR_AT_HOME, READER, Asked, Paged, caller, page
from commonwatch.base.intake.own import Audience
from commonwatch.base.parties.answering import by
from commonwatch.base.release.reader import reader_of
from commonwatch.base.threads.queries import Part
from commonwatch.capabilities.incidents import queries
from commonwatch.capabilities.incidents.actions import playbooks as acts
from commonwatch.capabilities.incidents.rules.playbooks import parse_playbook

playbooks = Router(tags=["cases"])
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


class StepIn(Schema):
    """A step that somebody did."""

    step: str = Field(max_length=120)
    ok: bool = True
    branch: str = Field("", max_length=500, description="Where the step asks: true, false, or a case.")
    person: str = Field("", max_length=500)
    note: str = Field("", max_length=20_000)


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
    return {"id": acts.start(identity, given.playbook, given.person, by(request))}


@playbooks.get("/cases/{identity}/runs/{run}", response=dict[str, Any], auth=READER)
def show_run(request: HttpRequest, identity: Identity, run: Identity) -> Any:
    """Where a run stands: the steps that wait, with what they ask, and those that were done."""
    reader = reader_of(caller(request))
    task, read, now = acts.run_of(reader, queries.seen(reader, identity), run)
    return {
        "name": read.name,
        "person": task.person,
        "over": now.is_over,
        "failed_at": now.failed_at,
        "waiting": [{"id": one, **_step(read.workflow[one])} for one in now.waiting],
        "done": [msgspec.to_builtins(one) for one in now.done],
    }


def _step(step: Any) -> dict[str, Any]:
    return {
        "type": step.type,
        "name": step.name,
        "asks": step.condition or step.switch,
        "choices": list(step.choices()),
        "commands": [{"type": one.type, "words": one.words} for one in step.commands],
    }


@playbooks.post("/cases/{identity}/runs/{run}/steps", response=dict[str, str], auth=CONTRIBUTOR_AT_HOME)
def do_step(request: HttpRequest, identity: Identity, run: Identity, given: StepIn) -> Any:
    """Put on record that somebody did a step that waits."""
    made = acts.do_step(
        identity, run, given.step, by(request), ok=given.ok, branch=given.branch, person=given.person, note=given.note
    )
    return {"id": made}
