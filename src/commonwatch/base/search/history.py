"""An object through time: its versions with what changed and who brought them, the sightings of it, and its dates in one line of time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec
import orjson

from commonwatch.base.intake.models import Source
from commonwatch.base.journal.driver import TimeUp
from commonwatch.base.parties.models import HOME
from commonwatch.base.parties.visibility import members
from commonwatch.base.release.deciding import definitions_of
from commonwatch.base.release.reader import Reader
from commonwatch.base.release.sight import Sight, given, known_as, meant, sight_of, versions_seen, vouchers_of
from commonwatch.base.search.finding import too_long
from commonwatch.base.search.graph import centre_of, edges
from commonwatch.base.search.heads import Row, current_entries, head, names_of_producers
from commonwatch.core.errors import InvalidInput, NotFound
from commonwatch.core.stix.difference import FieldChange, difference
from commonwatch.core.stix.ids import parse_id
from commonwatch.core.stix.times import format_time, parse_time

MOST_VERSIONS = 200
MOST_MOMENTS = 500
_SECONDS = 10.0
# Dates that an object says of itself, and what they are.
_DATES = {
    "created": "created",
    "valid_from": "valid from",
    "valid_until": "valid until",
    "first_seen": "first seen",
    "last_seen": "last seen",
    "first_observed": "first observed",
    "last_observed": "last observed",
    "published": "published",
    "start_time": "began",
    "stop_time": "ended",
}


class Held(msgspec.Struct, frozen=True):
    """An object with its head, as the reader has it."""

    head: Row
    value: Mapping[str, Any]
    raw: bytes


class Voucher(msgspec.Struct, frozen=True):
    """A member that brought this version, and when first. Members of whom the reader may not know are not among them."""

    member: str
    at: str


class Version(msgspec.Struct, frozen=True):
    """One version. `changes`: from the next older one that the reader has."""

    head: Row
    value: Mapping[str, Any]
    vouchers: tuple[Voucher, ...]
    changes: tuple[FieldChange, ...]


class Sighting(msgspec.Struct, frozen=True):
    """A sighting of the object. `where`: who saw it, by names where the reader may know them."""

    head: Row
    count: int
    first_seen: str
    last_seen: str
    where: tuple[str, ...]


class Moment(msgspec.Struct, frozen=True):
    """A point in the object's life. `object`: the neighbour that it is about; none where it is the object itself."""

    at: str
    what: str
    kind: Literal["said", "version", "admitted", "neighbour", "sighting"]
    object: Row | None = None


def held(reader: Reader, identity: str) -> Held:
    """An object at its current version; raises NotFound for one that the reader has not."""
    sight = sight_of(reader)
    entry = centre_of(sight, identity).entry
    one = given(sight, [entry], "search")[entry]
    value = orjson.loads(one.raw)
    called = names_of_producers(reader, _authors([value]))
    return Held(head(one, value, called, definitions_of([one.attributes])), value, one.raw)


def originals(reader: Reader, identities: Iterable[str]) -> list[bytes]:
    """The current bytes of objects, in this order; those that the reader has not are left out."""
    sight = sight_of(reader)
    entries = current_entries(sight, identities)
    found = given(sight, entries.values(), "search")
    return [found[entry].raw for one in identities if (entry := entries.get(one)) in found and found[entry].raw]


def versions(reader: Reader, identity: str) -> tuple[Version, ...]:
    """Every version of an object that the reader may have, latest first; raises NotFound where there is none."""
    sight = sight_of(reader)
    entries = _entries(sight, identity)
    found = given(sight, entries, "search", current=False)
    shown = [found[entry] for entry in entries if entry in found and found[entry].raw and found[entry].id == identity]
    if not shown:
        raise NotFound("object-unknown", f"There is no {identity}.", "Look for it: commonwatch search.")
    values = [orjson.loads(one.raw) for one in shown]
    called = names_of_producers(reader, _authors(values))
    definitions = definitions_of(one.attributes for one in shown)
    brought = _vouchers(reader, [one.seq for one in shown])
    older = [*values[1:], None]
    return tuple(
        Version(
            head(one, value, called, definitions),
            value,
            brought[one.seq],
            difference(before, value) if before is not None else (),
        )
        for one, value, before in zip(shown, values, older, strict=True)
    )


