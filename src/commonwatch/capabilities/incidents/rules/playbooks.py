"""CACAO security playbooks 2.0 (OASIS, November 2023), read and checked. Nothing in them is ever executed here.

1. A playbook comes from anybody: its size, its steps, their references and the depth of their branches are bounded.
2. Every step that another names is there; the first is a start; each branch comes to an end.
3. Steps may lead back only through one that a person does (an action, a condition): a run could never stop otherwise.
4. What is not known here is kept: the playbook that is exported is the bytes that came in.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from commonwatch.capabilities.incidents.rules.variables import PLACE, Variable
from commonwatch.core.errors import InvalidInput
from commonwatch.core.stix.ijson import gate

MOST_BYTES = 512 * 1024
MOST_STEPS = 500
MOST_COMMANDS = 50
DEEPEST = 32
_ID = re.compile(r"[a-z][a-z0-9-]{0,60}--[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
StepType: TypeAlias = Literal[
    "start", "end", "action", "playbook-action", "parallel", "if-condition", "while-condition", "switch-condition"
]
BY_PEOPLE = ("action", "playbook-action", "if-condition", "while-condition", "switch-condition")
_Id: TypeAlias = Annotated[str, msgspec.Meta(max_length=120)]
_Line: TypeAlias = Annotated[str, msgspec.Meta(max_length=1_000)]
_Text: TypeAlias = Annotated[str, msgspec.Meta(max_length=50_000)]
_Variables: TypeAlias = Annotated[dict[_Line, Variable], msgspec.Meta(max_length=500)]


class Command(msgspec.Struct, frozen=True):
    """What a person is asked to do (section 5). Whatever its type, the node only shows it."""

    type: _Line = "manual"
    command: _Text = ""
    command_b64: _Text = ""
    description: _Text = ""

    @property
    def words(self) -> str:
        """What it says."""
        if self.command or not self.command_b64:
            return self.command or self.description
        try:
            return b64decode(self.command_b64, validate=True).decode("utf-8", "replace")
        except ValueError:
            return self.command_b64


class Step(msgspec.Struct, frozen=True):
    """A step of the workflow (section 4)."""

    type: StepType
    name: _Line = ""
    description: _Text = ""
    owner: _Id = ""
    on_completion: _Id = ""
    on_success: _Id = ""
    on_failure: _Id = ""
    on_true: _Id = ""
    on_false: _Id = ""
    condition: _Text = ""
    switch: _Line = ""
    cases: Annotated[dict[_Line, _Id], msgspec.Meta(max_length=50)] = {}
    next_steps: Annotated[tuple[_Id, ...], msgspec.Meta(max_length=50)] = ()
    commands: Annotated[tuple[Command, ...], msgspec.Meta(max_length=MOST_COMMANDS)] = ()
    playbook_id: _Id = ""
    agent: _Id = ""
    targets: Annotated[tuple[_Id, ...], msgspec.Meta(max_length=50)] = ()
    delay: int = 0
    timeout: int = 0
    step_variables: _Variables = {}
    out_args: Annotated[tuple[_Line, ...], msgspec.Meta(max_length=100)] = ()

    def leads_to(self) -> Iterator[str]:
        """Every step that it names."""
        named = (self.on_completion, self.on_success, self.on_failure, self.on_true, self.on_false)
        yield from (one for one in (*named, *self.cases.values(), *self.next_steps) if one)

    def branches(self) -> Iterator[str]:
        """Where its branches begin: they come back to it."""
        if self.type in ("if-condition", "while-condition"):
            yield from (one for one in (self.on_true, self.on_false) if one)
        yield from (*self.cases.values(), *self.next_steps)

    def choices(self) -> tuple[str, ...]:
        """What a person may find where it asks."""
        if self.type in ("if-condition", "while-condition"):
            return ("true", "false")
        return (
            tuple(self.cases) + (() if "default" in self.cases else ("default",))
            if self.type == "switch-condition"
            else ()
        )


class Party(msgspec.Struct, frozen=True):
    """An agent or a target (section 7)."""

    type: _Line = ""
    name: _Line = ""
    description: _Text = ""
    address: Any = None

    def addresses(self) -> Iterator[str]:
        """Where it is reached (sections 7.6 and 7.10)."""
        kinds = self.address.values() if isinstance(self.address, dict) else ()
        yield from (one for several in kinds if isinstance(several, list) for one in several if isinstance(one, str))


class Playbook(msgspec.Struct, frozen=True):
    """A playbook (section 3)."""

    type: Literal["playbook"]
    spec_version: Literal["cacao-2.0"]
    id: _Id
    name: _Line
    created_by: _Id
    created: _Line
    modified: _Line
    workflow_start: _Id
    workflow: Annotated[dict[_Id, Step], msgspec.Meta(min_length=2, max_length=MOST_STEPS)]
    description: _Text = ""
    playbook_types: Annotated[tuple[_Line, ...], msgspec.Meta(max_length=50)] = ()
    workflow_exception: _Id = ""
    revoked: bool = False
    valid_from: _Line = ""
    valid_until: _Line = ""
    priority: int = 0
    severity: int = 0
    impact: int = 0
    labels: Annotated[tuple[_Line, ...], msgspec.Meta(max_length=100)] = ()
    agent_definitions: Annotated[dict[_Id, Party], msgspec.Meta(max_length=500)] = {}
    target_definitions: Annotated[dict[_Id, Party], msgspec.Meta(max_length=500)] = {}
    playbook_variables: _Variables = {}
    authentication_info_definitions: Any = None

    def party(self, name: str) -> str:
        """What an agent or a target is called, and where it is reached."""
        found = self.agent_definitions.get(name) or self.target_definitions.get(name)
        return ", ".join(one for one in (found.name, *found.addresses()) if one) if found else ""

    def secrets(self) -> Iterator[str]:
        """The variables that its ways to sign in name, save for who signs in (section 6)."""
        ways = self.authentication_info_definitions
        for way in ways.values() if isinstance(ways, dict) else ():
            for name, text in way.items() if isinstance(way, dict) else ():
                if isinstance(text, str) and name not in ("user_id", "username", "name", "description"):
                    yield from PLACE.findall(text)


def parse_playbook(raw: bytes) -> Playbook:
    """The playbook in these bytes; raises InvalidInput, saying what is wrong where."""
    if len(raw) > MOST_BYTES:
        raise InvalidInput("playbook-large", f"The playbook has more than {MOST_BYTES:,} bytes.", "Split it up.")
    value, finding = gate(raw)
    if finding is not None:
        raise InvalidInput(finding.code, finding.sentence, finding.remedy)
    try:
        playbook = msgspec.convert(_without_nulls(value), Playbook)
    except msgspec.ValidationError as error:
        raise InvalidInput(
            "playbook-invalid", f"This is no CACAO 2.0 playbook: {error}.", "See the OASIS specification, section 3."
        ) from None
    _check(playbook)
    return playbook


def _without_nulls(value: Any) -> Any:
    return {key: part for key, part in value.items() if part is not None} if isinstance(value, Mapping) else value


def _check(playbook: Playbook) -> None:
    """Rules 2 and 3."""
    for name, step in playbook.workflow.items():
        if _ID.fullmatch(name) is None or not name.startswith(f"{step.type}--"):
            raise _wrong(f"The step {name} is not called {step.type}--UUID.")
        for other in step.leads_to():
            if other not in playbook.workflow:
                raise _wrong(f"The step {name} leads to {other}, which is not there.")
        if step.on_completion and (step.on_success or step.on_failure):
            raise _wrong(f"The step {name} says both what follows it and what follows its success.")
        if step.type in ("if-condition", "while-condition") and not (step.condition and step.on_true):
            raise _wrong(f"The step {name} has no condition, or nothing to do when it holds.")
        if step.type == "switch-condition" and not (step.switch and step.cases):
            raise _wrong(f"The step {name} has no cases.")
        if step.type == "parallel" and not step.next_steps:
            raise _wrong(f"The step {name} has nothing to do at once.")
    start = playbook.workflow.get(playbook.workflow_start)
    if start is None or start.type != "start":
        raise _wrong("Its workflow_start is no start step.")
    if playbook.workflow_exception and playbook.workflow_exception not in playbook.workflow:
        raise _wrong("Its workflow_exception is not there.")
    _check_loops(playbook)
    _check_depth(playbook)


def _check_loops(playbook: Playbook) -> None:
    """Rule 3: among the steps that nobody does, none leads back to itself."""
    passing = {name for name, step in playbook.workflow.items() if step.type not in BY_PEOPLE}
    open_, done = set[str](), set[str]()
    for begin in sorted(passing):
        stack = [(begin, False)]
        while stack:
            name, leaving = stack.pop()
            if leaving:
                open_.discard(name)
                done.add(name)
            elif name in open_:
                raise _wrong(f"From {name} it comes back to {name} with nothing to do on the way.")
            elif name not in done:
                open_.add(name)
                stack.append((name, True))
                stack += [(one, False) for one in playbook.workflow[name].leads_to() if one in passing]


def _check_depth(playbook: Playbook) -> None:
    """How many branches within branches there are, following each step once at its deepest."""
    deepest: dict[str, int] = {}
    stack = [(playbook.workflow_start, 0)]
    while stack:
        name, depth = stack.pop()
        if depth > DEEPEST:
            raise _wrong(f"It has more than {DEEPEST} branches within branches.")
        if deepest.get(name, -1) >= depth:
            continue
        deepest[name] = depth
        step = playbook.workflow[name]
        inside = set(step.branches())
        stack += [(one, depth + 1) for one in inside]
        stack += [(one, depth) for one in step.leads_to() if one not in inside]


def _wrong(sentence: str) -> InvalidInput:
    return InvalidInput("playbook-invalid", sentence, "Correct the playbook where it was made.")
