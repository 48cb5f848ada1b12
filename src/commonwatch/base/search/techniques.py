"""Attack patterns that the reader has, with the steps of an attack to which they belong and by how many objects each is used.

A use counts where the reader has the relationship and the object that uses; hidden ones leave no trace in the numbers.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import msgspec
import orjson
from django.db import connection

from commonwatch.base.journal.driver import TimeUp
from commonwatch.base.release.reader import Reader
from commonwatch.base.release.sight import Sight, given, look, meant, seen, sight_of
from commonwatch.base.release.types import type_name
from commonwatch.base.search.finding import Asking, too_long
from commonwatch.base.search.heads import Row, head, names_of_producers
from commonwatch.base.search.schema import LEAST
from commonwatch.base.search.terms import Term, names_of, numbers_of
from commonwatch.base.search.wanted import Wanted
from commonwatch.core.stix.ids import parse_id
from commonwatch.core.stix.tables import OBSERVABLES

MOST_TECHNIQUES = 3_000  # ATT&CK has some 900 in all its domains
_SECONDS = 3.0


class Technique(msgspec.Struct, frozen=True):
    """One attack pattern. `number`: what its makers call it (T1059.001); `phases`: pairs of kill chain and phase."""

    head: Row
    number: str
    phases: tuple[tuple[str, str], ...]
    users: int


def techniques(reader: Reader) -> tuple[Technique, ...]:
    """Every attack pattern in force that the reader has, the most used first; raises TooBusy where that takes too long."""
    sight = sight_of(reader)
    asking = Asking(sight, Wanted(types=("attack-pattern",), revoked=False), (), _SECONDS)
    try:
        entries = [doc >> 1 for doc, _ in asking.rows("d.doc AS doc, d.version AS version", None, MOST_TECHNIQUES)]
        used = _used(sight)
    except TimeUp:
        raise too_long() from None
    found = given(sight, entries, "search")
    values = {seq: orjson.loads(one.raw) for seq, one in found.items() if one.raw}
    authors = {value["created_by_ref"] for value in values.values() if isinstance(value.get("created_by_ref"), str)}
    called = names_of_producers(reader, authors)
    made = []
    for seq, value in values.items():
        named = parse_id(found[seq].id)
        uids = [uid for uid, derived in meant(sight, named[1]) if derived == found[seq].derived] if named else []
        users = sum(len(used[uid]) for uid in uids if uid in used)
        made.append(Technique(head(found[seq], value, called, {}), _number(value), _phases(value), users))
    return tuple(sorted(made, key=lambda one: (-one.users, one.number, one.head.name)))


def _used(sight: Sight) -> dict[bytes, set[bytes]]:
    """By attack pattern the objects that use it."""
    kind, target = numbers_of(Term.EDGE, ["uses"]).get("uses"), numbers_of(Term.TYPE, ["attack-pattern"])
    if kind is None or not target:
        return {}
    asserted, source = seen(sight, "(x.doc >> 1)", "a"), seen(sight, "(o.doc >> 1)", "b")
    sqlite = connection.vendor == "sqlite"
    join = "CROSS JOIN" if sqlite else "JOIN"
    own, at = ("x.source", "x.target") if sqlite else ("uuid_send(x.source)", "uuid_send(x.target)")
    text = (
        f"SELECT DISTINCT {at}, {own}, x.source_type, o.type FROM search_edge x{asserted.join} "
        f"{join} search_doc o ON o.uid = x.source{source.join} "
        f"WHERE x.kind = {kind} AND x.target_type = {target['attack-pattern']} AND x.source IS NOT NULL "
        f"AND {asserted.where} AND {source.where} "
        f"AND (x.doc & {LEAST}) = (CASE WHEN {asserted.code} <> 0 THEN 1 ELSE 0 END) "
        f"AND (o.doc & {LEAST}) = (CASE WHEN {source.code} <> 0 THEN 1 ELSE 0 END)"
    )
    rows = look(sight, text, [], _SECONDS)
    names = names_of(row[2] for row in rows)
    found: dict[bytes, set[bytes]] = defaultdict(set)
    for attacked, by, named, number in rows:
        kind_of = type_name(number)
        if (
            names[named] == kind_of and kind_of not in OBSERVABLES
        ):  # an observable's id may betray its content (`graph`)
            found[bytes(attacked)].add(bytes(by))
    return found


def _number(value: dict[str, Any]) -> str:
    references = value.get("external_references")
    for one in references if isinstance(references, list) else ():
        if isinstance(one, dict) and isinstance(one.get("external_id"), str):
            return str(one["external_id"])[:40]
    return ""


def _phases(value: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    given_phases = value.get("kill_chain_phases")
    return tuple(
        (one["kill_chain_name"][:100], one["phase_name"][:100])
        for one in (given_phases if isinstance(given_phases, list) else ())
        if isinstance(one, dict)
        and isinstance(one.get("kill_chain_name"), str)
        and isinstance(one.get("phase_name"), str)
    )
