"""What search answers. Each query takes its reader, and gives what `base.release` lets that reader have, and nothing else.

`find` pages, `facets` counts. The rest of an object's page stands in `graph`, `history` and `matching`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from commonwatch.base.journal.driver import TimeUp
from commonwatch.base.journal.schema import EPOCH_US
from commonwatch.base.release.reader import Reader
from commonwatch.base.release.sight import sight_of
from commonwatch.base.release.types import type_name
from commonwatch.base.search.finding import Asking, too_long
from commonwatch.base.search.heads import Row, heads, levels_of_classes, names_of_producers
from commonwatch.base.search.matching import keys_asked
from commonwatch.base.search.reading import BANDS, DAY_US
from commonwatch.base.search.schema import REVOKED
from commonwatch.base.search.terms import names_of
from commonwatch.base.search.wanted import LEVELS, Said, Wanted, checked, said
from commonwatch.core.stix.times import format_time

MOST_ROWS = 1000
SECONDS = 10.0  # that one page may take
FACETS_SECONDS = 1.0
_MOST_IN_FACET = 50  # of the most frequent values
_MOST_DAYS = 400


class Page(msgspec.Struct, frozen=True):
    """Rows, the key to go on from (None: these were the last), and what is shown, in parts of a sentence."""

    rows: tuple[Row, ...]
    next: Any
    said: tuple[Said, ...]


class Value(msgspec.Struct, frozen=True):
    """A value of a facet, what people call it, and how many objects have it."""

    value: str
    name: str
    count: int


class Facets(msgspec.Struct, frozen=True):
    """How many objects there are, and how many of each kind; None where they are too many to count in the time given.

    One count, one time: a facet that could be told while another could not would be of no use beside it.
    """

    total: int | None
    facets: Mapping[str, tuple[Value, ...] | None]


_UNKNOWN_LEVEL = 2  # TLP:AMBER, as everywhere
FACETS = ("type", "producer", "marking", "label", "revoked", "confidence", "modified", "created", "admitted")
# Facets of which several values can be asked for: the field of `Wanted`, and the column that is counted.
_CHOSEN = {
    "type": ("types", "type"),
    "producer": ("producers", "producer"),
    "marking": ("markings", "class"),
    "label": ("labels", "label"),
}
_COLUMNS = {
    "type": "d.type",
    "producer": "d.producer",
    "class": "d.class",
    "label": "d.labels",
    "revoked": f"d.flags & {REVOKED}",
    "confidence": "d.confidence",
    "modified": f"d.version / {DAY_US}",
    "created": "d.created",
    "admitted": f"(d.doc >> 1) / {DAY_US}",
}


def find(reader: Reader, wanted: Wanted, after: Any = None, limit: int = 50, seconds: float = SECONDS) -> Page:
    """A page of what is wanted, after the key of the page before; raises InvalidInput for what cannot be asked."""
    sight = sight_of(reader)
    asking = Asking(sight, checked(wanted), keys_asked(wanted.value), seconds)
    most = min(max(limit, 1), MOST_ROWS)
    try:
        found = asking.rows("d.doc AS doc, d.version AS version", after, most + 1)
    except TimeUp:
        raise too_long() from None
    shown = found[:most]
    last = shown[-1] if len(found) > most else None
    key = None if last is None else [last[1], last[0]] if wanted.sort == "modified" else last[0]
    by_entry = heads(reader, sight, [doc >> 1 for doc, _ in shown])
    rows = tuple(by_entry[doc >> 1] for doc, _ in shown if doc >> 1 in by_entry)
    return Page(rows, key, said(wanted))


def facets(reader: Reader, wanted: Wanted, seconds: float = FACETS_SECONDS) -> Facets:
    """What there is among all that is wanted, if it can be counted in this time."""
    asking = Asking(sight_of(reader), checked(wanted), keys_asked(wanted.value), seconds)
    try:
        sums = asking.counted(_COLUMNS, seconds)
    except TimeUp:
        return Facets(None, dict.fromkeys(FACETS))
    found = {
        **{facet: _told(reader, facet, sums[column]) for facet, (_, column) in _CHOSEN.items()},
        "revoked": _values(sums["revoked"], lambda revoked: "yes" if revoked else "no"),
        "confidence": _values(sums["confidence"], lambda band: BANDS[band]),
        "modified": _days(sums["modified"], 0),
        "created": _days(sums["created"], 0),
        "admitted": _days(sums["admitted"], EPOCH_US // DAY_US),
    }
    return Facets(sum(sums["type"].values()), found)


def alternatives(reader: Reader, wanted: Wanted, seconds: float = FACETS_SECONDS) -> dict[str, tuple[Value, ...]]:
    """For each facet of which values are asked for: all its values among what fits the rest, as a further one would widen.

    A facet that cannot be counted in what is left of the time is not among them.
    """
    found: dict[str, tuple[Value, ...]] = {}
    until = time.monotonic() + seconds
    for facet, (field, column) in _CHOSEN.items():
        if not getattr(wanted, field):
            continue
        rest = msgspec.structs.replace(checked(wanted), **{field: ()})
        left = until - time.monotonic()
        if left <= 0:
            break
        try:
            asking = Asking(sight_of(reader), rest, keys_asked(rest.value), left)
            found[facet] = _told(reader, facet, asking.counted({column: _COLUMNS[column]}, left)[column])
        except TimeUp:
            continue
    return found


def _told(reader: Reader, facet: str, counts: Counter[Any]) -> tuple[Value, ...]:
    match facet:
        case "producer":
            return _producers(reader, counts)
        case "label":
            return _labels(counts)
        case "marking":
            return _markings(counts)
        case _:
            return _values(counts, type_name)


def _markings(classes: Counter[int]) -> tuple[Value, ...]:
    levels = levels_of_classes(classes)
    markings: Counter[int] = Counter()
    for klass, count in classes.items():
        markings[levels.get(klass, _UNKNOWN_LEVEL)] += count
    return _values(markings, lambda level: LEVELS[level])


def _producers(reader: Reader, counts: Counter[int]) -> tuple[Value, ...]:
    del counts[0]  # of what names nobody
    most = counts.most_common(_MOST_IN_FACET)
    identities = names_of(number for number, _ in most)
    called = names_of_producers(reader, identities.values())
    return tuple(Value(identities[number], called[identities[number]], count) for number, count in most)


def _labels(lists: Counter[str]) -> tuple[Value, ...]:
    counts: Counter[int] = Counter()
    for labels, count in lists.items():
        for number in labels.split(",") if labels else ():
            counts[int(number)] += count
    names = names_of(number for number, _ in counts.most_common(_MOST_IN_FACET))
    return _values(counts, lambda number: names[number])


def _days(counts: Counter[int], zero: int) -> tuple[Value, ...]:
    """By day, latest first; `zero`: the day from which they are counted, since 1970. Those that have no such day are left out."""
    days = sorted(((zero + day, count) for day, count in counts.items() if zero + day), reverse=True)
    named = [(format_time(day * DAY_US, 0)[:10], count) for day, count in days[:_MOST_DAYS]]
    return tuple(Value(day, day, count) for day, count in named)


def _values(counts: Counter[int], name: Callable[[int], str]) -> tuple[Value, ...]:
    return tuple(Value(name(number), name(number), count) for number, count in counts.most_common(_MOST_IN_FACET))
