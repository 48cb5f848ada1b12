"""Filters of a request for objects, manifests or versions (TAXII 2.1, section 3.4), parsed once into a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

import msgspec

from commonwatch.core.errors import InvalidInput
from commonwatch.core.stix.ids import parse_id
from commonwatch.core.stix.times import parse_time

MAX_VALUES = 100  # of one match parameter: bounds the query that one request may cause
_KNOWN = frozenset(
    {"added_after", "limit", "next", "match[id]", "match[type]", "match[version]", "match[spec_version]"}
)


class ObjectFilter(msgspec.Struct, frozen=True, gc=False):
    """What a reader asks for. Empty tuples mean that nothing was asked; values within one are alternatives."""

    ids: tuple[tuple[str, bytes], ...] = ()  # (type, UUID)
    types: tuple[str, ...] = ()
    last: bool = True
    first: bool = False
    every: bool = False
    versions: tuple[int, ...] = ()  # microseconds
    specs: tuple[int, ...] = ()  # 20, 21; empty: the highest of each version
    added_after: int | None = None  # microseconds since 1970, exclusive

    def fingerprint(self) -> bytes:
        """What a paging cursor is bound to."""
        return msgspec.json.encode(self)


class Query(msgspec.Struct, frozen=True, gc=False):
    """A request's whole query."""

    filter: ObjectFilter
    limit: int | None
    next: str | None


def parse_query(query: bytes, *, matching: Sequence[str] = ("id", "type", "version", "spec_version")) -> Query:
    """Parse and check a query string; raises InvalidInput that names the parameter.

    `matching` names the match fields this endpoint has; others are ignored, as are unknown parameters (section 3.4:
    servers ignore what they do not know).
    """
    given = _parameters(query)
    fields = {name: given.get(f"match[{name}]") for name in matching}
    versions = _values("match[version]", fields.get("version"))
    keywords = {"last", "first", "all"} & set(versions)
    instants = tuple(_instant("match[version]", text) for text in versions if text not in keywords)
    added_after = given.get("added_after")
    return Query(
        ObjectFilter(
            ids=tuple(pair for text in _values("match[id]", fields.get("id")) if (pair := parse_id(text)) is not None)
            or (_NOTHING if fields.get("id") else ()),
            types=_values("match[type]", fields.get("type")),
            last="last" in keywords or not versions,
            first="first" in keywords,
            every="all" in keywords,
            versions=instants,
            specs=tuple(_spec(text) for text in _values("match[spec_version]", fields.get("spec_version"))),
            added_after=None if added_after is None else _instant("added_after", added_after),
        ),
        _limit(given.get("limit")),
        given.get("next") or None,
    )


# An id that cannot exist: a request for malformed ids matches nothing.
_NOTHING = (("", b""),)


def _parameters(query: bytes) -> Mapping[str, str]:
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, strict_parsing=False, max_num_fields=50)
    except (UnicodeDecodeError, ValueError):
        raise InvalidInput("query-unreadable", "The query cannot be read.", "Percent-encode it.") from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found and name in _KNOWN:
            raise InvalidInput(
                "query-repeated", f"{name} is given twice.", "Give alternatives as a comma-separated list."
            )
        found[name] = value
    return found


def _values(name: str, text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    values = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not values or len(values) > MAX_VALUES:
        raise InvalidInput("match-empty", f"{name} needs 1 to {MAX_VALUES} values.", "Separate them by commas.")
    return values


def _instant(name: str, text: str) -> int:
    parsed = parse_time(text)
    if parsed is None:
        raise InvalidInput(
            "time-unreadable",
            f"{name} is not a timestamp.",
            "Write it as 2026-11-23T08:00:00.000000Z, encoded for a URL.",
        )
    return parsed[0]


def _spec(text: str) -> int:
    """An unknown specification is no error: nothing matches it."""
    return {"2.0": 20, "2.1": 21}.get(text, 0)


def _limit(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 10 and int(text) > 0):
        raise InvalidInput("limit-invalid", "limit is not a whole number above 0.", "Leave it out, or give 1 or more.")
    return int(text)
