"""Values looked up exactly, ten thousand at once: which objects name them, or name a network or domain that they are in.

`covers`: the object names a network around the address, or a domain above the name. `host`: a URL on that host. `below` and `inside`,
where asked for: names below the name, addresses inside the network.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

import msgspec

from commonwatch.base.journal.driver import TimeUp, fetch
from commonwatch.base.release.reader import Reader
from commonwatch.base.release.sight import Sight, look, seen, sight_of
from commonwatch.base.search.finding import too_long
from commonwatch.base.search.heads import Row, heads
from commonwatch.base.search.schema import LEAST
from commonwatch.base.search.values import Found, Key, asked, keys_of, names_above, network_range, networks_around
from commonwatch.core.errors import InvalidInput
from commonwatch.core.parts import parts

MOST_VALUES = 10_000  # of one request
MOST_EACH = 20  # objects for one value
LONGEST = 8_192
_SECONDS = 20.0
_KEYS_AT_ONCE = 400
How: TypeAlias = Literal["exact", "covers", "host", "below", "inside"]


class Match(msgspec.Struct, frozen=True):
    """A value that was asked for, how an object names it, and the object."""

    value: str
    how: How
    object: Row


class _Ask(msgspec.Struct, frozen=True):
    value: str
    how: How


def values(reader: Reader, texts: Sequence[str], each: int = 5, *, wide: bool = False) -> tuple[Match, ...]:
    """The objects that name these values, up to `each` for a value and a way, newest first. `wide`: `below` and `inside`, too."""
    if len(texts) > MOST_VALUES:
        raise InvalidInput("too-many", f"These are more than {MOST_VALUES:,} values.", "Ask in several parts.")
    sight = sight_of(reader)
    by_key: dict[Key, list[_Ask]] = defaultdict(list)
    lengths = _lengths()
    for text in dict.fromkeys(texts):
        for how, key in _keys(text, lengths):
            by_key[key].append(_Ask(text, how))
    most = min(max(each, 1), MOST_EACH)
    try:
        found = [(ask, doc) for key, doc in _exact(sight, by_key, most) for ask in by_key[key]]
        if wide:
            found += [(ask, doc) for text in dict.fromkeys(texts) for ask, doc in _wide(sight, text, most)]
    except TimeUp:
        raise too_long() from None
    rows = heads(reader, sight, [doc >> 1 for _, doc in found])
    once = dict.fromkeys((ask, doc) for ask, doc in found if doc >> 1 in rows)
    return tuple(Match(ask.value, ask.how, rows[doc >> 1]) for ask, doc in once)


def keys_asked(value: str) -> tuple[Key, ...]:
    """The keys of the one value that a search asks for: named itself, covered, or host of a URL."""
    if not value:
        return ()
    if len(value) > LONGEST:
        raise InvalidInput("value-too-long", f"The value has more than {LONGEST:,} characters.", "Give one value.")
    return tuple(dict.fromkeys(key for _, key in _keys(value, _lengths())))


def _keys(text: str, lengths: Sequence[int]) -> Iterable[tuple[How, Key]]:
    if len(text) > LONGEST:
        return
    for kind in asked(text):
        for key in keys_of(kind, text):
            if key.kind is Found.HOST_OF_URL:
                continue
            yield "exact", key
            if key.kind is Found.ADDRESS:
                yield "host", Key(Found.HOST_OF_URL, key.key)
                for network in networks_around(key.key, lengths):
                    yield "covers", network
            elif key.kind is Found.NAME:
                yield "host", Key(Found.HOST_OF_URL, key.key)
                for name in names_above(key.key):
                    yield "covers", name


def _lengths() -> tuple[int, ...]:
    """The lengths of all networks in the index: mostly a few. One step of the index for each."""
    query = f"SELECT key FROM search_key WHERE kind = {int(Found.NETWORK)} AND key >= %s ORDER BY key LIMIT 1"
    found: list[int] = []
    while (not found or found[-1] < 255) and (row := fetch(query, [bytes((found[-1] + 1 if found else 0,))])):
        found.append(bytes(row[0][0])[0])
    return tuple(found)


def _exact(sight: Sight, keys: Iterable[Key], each: int) -> list[tuple[Key, int]]:
    by_kind: dict[Found, list[bytes]] = defaultdict(list)
    for key in keys:
        by_kind[key.kind].append(key.key)
    found: list[tuple[Key, int]] = []
    for kind, wanted in by_kind.items():
        wanted.sort()
        for chunk in parts(wanted, _KEYS_AT_ONCE):
            condition = f"k.kind = {int(kind)} AND k.key IN ({','.join(['%s'] * len(chunk))})"
            found += [(Key(kind, bytes(key)), doc) for key, doc in _docs(sight, condition, chunk, each)]
    return found


def _wide(sight: Sight, text: str, each: int) -> list[tuple[_Ask, int]]:
    """Everything below a name, or inside a network: a range of keys."""
    network = network_range(text.strip())
    if network is not None:
        condition = f"k.kind = {int(Found.ADDRESS)} AND k.key >= %s AND k.key <= %s"
        return [(_Ask(text, "inside"), doc) for _, doc in _docs(sight, condition, network, each, together=True)]
    found: list[tuple[_Ask, int]] = []
    for kind in asked(text):
        for key in keys_of(kind, text):
            if key.kind is Found.NAME:
                condition = f"k.kind IN ({int(Found.NAME)}, {int(Found.BELOW)}, {int(Found.HOST_OF_URL)}) AND k.key > %s AND k.key < %s"
                below = [key.key, key.key[:-1] + b"/"]  # the character after the dot
                found += [(_Ask(text, "below"), doc) for _, doc in _docs(sight, condition, below, each, together=True)]
    return found


def _docs(
    sight: Sight, condition: str, parameters: Sequence[bytes], each: int, *, together: bool = False
) -> list[tuple[bytes, int]]:
    """(key, document) of what the reader sees, the newest `each` of every key; or of all keys `together`."""
    which = seen(sight, "(k.doc >> 1)")
    form = f"(k.doc & {LEAST}) = (CASE WHEN {which.code} <> 0 THEN 1 ELSE 0 END)"
    inner = f"SELECT k.key AS key, k.doc AS doc FROM search_key k{which.join} WHERE {condition} AND {which.where} AND {form}"
    if together:
        return [(bytes(key), doc) for key, doc in look(sight, f"{inner} LIMIT {each}", parameters, _SECONDS)]
    text = (
        "SELECT key, doc FROM (SELECT key, doc, row_number() OVER (PARTITION BY key ORDER BY doc DESC) AS place "
        f"FROM ({inner}) AS found) AS placed WHERE place <= {each}"
    )
    return [(bytes(key), doc) for key, doc in look(sight, text, parameters, _SECONDS)]
