"""What a joint case is made of, as STIX objects.

1. A case is an `incident` with the OASIS Incident Core extension (version 2.0, oasis-open/cti-stix-common-objects), and beside it
what that lacks, as a property extension of ours: track, participants with their part, class, severities, times with their source.
2. Its timeline entries, tasks and impacts are `event`, `task` and `impact` of the same suite; `note` is standard. Each becomes part
of the case by `shared.part_of`.
3. Whoever would change what another wrote writes a `case-statement` about it: one field, one value, and which statements it has
seen and replaces. Decisions and situation reports are types of their own.
4. A CACAO playbook travels as `course-of-action` with the security playbook extension that MISP and OpenCTI read.

Texts, lists and values are bounded here; what does not fit is not read (`read`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, get_args

import msgspec

from commonwatch.core.stix.shared import extension_id, said_of_part

# Incident Core Extension 2.0, sections 2.1 to 2.4.
INCIDENT_CORE = "extension-definition--ef765651-680c-498d-9894-99799f2fa126"
EVENT = "extension-definition--4ca6de00-5b0d-45ef-a1dc-ea7279ea910e"
IMPACT = "extension-definition--7cc33dd6-f6a1-489b-98ea-522d351d71b9"
TASK = "extension-definition--2074a052-8be4-4932-849e-f5e7798e0030"
PLAYBOOK = "extension-definition--1e1c1bd7-c527-4215-8e18-e199e74da57c"
CASE = extension_id("case")
ROOTS = frozenset({"incident"})
ROOTS_WITH: Mapping[str, str] = {"course-of-action": PLAYBOOK}  # others are mitigations
ROOT_PROPERTIES: Mapping[str, str] = {
    "case-statement": "case_ref",
    "case-decision": "case_ref",
    "situation-report": "case_ref",
}
NEW_SDO = {"extension_type": "new-sdo"}

Track: TypeAlias = Literal["csirt", "police", "court"]
Actor: TypeAlias = Literal["csirt", "police", "prosecution", "judiciary", "affected", "other"]
State: TypeAlias = Literal["reported", "acknowledged", "triaged", "responding", "contained", "recovered", "closed"]
Level: TypeAlias = Literal["none", "low", "medium", "high", "severe", "emergency"]
Fidelity: TypeAlias = Literal["second", "minute", "hour", "day", "month", "year"]  # section 5.10
Outcome: TypeAlias = Literal["pending", "ongoing", "successful", "failed", "cancelled", "unknown"]  # section 5.9
Determination: TypeAlias = Literal["suspected", "confirmed", "blocked", "failed-attempt", "false-positive"]  # 5.5
Category: TypeAlias = Literal[
    "availability", "confidentiality", "integrity", "external", "monetary", "physical", "traceability"
]
TimeKind: TypeAlias = Literal[
    "occurred",
    "detected",
    "aware",
    "reported",
    "acknowledged",
    "triaged",
    "shared",
    "partner_action",
    "contained",
    "recovered",
    "closed",
    "reopened",
]
Outlook: TypeAlias = Literal["", "improving", "stable", "worsening"]
TRACKS: tuple[Track, ...] = get_args(Track)
ACTORS: tuple[Actor, ...] = get_args(Actor)
STATES: tuple[State, ...] = get_args(State)
LEVELS: tuple[Level, ...] = get_args(Level)
FIDELITIES: tuple[Fidelity, ...] = get_args(Fidelity)
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
DETERMINATIONS: tuple[Determination, ...] = get_args(Determination)
CATEGORIES: tuple[Category, ...] = get_args(Category)
TIME_KINDS: tuple[TimeKind, ...] = get_args(TimeKind)
TRACK_OF: Mapping[Actor, Track] = {
    "csirt": "csirt",
    "affected": "csirt",
    "other": "csirt",
    "police": "police",
    "prosecution": "court",
    "judiciary": "court",
}
PARTNERSHIP = "partnership"  # the severity scheme that all share
# Appendix B, five qualitative values; an emergency stands above the last of them.
CRITICALITY: Mapping[Level, int] = {"none": 0, "low": 15, "medium": 40, "high": 70, "severe": 90, "emergency": 100}

_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
Ref: TypeAlias = Annotated[str, msgspec.Meta(pattern=rf"^[a-z0-9][a-z0-9_-]{{0,249}}--{_UUID}$", max_length=290)]
Member: TypeAlias = Annotated[str, msgspec.Meta(pattern=rf"^identity--{_UUID}$")]
Word: TypeAlias = Annotated[str, msgspec.Meta(max_length=100)]
Line: TypeAlias = Annotated[str, msgspec.Meta(max_length=500)]
Text: TypeAlias = Annotated[str, msgspec.Meta(max_length=20_000)]
Time: TypeAlias = Annotated[str, msgspec.Meta(max_length=40)]
_Few: TypeAlias = Annotated[tuple[Ref, ...], msgspec.Meta(max_length=100)]
MOST_PARTICIPANTS = 200


class Participant(msgspec.Struct, frozen=True, omit_defaults=True):
    """A member that takes part, as what, and what it does there in words."""

    member_ref: Member
    actor: Actor = "csirt"
    roles: Annotated[tuple[Word, ...], msgspec.Meta(max_length=20)] = ()
    left: bool = False

    @property
    def track(self) -> Track:
        """The track its part belongs to."""
        return TRACK_OF[self.actor]


class Severity(msgspec.Struct, frozen=True, omit_defaults=True):
    """A value in a scheme. No scheme maps to another: each is kept as it was said."""

    scheme: Word
    value: Word


class Stamp(msgspec.Struct, frozen=True, omit_defaults=True):
    """A time of the case, as exactly as it is known, and from where."""

    kind: TimeKind
    at: Time
    fidelity: Fidelity = "second"
    source: Line = ""


class CaseRoot(msgspec.Struct, frozen=True, omit_defaults=True):
    """What our extension of `incident` holds. Its author is the case's first lead."""

    track: Track = "csirt"
    reference: Line = ""
    rsit: Word = ""
    severities: Annotated[tuple[Severity, ...], msgspec.Meta(max_length=20)] = ()
    participants: Annotated[tuple[Participant, ...], msgspec.Meta(max_length=MOST_PARTICIPANTS)] = ()
    times: Annotated[tuple[Stamp, ...], msgspec.Meta(max_length=50)] = ()
    object_refs: _Few = ()  # intelligence that the case is about
    extension_type: Literal["property-extension"] = "property-extension"


