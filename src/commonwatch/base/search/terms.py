"""Small numbers for labels, producers, kinds of reference and types. What is rolled back is not remembered: nothing is, but in the table."""

from __future__ import annotations

import enum
from collections.abc import Iterable

from commonwatch.base.journal.driver import execute_many, fetch
from commonwatch.core.parts import parts


class Term(enum.IntEnum):
    """What a word is."""

    LABEL = 0
    PRODUCER = 1
    EDGE = 2
    TYPE = 3


def numbers_of(kind: Term, names: Iterable[str]) -> dict[str, int]:
    """The numbers of those of these words that occur."""
    wanted = sorted({name for name in names if "\0" not in name})  # which PostgreSQL cannot be asked for
    found: dict[str, int] = {}
    for chunk in parts(wanted):
        query = f"SELECT name, id FROM search_term WHERE kind = %s AND name IN ({','.join(['%s'] * len(chunk))})"
        found.update(fetch(query, [int(kind), *chunk]))
    return found


def ensure(kind: Term, names: Iterable[str]) -> dict[str, int]:
    """The numbers of these words, made where they are new; inside a transaction."""
    wanted = set(names)
    found = numbers_of(kind, wanted)
    missing = sorted(wanted - set(found))
    if missing:
        (last,) = fetch("SELECT coalesce(max(id), 0) FROM search_term", [])[0]
        made = {name: last + 1 + number for number, name in enumerate(missing)}
        execute_many(
            "INSERT INTO search_term (id, kind, name) VALUES (%s, %s, %s)",
            [(number, int(kind), name) for name, number in made.items()],
        )
        found.update(made)
    return found


def names_of(numbers: Iterable[int]) -> dict[int, str]:
    """The words behind numbers."""
    wanted = sorted(set(numbers))
    found: dict[int, str] = {}
    for chunk in parts(wanted):
        found.update(fetch(f"SELECT id, name FROM search_term WHERE id IN ({','.join(['%s'] * len(chunk))})", chunk))
    return found
