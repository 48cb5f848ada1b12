"""What changed since the base was written: rows added, and entries whose rows in the base no longer count. In memory.

Rows are kept as plain tuples of numbers and text: Python's collector of cycles does not follow these, so a hundred thousand
of them cost it nothing, and a change does not wait for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from commonwatch.capabilities.detection.matching.index.families import FAMILIES, KINDS, key_of
from commonwatch.capabilities.detection.matching.index.segment import Row
from commonwatch.core.patterns.values import Value

Plain = tuple[int, int, str]  # entry, number of the kind, canonical text
_Place = tuple[str, str]  # family and key


class Delta:
    """Additions and removals, in force as soon as they are taken."""

    def __init__(self) -> None:
        self.dead: set[int] = set()
        self._rows: dict[str, dict[str, tuple[Plain, ...]]] = {}
        self._places: dict[int, tuple[_Place, ...]] = {}
        self.size = 0  # changes taken: says when a merge is due

    def take(self, removed: Sequence[int], added: Sequence[Plain]) -> dict[str, list[str]]:
        """Apply one change, removals first; the keys of the added rows, by family. Taking it again alters nothing."""
        for entry in removed:
            self._remove(entry)
        self.size += len(removed) + len(added)
        keys: dict[str, list[str]] = {}
        for row in added:
            kind = KINDS[row[1]]
            family, key = FAMILIES[kind], key_of(Value(kind, row[2]))
            self._add(family, key, row)
            keys.setdefault(family, []).append(key)
        return keys

    def under(self, family: str, key: str) -> list[Row]:
        """Rows added under this key."""
        return [_row(plain) for plain in self._rows.get(family, {}).get(key, ())]

    def added(self, family: str) -> Iterator[Row]:
        """Every row added to a family."""
        for rows in self._rows.get(family, {}).values():
            yield from map(_row, rows)

    def families(self) -> Iterable[str]:
        """Families that rows were added to."""
        return self._rows.keys()

    def _add(self, family: str, key: str, row: Plain) -> None:
        of_family = self._rows.setdefault(family, {})
        there = of_family.get(key, ())
        if row not in there:
            of_family[key] = (*there, row)
            self._places[row[0]] = (*self._places.get(row[0], ()), (family, key))

    def _remove(self, entry: int) -> None:
        self.dead.add(entry)
        for family, key in self._places.pop(entry, ()):
            rows = self._rows[family]
            kept = tuple(row for row in rows.get(key, ()) if row[0] != entry)
            if kept:
                rows[key] = kept
            else:
                rows.pop(key, None)


def _row(plain: Plain) -> Row:
    entry, kind, text = plain
    return Row(entry, Value(KINDS[kind], text))
