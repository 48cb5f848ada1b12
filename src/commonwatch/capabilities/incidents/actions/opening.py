"""A case is reported, acknowledged, triaged, moves on, is closed with its root cause, and may be opened again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from commonwatch.base.intake.own import Audience, Reach, audience_of, reach, write
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.queries import own_member
from commonwatch.capabilities.incidents.actions.entries import as_part
from commonwatch.capabilities.incidents.actions.writing import Open, audience, head, identities, opened, put, statement
from commonwatch.capabilities.incidents.lists import checked_class, checked_severity
from commonwatch.capabilities.incidents.rules.saying import value_of
from commonwatch.core.errors import Conflict, InvalidInput
from commonwatch.core.stix.extensions import PapColour
from commonwatch.core.stix.response.incidents import (
    CASE,
    DETERMINATIONS,
    INCIDENT_CORE,
    PARTNERSHIP,
    STATES,
    Actor,
    CaseRoot,
    Determination,
    Fidelity,
    Participant,
    Severity,
    Stamp,
    TimeKind,
    content_of,
    core_of,
)
from commonwatch.core.stix.times import format_time

ALREADY = Conflict("state-already", "The case stands so already.", "See `commonwatch case show`.")


@dataclass(frozen=True)
class Invited:
    """A member that is to take part: by name, as what, to do what."""

    member: str
    actor: Actor = "csirt"
    roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """What a case begins with. `communities` may read it without taking part."""

    name: str
    description: str = ""
    rsit: str = ""
    severity: str = ""  # in the partnership's scale
    determination: Determination = "suspected"
    reference: str = ""
    actor: Actor = "csirt"  # as what the own member takes part
    with_: tuple[Invited, ...] = ()
    communities: tuple[str, ...] = ()
    tlp: str = "TLP:AMBER"
    pap: PapColour | None = None
    times: tuple[Stamp, ...] = ()
    objects: tuple[str, ...] = ()  # intelligence that it is about
    altered: bool = False


def audience_of_report(what: Report) -> Audience:
    """Whom the case is for."""
    names = tuple(one.member for one in what.with_)
    return Audience(what.tlp, names, what.communities, what.pap, altered=what.altered)


def report(what: Report, by: By) -> str:
    """Begin a case: this node's own member leads it. Returns its id."""
    return write(
        [root_of(what, by)], audience_of_report(what), by=by, action="case.report", detail={"name": what.name}
    )[0]


def would_reach(what: Report, by: By) -> Reach:
    """Whom the case would reach."""
    return reach([root_of(what, by)], audience_of_report(what), now_us=by.now_us)


def root_of(what: Report, by: By) -> dict[str, Any]:
    """The incident as STIX object; raises InvalidInput."""
    if not what.name.strip():
        raise InvalidInput("name-missing", "A case needs a name.", "Say in a few words what happened.")
    if what.rsit:
        checked_class(what.rsit)
    level = checked_severity(PARTNERSHIP, what.severity).opinion if what.severity else None
    own = own_member().identity
    taking = [Participant(own, what.actor)]
    taking += [
        Participant(identity, one.actor, one.roles)
        for one, identity in zip(what.with_, identities(one.member for one in what.with_), strict=True)
    ]
    case = CaseRoot(
        track=taking[0].track,
        reference=what.reference,
        rsit=what.rsit,
        severities=(Severity(PARTNERSHIP, what.severity),) if what.severity else (),
        participants=tuple(taking),
        times=what.times,
        object_refs=what.objects,
    )
    said = {CASE: {"extension_type": "property-extension", **content_of(case)}}
    return {
        **head("incident", own, by),
        "name": what.name.strip(),
        **({"description": what.description} if what.description else {}),
        **({"labels": [f"rsit:{what.rsit}"]} if what.rsit else {}),
        "extensions": {INCIDENT_CORE: core_of(what.determination, "reported", level, ()), **said},
    }


def _put(at: Open, said: Sequence[Mapping[str, Any]], action: str, **detail: object) -> tuple[str, ...]:
    """Write what concerns the whole case. Where the root is ours, a newer version of it says the same to plain STIX readers."""
    made = put(at, said, audience(at, whole=True), action, **detail)
    root = at.parts[0]
    if root.author == at.own and at.leads and not root.derived:
        now = opened(at.id, at.by).case
        core = core_of(now.determination, now.state, now.level, ())
        if core != root.value["extensions"].get(INCIDENT_CORE):
            value = {name: one for name, one in root.value.items() if name != "object_marking_refs"}
            value["extensions"] = {**value["extensions"], INCIDENT_CORE: core}
            value["modified"] = format_time(max(at.by.now_us, root.modified_us + 1_000), 3)
            put(at, [value], audience_of(root.markings), "case.root")
    return made


def acknowledge(case: str, note: str, by: By) -> str:
    """Say that the own member was told and looks at it."""
    at = opened(case, by)
    at.must_take_part()
    said = statement(at, "acknowledged", note, key=at.own)
    return put(at, [said], audience(at, whole=True), "case.acknowledge")[0]


