"""What the routes of cases take: each value as it stands in a request, and as the action takes it."""

from __future__ import annotations

from typing import Any

from ninja import Field, Schema

from commonwatch.base.edge import Asked
from commonwatch.capabilities.incidents.actions.opening import Invited, Report
from commonwatch.capabilities.incidents.actions.writing import For
from commonwatch.core.errors import InvalidInput
from commonwatch.core.stix.response.incidents import (
    Actor,
    Category,
    Determination,
    Fidelity,
    Level,
    Outcome,
    Outlook,
    Stamp,
    State,
    TimeKind,
    Track,
)
from commonwatch.core.stix.times import format_time, parse_time

_TIME = Field("", max_length=40, description="STIX timestamp; empty for none.")
_REASON = Field("", max_length=4_000)


def moment(text: str) -> int:
    """A STIX timestamp in microseconds; raises InvalidInput."""
    found = parse_time(text)
    if found is None:
        raise InvalidInput("time-unreadable", f"{text} is no STIX timestamp.", "Write 2026-11-29T10:00:00Z.")
    return found[0]


class Which(Asked):
    """Which cases."""

    state: list[State] = Field([], description="Any of these states.")
    severity: list[Level] = Field([], description="Any of these severities, in the partnership's scale.")
    class_: list[str] = Field([], alias="class", max_length=50, description="Any of these classes.")
    text: str = Field("", max_length=200, description="With this in name, description or reference.")
    open: bool = Field(False, description="Only those that are not closed.")


class InvitedIn(Schema):
    """A member that is to take part."""

    member: str = Field(max_length=100, description="By name.")
    actor: Actor = "csirt"
    roles: list[str] = Field([], max_length=20)

    @property
    def value(self) -> Invited:
        """The same, as the action takes it."""
        return Invited(self.member, self.actor, tuple(self.roles))


class FileIn(Schema):
    """A file's content."""

    file: dict[str, Any] = Field(description="A STIX bundle that holds a case, or a VERIS record.")
    members: list[InvitedIn] = Field([], max_length=200, description="Who takes part, of a VERIS record.")
    tlp: str = Field("TLP:AMBER", max_length=20)


class StampIn(Schema):
    """When something happened, how exactly that is known, and from where."""

    kind: TimeKind
    at: str = Field(max_length=40, description="STIX timestamp.")
    precision: Fidelity = "minute"
    source: str = Field("", max_length=500)
    reason: str = _REASON


class CaseIn(Schema):
    """What a case begins with."""

    name: str = Field(min_length=1, max_length=500)
    description: str = Field("", max_length=20_000)
    class_: str = Field("", alias="class", max_length=100, description="RSIT class or type.")
    severity: Level | None = None
    determination: Determination = "suspected"
    reference: str = Field("", max_length=500)
    actor: Actor = Field("csirt", description="As what your own member takes part.")
    members: list[InvitedIn] = Field([], max_length=200)
    communities: list[str] = Field([], max_length=20, description="May read it without taking part.")
    tlp: str = Field("TLP:AMBER", max_length=20)
    times: list[StampIn] = Field([], max_length=50)
    objects: list[str] = Field([], max_length=100, description="Intelligence that it is about, by STIX id.")
    altered: bool = Field(False, description="Accept that law has it altered for some.")

    @property
    def value(self) -> Report:
        """The same, as the action takes it."""
        return Report(
            name=self.name,
            description=self.description,
            rsit=self.class_,
            severity=self.severity or "",
            determination=self.determination,
            reference=self.reference,
            actor=self.actor,
            with_=tuple(one.value for one in self.members),
            communities=tuple(self.communities),
            tlp=self.tlp,
            times=tuple(
                Stamp(one.kind, format_time(moment(one.at), 3), one.precision, one.source) for one in self.times
            ),
            objects=tuple(self.objects),
            altered=self.altered,
        )


class ForIn(Schema):
    """Whom an entry is for; nothing said: everybody on your track."""

    members: list[str] = Field([], max_length=200, description="Only these, by name.")
    only_us: bool = False
    share_with: list[Track] = Field([], max_length=3, description="Further tracks that see it.")
    tlp: str = Field("", max_length=20, description="A stricter level than the case's.")

    @property
    def value(self) -> For:
        """The same, as the action takes it."""
        return For(tuple(self.members), self.only_us, tuple(self.share_with), self.tlp)


