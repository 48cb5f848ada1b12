"""What the variables of a run hold, and texts of steps with the values in their places.

1. A variable is the playbook's, or a step's: then it is seen by that step and by the steps of the branches that it opens
(section 10.18.1). Where two have one name, the innermost counts.
2. What it holds is what somebody that takes part said last (`saying`), else what the playbook gives it. A constant has its first value
for good. What the variable cannot have is passed over, whoever says it.
3. A value is put in the place of `__name__:value` once: names in it stay text. Each place says that it is a value, and of which
variable, so that whoever shows it, or hands it on, can tell it from what the playbook's author wrote.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, TypeAlias

import msgspec

from commonwatch.capabilities.incidents.rules.case import Case, Said
from commonwatch.capabilities.incidents.rules.playbooks import Playbook
from commonwatch.capabilities.incidents.rules.saying import VARIABLE, key_of
from commonwatch.capabilities.incidents.rules.variables import PLACE, Variable, is_name, is_secret_name, may_have

State: TypeAlias = Literal["given", "missing", "secret"]
_MOST_PLACES = 50  # of a text: more of them stay as they are written


class Held(msgspec.Struct, frozen=True):
    """A variable of a run. `step`: whose it is; empty for the playbook's. `said`: who gave the value, where somebody did."""

    name: str
    step: str
    variable: Variable
    state: State
    value: str = ""
    said: Said | None = None

    @property
    def key(self) -> str:
        """Which of the run's it is."""
        return key_of(self.step, self.name)

    @property
    def may_change(self) -> bool:
        """Whether somebody may give it a value now."""
        return self.state != "secret" and not (self.variable.constant and self.state == "given")


class Piece(msgspec.Struct, frozen=True, omit_defaults=True):
    """A piece of a text: written by the playbook's author, or what a variable holds."""

    text: str
    variable: str = ""
    state: Literal["", "given", "missing", "secret"] = ""


class Values:
    """The variables of one run."""

    def __init__(self, playbook: Playbook, case: Case | None = None, run: str = "") -> None:
        self.playbook = playbook
        self._secrets = frozenset(playbook.secrets())
        self._around = _around(playbook)
        said: defaultdict[str, list[Said]] = defaultdict(list)
        for one in _said(case, run) if case is not None else ():
            said[one.slot[2]].append(one)
        own = {"": playbook.playbook_variables} | {
            name: step.step_variables for name, step in playbook.workflow.items() if step.step_variables
        }
        self._held = {
            (step, name): self._holds(step, name, variable, said[key_of(step, name)])
            for step, variables in own.items()
            for name, variable in variables.items()
            if is_name(name)
        }

    def _holds(self, step: str, name: str, variable: Variable, said: Sequence[Said]) -> Held:
        """Rule 2."""
        if is_secret_name(name) or name in self._secrets:
            return Held(name, step, variable, "secret")
        initial = variable.initial
        if variable.constant and initial is not None:
            return Held(name, step, variable, "given", initial)
        for one in said if variable.constant else reversed(said):
            if may_have(name, variable, one.value["value"]):
                return Held(name, step, variable, "given", one.value["value"], one)
        return Held(name, step, variable, "missing" if initial is None else "given", initial or "")

    def of(self, step: str, name: str) -> Held | None:
        """The variable of this name that a step sees; with no step, the playbook's."""
        for where in (step, *self._around.get(step, ()), ""):
            if (held := self._held.get((where, name))) is not None:
                return held
        return None

    def seen_by(self, steps: Iterable[str] = ()) -> tuple[Held, ...]:
        """The playbook's variables, then those that these steps see beside."""
        places = dict.fromkeys(["", *(where for one in steps for where in (*self._around.get(one, ()), one))])
        return tuple(held for where in places for (step, _), held in self._held.items() if step == where)

    def asked(self, steps: Iterable[str] = ()) -> tuple[Held, ...]:
        """Those of them that have no value and that somebody has to give one: what is external, and what these steps name."""
        steps = tuple(steps)
        named = {held.key for one in steps for held in self._named(one)}
        return tuple(
            held
            for held in self.seen_by(steps)
            if held.state == "missing" and (held.variable.external or held.key in named)
        )

    def _named(self, name: str) -> Iterator[Held]:
        step = self.playbook.workflow[name]
        texts = [step.name, step.description, step.condition, step.switch, *(one.words for one in step.commands)]
        for text in (*texts, *map(self.playbook.party, (step.agent, *step.targets))):
            for found in PLACE.findall(text):
                if (held := self.of(name, found)) is not None:
                    yield held

    def set_by(self, name: str) -> tuple[Held, ...]:
        """What a step gives back when it is done (`out_args`)."""
        found = (self.of(name, one) for one in self.playbook.workflow[name].out_args)
        return tuple(held for held in found if held is not None and held.may_change)

    def told(self, step: str, text: str) -> tuple[Piece, ...]:
        """A text of a step in pieces (rule 3)."""
        pieces: list[Piece] = []
        at = 0
        for number, found in enumerate(PLACE.finditer(text)):
            held = self.of(step, found[1])
            if number >= _MOST_PLACES or held is None:
                continue
            if found.start() > at:
                pieces.append(Piece(text[at : found.start()]))
            pieces.append(Piece(held.value if held.state == "given" else found[1], found[1], held.state))
            at = found.end()
        return (*pieces, Piece(text[at:])) if at < len(text) else tuple(pieces)

    def line(self, step: str, text: str) -> str:
        """A text of a step with the values in their places, for a terminal or a name."""
        return "".join(one.text for one in self.told(step, text))


def _said(case: Case, run: str) -> list[Said]:
    """What members that take part say the variables of a run hold: first what was said first, last what counts."""
    involved = set(case.involved())
    found = [one for one in case.history if one.slot[:2] == (run, VARIABLE) and one.author in involved]
    counts = [one for slot, heads in case.heads.items() if slot[:2] == (run, VARIABLE) for one in reversed(heads)]
    return found + counts


def _around(playbook: Playbook) -> dict[str, tuple[str, ...]]:
    """Of each step the steps in whose branches it stands and that have variables, innermost first."""
    inside: dict[str, set[str]] = {}
    for name, step in playbook.workflow.items():
        if not step.step_variables:
            continue
        found, waiting = set[str](), deque(step.branches())
        while waiting:
            one = waiting.popleft()
            if one not in found and one != name:
                found.add(one)
                waiting += playbook.workflow[one].leads_to()
        inside[name] = found
    order = sorted(inside, key=lambda name: (len(inside[name]), name))
    return {
        one: around for one in playbook.workflow if (around := tuple(name for name in order if one in inside[name]))
    }
