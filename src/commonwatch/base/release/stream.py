"""A whole collection as a stream of pages, for exports: one page in memory, whatever the collection's size.

What is added while it runs is seen if it comes after the place reached; nothing is seen twice.
"""

from __future__ import annotations

from collections.abc import Iterator

from commonwatch.base.release.access import access_of
from commonwatch.base.release.collections import CollectionView
from commonwatch.base.release.pages import Page, objects_page
from commonwatch.base.release.reader import Reader
from commonwatch.core.errors import NotAllowed
from commonwatch.core.taxii.filters import ObjectFilter

PAGE = 1000


def stream(reader: Reader, view: CollectionView, wanted: ObjectFilter) -> Iterator[Page]:
    """Every page of what the filter asks for; raises NotAllowed where the reader may not read the collection."""
    if not view.can_read:
        raise NotAllowed("read-refused", "You may add to this collection, not read it.", "Ask its keeper for access.")
    after: int | None = None
    access = access_of(reader)
    while (page := objects_page(access, view.slot, wanted, PAGE, after)).count:
        yield page
        if not page.more:
            return
        after = page.last_pos