def triage(case: str, rsit: str, severity: str, determination: str, reason: str, by: By) -> tuple[str, ...]:
    """Say its class and its severity in the partnership's scale; what is left empty stays as it is."""
    at = opened(case, by)
    at.must_lead()
    said: list[Mapping[str, Any]] = []
    if rsit:
        said.append(statement(at, "rsit", checked_class(rsit), reason=reason))
    if severity:
        checked_severity(PARTNERSHIP, severity)
        said.append(statement(at, "severity", Severity(PARTNERSHIP, severity), key=PARTNERSHIP, reason=reason))
    if determination:
        if determination not in DETERMINATIONS:
            raise InvalidInput(
                "determination-unknown",
                f"{determination} is no determination.",
                f"Use one of {', '.join(DETERMINATIONS)}.",
            )
        said.append(statement(at, "determination", determination, reason=reason))
    if not said:
        raise InvalidInput(
            "triage-empty", "Nothing was said of the case.", "Give a class, a severity or a determination."
        )
    if at.case.state in ("reported", "acknowledged"):
        said.append(statement(at, "state", "triaged", reason=reason))
    return _put(at, said, "case.triage")


def rate(case: str, scheme: str, value: str, reason: str, by: By) -> str:
    """Say how severe it is in a scheme of one's own, beside the partnership's."""
    at = opened(case, by)
    at.must_take_part()
    checked_severity(scheme, value)
    if scheme == PARTNERSHIP and not at.leads:
        # A proposal: the lead sees it beside what counts.
        said = statement(at, "severity", Severity(scheme, value), reason=reason)
    else:
        key = PARTNERSHIP if scheme == PARTNERSHIP else f"{at.own} {scheme}"
        said = statement(at, "severity", Severity(scheme, value), key=key, reason=reason)
    return put(at, [said], audience(at, whole=True), "case.rate")[0]


def move(case: str, state: str, reason: str, by: By, *, at_us: int | None = None, fidelity: Fidelity = "second") -> str:
    """Say how the case stands: for its lead; of others it is a proposal."""
    at = opened(case, by)
    at.must_take_part()
    if state not in STATES:
        raise InvalidInput("state-unknown", f"There is no state {state}.", f"Use one of {', '.join(STATES)}.")
    if state == "closed":
        raise InvalidInput(
            "close-needs-cause", "A case is closed with its root cause.", "Use `commonwatch case close`."
        )
    if state == at.case.state:
        raise ALREADY
    when = {"at": format_time(at_us, 3), "fidelity": fidelity} if at_us is not None else {}
    said = statement(at, "state", state, reason=reason, **when)
    return _put(at, [said], "case.state", state=state)[0]


def close(case: str, root_cause: str, determination: Determination | None, reason: str, by: By) -> tuple[str, ...]:
    """Close it; what is still to be done stays to be done."""
    at = opened(case, by)
    at.must_lead()
    if not root_cause.strip():
        raise InvalidInput(
            "root-cause-missing", "A case is closed with its root cause.", "If it stayed unknown, say so."
        )
    if at.case.state == "closed":
        raise ALREADY
    said = [statement(at, "root-cause", root_cause), statement(at, "state", "closed", reason=reason)]
    if determination is not None:
        said.append(statement(at, "determination", determination))
    return _put(at, said, "case.close")


def reopen(case: str, reason: str, by: By) -> str:
    """Open it again; within 30 days that voids the close in the figures."""
    at = opened(case, by)
    at.must_lead()
    if at.case.state != "closed":
        raise Conflict("not-closed", "The case is not closed.", "There is nothing to reopen.")
    if not reason.strip():
        raise InvalidInput("reason-missing", "Reopening needs a reason.", "Say what came up.")
    said = statement(at, "state", "responding", reason=reason)
    return _put(at, [said], "case.reopen")[0]


def settle(case: str, chosen: str, reason: str, by: By) -> str:
    """Say which of several things that were said at once, or that a member proposed, holds: by the statement's id."""
    at = opened(case, by)
    said = next((one for one in at.case.history if one.id == chosen), None)
    if said is None:
        raise InvalidInput("statement-unknown", f"There is no statement {chosen}.", "See `commonwatch case show`.")
    about, field, key = said.slot
    if field == "lead":
        raise InvalidInput("lead-not-settled", "Who leads is offered and accepted.", "See `commonwatch case lead`.")
    made = statement(
        at,
        field,
        value_of(said),
        about=about,
        key=key,
        reason=reason,
        after=(said.id,),
        at=format_time(said.at_us, 3),
        fidelity=said.fidelity,
    )
    whom = audience(at, whole=True) if about == at.id else as_part(at, about)
    return put(at, [made], whom, "case.settle", field=field)[0]


def rename(case: str, name: str, description: str, by: By) -> tuple[str, ...]:
    """Call it otherwise, or describe it anew."""
    at = opened(case, by)
    at.must_lead()
    said = [statement(at, "name", name)] if name else []
    said += [statement(at, "description", description)] if description else []
    if not said:
        raise InvalidInput("nothing-said", "Neither a name nor a description was given.", "Give one of them.")
    return put(at, said, audience(at, whole=True), "case.rename")


def stamp(case: str, kind: TimeKind, at_us: int, fidelity: Fidelity, source: str, reason: str, by: By) -> str:
    """Say when something happened, how exactly that is known, and from where."""
    at = opened(case, by)
    at.must_take_part()
    said = Stamp(kind, format_time(at_us, 3), fidelity, source)
    return put(
        at, [statement(at, "time", said, key=kind, reason=reason)], audience(at, whole=at.track == "csirt"), "case.time"
    )[0]


def link(case: str, refs: tuple[str, ...], by: By, *, linked: bool = True, reason: str = "") -> tuple[str, ...]:
    """Say that the case is about these objects, or is not."""
    at = opened(case, by)
    at.must_take_part()
    said = [statement(at, "link", {"ref": ref, "linked": linked}, key=ref, reason=reason) for ref in refs]
    if not said:
        raise InvalidInput("nothing-said", "No object was named.", "Give the STIX id of an object.")
    return put(at, said, audience(at), "case.link")
