"""SQL for the places of a page, in order: which rows of `journal_placement`, restricted to what a recipient is granted.

The path is chosen from the filter and the access, never left to the planner: measured, a planner that picks the id index for
a walk costs twenty times as much. Paths: a walk along the collection; the index of types or of versions, one limited query
for each; from ids to their entries to their places; and, for who sees little, from the grants by the index of classes.
Every path joins `release_grant` unless the reader runs the node. A query gives `pos`, `seq` and the grant's `code`.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import connection

from commonwatch.base.journal import schema
from commonwatch.base.release.access import Access
from commonwatch.base.release.schema import RECALLED
from commonwatch.base.release.types import type_numbers
from commonwatch.core.policy.variants import original_uid
from commonwatch.core.taxii.filters import ObjectFilter

_OWN = f"(p.pos & {schema.SEQ_MASK})"


class Sql(NamedTuple):
    """A query with %s for each parameter."""

    text: str
    values: list[Any]


def positions(access: Access, slot: int, wanted: ObjectFilter, limit: int, after: int | None) -> Sql | None:
    """The places of a page after position `after` (None: from the filter's own start); None where nothing can match."""
    low, high = schema.position(slot, 0), schema.position(slot, schema.SEQ_MASK)
    if wanted.added_after is not None:
        low = max(low, schema.position(slot, min(max(wanted.added_after - schema.EPOCH_US, 0), schema.SEQ_MASK)))
    if after is not None:
        low = max(low, after)
    kinds = type_numbers(wanted.types)
    if wanted.types and not kinds:
        return None
    plan = _Plan(access, slot, wanted, kinds, low, high, limit)
    found = plan.placed()
    if found is None or not access.extra:
        return found
    return _merged([found, plan.late(), plan.notices()], limit)


class _Plan:
    def __init__(
        self, access: Access, slot: int, wanted: ObjectFilter, kinds: tuple[int, ...], low: int, high: int, limit: int
    ) -> None:
        self.access = access
        self.slot = slot
        self.wanted = wanted
        self.kinds = kinds
        self.range = [low, high]
        self.limit = limit
        self.sqlite = connection.vendor == "sqlite"
        self.condition, self.values = _flags(wanted, access)
        self.code = "0" if access.recipient is None else "g.code"

    def placed(self) -> Sql | None:
        """Where objects stand in the collection itself."""
        wanted = self.wanted
        if wanted.ids:
            return self._by_id()
        if self.access.sparse:
            return self._from_grants()
        if wanted.versions and not (wanted.last or wanted.first or wanted.every):
            return self._by_index("version", wanted.versions, self.kinds)
        if self.kinds:
            return self._by_index("type", self.kinds, ())
        hint = " NOT INDEXED" if self.sqlite else ""
        text = (
            f"SELECT p.pos, p.seq, {self.code} AS code FROM journal_placement p{hint}{self._granted()} "
            f"WHERE p.pos > %s AND p.pos <= %s AND {self.condition} ORDER BY p.pos LIMIT %s"
        )
        return Sql(text, [*self._who(), *self.range, *self.values, self.limit])

    def late(self) -> Sql:
        """Objects that became visible late, where they stand in this recipient's order."""
        also, values = self._types_and_ids()
        text = (
            "SELECT e.pos, p.seq, g.code FROM release_extra e "
            f"{self._join()} journal_placement p ON p.pos = e.orig "
            f"{self._join()} release_grant g ON g.recipient = e.recipient AND g.class = p.class "
            f"WHERE e.recipient = %s AND e.pos > %s AND e.pos <= %s AND e.orig > 0 AND {_OWN} <= g.since "
            f"AND {self.condition}{also} ORDER BY e.pos LIMIT %s"
        )
        return Sql(text, [self.access.recipient, *self.range, *self.values, *values, self.limit])

    def notices(self) -> Sql:
        """What was taken back: a revoked version is the last one, and one of all."""
        text = (
            f"SELECT e.pos, 0 AS seq, {RECALLED} AS code FROM release_extra e "
            "WHERE e.recipient = %s AND e.pos > %s AND e.pos <= %s AND e.orig = 0"
        )
        values: list[Any] = [self.access.recipient, *self.range]
        wanted = self.wanted
        if not (wanted.last or wanted.every):
            text += f" AND e.version IN ({_marks(wanted.versions)})" if wanted.versions else " AND 1 = 0"
            values += wanted.versions
        if wanted.specs:
            text += f" AND e.spec IN ({_marks(wanted.specs)})"
            values += [1 if spec == 21 else 0 for spec in wanted.specs]
        if self.kinds:
            text += f" AND e.type IN ({_marks(self.kinds)})"
            values += self.kinds
        if wanted.ids:
            pairs = self._pairs(derived=False)
            text += " AND (" + (" OR ".join(["(e.uid = %s AND e.type = %s)"] * len(pairs)) or "1 = 0") + ")"
            values += [part for pair in pairs for part in pair]
        return Sql(f"{text} ORDER BY e.pos LIMIT %s", [*values, self.limit])

    def _granted(self) -> str:
        if self.access.recipient is None:
            return ""
        return f" {self._join()} release_grant g ON g.recipient = %s AND g.class = p.class AND {_OWN} > g.since"

    def _who(self) -> list[Any]:
        return [] if self.access.recipient is None else [self.access.recipient]

    def _join(self) -> str:
        """SQLite takes tables in the order of a CROSS JOIN; PostgreSQL is told otherwise."""
        return "CROSS JOIN" if self.sqlite else "JOIN"

    def _from_grants(self) -> Sql:
        also, values = self._types_and_ids()
        of_class = "CROSS JOIN journal_placement p INDEXED BY journal_placement_class ON p.class = g.class AND p.pos > %s AND p.pos <= %s"
        if not self.sqlite:  # LATERAL with OFFSET keeps the planner from walking the collection
            inner = "SELECT * FROM journal_placement WHERE class = g.class AND pos > %s AND pos <= %s OFFSET 0"
            of_class = f"CROSS JOIN LATERAL ({inner}) AS p"
        text = (
            f"SELECT p.pos, p.seq, g.code FROM release_grant g {of_class} "
            f"WHERE g.recipient = %s AND {_OWN} > g.since AND {self.condition}{also} ORDER BY p.pos LIMIT %s"
        )
        return Sql(text, [*self.range, *self._who(), *self.values, *values, self.limit])

    def _types_and_ids(self) -> tuple[str, list[Any]]:
        """The conditions on types and ids for paths that do not come from their indexes."""
        text, values = "", list[Any]()
        if self.kinds:
            text, values = f" AND p.type IN ({_marks(self.kinds)})", list(self.kinds)
        if self.wanted.ids:
            which = []
            for derived in (False, True) if self.access.coded else (False,):
                pairs = self._pairs(derived=derived)
                if pairs:
                    either = " OR ".join(["(w.uid = %s AND w.type = %s)"] * len(pairs))
                    coded = f" AND g.code {'<>' if derived else '='} 0" if self.access.recipient is not None else ""
                    which.append(
                        f"(EXISTS (SELECT 1 FROM journal_version w WHERE w.seq = p.seq AND ({either})){coded})"
                    )
                    values += [part for pair in pairs for part in pair]
            text += " AND (" + (" OR ".join(which) or "1 = 0") + ")"
        return text, values

    def _by_index(self, column: str, keys: Sequence[int], kinds: Sequence[int]) -> Sql:
        """One limited query for each key, in the order of the index, then merged: each reads at most `limit` rows."""
        hint = f" INDEXED BY journal_placement_{column}" if self.sqlite else ""
        also = f" AND p.type IN ({_marks(kinds)})" if kinds else ""
        one = (
            f"SELECT p.pos, p.seq, {self.code} AS code FROM journal_placement p{hint}{self._granted()} "
            f"WHERE p.{column} = %s AND p.pos > %s AND p.pos <= %s AND {self.condition}{also} ORDER BY p.pos LIMIT %s"
        )
        parts = [Sql(one, [*self._who(), key, *self.range, *self.values, *kinds, self.limit]) for key in keys]
        return parts[0] if len(parts) == 1 else _merged(parts, self.limit)

    def _by_id(self) -> Sql | None:
        """From the ids to their entries, from these to their places: at their own `seq`, or where they were placed later."""
        parts = []
        for derived in (False, True) if self.access.coded else (False,):
            pairs = self._pairs(derived=derived)
            if pairs:
                coded = f" AND g.code {'<>' if derived else '='} 0" if self.access.coded else ""
                parts += [self._own_places(pairs, coded), self._moved_places(pairs, coded)]
        return _merged(parts, self.limit) if parts else None

    def _own_places(self, pairs: Sequence[tuple[Any, int]], coded: str) -> Sql:
        at = "p.pos = %s + entry AND p.seq = entry"
        join = f"CROSS JOIN journal_placement p NOT INDEXED ON {at}"
        if not self.sqlite:
            at = "pos = %s + entry AND seq = entry"
            join = f"CROSS JOIN LATERAL (SELECT * FROM journal_placement WHERE {at} OFFSET 0) AS p"
        return self._entries(pairs, join, [schema.position(self.slot, 0)], coded)

    def _moved_places(self, pairs: Sequence[tuple[Any, int]], coded: str) -> Sql:
        at = f"p.seq = entry AND {_OWN} <> p.seq"
        join = f"CROSS JOIN journal_placement p INDEXED BY journal_placement_moved ON {at}"
        if not self.sqlite:  # LATERAL with OFFSET keeps the planner from turning the join round
            at = f"seq = entry AND (pos & {schema.SEQ_MASK}) <> seq"
            join = f"CROSS JOIN LATERAL (SELECT * FROM journal_placement WHERE {at} OFFSET 0) AS p"
        return self._entries(pairs, join, [], coded)

    def _entries(self, pairs: Sequence[tuple[Any, int]], join: str, at: list[Any], coded: str) -> Sql:
        hint = " INDEXED BY journal_version_id" if self.sqlite else ""
        which = " OR ".join(["(uid = %s AND type = %s)"] * len(pairs))
        text = (
            f"SELECT p.pos, p.seq, {self.code} AS code FROM (SELECT seq AS entry FROM journal_version{hint} WHERE {which}) AS a "
            f"{join}{self._granted()} WHERE p.pos > %s AND p.pos <= %s AND {self.condition}{coded}"
        )
        keys = [part for pair in pairs for part in pair]
        return Sql(text, [*keys, *at, *self._who(), *self.range, *self.values])

    def _pairs(self, *, derived: bool) -> list[tuple[Any, int]]:
        """The ids asked for with their types' numbers; for derived objects, those of the originals."""
        names = dict.fromkeys(kind for kind, _ in self.wanted.ids)
        known = {name: number for name in names for number in type_numbers((name,))}
        found: list[tuple[Any, int]] = []
        for kind, uid in self.wanted.ids:
            if kind in known and (not self.wanted.types or kind in self.wanted.types):
                own = original_uid(uid, self.access.key) if derived else uid
                found.append((own if self.sqlite else uuid.UUID(bytes=own), known[kind]))
        return found


def _merged(parts: Sequence[Sql], limit: int) -> Sql:
    """Several queries' rows in one order."""
    union = " UNION ALL ".join([f"SELECT pos, seq, code FROM ({part.text}) AS part{n}" for n, part in enumerate(parts)])
    values = [value for part in parts for value in part.values]
    return Sql(f"SELECT pos, seq, code FROM ({union}) AS parts ORDER BY pos LIMIT %s", [*values, limit])


def _flags(wanted: ObjectFilter, access: Access) -> tuple[str, list[Any]]:
    """The condition on a placement's flags and version that the version and specification filters come to.

    The first version in the collection may be one that a recipient may not have; then its first is another.
    """
    alternatives: list[str] = []
    values: list[Any] = []
    by_spec = bool(wanted.specs)
    if wanted.every:
        alternatives.append("1 = 1" if by_spec else f"(p.flags & {schema.TOP}) <> 0")
    else:
        mask = 0
        if wanted.last:
            mask |= schema.LAST_OF_SPEC if by_spec else schema.LAST
        if wanted.first:
            mask |= schema.FIRST_OF_SPEC if by_spec else schema.FIRST
        if mask:
            alternatives.append(f"(p.flags & {mask}) <> 0")
        if wanted.first and access.recipient is not None:
            alternatives.append(f"(p.flags & {schema.ALONE}) <> {schema.ALONE} AND {_NO_EARLIER}")
            values.append(access.recipient)
        if wanted.versions:
            top = "" if by_spec else f" AND (p.flags & {schema.TOP}) <> 0"
            alternatives.append(f"(p.version IN ({_marks(wanted.versions)}){top})")
            values += wanted.versions
    condition = "(" + " OR ".join(alternatives) + ")"
    if by_spec:
        specs = {20: f"(p.flags & {schema.SPEC_21}) = 0", 21: f"(p.flags & {schema.SPEC_21}) <> 0"}
        condition += " AND (" + " OR ".join(specs.get(spec, "1 = 0") for spec in wanted.specs) + ")"
    return condition, values


# No earlier version of the same object in the same collection is granted to the recipient.
_NO_EARLIER = f"""NOT EXISTS (SELECT 1 FROM journal_version me
    JOIN journal_version sibling ON sibling.uid = me.uid AND sibling.type = me.type AND sibling.version < me.version
    JOIN release_grant h ON h.recipient = %s AND h.class = sibling.class
    JOIN journal_placement q ON q.seq = sibling.seq
        AND (q.pos = (p.pos - {_OWN}) + sibling.seq OR (q.pos & {schema.SEQ_MASK}) <> q.seq)
    WHERE me.seq = p.seq AND (q.pos >> {schema.SLOT_SHIFT}) = (p.pos >> {schema.SLOT_SHIFT}))"""


def _marks(values: Sequence[object]) -> str:
    return ",".join(["%s"] * len(values))
