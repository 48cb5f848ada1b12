"""An object's neighbours: what refers to it and what it refers to.

Both the object that refers and the one at the other end must be the reader's to see. What is hidden is left out without a trace: a
page is as long as any other, and no count tells of it. An object that is had derived refers to observables that it betrays under
ids that only its reader knows; these neighbours are there only where the reader knows them by such an id as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec
from django.db import connection

from commonwatch.base.journal.driver import TimeUp
from commonwatch.base.release.reader import Reader
from commonwatch.base.release.sight import Sight, known_as, look, meant, seen, sight_of
from commonwatch.base.release.types import type_name
from commonwatch.base.search.finding import too_long
from commonwatch.base.search.heads import Row, current_entries, heads
from commonwatch.base.search.schema import LEAST
from commonwatch.base.search.terms import Term, names_of, numbers_of
from commonwatch.base.search.writing import stored
from commonwatch.core.errors import InvalidInput, NotFound
from commonwatch.core.stix.ids import parse_id
from commonwatch.core.stix.tables import OBSERVABLES

MOST_EDGES = 500
_SECONDS = 10.0
Direction: TypeAlias = Literal["out", "in"]


class Edge(msgspec.Struct, frozen=True):
    """A neighbour. `kind`: the relationship's type, or the property that refers; `by`: the relationship object, "" where there is none."""

    direction: Direction
    kind: str
    other: Row
    by: str


class Edges(msgspec.Struct, frozen=True):
    """A page of neighbours, newest first; the key to go on from."""

    edges: tuple[Edge, ...]
    next: Any


class _Centre(NamedTuple):
    kind: str
    uid: bytes
    entry: int
    derived: bool


class _Found(NamedTuple):
    doc: int
    n: int
    part: int  # by which part of the question: one relationship may be found by two, and is two neighbours then
    direction: Direction
    kind: int
    by: int  # entry of the relationship, 0 where there is none
    other: int  # document


def edges(
    reader: Reader,
    identity: str,
    kinds: Sequence[str] = (),
    after: Any = None,
    limit: int = 100,
    *,
    passing: Sequence[str] = (),
) -> Edges:
    """The neighbours of an object, of these kinds if any are named; raises NotFound for an object that the reader has not.

    `passing`: types of objects that it refers to and that are passed over, such as the relationships that a report lists.
    """
    sight = sight_of(reader)
    centre = centre_of(sight, identity)
    numbers = tuple(numbers_of(Term.EDGE, kinds).values())
    if kinds and not numbers:
        return Edges((), None)
    most = min(max(limit, 1), MOST_EDGES)
    try:
        found = _neighbours(_Walk(sight, centre, numbers, after, most + 1), passing)
    except TimeUp:
        raise too_long() from None
    shown = found[:most]
    rows = heads(reader, sight, [one.other >> 1 for one in shown] + [one.by for one in shown if one.by])
    names = names_of(one.kind for one in shown)
    page = tuple(
        Edge(one.direction, names[one.kind], rows[one.other >> 1], rows[one.by].id if one.by else "")
        for one in shown
        if one.other >> 1 in rows and (not one.by or one.by in rows)
    )
    return Edges(page, list(shown[-1][:3]) if len(found) > most else None)


def centre_of(sight: Sight, identity: str) -> _Centre:
    """The object around which it is asked, as the reader knows it; raises NotFound."""
    named = parse_id(identity)
    if named is None:
        raise InvalidInput("id-malformed", f"{identity} is no STIX id.", "Give type--UUID.")
    entry = current_entries(sight, [identity]).get(identity)
    for uid, derived in meant(sight, named[1]):
        if (
            entry is not None
            and known_as(sight, named[0], uid, int(derived)) == identity
            and _is_of(sight, entry, uid, derived)
        ):
            return _Centre(named[0], uid, entry, derived)
    raise NotFound("object-unknown", f"There is no {identity}.", "Look for it: commonwatch search.")


def _is_of(sight: Sight, entry: int, uid: bytes, derived: bool) -> bool:
    text = "SELECT 1 FROM search_doc d WHERE d.doc = %s AND d.uid = %s"
    return bool(look(sight, text, [entry << 1 | derived, stored(uid)], _SECONDS))


