"""Changes of who is in the partnership and what binds them: announced, reported, then carried out as one recorded act.

What follows from a change (who gains, who loses) is known above this room: it registers itself as `carrier`. Every command
that changes members, communities, agreements or facts goes through `change`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from commonwatch.base.parties.actions import By

T = TypeVar("T")


class Report(Protocol):
    """Who gains and who loses by a change."""

    def lines(self) -> list[str]:
        """For people."""

    def data(self) -> dict[str, Any]:
        """For machines."""


class Carrier(Protocol):
    """Carries a change out, unless it is only a preview, and reports what follows from it."""

    def __call__(self, what: str, act: Callable[[], T], by: By, *, preview: bool) -> tuple[T | None, Report]: ...


carriers: list[Carrier] = []


def change(what: str, act: Callable[[], T], by: By, *, preview: bool = False) -> tuple[T | None, Report]:
    """Carry out `act` (a write of `parties.actions`) and say what follows; as a preview, nothing is kept and there is no
    result.
    """
    return carriers[-1](what, act, by, preview=preview)
