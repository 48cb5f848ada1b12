"""From parts to a case.

1. The root says how the case began. 2. Who leads and who takes part follows from statements (`leading`, `saying`). 3. A field's value
is that of its first head, else the root's. 4. What members that take part wrote is in the case; what others wrote is told apart.
5. Every part has its line in the timeline.
6. As one track sees it, the case is made of what is on that track or shared with it. What the case is called, how it stands, who leads
and who takes part is of all tracks.

The order of the parts says nothing: they are sorted first, by content alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from msgspec.structs import replace

from commonwatch.capabilities.incidents.rules import leading, saying
from commonwatch.capabilities.incidents.rules.case import Case, Lead, Said, Taking, Task, latest
from commonwatch.capabilities.incidents.rules.pieces import piece_of, task_of
from commonwatch.capabilities.incidents.rules.timeline import timeline
from commonwatch.capabilities.incidents.rules.times import chosen, known
from commonwatch.core.stix.ordering import Part
from commonwatch.core.stix.response.incidents import (
    DETERMINATIONS,
    INCIDENT_CORE,
    LEVELS,
    PARTNERSHIP,
    CaseRoot,
    Determination,
    Level,
    Participant,
    Severity,
    State,
    Track,
    case_root,
)
from commonwatch.core.stix.shared import said_of_part

T = TypeVar("T")
OWN_TYPES = ("case-statement", "case-decision", "situation-report")
_OPEN_TO_ALL = ("time", "link", "acknowledged")
_OF_A_TRACK = ("time", "link")


@dataclass(frozen=True)
class Ground:
    """What weighing a statement rests on."""

    root: str
    past: tuple[Lead, ...]
    involved: frozenset[str]
    tasks: Mapping[str, Task]
    owners: Mapping[str, frozenset[str]]  # of each task: who ever had it

    def leads(self, one: Said) -> bool:
        """Whether its author led when it was written."""
        return leading.led_by(self.past, one)

    def may_say(self, one: Said) -> bool:
        """Whether it counts (`saying`, rule 2)."""
        about, field, key = one.slot
        if one.author not in self.involved:
            return False
        if about == self.root:
            return self._of_case(one, field, key)
        task = self.tasks.get(about)
        if task is None:
            return False
        if field == saying.VARIABLE:  # whoever may do a step may say what came of it
            return True
        takes = field == "owner" and one.value == one.author and not task.owner  # one who takes a task that nobody has
        return self.leads(one) or one.author == task.author or one.author in self.owners[about] or takes

    def _of_case(self, one: Said, field: str, key: str) -> bool:
        if field in _OPEN_TO_ALL:
            return True
        if field == "severity" and key != PARTNERSHIP:
            return True
        if field == "participant" and key == one.author and isinstance(one.value, Participant) and one.value.left:
            return True
        return self.leads(one)


def fold(parts: Iterable[Part], view: Track | None = None) -> Case | None:
    """The case that these parts make, as one track sees it where one is named; None without a root that is a case."""
    ordered = sorted(parts, key=lambda one: (one.created_us, one.author, one.id))
    roots = [one for one in ordered if one.type == "incident" and case_root(one.value) is not None]
    if not roots:
        return None
    first = roots[-1]
    root = cast(CaseRoot, case_root(first.value))
    rest = [one for one in ordered if one.id != first.id and _stands(one) and (view is None or is_on(view, one))]
    found, unread = saying.sayings(first.id, rest)
    shown = {one.id for one in rest} | {first.id}
    found = [one for one in found if one.slot[0] in shown]  # what is said of something that is not here says nothing
    past, offers = leading.leads(first.author, first.created_us, found)
    found = [_weighed(one, past) for one in found]
    takings = _takings(first, root, found, past)
    involved = frozenset(takings)
    read = {one.id: task for one in rest if one.author in involved and (task := task_of(one)) is not None}
    ground = Ground(first.id, past, involved, read, _owners(found, read, past))
    heads, contests, proposals = saying.resolved([one for one in found if one.slot[1] != "lead"], ground.may_say)
    tasks = tuple(sorted((_told(task, heads) for task in read.values()), key=lambda one: (one.created_us, one.id)))
    pieces = tuple(
        sorted(
            (piece for one in rest if one.author in involved and (piece := piece_of(one)) is not None),
            key=lambda one: (one.at_us, one.id),
        )
    )
    counted = [one for one in found if one.slot[1] == "lead" or ground.may_say(one)]
    times = known(first, root, counted, tasks, past, takings)

    def value(field: str, default: T) -> T:
        return cast(T, heads[first.id, field, ""][0].value) if (first.id, field, "") in heads else default

    level = _level(first.id, root, heads)
    told = {*read, *(one.id for one in pieces), *(one.id for one in rest if one.type == "case-statement")}
    return Case(
        id=first.id,
        name=value("name", str(first.value.get("name", ""))[:500]),
        description=value("description", str(first.value.get("description", ""))[:20_000]),
        author=first.author,
        created_us=first.created_us,
        changed_us=latest(ordered),
        marking=first.marking,
        revoked=first.revoked,
        root=root,
        state=value("state", _first_state(first.id, first.author, heads)),
        determination=value("determination", _determination(first.value)),
        level=level,
        severities=_severities(first, root, heads),
        rsit=value("rsit", root.rsit),
        root_cause=value("root-cause", ""),
        lead=past[-1].member,
        leads=past,
        offers=offers,
        participants=tuple(takings.values()),
        tasks=tasks,
        pieces=pieces,
        timeline=timeline(first, root.track, counted, tasks, pieces, times),
        times=chosen(times),
        all_times=times,
        links=_links(first.id, root, heads),
        contests=tuple(contests),
        proposals=tuple(one for one in proposals if one.author in involved),
        history=tuple(found),
        heads=heads,
        outside=tuple(one.id for one in rest if one.author not in involved),
        unread=tuple(
            dict.fromkeys([*unread, *(one.id for one in rest if one.author in involved and one.id not in told)])
        ),
    )


def is_on(view: Track, part: Part) -> bool:
    """Whether a part is in a track's view (rule 6)."""
    if part.type == "incident":
        return True
    said = part.value if part.type in OWN_TYPES else said_of_part(part.value)
    if part.type == "case-statement" and said.get("field") not in _OF_A_TRACK:
        return True
    shared = said.get("shared_with")
    return said.get("track", "csirt") == view or (isinstance(shared, list) and view in shared)


