"""Which tracks a case has, what of it each sees, and who may see, collect, decide and be told.

1. CSIRTs, police and courts each have their track. What is on one is not in the view of another unless its author shared it with
that too. 2. Release decides what a member may have at all; a track decides what is shown together (`fold`, rule 6). 3. Duties are those of the
segregation-of-duties list: which actor has which part each country fills in, until then it says who the actors are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from commonwatch.capabilities.incidents.rules.case import Case, Moment, Piece, Task
from commonwatch.core.errors import InvalidInput
from commonwatch.core.stix.response.incidents import ACTORS, TRACK_OF, Actor, Track

Question: TypeAlias = Literal["see", "collect", "decide", "told", ""]
PARTS: Mapping[str, str] = {"R": "responsible", "S": "supporting", "C": "consulted", "I": "informed"}


class Duty(msgspec.Struct, frozen=True):
    """One duty, and which actors have a part in it."""

    id: str
    phase: Literal["prior", "during", "post"]
    duty: str
    actors: tuple[Actor, ...]
    question: Question = ""


class Duties(msgspec.Struct, frozen=True):
    """The list."""

    title: str
    source: str
    as_of: str
    verified: bool
    duties: tuple[Duty, ...]


class Holder(msgspec.Struct, frozen=True):
    """An actor in a duty: its part where this country filled it in, and who that is in the case."""

    actor: Actor
    part: str
    members: tuple[str, ...]


class Row(msgspec.Struct, frozen=True):
    """A duty with who has it."""

    duty: Duty
    holders: tuple[Holder, ...]


Matrix: TypeAlias = Mapping[str, Mapping[str, str]]


def parse_matrix(value: object, known: Duties) -> Matrix:
    """A country's own matrix: {"SOD:09": {"police": "R", "csirt": "S"}}; raises InvalidInput."""
    try:
        matrix = msgspec.convert(value, dict[str, dict[str, str]])
    except msgspec.ValidationError as error:
        raise InvalidInput(
            "matrix-invalid", f"This is no matrix of duties: {error}.", 'Write {"SOD:09": {"police": "R"}}.'
        ) from None
    ids = {one.id for one in known.duties}
    for duty, parts in matrix.items():
        if duty not in ids:
            raise InvalidInput("duty-unknown", f"There is no duty {duty}.", "See `commonwatch case duties`.")
        for actor, part in parts.items():
            if actor not in ACTORS or part not in PARTS:
                raise InvalidInput(
                    "matrix-invalid",
                    f"{actor}: {part} is no part of an actor.",
                    "Actors: csirt, police; parts: R, S, C, I.",
                )
    return matrix


def rows(case: Case, known: Duties, matrix: Matrix, question: Question | None = None) -> tuple[Row, ...]:
    """The duties with who has them in this case; only those that bear on a question where one is given."""
    return tuple(
        Row(duty, tuple(_holder(case, duty, actor, matrix) for actor in _actors(duty, matrix)))
        for duty in known.duties
        if question is None or duty.question == question
    )


def _actors(duty: Duty, matrix: Matrix) -> tuple[Actor, ...]:
    filled = matrix.get(duty.id)
    return duty.actors if filled is None else tuple(actor for actor in ACTORS if actor in filled)


def _holder(case: Case, duty: Duty, actor: Actor, matrix: Matrix) -> Holder:
    members = tuple(one.member for one in case.participants if one.part.actor == actor and not one.part.left)
    return Holder(actor, PARTS.get(matrix.get(duty.id, {}).get(actor, ""), ""), members)


def track_of(case: Case, member: str) -> Track:
    """The track that a member is on; of one that does not take part, the case's own."""
    taking = case.member(member)
    return case.root.track if taking is None else TRACK_OF[taking.part.actor]


def on_track(case: Case, track: Track) -> tuple[Track, ...]:
    """Which tracks the case has entries on, besides this one, that are not in its view."""
    return tuple(sorted({one.track for one in _all(case) if one.track != track}))


def _all(case: Case) -> tuple[Moment | Piece | Task, ...]:
    return (*case.timeline, *case.pieces, *case.tasks)