class PartSaid(msgspec.Struct, frozen=True, omit_defaults=True):
    """What we say of a standard object that is part of a case (`shared.part_of`)."""

    thread_ref: Ref = ""
    track: Track = "csirt"
    shared_with: Annotated[tuple[Track, ...], msgspec.Meta(max_length=3)] = ()  # further tracks that may see it
    source: Line = ""  # where the time or the fact is from
    owner_ref: str = ""  # of a task: the member that does it
    person: Line = ""  # of a task or a step: who there is in charge
    lesson: bool = False  # a task that a lesson became
    playbook_ref: str = ""  # of a task: the playbook that is run, or a step of it
    run_ref: str = ""  # of a step: the task that is the run
    step: Line = ""  # of a step: its id in the workflow
    branch: Line = ""  # of a step with a condition: what was found


class Statement(msgspec.Struct, frozen=True, omit_defaults=True):
    """`case-statement`: what its author says one field of something in the case is."""

    case_ref: Ref
    field: Word
    value: Any = None
    about_ref: Ref = ""  # the case where it is left out
    after_refs: Annotated[tuple[Ref, ...], msgspec.Meta(max_length=50)] = ()  # statements seen, which it replaces
    at: Time = ""  # when it came to be so, if not when it was written
    fidelity: Fidelity = "second"
    source: Line = ""
    reason: Text = ""
    track: Track = "csirt"
    shared_with: Annotated[tuple[Track, ...], msgspec.Meta(max_length=3)] = ()


class Decision(msgspec.Struct, frozen=True, omit_defaults=True):
    """`case-decision`: what was decided, by whom, why, on which ground."""

    case_ref: Ref
    name: Line
    decision: Text
    reason: Text = ""
    basis: Line = ""  # the mandate or law it rests on
    decided_at: Time = ""
    decided_by: Annotated[tuple[Line, ...], msgspec.Meta(max_length=50)] = ()
    track: Track = "csirt"
    shared_with: Annotated[tuple[Track, ...], msgspec.Meta(max_length=3)] = ()


class Figures(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a situation report counts."""

    participants: int = 0
    entries: int = 0
    tasks_open: int = 0
    tasks_late: int = 0
    tasks_done: int = 0
    impacts: int = 0
    decisions: int = 0
    conflicts: int = 0


class SituationReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """`situation-report`: the case at a moment, as facts that each reader's node says in its reader's language."""

    case_ref: Ref
    number: Annotated[int, msgspec.Meta(ge=1, le=100_000)]
    as_of: Time
    since: Time = ""
    name: Line = ""
    state: str = "reported"
    level: str = ""
    rsit: Word = ""
    lead_ref: str = ""
    figures: Figures = Figures()
    times: Annotated[tuple[Stamp, ...], msgspec.Meta(max_length=50)] = ()
    highlights: Annotated[tuple[Line, ...], msgspec.Meta(max_length=50)] = ()
    next_steps: Annotated[tuple[Line, ...], msgspec.Meta(max_length=50)] = ()
    assessment: Text = ""  # by a person, in that person's words
    outlook: Outlook = ""
    next_due: Time = ""
    track: Track = "csirt"
    shared_with: Annotated[tuple[Track, ...], msgspec.Meta(max_length=3)] = ()


T = TypeVar("T", bound=msgspec.Struct)


def read(value: object, kind: type[T]) -> T | None:
    """Content as its struct; None where it is not what it should be. Properties that are not known are passed over."""
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, RecursionError):
        return None


def case_root(value: Mapping[str, Any]) -> CaseRoot | None:
    """What our extension of an incident says; None for an incident that is no case of ours."""
    extensions = value.get("extensions")
    return read(extensions.get(CASE), CaseRoot) if isinstance(extensions, dict) and CASE in extensions else None


def part_said(value: Mapping[str, Any]) -> PartSaid:
    """What we say of a part; the empty words where that cannot be read."""
    return read(said_of_part(value), PartSaid) or PartSaid()


def content_of(content: msgspec.Struct) -> dict[str, Any]:
    """A struct as properties of an object; what is as by default is left out."""
    found: dict[str, Any] = msgspec.to_builtins(content)
    return found


def core_of(determination: Determination, state: State, level: Level | None, types: tuple[str, ...]) -> dict[str, Any]:
    """The Incident Core extension of a case (section 2.1)."""
    status = {"reported": "new", "closed": "closed"}.get(state, "open")
    said: dict[str, Any] = {
        "extension_type": "property-extension",
        "determination": determination,
        "investigation_status": status,
    }
    if level is not None:
        said["criticality"] = CRITICALITY[level]
    if types:
        said["incident_types"] = list(types)
    return said
