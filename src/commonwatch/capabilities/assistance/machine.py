"""The states that a request for help goes through, and who leads from which to which: data, read and asked. Pure."""

from __future__ import annotations

from datetime import date
from typing import Literal, TypeAlias

import msgspec

from commonwatch.core.errors import InvalidInput

Side: TypeAlias = Literal["requester", "helper"]
About: TypeAlias = Literal["request", "offer"]


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"states": "from"}):
    """One act: by whom, about what, from which states, to which."""

    act: str
    by: Side
    about: About
    states: tuple[str, ...]
    to: str
    needs: tuple[Literal["reason"], ...] = ()


class Machine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of it, and from what it was made."""

    as_of: date
    source: str
    verified: bool
    states: tuple[str, ...]
    ended: tuple[str, ...]
    acts: tuple[Step, ...]

    def step(self, act: str, by: Side, about: About) -> Step | None:
        """The step that this act by this side is, if it is one."""
        return next((step for step in self.acts if (step.act, step.by, step.about) == (act, by, about)), None)


def parse_machine(raw: bytes) -> Machine:
    """Read it; raises InvalidInput where it names a state that it does not list."""
    try:
        found = msgspec.json.decode(raw, type=Machine)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(
            "states-unreadable",
            f"The list of states cannot be read: {error}.",
            "Compare it with the one that is shipped.",
        ) from None
    named = {state for step in found.acts for state in (*step.states, step.to)} | set(found.ended)
    if odd := sorted(named - set(found.states)):
        raise InvalidInput("states-unknown", f"The list of states does not hold {odd[0]}.", "Add it, or correct it.")
    return found
