"""A case as it stands, and what it is made of. Texts are by others: whoever shows them escapes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeAlias

import msgspec

from commonwatch.core.stix.ordering import Part
from commonwatch.core.stix.response.incidents import (
    CaseRoot,
    Determination,
    Fidelity,
    Level,
    Outcome,
    Participant,
    Severity,
    State,
    TimeKind,
    Track,
)

MomentKind: TypeAlias = Literal[
    "time", "state", "entry", "task", "step", "note", "decision", "report", "impact", "participant", "lead", "change",
    "link",
    "sighting",
]  # fmt: skip
Value: TypeAlias = Any


class Said(msgspec.Struct, frozen=True):
    """One statement about one field. `slot`: what it is about, the field, and which of several (a member, a scheme)."""

    id: str
    author: str
    written_us: int
    slot: tuple[str, str, str]
    value: Value
    after: tuple[str, ...]
    at_us: int  # when it came to be so
    fidelity: Fidelity
    source: str
    reason: str
    track: Track
    shared_with: tuple[Track, ...]
    marking: str
    leads: bool = False  # its author led the case when it was written
    is_revoked: bool = False


class Contest(msgspec.Struct, frozen=True):
    """Several said different things of one field, none having seen the others. The first counts, until somebody settles it."""

    slot: tuple[str, str, str]
    sayings: tuple[Said, ...]


class Lead(msgspec.Struct, frozen=True):
    """Who leads from when; `until_us` None: still."""

    member: str
    since_us: int
    until_us: int | None
    by: str  # the acceptance; empty for the first
    seen: tuple[str, ...] = ()  # statements that who led next had seen when it took over


class Offer(msgspec.Struct, frozen=True):
    """A lead that was offered and not answered."""

    id: str
    by: str
    to: str
    at_us: int


class Known(msgspec.Struct, frozen=True):
    """A time of the case."""

    kind: TimeKind
    at_us: int
    fidelity: Fidelity
    source: str
    author: str
    part: str
    stated: bool  # somebody said it; else it follows from what was done


class Task(msgspec.Struct, frozen=True):
    """Something to be done, by whom, by when, and how it stands."""

    id: str
    author: str
    name: str
    description: str
    outcome: Outcome
    owner: str
    person: str
    due_us: int | None
    created_us: int
    ended_us: int | None
    priority: int | None
    types: tuple[str, ...]
    lesson: bool
    result: str
    track: Track
    shared_with: tuple[Track, ...]
    marking: str
    playbook: str
    run: str
    step: str
    branch: str

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do it."""
        return self.outcome in ("pending", "ongoing", "unknown")

    def is_late(self, now_us: int) -> bool:
        """Whether it should have been done by now."""
        return self.is_open and self.due_us is not None and self.due_us < now_us


class Piece(msgspec.Struct, frozen=True):
    """A note, a decision, an impact, a situation report or a timeline entry."""

    id: str
    kind: MomentKind
    author: str
    at_us: int
    fidelity: Fidelity
    source: str
    name: str
    text: str
    track: Track
    shared_with: tuple[Track, ...]
    marking: str
    created_us: int
    modified_us: int
    value: Mapping[str, Any]


class Moment(msgspec.Struct, frozen=True):
    """One line of the timeline. `words` and `about` are by others; `code` says what it is."""

    at_us: int
    kind: MomentKind
    code: str  # a state, a kind of time, an outcome, a field
    words: str
    about: str  # what it is about: a member, a task's name
    fidelity: Fidelity
    source: str
    author: str
    part: str
    track: Track
    shared_with: tuple[Track, ...]
    marking: str
    written_us: int


class Taking(msgspec.Struct, frozen=True):
    """A member that takes part."""

    member: str
    part: Participant
    since_us: int
    by: str


class Case(msgspec.Struct, frozen=True):
    """A case, as one reader may have it."""

    id: str
    name: str
    description: str
    author: str
    created_us: int
    changed_us: int
    marking: str
    revoked: bool
    root: CaseRoot
    state: State
    determination: Determination
    level: Level | None
    severities: tuple[tuple[str, Severity], ...]  # who says so, in which scheme
    rsit: str
    root_cause: str
    lead: str
    leads: tuple[Lead, ...]
    offers: tuple[Offer, ...]
    participants: tuple[Taking, ...]
    tasks: tuple[Task, ...]
    pieces: tuple[Piece, ...]
    timeline: tuple[Moment, ...]
    times: Mapping[TimeKind, Known]
    all_times: tuple[Known, ...]
    links: tuple[str, ...]
    contests: tuple[Contest, ...]
    proposals: tuple[Said, ...]
    history: tuple[Said, ...]  # everything that was said, counted or not, oldest first
    heads: Mapping[tuple[str, str, str], tuple[Said, ...]]  # what counts of each field now, the winner first
    outside: tuple[str, ...]  # parts by members that do not take part
    unread: tuple[str, ...]  # parts that say nothing that can be read

    @property
    def is_open(self) -> bool:
        """Whether it still runs."""
        return self.state != "closed"

    def of(self, kind: MomentKind) -> tuple[Piece, ...]:
        """Its pieces of a kind, oldest first."""
        return tuple(piece for piece in self.pieces if piece.kind == kind)

    def member(self, identity: str) -> Taking | None:
        """How a member takes part."""
        return next((one for one in self.participants if one.member == identity), None)

    def involved(self) -> tuple[str, ...]:
        """Who takes part now, the lead among them."""
        return tuple(one.member for one in self.participants if not one.part.left)

    def task(self, identity: str) -> Task | None:
        """One of its tasks."""
        return next((one for one in self.tasks if one.id == identity), None)

    def seen(self, about: str, field: str, key: str = "") -> tuple[str, ...]:
        """The statements that one who changes a field now has seen, and replaces."""
        return tuple(one.id for one in self.heads.get((about, field, key), ()))


def latest(parts: Iterable[Part]) -> int:
    """When any of them was last written."""
    return max((part.modified_us for part in parts), default=0)
