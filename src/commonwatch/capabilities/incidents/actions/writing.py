"""How an act is written: the case as the own member has it, an object, and whom it is for.

1. An entry is for those that take part, on its track and on the tracks it is shared with. 2. Its author may narrow that further, by
members or by a stricter TLP level, never widen it. 3. What is of the case as a whole (how it stands, who leads, who takes part) is for
all of them. 4. A change names the statements it has seen, so that it replaces them and no others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import msgspec

from commonwatch.base.intake.own import Audience, audience_of, write
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.models import HOME, Member
from commonwatch.base.parties.queries import member_named, own_member
from commonwatch.base.release.reader import Reader, for_member
from commonwatch.base.threads.queries import Part, thread
from commonwatch.capabilities.incidents.rules import duties
from commonwatch.capabilities.incidents.rules.case import Case
from commonwatch.capabilities.incidents.rules.fold import fold
from commonwatch.core.errors import InvalidInput, NotAllowed, NotFound
from commonwatch.core.policy.facts import DEFAULT_PURPOSE
from commonwatch.core.policy.scales import TLP_NAMES
from commonwatch.core.stix.response.incidents import Statement, Track, content_of
from commonwatch.core.stix.shared import new_object
from commonwatch.core.stix.times import format_time


@dataclass(frozen=True)
class For:
    """Whom an entry is for (rules 1 and 2). `members`: by name; empty for all. `shared_with`: further tracks."""

    members: tuple[str, ...] = ()
    only_us: bool = False
    shared_with: tuple[Track, ...] = ()
    tlp: str = ""  # as the case


ALL = For()


@dataclass(frozen=True)
class Open:
    """A case that somebody works on, as the own member has it."""

    case: Case
    parts: tuple[Part, ...]
    by: By
    own: str  # identity

    @property
    def id(self) -> str:
        """The case's id."""
        return self.case.id

    @property
    def track(self) -> Track:
        """The track the own member is on."""
        return duties.track_of(self.case, self.own)

    @property
    def leads(self) -> bool:
        """Whether the own member leads it."""
        return self.case.lead == self.own

    def must_lead(self) -> None:
        """Raises NotAllowed."""
        if not self.leads:
            raise NotAllowed(
                "lead-needed",
                "Only the member that leads the case decides this.",
                "Write a note, or ask for the lead: commonwatch case lead.",
            )

    def must_take_part(self) -> None:
        """Raises NotAllowed."""
        if self.own not in self.case.involved():
            raise NotAllowed("not-involved", "Your member does not take part in this case.", "Ask its lead to add it.")


def own_reader(actor: str) -> Reader:
    """As the own member reads: what it writes rests on what it may have itself."""
    return for_member(HOME, DEFAULT_PURPOSE, actor)


def opened(case: str, by: By) -> Open:
    """The case with this id; raises NotFound for one that the own member does not have."""
    parts = thread(own_reader(by.actor), case)
    folded = fold(parts)
    if folded is None:
        raise NotFound("case-unknown", f"There is no case {case}.", "See `commonwatch case list`.")
    return Open(folded, parts, by, own_member().identity)


def called(identities: Iterable[str]) -> tuple[str, ...]:
    """Members as they are named here; by their identity where this node does not know them."""
    wanted = tuple(dict.fromkeys(identities))
    names = dict(Member.objects.filter(identity__in=wanted).values_list("identity", "name"))
    return tuple(names.get(one, one) for one in wanted)


def identities(names: Iterable[str]) -> tuple[str, ...]:
    """Identities of members by name; raises NotFound."""
    return tuple(member_named(one).identity for one in names)


def audience(at: Open, for_: For = ALL, *, whole: bool = False, track: Track | None = None) -> Audience:
    """Whom something is for (rules 1 to 3); raises InvalidInput or NotAllowed."""
    case, base = at.case, audience_of(at.parts[0].markings)
    if for_.only_us:
        return Audience(_stricter(base.tlp, for_.tlp), pap=base.pap)
    tracks = {track or at.track, *for_.shared_with}
    inside = [one.member for one in case.participants if not one.part.left and (whole or one.part.track in tracks)]
    wanted = set(inside) - {at.own}
    communities = base.communities if whole or "csirt" in tracks else ()
    if for_.members:
        chosen = set(identities(for_.members))
        outside = called(chosen - set(case.involved()) - {at.own})
        if outside:
            raise NotAllowed(
                "not-involved",
                f"{', '.join(outside)} does not take part in this case.",
                "Add the member first: commonwatch case add.",
            )
        wanted, communities = chosen - {at.own}, ()
    return Audience(_stricter(base.tlp, for_.tlp), called(sorted(wanted)), communities, base.pap)


def _stricter(tlp: str, wanted: str) -> str:
    if not wanted:
        return tlp
    if wanted not in TLP_NAMES:
        raise InvalidInput("marking-unknown", f"{wanted} is no TLP level.", "Use TLP:AMBER, for example.")
    if TLP_NAMES.index(wanted) < TLP_NAMES.index(tlp):
        raise InvalidInput(
            "marking-wider", f"The case is {tlp}: an entry cannot be {wanted}.", "Choose a stricter one."
        )
    return wanted


def head(kind: str, author: str, by: By) -> dict[str, Any]:
    """The head of a new object of a standard type."""
    at = format_time(by.now_us, 3)
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{uuid4()}",
        "created_by_ref": author,
        "created": at,
        "modified": at,
    }


def own_type(kind: str, content: msgspec.Struct, author: str, by: By) -> dict[str, Any]:
    """A new object of a type of ours."""
    at = format_time(by.now_us, 3)
    return new_object(kind, content_of(content), identity=f"{kind}--{uuid4()}", author=author, made=at, at=at)


def statement(at: Open, field: str, value: Any, /, *, about: str = "", key: str = "", **more: Any) -> dict[str, Any]:
    """That one field is so now (rule 4)."""
    after = (*at.case.seen(about or at.id, field, key), *more.pop("after", ()))
    said = Statement(
        case_ref=at.id,
        field=field,
        value=msgspec.to_builtins(value),
        about_ref="" if about == at.id else about,
        after_refs=tuple(dict.fromkeys(after)),
        **{"track": at.track, **more},
    )
    return own_type("case-statement", said, at.own, at.by)


def put(
    at: Open, values: Sequence[Mapping[str, Any]], whom: Audience, action: str, **detail: object
) -> tuple[str, ...]:
    """Write it; raises NotAllowed with the reasons where somebody it is for would not get it."""
    return write(values, whom, by=at.by, action=action, detail={"case": at.id, **detail})
