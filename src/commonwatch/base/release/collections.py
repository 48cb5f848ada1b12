"""Which collections a reader has. What it may neither read nor write does not exist for it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Prefetch

from commonwatch.base.release.models import Collection, CollectionAccess
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


def visible_collections(reader: Reader) -> list[CollectionView]:
    """Every collection the reader may read or write, by slot."""
    found = Collection.objects.order_by("slot").prefetch_related(
        Prefetch("access", CollectionAccess.objects.select_related("community"))
    )
    return [view for view in (_view(collection, reader) for collection in found) if view.can_read or view.can_write]


def collection(reader: Reader, name: str) -> CollectionView:
    """One collection by id or alias; raises NotFound alike for absent and withheld ones."""
    for view in visible_collections(reader):
        if name in (str(view.uuid), view.alias):
            return view
    raise NotFound("collection-unknown", "There is no such collection.", "The collections resource lists yours.")


def _view(collection: Collection, reader: Reader) -> CollectionView:
    if reader.sees_all:
        can_read, can_write, reason = True, reader.may_write, "runs this node"
    else:
        grants = [access for access in collection.access.all() if access.community_id in reader.communities]
        can_read = any(grant.can_read for grant in grants)
        can_write = reader.may_write and any(grant.can_write for grant in grants)
        reason = "member of " + ", ".join(sorted(grant.community.name for grant in grants))
    return CollectionView(
        collection.slot,
        collection.uuid,
        collection.alias,
        collection.title,
        collection.description,
        can_read,
        can_write,
        reason,
    )
