"""Where an indicator stands, from what is known of its current version. Decides only; reads nothing."""

from __future__ import annotations

from typing import NamedTuple

from commonwatch.capabilities.detection.models import State


class Known(NamedTuple):
    """What decides."""

    erased: bool
    placed: bool
    revoked: bool
    recalled: bool
    superseded: bool
    granted: bool
    unexecutable: str  # why no matcher can read it; empty where one can


def standing(known: Known) -> tuple[State, str]:
    """The state and its reason. What is gone for everybody comes before what this member may not have."""
    if known.erased:
        return State.ERASED, "Its bytes were erased."
    if known.revoked:
        return State.REVOKED, "Its author revoked it."
    if known.superseded:
        return State.SUPERSEDED, "Its author has published a newer version."
    if known.recalled:
        return State.RECALLED, "Its author or voucher recalled it from this member."
    if not known.placed:
        return State.WITHDRAWN, "It stands in no collection."
    if not known.granted:
        return State.WITHHELD, "Release does not grant it to this member; see `commonwatch why-not`."
    if known.unexecutable:
        return State.UNEXECUTABLE, known.unexecutable
    return State.IN_FORCE, ""
