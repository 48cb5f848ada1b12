"""Small numbers for words that repeat in every row: type names and release classes.

New ones are written in the transaction that needs them and remembered only once that is committed, so that a rolled-back
number is never used.
"""

from __future__ import annotations

from django.db import connection

from commonwatch.base.journal.values import ReleaseClass

_CLASSES_REMEMBERED = 200_000


class Interning:
    """One writing thread's memory of what is in `journal_type` and `journal_class`."""

    def __init__(self) -> None:
        self._types: dict[str, int] = {}
        self._classes: dict[bytes, int] = {}
        self._new_types: dict[str, int] = {}
        self._new_classes: dict[bytes, int] = {}
        self.fresh: dict[int, ReleaseClass] = {}  # release classes that this transaction made

    def type_id(self, name: str) -> int:
        """The number of a type, made if new. Only inside the sequencer's transaction."""
        found = self._types.get(name) or self._new_types.get(name)
        if found is None:
            found = self._new_types[name] = _intern("journal_type", "name", name, None)[0]
        return found

    def class_id(self, release_class: ReleaseClass) -> int:
        """The number of a release class, made if new. Only inside the sequencer's transaction."""
        digest = release_class.digest
        found = self._classes.get(digest) or self._new_classes.get(digest)
        if found is None:
            found, made = _intern("journal_class", "digest", digest, release_class.attributes)
            if made:
                self.fresh[found] = release_class
            self._new_classes[digest] = found
        return found

    def keep(self) -> None:
        """The transaction was committed."""
        if self._new_types or self._new_classes:
            self._types |= self._new_types
            if len(self._classes) > _CLASSES_REMEMBERED:
                self._classes.clear()
            self._classes |= self._new_classes
            self._new_types, self._new_classes, self.fresh = {}, {}, {}

    def forget(self) -> None:
        """The transaction was rolled back, or another process may have restored the database."""
        self._new_types, self._new_classes, self.fresh = {}, {}, {}


def _intern(table: str, column: str, value: str | bytes, attributes: str | None) -> tuple[int, bool]:
    """The number of a word, and whether it was made now."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {table} WHERE {column} = %s", [value])
        if (row := cursor.fetchone()) is not None:
            return int(row[0]), False
        cursor.execute(f"SELECT coalesce(max(id), 0) + 1 FROM {table}")
        number = int(cursor.fetchone()[0])
        if attributes is None:
            cursor.execute(f"INSERT INTO {table} (id, {column}) VALUES (%s, %s)", [number, value])
        else:
            cursor.execute(
                f"INSERT INTO {table} (id, {column}, attributes) VALUES (%s, %s, %s)", [number, value, attributes]
            )
        return number, True