class EntryIn(ForIn):
    """Something that happened."""

    name: str = Field(min_length=1, max_length=500)
    at: str = Field(max_length=40, description="STIX timestamp.")
    description: str = Field("", max_length=20_000)
    precision: Fidelity = "minute"
    source: str = Field("", max_length=500)


class NoteIn(ForIn):
    """Something to write down."""

    text: str = Field(min_length=1, max_length=20_000)
    title: str = Field("", max_length=500)


class TaskIn(ForIn):
    """Something to do."""

    name: str = Field(min_length=1, max_length=500)
    description: str = Field("", max_length=20_000)
    owner: str = Field("", max_length=100, description="The member that does it, by name.")
    person: str = Field("", max_length=500)
    due: str = _TIME
    priority: int | None = Field(None, ge=0, le=100)
    lesson: bool = False


class TaskChange(Schema):
    """What is to be so of a task from now on; what is left out stays."""

    outcome: Outcome | None = None
    owner: str | None = Field(None, max_length=100)
    person: str | None = Field(None, max_length=500)
    due: str | None = Field(None, max_length=40, description="STIX timestamp; empty: no date.")
    name: str | None = Field(None, max_length=500)
    result: str | None = Field(None, max_length=4_000)
    reason: str = _REASON


class ImpactIn(ForIn):
    """What it did to whom."""

    category: Category
    what: str = Field(
        max_length=100, description="What the category asks: availability 0 to 100; else a word of the suite."
    )
    description: str = Field("", max_length=20_000)
    criticality: int | None = Field(None, ge=0, le=100)
    counts: dict[str, int] = Field({}, description="How many of what: system, individual, organization.")
    information: str = Field("", max_length=100)
    currency: str = Field("", max_length=10)
    least: float | None = Field(None, ge=0)
    most: float | None = Field(None, ge=0)


class DecisionIn(ForIn):
    """A decision."""

    name: str = Field(min_length=1, max_length=500)
    decision: str = Field(min_length=1, max_length=20_000)
    reason: str = _REASON
    basis: str = Field("", max_length=500)
    decided_by: list[str] = Field([], max_length=50)


class ReportIn(ForIn):
    """What a person adds to a situation report."""

    assessment: str = Field("", max_length=20_000)
    outlook: Outlook = ""
    next_due: str = _TIME


class TriageIn(Schema):
    """What it is and how severe; what is left out stays."""

    class_: str = Field("", alias="class", max_length=100)
    severity: Level | None = None
    determination: Determination | None = None
    reason: str = _REASON


class RatingIn(Schema):
    """How severe it is in a scheme."""

    scheme: str = Field(max_length=100)
    value: str = Field(max_length=100)
    reason: str = _REASON


class StateIn(Schema):
    """How it stands."""

    state: State
    at: str = _TIME
    precision: Fidelity = "minute"
    reason: str = _REASON


class ClosureIn(Schema):
    """Closing needs a root cause."""

    root_cause: str = Field(min_length=1, max_length=4_000)
    determination: Determination | None = None
    reason: str = _REASON


class Why(Schema):
    """Why; others read it."""

    reason: str = Field(min_length=1, max_length=4_000)


class Said(Schema):
    """A word on it."""

    note: str = Field("", max_length=4_000)


class LinksIn(Schema):
    """Objects that the case is about, or is not."""

    objects: list[str] = Field(min_length=1, max_length=100)
    linked: bool = True
    reason: str = _REASON


class Settled(Schema):
    """Which statement holds."""

    statement: str = Field(max_length=300)
    reason: str = _REASON


class LeadIn(Schema):
    """To whom the lead is offered."""

    member: str = Field(max_length=100)
    reason: str = _REASON


class LeadAnswer(Schema):
    """What your member says to the offer."""

    accept: bool
    reason: str = _REASON


class EarlierIn(Schema):
    """Which entries; none named: all that the member has not."""

    entries: list[str] = Field([], max_length=1_000)
    keep_back: bool = Field(False, description="The member is not to have them: do not ask again.")


class Made(Schema):
    """What was written."""

    objects: list[str]


class Look(Schema):
    """Whether it is only looked at."""

    preview: bool = Field(False, description="Only say whom it would reach; nothing is written.")


class View(Schema):
    """As which track sees it."""

    track: Track | None = Field(None, description="Default: that of your member.")
