"""What changed since the base was written: rows added, and entries whose rows in the base no longer count. In memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from commonwatch.capabilities.detection.matching.index.families import FAMILIES, key_of
from commonwatch.capabilities.detection.matching.index.segment import Row

_Place = tuple[str, str]  # family and key


class Delta:
    """Additions and removals, in force as soon as they are taken."""

    def __init__(self) -> None:
        self.dead: set[int] = set()
        self._rows: dict[str, dict[str, list[Row]]] = {}
        self._places: dict[int, list[_Place]] = {}
        self.size = 0  # changes taken: says when a merge is due

    def take(self, removed: Sequence[int], added: Sequence[Row]) -> list[_Place]:
        """Apply one change, removals first; where the added rows stand now. Taking the same change again alters nothing."""
        for entry in removed:
            self._remove(entry)
        self.size += len(removed) + len(added)
        return [self._add(row) for row in added]

    def under(self, family: str, key: str) -> Sequence[Row]:
        """Rows added under this key."""
        rows = self._rows.get(family)
        return rows.get(key, ()) if rows else ()

    def added(self, family: str) -> Iterator[Row]:
        """Every row added to a family."""
        for rows in self._rows.get(family, {}).values():
            yield from rows

    def families(self) -> Iterable[str]:
        """Families that rows were added to."""
        return self._rows.keys()

    def _add(self, row: Row) -> _Place:
        place = FAMILIES[row.value.kind], key_of(row.value)
        rows = self._rows.setdefault(place[0], {}).setdefault(place[1], [])
        if row not in rows:
            rows.append(row)
            self._places.setdefault(row.entry, []).append(place)
        return place

    def _remove(self, entry: int) -> None:
        self.dead.add(entry)
        for family, key in self._places.pop(entry, ()):
            rows = self._rows[family]
            kept = [row for row in rows.get(key, ()) if row.entry != entry]
            if kept:
                rows[key] = kept
            else:
                rows.pop(key, None)
