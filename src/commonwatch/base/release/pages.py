"""Pages of a collection, as one reader may have them: the one place where shared objects leave the journal.

A page's places are found first (`plan`: small rows, in reading order), then joined with the bytes by entry. Whoever gets
every object as it is has the bytes joined inside the database; for others each object that is to be changed is derived
(`core.policy.variants`) on its way out. Cost of a page grows with its length, not with the collection: except where the reader
may see little of a long stretch, and for `last` in a collection of mostly superseded versions, which pass over the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
import orjson
from django.db import connection

from commonwatch.base.journal import schema
from commonwatch.base.journal.driver import fetch
from commonwatch.base.journal.rows import classes_of, raws_of
from commonwatch.base.release.access import Access
from commonwatch.base.release.deciding import withheld_of
from commonwatch.base.release.plan import Sql, positions
from commonwatch.base.release.schema import RECALLED, VARIANT
from commonwatch.base.release.served import record
from commonwatch.base.release.serving import served
from commonwatch.core.policy.classes import ClassAttributes
from commonwatch.core.policy.facts import VARIANTS
from commonwatch.core.policy.variants import Derivation, derive, derived_uid
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
# Position, type number, UUID, version, specification, marks, entry.
ManifestRow = tuple[int, int, bytes, int, int, int, int]


def objects_page(access: Access, slot: int, wanted: ObjectFilter, limit: int, after: int | None) -> Page:
    """The objects themselves, after position `after` (None: from the filter's own start)."""
    found = positions(access, slot, wanted, limit, after)
    if found is None:
        return EMPTY
    read = None if access.coded or access.extra else _as_they_are(access, found)
    # A grant may have become one of a variant since `access` was read: nothing of such a page has left yet.
    count, first, last, body = read if read is not None else _altered(access, found)
    if not count:
        return EMPTY
    more = False
    if count == limit:
        following = positions(access, slot, wanted, 1, last)
        more = following is not None and bool(_read(access, *following))
    record(access, "objects", slot, wanted, first, last, count)
    return Page(body, count, _added(first), _added(last), last, more)


def manifest_page(access: Access, slot: int, wanted: ObjectFilter, limit: int, after: int | None) -> list[ManifestRow]:
    """Rows of a page, in order; up to `limit` + 1 of them, to tell of more. Derived objects under their own ids."""
    found = positions(access, slot, wanted, limit + 1, after)
    if found is None:
        return []
    join, uid = ("CROSS JOIN", "v.uid") if connection.vendor == "sqlite" else ("JOIN", "uuid_send(v.uid)")
    head = f"SELECT c.pos, v.type, {uid}, v.version, v.spec, v.marks, v.seq"
    if access.recipient is None:
        text = f"{head} FROM ({found.text}) c {join} journal_version v ON v.seq = c.seq ORDER BY c.pos"
        return _on_record(access, slot, wanted, _read(access, text, found.values))
    text = f"{head}, c.code, c.pos FROM ({found.text}) c LEFT JOIN journal_version v ON v.seq = c.seq ORDER BY c.pos"
    rows = _read(access, text, found.values)
    notices = _notices(access, [row[8] for row in rows if row[7] == RECALLED])
    return _on_record(access, slot, wanted, [_manifest_row(access, row, notices) for row in rows])


def _on_record(access: Access, slot: int, wanted: ObjectFilter, rows: list[ManifestRow]) -> list[ManifestRow]:
    if rows:
        record(access, "manifest", slot, wanted, rows[0][0], rows[-1][0], len(rows))
    return rows


def long_versions(rows: Sequence[ManifestRow]) -> dict[int, str]:
    """The versions, by entry, that their authors wrote with more than six digits: only their bytes tell how."""
    long = [row[6] for row in rows if row[5] & schema.DIGITS == schema.DIGITS]
    texts = {}
    for seq, raw in raws_of(long).items():
        value = orjson.loads(raw) if raw else {}
        texts[seq] = str(value.get("modified", value.get("created", "")))
    return {seq: text for seq, text in texts.items() if text}


def _read(access: Access, text: str, values: Sequence[Any]) -> list[Any]:
    """Rows for whoever has this access; on PostgreSQL they are guarded once more by row security."""
    return fetch(text, values) if access.recipient is None else served(access.recipient, text, values)


def _as_they_are(access: Access, found: Sql) -> tuple[int, int, int, bytes] | None:
    """The bytes joined inside the database; None where an object of the page must not go as it is."""
    if connection.vendor == "sqlite":
        text = (
            "SELECT count(*), min(p), max(p), CAST(group_concat(raw, ',') AS BLOB), max(code) FROM "
            f"(SELECT c.pos AS p, c.code AS code, v.raw AS raw FROM ({found.text}) c CROSS JOIN journal_version v ON v.seq = c.seq)"
        )
    else:
        text = (
            "SELECT count(*), min(p), max(p), string_agg(raw, ','::bytea), max(code) "
            "FROM "  # no ORDER BY here: it would sort the bytes
            f"(SELECT c.pos AS p, c.code AS code, v.raw AS raw FROM ({found.text}) c JOIN journal_version v ON v.seq = c.seq ORDER BY c.pos) s"
        )
    count, first, last, body, code = _read(access, text, found.values)[0]
    if code:
        return None
    return count, first or 0, last or 0, bytes(body or b"")


def _altered(access: Access, found: Sql) -> tuple[int, int, int, bytes]:
    """Object by object: derived ones are made here, notices of recall have their own bytes."""
    text = f"SELECT c.pos, c.code, v.raw, v.class FROM ({found.text}) c LEFT JOIN journal_version v ON v.seq = c.seq ORDER BY c.pos"
    rows = _read(access, text, found.values)
    if not rows:
        return 0, 0, 0, b""
    notices = _notices(access, [pos for pos, code, _, _ in rows if code == RECALLED])
    body = b",".join(
        [
            bytes(raw)
            if code == 0
            else notices[pos][0]
            if code == RECALLED
            else derived(access, bytes(raw), klass, code)
            for pos, code, raw, klass in rows
        ]
    )
    return len(rows), rows[0][0], rows[-1][0], body


def derived(access: Access, raw: bytes, klass: int, code: int) -> bytes:
    """The object that whoever has this access gets by a code."""
    return derive(raw, Derivation(VARIANTS[code & VARIANT], withheld_of(class_behind(klass), code), access.key))


@lru_cache(maxsize=10_000)
def class_behind(number: int) -> ClassAttributes:
    """A class behind its number: neither ever changes."""
    return classes_of([number])[number]


def forget() -> None:
    """For a process whose database was replaced under it: a restore, or the next test."""
    class_behind.cache_clear()


def _notices(access: Access, places: Sequence[int]) -> dict[int, tuple[bytes, int, bytes, int, int]]:
    """Notices of recall by place: bytes, type number, UUID, version, specification."""
    if not places:
        return {}
    uid = "uid" if connection.vendor == "sqlite" else "uuid_send(uid)"
    text = (
        f"SELECT pos, raw, type, {uid}, version, spec FROM release_extra "
        f"WHERE recipient = %s AND pos IN ({','.join(['%s'] * len(places))})"
    )
    return {
        pos: (bytes(raw), kind, bytes(own), version, spec)
        for pos, raw, kind, own, version, spec in _read(access, text, [access.recipient, *places])
    }


def _manifest_row(
    access: Access, row: Sequence[Any], notices: dict[int, tuple[bytes, int, bytes, int, int]]
) -> ManifestRow:
    pos, kind, uid, version, spec, marks, seq, code, _ = row
    if code == RECALLED:
        _, kind, uid, version, spec = notices[pos]
        return pos, kind, uid, version, spec, schema.REVOKED | 3, 0
    return pos, kind, derived_uid(bytes(uid), access.key) if code else uid, version, spec, marks, seq


def _added(pos: int) -> int:
    return schema.seq_to_us(pos & schema.SEQ_MASK)
