"""The change report: who gains and who loses what, in numbers and examples, before anything is activated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec


class Moved(msgspec.Struct, frozen=True):
    """One recipient's side of a change. Objects are versions in the journal."""

    member: str  # empty: the public
    purpose: str
    gained: int
    lost: int
    altered: int  # the same objects, in another variant
    examples_gained: tuple[str, ...] = ()
    examples_lost: tuple[str, ...] = ()


class ChangeReport(msgspec.Struct, frozen=True):
    """What a change does. `before` and `after` are digests of the worlds."""

    what: str
    before: str
    after: str
    classes: int
    recipients: int
    moved: tuple[Moved, ...]

    @property
    def gained(self) -> int:
        """Object releases that come to be."""
        return sum(one.gained for one in self.moved)

    @property
    def lost(self) -> int:
        """Object releases that end."""
        return sum(one.lost for one in self.moved)

    def lines(self) -> list[str]:
        """For people."""
        if not self.moved:
            return [f"{self.what}: nobody gains or loses anything."]
        sums = f"{self.gained:,} object releases are gained, {self.lost:,} lost"
        found = [f"{self.what}: {sums}, by {len(self.moved)} of {self.recipients} recipients."]
        for one in self.moved:
            who = one.member or "the public"
            parts = [
                f"{verb} {count:,}{_such_as(examples)}"
                for verb, count, examples in (
                    ("gains", one.gained, one.examples_gained),
                    ("loses", one.lost, one.examples_lost),
                    ("gets otherwise", one.altered, ()),
                )
                if count
            ]
            found.append(f"  {who} ({one.purpose}) " + "; ".join(parts))
        return found

    def data(self) -> dict[str, Any]:
        """For machines."""
        answer: dict[str, Any] = msgspec.to_builtins(self)
        return {**answer, "gained": self.gained, "lost": self.lost}


def _such_as(examples: Sequence[str]) -> str:
    return f" (such as {', '.join(examples)})" if examples else ""


def counted(per_class: Mapping[int, int], classes: Sequence[int]) -> int:
    """How many objects these classes have."""
    return sum(per_class.get(klass, 0) for klass in classes)
