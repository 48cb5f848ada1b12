"""The head of an object, for a list: what it is in plain words, who produced it, how it is marked, when it came.

Made from the bytes as the reader has them: an index only says where to look.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import orjson
from django.db import connection

from commonwatch.base.journal.driver import fetch
from commonwatch.base.journal.schema import seq_to_us
from commonwatch.base.parties.visibility import members
from commonwatch.base.release.deciding import Definitions, definitions_of
from commonwatch.base.release.reader import Reader
from commonwatch.base.release.sight import Given, Sight, given, look, meant, seen, sight_of
from commonwatch.base.release.types import type_name
from commonwatch.base.search.schema import LEAST
from commonwatch.base.search.wanted import LEVELS
from commonwatch.base.search.writing import stored
from commonwatch.core.parts import parts
from commonwatch.core.policy.classes import ClassAttributes
from commonwatch.core.policy.handling import markings_together
from commonwatch.core.policy.scales import PAP_NAMES
from commonwatch.core.stix.ids import parse_id
from commonwatch.core.stix.markings import strictest
from commonwatch.core.stix.summary import summary
from commonwatch.core.stix.times import format_time

_SECONDS = 10.0
_AT_ONCE = 300


class Row(msgspec.Struct, frozen=True):
    """One object. `name` and `line` come from outside: whoever shows them escapes them. Times are STIX timestamps."""

    id: str
    type: str
    name: str
    line: str
    producer: str  # as people call it; its id where the reader may know no name
    producer_id: str
    marking: str
    pap: str  # "" where no marking says any
    modified: str
    admitted: str
    revoked: bool
    derived: bool  # made for this reader: with pseudonyms, or without parts


def heads(reader: Reader, sight: Sight, entries: Sequence[int], *, current: bool = True) -> dict[int, Row]:
    """The heads of entries, by entry; what the reader may not have is left out."""
    found = given(sight, entries, "search", current=current)
    values = {seq: orjson.loads(one.raw) for seq, one in found.items() if one.raw}
    called = names_of_producers(reader, {_producer(value) for value in values.values()} - {""})
    definitions = definitions_of(found[seq].attributes for seq in values)
    return {seq: head(found[seq], value, called, definitions) for seq, value in values.items()}


def head(one: Given, value: Mapping[str, Any], called: Mapping[str, str], definitions: Definitions) -> Row:
    """The head of an object; `called`: names of producers by id, `definitions`: of its markings, by id."""
    said = summary(value)
    producer = _producer(value)
    return Row(
        one.id,
        one.id.rpartition("--")[0],
        said.name,
        said.line,
        called.get(producer, producer),
        producer,
        marking_of(one.attributes),
        pap_of(one.attributes, definitions),
        format_time(one.version_us, one.digits) if one.version_us else "",
        format_time(seq_to_us(one.seq), 6),
        one.revoked,
        one.derived,
    )


def marking_of(attributes: ClassAttributes) -> str:
    """The strictest TLP that an object bears, or the default of the source that brought it."""
    found = [strictest(part.markings) or part.default or "TLP:AMBER" for part in attributes.parts()]
    return max((_MODERN.get(name, name) for name in found), key=LEVELS.index)


def pap_of(attributes: ClassAttributes, definitions: Definitions) -> str:
    """The strictest PAP that an object bears, if any."""
    levels = [step for part in attributes.parts() for step in markings_together(part.markings, definitions).paps]
    return PAP_NAMES[max(levels)] if levels else ""


_MODERN = {"TLP:WHITE": "TLP:CLEAR"}


def names_of_producers(reader: Reader, identities: Iterable[str]) -> dict[str, str]:
    """What people call the authors with these ids: members of whom the reader may know, else identities that it has."""
    wanted = set(identities)
    known = members(reader).filter(identity__in=wanted).values_list("identity", "title", "name")
    found: dict[str, str] = {identity: title or name for identity, title, name in known}
    missing = sorted(wanted - set(found))
    if missing:
        sight = sight_of(reader)
        entries = current_entries(sight, missing)
        held = given(sight, entries.values(), "search")
        found |= {
            identity: summary(orjson.loads(held[entry].raw)).name
            for identity, entry in entries.items()
            if entry in held
        }
    return {identity: found.get(identity, identity) for identity in wanted}


def current_entries(sight: Sight, identities: Iterable[str]) -> dict[str, int]:
    """The current entries of objects that the reader sees, by the ids under which it knows them."""
    asked: dict[tuple[bytes, bool, str], str] = {}
    for identity in identities:
        named = parse_id(identity)
        for uid, derived in meant(sight, named[1]) if named is not None else ():
            asked[uid, derived, named[0] if named else ""] = identity
    found: dict[str, tuple[int, int, int]] = {}
    uids = sorted({uid for uid, _, _ in asked})
    which = seen(sight, "(d.doc >> 1)")
    by = " INDEXED BY search_doc_uid" if connection.vendor == "sqlite" else ""
    for some in parts(uids, _AT_ONCE):
        keys = [stored(uid) for uid in some]
        text = (
            f"SELECT d.doc, d.uid, d.type, d.version, {which.code} FROM search_doc d{by}{which.join} "
            f"WHERE {which.where} AND (d.doc & {LEAST}) = (CASE WHEN {which.code} <> 0 THEN 1 ELSE 0 END) "
            f"AND d.uid IN ({','.join(['%s'] * len(keys))})"
        )
        for doc, uid, kind, version, code in look(sight, text, keys, _SECONDS):
            known_by = asked.get((getattr(uid, "bytes", uid), bool(code), type_name(kind)))
            if known_by is not None and (known_by not in found or found[known_by][:2] < (version, doc)):
                found[known_by] = (version, doc, doc >> 1)
    return {identity: entry for identity, (_, _, entry) in found.items()}


def levels_of_classes(classes: Iterable[int]) -> dict[int, int]:
    """The TLP levels of classes."""
    wanted = sorted(classes)
    found: dict[int, int] = {}
    for chunk in parts(wanted, _AT_ONCE):
        found.update(
            fetch(f"SELECT class, level FROM search_class WHERE class IN ({','.join(['%s'] * len(chunk))})", chunk)
        )
    return found


def _producer(value: Mapping[str, Any]) -> str:
    producer = value.get("created_by_ref")
    return producer if isinstance(producer, str) else ""
