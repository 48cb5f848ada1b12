"""Pages of a collection: the filter as SQL with its access path stated, the bytes joined inside the database.

A page is found in `journal_placement` first (small rows, in reading order), then joined with the bytes by entry. The
path is chosen from the filter, never left to the planner: measured, a planner that picks the id index for a walk costs
twenty times as much. Cost of a page grows with its length, not with the collection: except `last` in a collection of
mostly superseded versions, which passes over those.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import msgspec
import orjson
from django.db import connection

from commonwatch.base.journal import schema
from commonwatch.base.journal.driver import fetch
from commonwatch.base.journal.rows import raws_of
from commonwatch.base.release.types import type_numbers
from commonwatch.core.taxii.filters import ObjectFilter


class Page(msgspec.Struct, frozen=True, gc=False):
    """Rows of one page, already joined by commas as JSON array content. Dates are microseconds since 1970."""

    body: bytes
    count: int
    first_added: int
    last_added: int
    last_pos: int
    more: bool


EMPTY = Page(b"", 0, 0, 0, 0, False)
_P = "journal_placement"
_MOVED = f"seq = entry AND (pos & {schema.SEQ_MASK}) <> seq"
# Position, type number, UUID, version, specification, marks, entry.
ManifestRow = tuple[int, int, bytes, int, int, int, int]


def objects_page(slot: int, wanted: ObjectFilter, limit: int, after: int | None) -> Page:
    """The objects themselves, after position `after` (None: from the filter's own start)."""
    rows = _positions(slot, wanted, limit, after)
    if rows is None:
        return EMPTY
    source, parameters = rows
    if connection.vendor == "sqlite":
        query = (
            "SELECT count(*), min(p), max(p), CAST(group_concat(raw, ',') AS BLOB) FROM "
            f"(SELECT c.pos AS p, v.raw AS raw FROM ({source}) c CROSS JOIN journal_version v ON v.seq = c.seq)"
        )
    else:
        query = (
            "SELECT count(*), min(p), max(p), string_agg(raw, ','::bytea) FROM "  # no ORDER BY here: it would sort the bytes
            f"(SELECT c.pos AS p, v.raw AS raw FROM ({source}) c JOIN journal_version v ON v.seq = c.seq ORDER BY c.pos) s"
        )
    return _page(slot, wanted, limit, fetch(query, parameters)[0])


def manifest_page(slot: int, wanted: ObjectFilter, limit: int, after: int | None) -> list[ManifestRow]:
    """Rows of a page, in order; up to `limit` + 1 of them, to tell of more."""
    rows = _positions(slot, wanted, limit + 1, after)
    if rows is None:
        return []
    source, parameters = rows
    join, uid = ("CROSS JOIN", "v.uid") if connection.vendor == "sqlite" else ("JOIN", "uuid_send(v.uid)")
    query = (
        f"SELECT c.pos, v.type, {uid}, v.version, v.spec, v.marks, v.seq FROM ({source}) c "
        f"{join} journal_version v ON v.seq = c.seq ORDER BY c.pos"
    )
    return fetch(query, parameters)


def long_versions(rows: Sequence[ManifestRow]) -> dict[int, str]:
    """The versions, by entry, that their authors wrote with more than six digits: only their bytes tell how."""
    long = [row[6] for row in rows if row[5] & schema.DIGITS == schema.DIGITS]
    texts = {}
    for seq, raw in raws_of(long).items():
        value = orjson.loads(raw) if raw else {}
        texts[seq] = str(value.get("modified", value.get("created", "")))
    return {seq: text for seq, text in texts.items() if text}


def _page(slot: int, wanted: ObjectFilter, limit: int, row: Sequence[Any]) -> Page:
    count, first, last, body = row
    if not count:
        return EMPTY
    more = False
    if count == limit:
        following = _positions(slot, wanted, 1, last)
        more = following is not None and bool(fetch(*following))
    return Page(bytes(body), count, _added(first), _added(last), last, more)


def _added(pos: int) -> int:
    return schema.seq_to_us(pos & schema.SEQ_MASK)


def _positions(slot: int, wanted: ObjectFilter, limit: int, after: int | None) -> tuple[str, list[Any]] | None:
    """SQL for `pos, seq` of the page's rows in order, and its parameters; None where nothing can match."""
    low, high = schema.position(slot, 0), schema.position(slot, schema.SEQ_MASK)
    if wanted.added_after is not None:
        low = max(low, schema.position(slot, min(max(wanted.added_after - schema.EPOCH_US, 0), schema.SEQ_MASK)))
    if after is not None:
        low = max(low, after)
    condition, values = _flags(wanted)
    bounds = [low, high]
    if wanted.ids:
        return _by_id(slot, wanted, condition, values, bounds, limit)
    kinds = type_numbers(wanted.types)
    if wanted.types and not kinds:
        return None
    exact = bool(wanted.versions) and not (wanted.last or wanted.first or wanted.every)
    if exact:
        placed, parameters = _union("version", wanted.versions, condition, values, bounds, limit, kinds)
    elif kinds:
        placed, parameters = _union("type", kinds, condition, values, bounds, limit, ())
    else:
        hint = " NOT INDEXED" if connection.vendor == "sqlite" else ""
        placed = f"SELECT pos, seq FROM {_P}{hint} WHERE pos > %s AND pos <= %s AND {condition} ORDER BY pos LIMIT %s"
        parameters = [*bounds, *values, limit]
    return placed, parameters


def _union(
    column: str,
    keys: Sequence[int],
    condition: str,
    values: list[Any],
    bounds: list[int],
    limit: int,
    kinds: Sequence[int],
) -> tuple[str, list[Any]]:
    """One limited query for each key, in the order of the index, then merged: each reads at most `limit` rows."""
    hint = f" INDEXED BY journal_placement_{column}" if connection.vendor == "sqlite" else ""
    also = f" AND type IN ({_marks(kinds)})" if kinds else ""
    one = (
        f"SELECT pos, seq FROM {_P}{hint} WHERE {column} = %s AND pos > %s AND pos <= %s AND {condition}{also} "
        "ORDER BY pos LIMIT %s"
    )
    parameters: list[Any] = []
    for key in keys:
        parameters += [key, *bounds, *values, *kinds, limit]
    if len(keys) == 1:
        return one, parameters
    union = " UNION ALL ".join([f"SELECT pos, seq FROM ({one}) AS part{number}" for number in range(len(keys))])
    return f"SELECT pos, seq FROM ({union}) AS parts ORDER BY pos LIMIT %s", [*parameters, limit]


def _by_id(
    slot: int, wanted: ObjectFilter, condition: str, values: list[Any], bounds: list[int], limit: int
) -> tuple[str, list[Any]] | None:
    """From the ids to their entries, from these to their places: at their own `seq`, or where they were placed later."""
    kinds = dict(zip(*_names_and_numbers([kind for kind, _ in wanted.ids]), strict=True))
    pairs = [
        (uid, kinds[kind]) for kind, uid in wanted.ids if kind in kinds and (not wanted.types or kind in wanted.types)
    ]
    if not pairs:
        return None
    sqlite = connection.vendor == "sqlite"
    hint = " INDEXED BY journal_version_id" if sqlite else ""
    which = " OR ".join(["(uid = %s AND type = %s)"] * len(pairs))
    keys = [part for uid, kind in pairs for part in (uid if sqlite else uuid.UUID(bytes=uid), kind)]
    entries = f"SELECT seq AS entry FROM journal_version{hint} WHERE {which}"
    if sqlite:
        own = f"CROSS JOIN {_P} NOT INDEXED ON pos = %s + entry AND seq = entry"
        moved = f"CROSS JOIN {_P} INDEXED BY journal_placement_moved ON {_MOVED}"
    else:  # LATERAL with OFFSET keeps the planner from turning the join round and walking the collection
        own = f"CROSS JOIN LATERAL (SELECT * FROM {_P} WHERE pos = %s + entry AND seq = entry OFFSET 0) AS p"
        moved = f"CROSS JOIN LATERAL (SELECT * FROM {_P} WHERE {_MOVED} OFFSET 0) AS p"
    query = (
        f"SELECT pos, seq FROM ({entries}) AS a {own} WHERE pos > %s AND pos <= %s AND {condition} "
        f"UNION ALL SELECT pos, seq FROM ({entries}) AS b {moved} WHERE pos > %s AND pos <= %s AND {condition}"
    )
    base = schema.position(slot, 0)
    parameters = [*keys, base, *bounds, *values, *keys, *bounds, *values]
    return f"SELECT pos, seq FROM ({query}) AS placed ORDER BY pos LIMIT %s", [*parameters, limit]


def _flags(wanted: ObjectFilter) -> tuple[str, list[Any]]:
    """The condition on a placement's flags and version that the version and specification filters come to."""
    alternatives: list[str] = []
    values: list[Any] = []
    by_spec = bool(wanted.specs)
    if wanted.every:
        alternatives.append("1 = 1" if by_spec else f"(flags & {schema.TOP}) <> 0")
    else:
        mask = 0
        if wanted.last:
            mask |= schema.LAST_OF_SPEC if by_spec else schema.LAST
        if wanted.first:
            mask |= schema.FIRST_OF_SPEC if by_spec else schema.FIRST
        if mask:
            alternatives.append(f"(flags & {mask}) <> 0")
        if wanted.versions:
            top = "" if by_spec else f" AND (flags & {schema.TOP}) <> 0"
            alternatives.append(f"(version IN ({_marks(wanted.versions)}){top})")
            values += wanted.versions
    condition = "(" + " OR ".join(alternatives) + ")"
    if by_spec:
        specs = {20: f"(flags & {schema.SPEC_21}) = 0", 21: f"(flags & {schema.SPEC_21}) <> 0"}
        condition += " AND (" + " OR ".join(specs.get(spec, "1 = 0") for spec in wanted.specs) + ")"
    return condition, values


def _names_and_numbers(names: Sequence[str]) -> tuple[list[str], list[int]]:
    known = [(name, number) for name in dict.fromkeys(names) for number in type_numbers((name,))]
    return [name for name, _ in known], [number for _, number in known]


def _marks(values: Sequence[object]) -> str:
    return ",".join(["%s"] * len(values))
