"""What is wrong with a pattern, and what was put right in it: values, with place, clause and remedy."""

from __future__ import annotations

from dataclasses import dataclass

from commonwatch.core.patterns.stix.syntax import Pattern


@dataclass(frozen=True)
class Problem:
    """Why a text is no pattern, or why a pattern cannot be executed."""

    code: str
    place: int  # characters before it
    sentence: str
    clause: str  # of STIX 2.1
    remedy: str

    def __str__(self) -> str:
        return f"{self.sentence} (at character {self.place + 1}; STIX 2.1, {self.clause}) {self.remedy}"


@dataclass(frozen=True)
class Repair:
    """Something ill-formed whose meaning is certain, and how it was read."""

    code: str
    place: int
    sentence: str


@dataclass(frozen=True)
class Reading:
    """A pattern with what was repaired in it, or the problem that hides it."""

    pattern: Pattern | None
    problem: Problem | None = None
    repairs: tuple[Repair, ...] = ()


class Stop(Exception):
    """Ends the reading of a pattern at its first problem; never leaves this package."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence)
        self.problem = problem
