"""Cases, as each reader may have them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from commonwatch.base.parties.models import Member
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.reader import Reader
from commonwatch.base.search.history import Sighting, originals, sightings
from commonwatch.base.search.matching import values
from commonwatch.base.threads.queries import Part, entries_of, names, roots, thread, threads
from commonwatch.capabilities.incidents.lists import duties as duty_list
from commonwatch.capabilities.incidents.lists import matrix
from commonwatch.capabilities.incidents.naming import named_values
from commonwatch.capabilities.incidents.rules import duties
from commonwatch.capabilities.incidents.rules.case import Case, Moment
from commonwatch.capabilities.incidents.rules.fold import fold, is_on
from commonwatch.capabilities.incidents.rules.measured import Efficiency, Measured, efficiency, measured
from commonwatch.capabilities.incidents.rules.saying import moment_of
from commonwatch.core.errors import CommonwatchError, NotFound
from commonwatch.core.stix.response.incidents import Track, case_root

MOST_CASES = 2_000  # that are folded for figures, or to find related ones: a millisecond each
MOST_COUNTED = 500  # for the facets of a page
FEW = 50  # entries of cases: counted at once
MOST_RELATED = 50
MOST_LINKS, MOST_SIGHTINGS = 20, 50  # of each, in a timeline
MOST_VALUES = 500
_LEAST_AT_ONCE, _AT_ONCE = 25, 200


@dataclass(frozen=True)
class Wanted:
    """Which cases. All that is given must hold; of several values in one field, any."""

    states: Sequence[str] = ()
    levels: Sequence[str] = ()
    classes: Sequence[str] = ()
    lead: str = ""  # identity
    text: str = ""
    open_only: bool = False


class Line(msgspec.Struct, frozen=True):
    """A case in a list. `key`: to page by."""

    key: int
    case: Case


class Related(msgspec.Struct, frozen=True):
    """Another case, and the objects or values that both name."""

    case: Case
    shared: tuple[str, ...]


class Offered(msgspec.Struct, frozen=True):
    """A member that came later, and how many of our entries it has not."""

    case: str
    name: str
    member: str
    parts: tuple[Part, ...]


def case(reader: Reader, identity: str, view: Track | None = None) -> Case:
    """One case; raises NotFound."""
    found = fold(thread(reader, identity), view)
    if found is None:
        raise NotFound("case-unknown", f"There is no case {identity}.", "See `commonwatch case list`.")
    return found


def seen(reader: Reader, identity: str) -> Case:
    """One case as the track of the member that reads sees it; raises NotFound."""
    return case(reader, identity, track_of(reader, case(reader, identity)))


def with_sightings(reader: Reader, found: Case) -> Case:
    """The same with the sightings of what it is linked with in its timeline: what alerts of members come to, as others learn of it."""
    seen_at = []
    for ref in found.links[:MOST_LINKS]:
        try:
            page, _ = sightings(reader, ref, None, MOST_SIGHTINGS)
        except CommonwatchError:  # the reader has not the object, or it takes too long: the timeline stands without
            continue
        seen_at += [_sighted(ref, one) for one in page if not one.head.revoked]
    lines = sorted(
        (*found.timeline, *seen_at), key=lambda one: (one.at_us, one.written_us, one.kind, one.part, one.code)
    )
    return msgspec.structs.replace(found, timeline=tuple(lines))


def _sighted(ref: str, one: Sighting) -> Moment:
    at = moment_of(one.first_seen) or moment_of(one.head.admitted) or 0
    words = f"{one.head.name} {one.head.line}".strip()
    where = ", ".join(one.where)
    written = moment_of(one.head.modified) or at
    return Moment(
        at, "sighting", "sighting", words, ref, "second", where, one.head.producer_id, one.head.id, "csirt", (),
        one.head.marking, written,
    )  # fmt: skip


def track_of(reader: Reader, found: Case) -> Track:
    """The track of the member that reads."""
    return duties.track_of(found, _identity_of(reader))


def _identity_of(reader: Reader) -> str:
    return Member.objects.filter(pk=reader.member).values_list("identity", flat=True).first() or ""


def cases(reader: Reader, wanted: Wanted, after: int | None = None, limit: int = 50) -> list[Line]:
    """Cases that are wanted, the one whose root changed last first."""
    found: list[Line] = []
    looked = 0
    while len(found) < limit and looked < MOST_CASES:
        rows = roots(reader, ["incident"], after, min(max(limit - len(found), _LEAST_AT_ONCE), _AT_ONCE))
        if not rows:
            break
        for line in _folded(reader, rows):
            if is_wanted(line.case, wanted):
                found.append(line)
        looked += len(rows)
        after = rows[-1].seq
    return found[:limit]


def are_few() -> bool:
    """Whether all cases can be counted while a page is made."""
    return entries_of(["incident"], FEW + 1) <= FEW


def every(reader: Reader, most: int = MOST_CASES) -> list[Case]:
    """The latest cases, at most so many."""
    return [line.case for line in cases(reader, Wanted(), None, most)]


def _folded(reader: Reader, rows: Sequence[Part]) -> list[Line]:
    ours = [row for row in rows if case_root(row.value) is not None]
    parts = threads(reader, [row.id for row in ours])
    found, reads = [], _identity_of(reader)
    for row in ours:
        mine = parts.get(row.id, ())
        view = fold(mine)
        track = duties.track_of(view, reads) if view is not None else None
        if track is not None and not all(is_on(track, part) for part in mine):
            view = fold(mine, track)
        if view is not None and not view.revoked:
            found.append(Line(row.seq, view))
    return found


def is_wanted(one: Case, wanted: Wanted) -> bool:
    """Whether a case is among those that are wanted."""
    return (
        (not wanted.states or one.state in wanted.states)
        and (not wanted.levels or (one.level or "unrated") in wanted.levels)
        and (not wanted.classes or (one.rsit.partition(".")[0] or "unclassified") in wanted.classes)
        and (not wanted.lead or one.lead == wanted.lead)
        and (not wanted.open_only or one.is_open)
        and wanted.text.casefold() in f"{one.name}\n{one.description}\n{one.root.reference}".casefold()
    )


def facets(found: Iterable[Case]) -> dict[str, dict[str, int]]:
    """How many cases there are of each state, level and class."""
    every_one = list(found)
    return {
        "state": dict(Counter(one.state for one in every_one)),
        "level": dict(Counter(one.level or "unrated" for one in every_one)),
        "class": dict(Counter(one.rsit.partition(".")[0] or "unclassified" for one in every_one)),
    }


def figures(reader: Reader, now_us: int) -> tuple[list[Measured], Efficiency]:
    """Times of all cases that the reader has, by class and level; and how many were resolved."""
    found = every(reader)
    return measured(found, now_us), efficiency(found)


def who(reader: Reader, found: Case) -> dict[str, str]:
    """What people call everybody that a case names, by identity."""
    members = {found.author, found.lead, *(one.member for one in found.participants)}
    members |= {one.author for one in found.timeline} | {one.about for one in found.timeline if one.kind != "link"}
    members |= {task.owner for task in found.tasks if task.owner} | {author for author, _ in found.severities}
    members |= {said.author for said in found.history} | {one.to for one in found.offers}
    return names(reader, {one for one in members if one.startswith("identity--")})


def roles(found: Case, question: duties.Question | None = None) -> tuple[duties.Row, ...]:
    """Who has which duty in a case."""
    return duties.rows(found, duty_list(), matrix(), question)


def related(reader: Reader, found: Case) -> tuple[Related, ...]:
    """Other cases that are about the same objects, or about objects that name the same values; most in common first."""
    mine = set(found.links)
    if not mine:
        return ()
    wanted = named_values(originals(reader, sorted(mine)), MOST_VALUES)
    of_value: dict[str, set[str]] = {}
    for match in values(reader, wanted, each=20) if wanted else ():
        if match.object.id not in mine:
            of_value.setdefault(match.object.id, set()).add(match.value)
    others = []
    for other in every(reader):
        if other.id == found.id:
            continue
        shared = {ref for ref in other.links if ref in mine}
        shared |= {value for ref in other.links for value in of_value.get(ref, ())}
        if shared:
            others.append(Related(other, tuple(sorted(shared))))
    return tuple(sorted(others, key=lambda one: (-len(one.shared), one.case.id))[:MOST_RELATED])


def own_identity() -> str:
    """The own member's."""
    return own_member().identity
