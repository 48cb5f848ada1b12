"""Which collections a reader has. What it may neither read nor write does not exist for it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db import connection

from commonwatch.base.journal.driver import fetch
from commonwatch.base.release.reader import Reader
from commonwatch.core.errors import NotFound


@dataclass(frozen=True)
class CollectionView:
    """A collection as one reader has it; `reason` says why."""

    slot: int
    uuid: UUID
    alias: str | None
    title: str
    description: str
    can_read: bool
    can_write: bool
    reason: str


_SELECT = (
    "SELECT c.slot, c.uuid, c.alias, c.title, c.description, c.for_all, a.community_id, a.can_read, a.can_write, m.name "
    "FROM release_collection c LEFT JOIN release_collection_access a ON a.collection_id = c.slot "
    "LEFT JOIN parties_community m ON m.id = a.community_id"
)


def visible_collections(reader: Reader) -> list[CollectionView]:
    """Every collection the reader may read or write, by slot."""
    return [view for view in _views(reader, "", []) if view.can_read or view.can_write]


def collection(reader: Reader, name: str) -> CollectionView:
    """One collection by id or alias; raises NotFound alike for absent and withheld ones.

    Plain SQL by the driver, not the ORM, which would be most of the cost of a poll that finds nothing.
    """
    condition, values = " WHERE c.alias = %s", list[Any]([name])
    if (uuid := _uuid(name)) is not None:
        condition, values = " WHERE c.uuid = %s", [uuid if connection.vendor == "postgresql" else uuid.hex]
    for view in _views(reader, condition, values):
        if view.can_read or view.can_write:
            return view
    raise NotFound("collection-unknown", "There is no such collection.", "The collections resource lists yours.")


def _views(reader: Reader, condition: str, values: list[Any]) -> list[CollectionView]:
    """One row for each grant, or one without for a collection that has none."""
    rows = fetch(f"{_SELECT}{condition} ORDER BY c.slot, m.name", values)
    return [_view(list(group), reader) for _, group in groupby(rows, key=itemgetter(0))]


def _view(rows: list[Any], reader: Reader) -> CollectionView:
    slot, uuid, alias, title, description, for_all = rows[0][:6]
    if reader.sees_all:
        can_read, can_write, reason = True, reader.may_write, "runs this node"
    else:
        grants = [row for row in rows if row[6] in reader.communities]
        can_read = bool(for_all) or any(row[7] for row in grants)
        can_write = reader.may_write and (bool(for_all) or any(row[8] for row in grants))
        reason = "open to every member" if for_all else "member of " + ", ".join([row[9] for row in grants])
    identity = uuid if isinstance(uuid, UUID) else UUID(uuid)
    return CollectionView(slot, identity, alias, title, description, can_read, can_write, reason)


def _uuid(text: str) -> UUID | None:
    """Only the usual form: an alias of 32 digits is an alias."""
    if len(text) != 36:
        return None
    try:
        return UUID(text)
    except ValueError:
        return None