def sightings(reader: Reader, identity: str, after: Any = None, limit: int = 100) -> tuple[tuple[Sighting, ...], Any]:
    """A page of the sightings of an object, newest first, with the key to go on from."""
    page = edges(reader, identity, ("sighting-of",), after, limit)
    rows = [one.other for one in page.edges if one.direction == "in" and one.other.type == "sighting"]
    values = {row.id: held(reader, row.id).value for row in rows}
    where = {row.id: _strings(values[row.id].get("where_sighted_refs")) for row in rows}
    called = names_of_producers(reader, {one for ids in where.values() for one in ids})
    found = []
    for row in rows:
        value = values[row.id]
        count = value.get("count", 1)
        # Who saw it is named where the reader may know; an id that leads nowhere says nothing.
        names = tuple(called[one] for one in where[row.id] if called[one] != one)
        found.append(
            Sighting(
                row,
                count if isinstance(count, int) else 1,
                _time(value, "first_seen"),
                _time(value, "last_seen"),
                names,
            )
        )
    return tuple(found), page.next


def timeline(reader: Reader, identity: str, limit: int = MOST_MOMENTS) -> tuple[Moment, ...]:
    """What is known of an object in order of time, earliest first: its dates, versions, arrivals, neighbours and sightings."""
    known = versions(reader, identity)
    found = [
        Moment(_time(known[0].value, field), what, "said")
        for field, what in _DATES.items()
        if _time(known[0].value, field)
    ]
    for one in known:
        if one.head.modified:
            found.append(
                Moment(one.head.modified, "revoked" if one.head.revoked else "this version was written", "version")
            )
        found.append(Moment(one.head.admitted, "this version was admitted", "admitted"))
        found += [Moment(voucher.at, f"brought by {voucher.member}", "admitted") for voucher in one.vouchers[1:]]
    for edge in edges(reader, identity, (), None, MOST_MOMENTS).edges:
        if edge.other.type == "sighting" and edge.kind == "sighting-of":
            found.append(Moment(edge.other.admitted, edge.other.line or "sighted", "sighting", edge.other))
        elif edge.direction == "in":
            found.append(Moment(edge.other.admitted, f"{edge.kind}, from", "neighbour", edge.other))
        else:
            found.append(Moment(edge.other.admitted, f"{edge.kind}, to", "neighbour", edge.other))
    return tuple(sorted(dict.fromkeys(found), key=lambda one: _instant(one.at))[: max(limit, 1)])


def _entries(sight: Sight, identity: str) -> list[int]:
    """Entries of every version, latest first, under the id by which the reader knows the object."""
    named = parse_id(identity)
    if named is None:
        raise InvalidInput("id-malformed", f"{identity} is no STIX id.", "Give type--UUID.")
    kind = named[0]
    try:
        found = [
            entry
            for uid, derived in meant(sight, named[1])
            for entry, code in versions_seen(sight, kind, uid, _SECONDS)
            if bool(code) == derived and known_as(sight, kind, uid, code) == identity
        ]
    except TimeUp:
        raise too_long() from None
    return found[:MOST_VERSIONS]


def _vouchers(reader: Reader, entries: Sequence[int]) -> dict[int, tuple[Voucher, ...]]:
    brought = vouchers_of(entries)
    numbers = {source for ones in brought.values() for source, _ in ones}
    by_source = dict(Source.objects.filter(pk__in=numbers).values_list("pk", "member__name"))
    known = set(members(reader).values_list("name", flat=True))
    found: dict[int, tuple[Voucher, ...]] = {}
    for entry, ones in brought.items():
        names = [(by_source.get(source, HOME) or HOME, at_us) for source, at_us in ones]
        first: dict[str, int] = {}
        for name, at_us in names:
            if name in known:
                first.setdefault(name, at_us)
        found[entry] = tuple(Voucher(name, format_time(at_us, 0)) for name, at_us in first.items())
    return found


def _authors(values: Iterable[Mapping[str, Any]]) -> set[str]:
    return {value["created_by_ref"] for value in values if isinstance(value.get("created_by_ref"), str)}


def _strings(part: object) -> list[str]:
    return [one for one in part if isinstance(one, str)] if isinstance(part, list) else []


def _time(value: Mapping[str, Any], field: str) -> str:
    text = value.get(field)
    return text if isinstance(text, str) and parse_time(text) else ""


def _instant(text: str) -> int:
    parsed = parse_time(text)
    return parsed[0] if parsed else 0