def _neighbours(walk: _Walk, passing: Sequence[str]) -> list[_Found]:
    """The next neighbours in one order: relationships to and from the object, references to it, and its own."""
    centre = walk.centre
    kind = numbers_of(Term.TYPE, [centre.kind]).get(centre.kind, 0)
    me, doc = stored(centre.uid), centre.entry << 1 | centre.derived
    to_me = f"x.target = %s AND x.target_type = {kind}"
    passed = "".join(f" AND x.target_type <> {number}" for number in numbers_of(Term.TYPE, passing).values())
    found = walk.ends(0, "in", "source", f"{to_me} AND x.source IS NOT NULL", "target", [me], by=True)
    found += walk.ends(1, "out", "target", f"x.source = %s AND x.source_type = {kind}", "source", [me], by=True)
    found += walk.referring(2, f"{to_me} AND x.source IS NULL", [me])
    found += walk.ends(3, "out", "target", f"x.doc = {doc}{passed}", "", [], by=False)
    found += walk.ends(4, "out", "source", f"x.doc = {doc} AND x.source IS NOT NULL", "", [], by=False)
    return sorted(found, key=lambda one: one[:3], reverse=True)[: walk.limit]


class _Walk:
    """What the parts of one question have in common."""

    def __init__(self, sight: Sight, centre: _Centre, kinds: Sequence[int], after: Any, limit: int) -> None:
        self.sight = sight
        self.centre = centre
        self.after = after
        self.limit = limit
        self.sqlite = connection.vendor == "sqlite"
        self.asserted = seen(sight, "(x.doc >> 1)", "a")
        form = f"(x.doc & {LEAST}) = (CASE WHEN {self.asserted.code} <> 0 THEN 1 ELSE 0 END)"
        # An end that betrays its content, had as it is, may not be told to be what a derived object refers to.
        if betrays(centre.kind, centre.uid) and not centre.derived:
            form = f"(x.doc & {LEAST}) = 0 AND {form}"
        of_kind = "" if not kinds else f" AND x.kind IN ({','.join(map(str, kinds))})"
        self.common = f"{self.asserted.where} AND {form}{of_kind}"
        self.order = f"ORDER BY x.doc DESC, x.n DESC LIMIT {limit}"

    def ends(
        self, part: int, direction: Direction, end: str, condition: str, index: str, values: list[Any], *, by: bool
    ) -> list[_Found]:
        """References whose other end is in a column of theirs."""
        other = seen(self.sight, "(o.doc >> 1)", "b")
        join = "CROSS JOIN" if self.sqlite else "JOIN"
        form = f"(o.doc & {LEAST}) = (CASE WHEN {other.code} <> 0 THEN 1 ELSE 0 END)"
        uid = "o.uid" if self.sqlite else "uuid_send(o.uid)"
        text = (
            f"SELECT x.doc, x.n, x.kind, o.doc, o.type, x.{end}_type, {uid} FROM search_edge x{self._hint(index)}{self.asserted.join} "
            f"{join} search_doc o ON o.uid = x.{end}{other.join} WHERE {condition} AND {other.where} AND {form} AND {self.common}{self._beyond(part)} {self.order}"
        )
        rows = look(self.sight, text, values, _SECONDS)
        names = names_of(row[5] for row in rows)
        found: dict[tuple[int, int], _Found] = {}
        for doc, n, kind, at, number, named, own in rows:
            kind_of_end = type_name(number)
            hidden = doc & LEAST and not at & LEAST and betrays(kind_of_end, bytes(own))
            shown = at if names[named] == kind_of_end and not hidden else _NOT_SHOWN
            if (doc, n) not in found or shown > found[doc, n].other:
                found[doc, n] = _Found(doc, n, part, direction, kind, doc >> 1 if by else 0, shown)
        return list(found.values())

    def referring(self, part: int, condition: str, values: list[Any]) -> list[_Found]:
        """Objects that refer themselves."""
        text = f"SELECT x.doc, x.n, x.kind FROM search_edge x{self._hint('target')}{self.asserted.join} WHERE {condition} AND {self.common}{self._beyond(part)} {self.order}"
        rows = look(self.sight, text, values, _SECONDS)
        return [_Found(doc, n, part, "in", kind, 0, doc) for doc, n, kind in rows]

    def _beyond(self, part: int) -> str:
        """What comes after the last neighbour of the page before."""
        if self.after is None:
            return ""
        doc, n, last = map(int, self.after)
        return f" AND (x.doc, x.n) {'<=' if part < last else '<'} ({doc}, {n})"

    def _hint(self, index: str) -> str:
        if not self.sqlite:
            return ""
        return f" INDEXED BY search_edge_{index}" if index else " NOT INDEXED"


def betrays(kind: str, uid: bytes) -> bool:
    """Whether an object's id follows from its content, so that who has it could test guesses."""
    return kind in OBSERVABLES and uid[6] >> 4 in (3, 5)


_NOT_SHOWN = 0  # an end that is passed over, and keeps its place for the page that follows
