"""The times of a case: those that somebody stated, and those that follow from what was done.

A time that a member states comes before one that follows; of several that are stated the first head counts. Raw times are kept
all, each with its precision and source: figures are made from them later, by definitions that may change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from commonwatch.capabilities.incidents.rules.case import Known, Lead, Said, Taking, Task
from commonwatch.capabilities.incidents.rules.saying import moment_of
from commonwatch.core.stix.ordering import Part
from commonwatch.core.stix.response.incidents import CaseRoot, TimeKind

_OF_STATE: Mapping[str, TimeKind] = {
    "acknowledged": "acknowledged",
    "triaged": "triaged",
    "contained": "contained",
    "recovered": "recovered",
    "closed": "closed",
}


def known(
    first: Part,
    root: CaseRoot,
    counted: Sequence[Said],
    tasks: Iterable[Task],
    past: Sequence[Lead],
    takings: Mapping[str, Taking],
) -> tuple[Known, ...]:
    """Every time of the case, earliest first."""
    found = [
        Known(stamp.kind, at, stamp.fidelity, stamp.source, first.author, first.id, stated=True)
        for stamp in root.times
        if (at := moment_of(stamp.at)) is not None
    ]
    found.append(Known("reported", first.created_us, "second", "", first.author, first.id, stated=False))
    for one in counted:
        if one.slot[1] == "time":
            at = moment_of(one.value.at)
            if at is not None:
                found.append(Known(one.value.kind, at, one.value.fidelity, one.value.source, one.author, one.id, True))
    found += _of_states(counted)
    joined = [one for one in takings.values() if one.member != first.author]
    if joined:
        soonest = min(joined, key=lambda one: (one.since_us, one.member))
        found.append(Known("shared", soonest.since_us, "second", "", first.author, soonest.by, stated=False))
    acted = [one for one in tasks if one.outcome == "successful" and one.ended_us and _is_partners(one, past)]
    if acted:
        soonest_done = min(acted, key=lambda one: (one.ended_us or 0, one.id))
        who = soonest_done.owner or soonest_done.author
        found.append(Known("partner_action", soonest_done.ended_us or 0, "second", "", who, soonest_done.id, False))
    return tuple(sorted(found, key=lambda one: (one.at_us, one.kind, one.author, one.part)))


def _of_states(counted: Sequence[Said]) -> list[Known]:
    """States as they were said, in the order in which they were written: what follows a close is a reopening."""
    found: list[Known] = []
    before = "reported"
    told = [one for one in counted if one.slot[1] == "acknowledged"]
    if told:
        one = min(told, key=lambda one: (one.at_us, one.id))
        found.append(Known("acknowledged", one.at_us, one.fidelity, one.source, one.author, one.id, stated=False))
    for one in counted:
        if one.slot[1] != "state":
            continue
        if before == "closed" and one.value != "closed":
            found.append(Known("reopened", one.at_us, one.fidelity, one.source, one.author, one.id, stated=False))
        elif one.value != before and one.value in _OF_STATE:
            found.append(
                Known(_OF_STATE[one.value], one.at_us, one.fidelity, one.source, one.author, one.id, stated=False)
            )
        before = one.value
    return found


def _is_partners(task: Task, past: Sequence[Lead]) -> bool:
    """Whether somebody did it who has not led the case from the start."""
    return (task.owner or task.author) != past[0].member


def chosen(times: Sequence[Known]) -> dict[TimeKind, Known]:
    """One of each kind: stated before not stated. The first of most, the last close and the last reopening."""
    found: dict[TimeKind, Known] = {}
    for one in times:
        before = found.get(one.kind)
        later = one.kind in ("closed", "reopened")
        if before is None or (one.stated, later) > (before.stated, False) or (later and one.stated == before.stated):
            found[one.kind] = one
    return found
