"""Where the run of a playbook stands: which steps wait for somebody, from the record of those that were done.

The workflow is walked anew each time with the record at hand: each step that a person does takes the first of its records that was
not taken yet, in the order in which they ended. So a loop comes round as often as somebody found that it does, two people may do
parallel steps at two places, and the same records give the same answer everywhere.

A branch ends at an end step, or where nothing follows; then what it branched from goes on. A step that failed goes on by
`on_failure`; without one, by the playbook's exception handler, once, and else the run ends there (CACAO 2.0, section 4.1).
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable

import msgspec

from commonwatch.capabilities.incidents.rules.playbooks import BY_PEOPLE, Playbook, Step

MOST_TURNS = 20_000  # of one walk: records are many, time is not


class Done(msgspec.Struct, frozen=True):
    """A step that somebody did: how it went, and what was found where it asks."""

    step: str
    ok: bool
    branch: str
    ended_us: int
    task: str  # its record


class Standing(msgspec.Struct, frozen=True):
    """Which steps can be done now, which were done in this order, whether the run is over and how."""

    waiting: tuple[str, ...]
    done: tuple[Done, ...]
    is_over: bool
    failed_at: str = ""


class _Stopped(Exception):
    """The run ends here."""


class _Walk:
    def __init__(self, playbook: Playbook, record: Iterable[Done]) -> None:
        self.playbook = playbook
        self.left: defaultdict[str, deque[Done]] = defaultdict(deque)
        for one in sorted(record, key=lambda one: (one.ended_us, one.task)):
            self.left[one.step].append(one)
        self.waiting: list[str] = []
        self.done: list[Done] = []
        self.failed_at = ""
        self.turns = 0
        self.handled = False

    def line(self, name: str) -> bool:
        """Walk on from a step until the branch ends; whether it did."""
        while name:
            self.turns += 1
            if self.turns > MOST_TURNS:
                self.failed_at = name
                raise _Stopped
            step = self.playbook.workflow[name]
            if step.type == "end":
                return True
            following = self._following(name, step)
            if following is None:
                return False
            name = following
        return True

    def _following(self, name: str, step: Step) -> str | None:
        """What comes after a step; None where somebody has to do something first."""
        if step.type not in BY_PEOPLE:
            if step.type == "parallel" and not all([self.line(one) for one in step.next_steps]):  # noqa: C419
                return None
            return step.on_completion or step.on_success
        records = self.left[name]
        if not records:
            if name not in self.waiting:
                self.waiting.append(name)
            return None
        one = records.popleft()
        self.done.append(one)
        if not one.ok:
            return self._failed(name, step)
        if not self._branch(step, one.branch):
            return None
        if step.type == "while-condition" and one.branch == "true":
            return name
        return step.on_completion or step.on_success

    def _branch(self, step: Step, found: str) -> bool:
        """Walk the branch that was found; whether it came to its end."""
        if step.type in ("if-condition", "while-condition"):
            begin = step.on_true if found == "true" else step.on_false
        elif step.type == "switch-condition":
            begin = step.cases.get(found, step.cases.get("default", ""))
        else:
            begin = ""
        return self.line(begin)

    def _failed(self, name: str, step: Step) -> str:
        if step.on_failure or step.on_completion:
            return step.on_failure or step.on_completion
        if self.playbook.workflow_exception and not self.handled:
            self.handled = True
            return self.playbook.workflow_exception
        self.failed_at = name
        raise _Stopped


def standing(playbook: Playbook, record: Iterable[Done]) -> Standing:
    """Where a run stands."""
    walk = _Walk(playbook, record)
    try:
        over = walk.line(playbook.workflow_start)
    except _Stopped:
        return Standing((), tuple(walk.done), is_over=True, failed_at=walk.failed_at)
    return Standing(tuple(walk.waiting), tuple(walk.done), over)
