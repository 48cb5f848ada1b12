"""A legal request with what became of it, folded from its parts: the same parts in any order give the same request.

1. Only the member that was asked answers; only the one that asked goes on. What others write in the thread counts for nothing.
2. The latest answer that decides (granted, partly, executed, refused, postponed) is where it stands; an earlier one stays in the
history. 3. A withdrawal ends it. 4. How long data are kept follows from every answer that says so (`core.law.preservation`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from commonwatch.core.errors import InvalidInput
from commonwatch.core.law.facts import parse_day
from commonwatch.core.law.preservation import Kept, Preserved, preserved
from commonwatch.core.stix.response.evidence import (
    ANSWER,
    LEGAL,
    PRESERVATION,
    STEP,
    STRUCTS,
    Answer,
    Legal,
    Preservation,
    Step,
    content,
)

DECIDES = ("granted", "partly", "executed", "refused", "postponed")
Request: TypeAlias = Preservation | Legal


@dataclass(frozen=True)
class Said:
    """One answer or step, with its author and time."""

    id: str
    author: str
    at: str
    content: Answer | Step


@dataclass(frozen=True)
class Folded:
    """A request as it stands."""

    id: str
    kind: str
    author: str
    at: str
    request: Request
    history: tuple[Said, ...]
    state: str  # asked, received, preserved, one of DECIDES, withdrawn
    received: date | None
    kept: tuple[Kept, ...]
    asks_extension: Said | None  # that is not answered yet

    @property
    def is_open(self) -> bool:
        """Whether anybody still has to do something about it."""
        return self.state not in ("executed", "refused", "withdrawn")

    def preservation(self, least_days: int, on: date, *, asked_for: bool = False) -> Preserved:
        """How long data are kept for it, on a day. `asked_for`: the request for the data came in."""
        refused, withdrawn = self.state == "refused", self.state == "withdrawn"
        return preserved(self.kept, least_days, on, refused=refused, withdrawn=withdrawn, asked_for=asked_for)


def fold(values: Iterable[Mapping[str, Any]]) -> Folded | None:
    """The request of these objects; None where there is none that can be read."""
    root: Mapping[str, Any] | None = None
    request: Request | None = None
    said: list[Said] = []
    for value in values:
        kind = str(value.get("type", ""))
        if kind not in (PRESERVATION, LEGAL, ANSWER, STEP):
            continue
        read = content(value, STRUCTS[kind])
        if isinstance(read, Preservation | Legal):
            root, request = value, read
        elif isinstance(read, Answer | Step):
            said.append(
                Said(str(value["id"]), str(value.get("created_by_ref", "")), str(value.get("created", "")), read)
            )
    if root is None or request is None:
        return None
    author = str(root.get("created_by_ref", ""))
    counted = [
        one for one in said if one.author == (request.requested_ref if isinstance(one.content, Answer) else author)
    ]
    history = tuple(sorted(counted, key=lambda one: (one.at, one.id)))
    answers = [(one, one.content) for one in history if isinstance(one.content, Answer)]
    received = min((day for one, _ in answers if (day := _day(one.at[:10]))), default=None)
    kept = tuple(
        Kept(since, _day(answer.preserved_until)) for _, answer in answers if (since := _day(answer.preserved_from))
    )
    return Folded(
        str(root["id"]),
        str(root["type"]),
        author,
        str(root.get("created", "")),
        request,
        history,
        _state(history),
        received,
        kept,
        _unanswered(history),
    )


def _state(history: tuple[Said, ...]) -> str:
    if any(isinstance(one.content, Step) and one.content.step == "withdraw" for one in history):
        return "withdrawn"
    words = [one.content.answer for one in history if isinstance(one.content, Answer) and one.content.step_ref is None]
    decided = [word for word in words if word in DECIDES]
    if decided:
        return decided[-1]
    return "preserved" if "preserved" in words else "received" if words else "asked"


def _unanswered(history: tuple[Said, ...]) -> Said | None:
    answered = {one.content.step_ref for one in history if isinstance(one.content, Answer)}
    asks = [one for one in history if isinstance(one.content, Step) and one.content.step == "extend"]
    return next((one for one in reversed(asks) if one.id not in answered), None)


def _day(text: str) -> date | None:
    try:
        return parse_day(text)
    except InvalidInput:
        return None
