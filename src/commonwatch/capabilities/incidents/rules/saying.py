"""Statements: read from parts, weighed, and what of them counts.

1. A statement is about a slot: an object, one of its fields, and which of several where a field has several (a member, a scheme,
a kind of time). Its value has to be what the field takes, or it is not read.
2. It counts if its author may say so (`may_say`). Others are proposals: they are shown, and change nothing.
3. One replaces those that it names as seen (`after`), if they are of the same slot. What nobody replaced stands (the heads).
4. Of several heads the lead's comes first, then the latest, then by author and id: the same on every node. If they differ, that
is a contest, and both are shown until somebody who has seen both says what it is.

So nothing depends on the order of arrival, and of clocks only what nobody could have known better: who wrote without knowing the
other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from commonwatch.capabilities.incidents.rules.case import Contest, Said
from commonwatch.core.stix.ids import is_id
from commonwatch.core.stix.ordering import Part
from commonwatch.core.stix.response.incidents import (
    DETERMINATIONS,
    LEVELS,
    OUTCOMES,
    PARTNERSHIP,
    STATES,
    TIME_KINDS,
    Participant,
    Severity,
    Stamp,
    Statement,
    read,
)
from commonwatch.core.stix.times import parse_time

Slot = tuple[str, str, str]
LONGEST = 4_000
# What a task's fields take; the rest of the fields are the case's.
OF_TASK = ("outcome", "owner", "person", "due", "result", "task-name")
VARIABLE = "variable"  # of a run of a playbook: what one of its variables holds (`values`)
OF_CASE = (
    "state",
    "name",
    "description",
    "rsit",
    "determination",
    "root-cause",
    "severity",
    "participant",
    "time",
    "lead",
    "link",
    "acknowledged",
)


def text(value: Any, longest: int = LONGEST) -> str | None:
    """A text that is not too long."""
    return value if isinstance(value, str) and len(value) <= longest else None


def one_of(words: Sequence[str]) -> Callable[[Any], str | None]:
    """One of these words."""
    return lambda value: value if isinstance(value, str) and value in words else None


def moment_of(value: Any) -> int | None:
    """A STIX timestamp in microseconds."""
    found = parse_time(value) if isinstance(value, str) else None
    return found[0] if found else None


_TAKES: Mapping[str, Callable[[Any], Any]] = {
    "state": one_of(STATES),
    "determination": one_of(DETERMINATIONS),
    "outcome": one_of(OUTCOMES),
    "name": lambda value: text(value, 500),
    "task-name": lambda value: text(value, 500),
    "description": text,
    "root-cause": text,
    "result": text,
    "rsit": lambda value: text(value, 100),
    "owner": lambda value: value if value == "" or (isinstance(value, str) and is_id(value)) else None,
    "person": lambda value: text(value, 500),
    "due": lambda value: value if value == "" or moment_of(value) is not None else None,
}


def key_of(step: str, name: str) -> str:
    """Which variable of a run: the playbook's, or a step's."""
    return f"{step} {name}".strip()


def sayings(root: str, parts: Iterable[Part]) -> tuple[list[Said], list[str]]:
    """The statements among parts, oldest first, and the ids of those that cannot be read."""
    found: list[Said] = []
    unread: list[str] = []
    for part in parts:
        if part.type != "case-statement" or (part.revoked and part.value.get("field") != "lead"):
            continue
        said = _said(root, part)
        if said is None:
            unread.append(part.id)
        else:
            found.append(said)
    return sorted(found, key=_order), sorted(unread)


def _said(root: str, part: Part) -> Said | None:
    content = read(part.value, Statement)
    if content is None or content.case_ref != root:
        return None
    about = content.about_ref or root
    taken = _taken(content, about, root, part.author)
    if taken is None:
        return None
    key, value = taken
    at = parse_time(content.at)
    return Said(
        part.id,
        part.author,
        part.created_us,  # shared again with more members it is a newer version, and says nothing new
        (about, content.field, key),
        value,
        tuple(sorted(set(content.after_refs))),
        at[0] if at else part.created_us,
        content.fidelity if at else "second",
        content.source,
        content.reason,
        content.track,
        content.shared_with,
        part.marking,
        is_revoked=part.revoked,
    )


def _taken(content: Statement, about: str, root: str, author: str) -> tuple[str, Any] | None:
    """Rule 1: which of several, and the value."""
    field, value = content.field, content.value
    if field in _TAKES and (about == root) == (field in OF_CASE):
        taken = _TAKES[field](value)
        return None if taken is None else ("", taken)
    if field == VARIABLE and about != root:
        return _variable(value)
    if about != root or field not in OF_CASE:
        return None
    if field == "participant":
        person = read(value, Participant)
        return None if person is None else (person.member_ref, person)
    if field == "acknowledged":
        said = text(value)
        return None if said is None else (author, said)
    if field == "severity":
        severity = read(value, Severity)
        if severity is None or (severity.scheme == PARTNERSHIP and severity.value not in LEVELS):
            return None
        return ((PARTNERSHIP if severity.scheme == PARTNERSHIP else f"{author} {severity.scheme}"), severity)
    if field == "time":
        stamp = read(value, Stamp)
        if stamp is None or stamp.kind not in TIME_KINDS or parse_time(stamp.at) is None:
            return None
        return stamp.kind, stamp
    if field == "lead":
        return _lead(value)
    return (value["ref"], bool(value.get("linked", True))) if _is_link(value) else None


def value_of(one: Said) -> Any:
    """What a statement that says the same has as its value: the way back from how it was read."""
    _, field, key = one.slot
    return {"ref": key, "linked": one.value} if field == "link" else one.value


def _variable(value: Any) -> tuple[str, Any] | None:
    """Whether the variable may have it only the playbook says."""
    said = (
        [text(value.get(one), 500 if one != "value" else LONGEST) for one in ("step", "name", "value")]
        if isinstance(value, dict)
        else []
    )
    if not said or None in said:
        return None
    step, name, held = said
    return key_of(str(step), str(name)), {"step": step, "name": name, "value": held}


def _lead(value: Any) -> tuple[str, Any] | None:
    if not isinstance(value, dict) or len(value) != 1:
        return None
    ((act, who),) = value.items()
    return (act, who) if act in ("offer", "accept", "decline") and isinstance(who, str) and is_id(who) else None


def _is_link(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("ref"), str) and is_id(value["ref"])


def _order(one: Said) -> tuple[int, str, str]:
    return one.written_us, one.author, one.id


def resolved(
    found: Iterable[Said], may_say: Callable[[Said], bool]
) -> tuple[dict[Slot, tuple[Said, ...]], list[Contest], list[Said]]:
    """Rules 2 to 4: the heads of every slot, winner first; the contests; and the proposals that nobody answered."""
    by_slot: defaultdict[Slot, list[Said]] = defaultdict(list)
    others: list[Said] = []
    answered: set[str] = set()
    for one in found:
        if may_say(one):
            by_slot[one.slot].append(one)
            answered.update(one.after)
        else:
            others.append(one)
    heads = {slot: _heads(mine) for slot, mine in by_slot.items()}
    contests = [
        Contest(slot, standing)
        for slot, standing in sorted(heads.items())
        if any(_content(one) != _content(standing[0]) for one in standing[1:])
    ]
    return heads, contests, [one for one in others if one.id not in answered]


def _heads(mine: Sequence[Said]) -> tuple[Said, ...]:
    replaced = {seen for one in mine for seen in one.after if seen != one.id}
    # Two that name each other can only be made on purpose: then all of them stand.
    standing = [one for one in mine if one.id not in replaced] or list(mine)
    return tuple(sorted(standing, key=lambda one: (one.leads, *_order(one)), reverse=True))


def _content(one: Said) -> Any:
    return msgspec.to_builtins(one.value)