def _stands(part: Part) -> bool:
    """Not revoked: but what is said of the lead is not unsaid (`leading`, rule 5)."""
    return not part.revoked or (part.type == "case-statement" and part.value.get("field") == "lead")


def _weighed(one: Said, past: Sequence[Lead]) -> Said:
    return replace(one, leads=leading.led_by(past, one))


def _takings(first: Part, root: CaseRoot, found: Sequence[Said], past: Sequence[Lead]) -> dict[str, Taking]:
    """Who takes part, or did, by identity: whom the root names, whom a lead added, and who led."""
    takings = {one.member_ref: Taking(one.member_ref, one, first.created_us, first.id) for one in root.participants}
    for lead in past:
        takings.setdefault(
            lead.member, Taking(lead.member, Participant(lead.member), lead.since_us, lead.by or first.id)
        )
    asked = [one for one in found if one.slot[1] == "participant"]
    may = [one for one in asked if one.leads or (one.author == one.slot[2] and one.value.left)]
    heads, _, _ = saying.resolved(may, lambda one: True)
    started = {one.slot[2]: one for one in reversed(may) if not one.value.left}
    for (_, _, member), standing in heads.items():
        begun = takings[member].since_us if member in takings else started.get(member, standing[0]).written_us
        takings[member] = Taking(member, standing[0].value, begun, standing[0].id)
    return dict(sorted(takings.items(), key=lambda item: (item[1].since_us, item[0])))


def _owners(found: Sequence[Said], tasks: Mapping[str, Task], past: Sequence[Lead]) -> dict[str, frozenset[str]]:
    """Of each task who ever had it: whom its author, or a lead, gave it to."""
    owners = {task.id: {task.owner} - {""} for task in tasks.values()}
    for one in found:
        task = tasks.get(one.slot[0])
        if task is not None and one.slot[1] == "owner" and one.value:
            given = one.leads or one.author == task.author or one.author in owners[task.id]
            if given or (one.value == one.author and not task.owner):
                owners[task.id].add(one.value)
    return {task: frozenset(who) for task, who in owners.items()}


def _told(task: Task, heads: Mapping[tuple[str, str, str], tuple[Said, ...]]) -> Task:
    """A task with what was said of it since."""

    def value(field: str, default: T) -> T:
        return cast(T, heads[task.id, field, ""][0].value) if (task.id, field, "") in heads else default

    outcome = heads.get((task.id, "outcome", ""))
    due = value("due", "-")
    changed: dict[str, Any] = {
        "name": value("task-name", task.name),
        "owner": value("owner", task.owner),
        "person": value("person", task.person),
        "result": value("result", task.result),
        "due_us": task.due_us if due == "-" else saying.moment_of(due),
    }
    if outcome:
        changed["outcome"] = outcome[0].value
        changed["ended_us"] = outcome[0].at_us if outcome[0].value in ("successful", "failed", "cancelled") else None
    return replace(task, **changed)


def _first_state(case: str, author: str, heads: Mapping[tuple[str, str, str], tuple[Said, ...]]) -> State:
    """Before a lead says more: whether somebody who was told said so."""
    told = any(slot[:2] == (case, "acknowledged") and slot[2] != author for slot in heads)
    return "acknowledged" if told else "reported"


def _level(case: str, root: CaseRoot, heads: Mapping[tuple[str, str, str], tuple[Said, ...]]) -> Level | None:
    said = heads.get((case, "severity", PARTNERSHIP))
    if said:
        return cast(Level, said[0].value.value)
    given = [one.value for one in root.severities if one.scheme == PARTNERSHIP and one.value in LEVELS]
    return given[0] if given else None


def _severities(
    first: Part, root: CaseRoot, heads: Mapping[tuple[str, str, str], tuple[Said, ...]]
) -> tuple[tuple[str, Severity], ...]:
    """Beside the partnership's: what each member says in a scheme of its own."""
    found = {(first.author, one.scheme): one for one in root.severities if one.scheme != PARTNERSHIP}
    for (about, field, key), said in heads.items():
        if about == first.id and field == "severity" and key != PARTNERSHIP:
            found[said[0].author, said[0].value.scheme] = said[0].value
    return tuple((author, severity) for (author, _), severity in sorted(found.items()))


def _links(case: str, root: CaseRoot, heads: Mapping[tuple[str, str, str], tuple[Said, ...]]) -> tuple[str, ...]:
    linked = dict.fromkeys(root.object_refs, True)
    for (about, field, key), said in sorted(heads.items()):
        if about == case and field == "link":
            linked[key] = bool(said[0].value)
    return tuple(ref for ref, holds in linked.items() if holds)


def _determination(value: Mapping[str, Any]) -> Determination:
    extensions = value.get("extensions")
    core = extensions.get(INCIDENT_CORE) if isinstance(extensions, dict) else None
    said = core.get("determination") if isinstance(core, dict) else None
    return cast(Determination, said) if said in DETERMINATIONS else "suspected"
