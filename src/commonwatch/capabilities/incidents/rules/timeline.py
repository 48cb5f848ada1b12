"""The timeline: a line for everything that was done, said or seen, whoever's track it is on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from commonwatch.capabilities.incidents.rules.case import Known, Moment, MomentKind, Piece, Said, Task
from commonwatch.capabilities.incidents.rules.saying import VARIABLE, moment_of
from commonwatch.core.stix.ordering import Part
from commonwatch.core.stix.response.incidents import Track

_KIND_OF_FIELD: dict[str, MomentKind] = {
    "state": "state",
    "participant": "participant",
    "lead": "lead",
    "link": "link",
    "time": "time",
}
_ENDS = ("successful", "failed", "cancelled")


def timeline(
    first: Part,
    track: Track,
    counted: Sequence[Said],
    tasks: Iterable[Task],
    pieces: Iterable[Piece],
    times: Iterable[Known],
) -> tuple[Moment, ...]:
    """Every line, earliest first; lines of one moment by what they are and from whom."""
    named = {task.id: task for task in tasks}
    told = {one.slot[0] for one in counted if one.slot[1] == "outcome"}
    found = [_root(one, first, track) for one in times if one.part == first.id and one.kind != "shared"]
    found += [_said(one, named) for one in counted]
    for task in named.values():
        kind: MomentKind = "step" if task.step else "task"
        found.append(
            Moment(
                task.created_us, kind, "created", task.name, task.owner, "second", "", task.author, task.id,
                task.track, task.shared_with, task.marking, task.created_us,
            )
        )  # fmt: skip
        if task.outcome in _ENDS and task.ended_us is not None and task.id not in told:
            found.append(
                Moment(
                    task.ended_us, kind, task.outcome, task.name, task.owner, "second", "", task.author, task.id,
                    task.track, task.shared_with, task.marking, task.created_us,
                )
            )  # fmt: skip
    found += [
        Moment(
            one.at_us, one.kind, one.kind, one.name or one.text, "", one.fidelity, one.source, one.author, one.id,
            one.track, one.shared_with, one.marking, one.created_us,
        )
        for one in pieces
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: (one.at_us, one.written_us, one.kind, one.part, one.code)))


def _root(one: Known, first: Part, track: Track) -> Moment:
    return Moment(
        one.at_us, "time", one.kind, "", "", one.fidelity, one.source, one.author, one.part, track, (),
        first.marking, first.created_us,
    )  # fmt: skip


def _said(one: Said, tasks: dict[str, Task]) -> Moment:
    about, field, key = one.slot
    task = tasks.get(about)
    kind: MomentKind = "task" if task is not None else _KIND_OF_FIELD.get(field, "change")
    code = one.value if field in ("state", "outcome") else key if field in ("lead", "time") else field
    words = one.reason or (task.name if task is not None else one.value if isinstance(one.value, str) else "")
    subject = one.value if field == "lead" else key if field in ("participant", "link") else task.name if task else ""
    at_us, fidelity, source = one.at_us, one.fidelity, one.source
    if field == VARIABLE:
        words = f"{one.value['name']} = {one.value['value']}"
    if field == "time":
        at_us, fidelity, source = moment_of(one.value.at) or at_us, one.value.fidelity, one.value.source or source
    return Moment(
        at_us, kind, code, words, subject, fidelity, source, one.author, one.id, one.track, one.shared_with,
        one.marking, one.written_us,
    )  # fmt: skip
