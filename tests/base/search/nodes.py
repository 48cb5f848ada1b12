"""Small nodes with an index, for tests of search."""

from __future__ import annotations

from typing import Any

from commonwatch.base.journal import followers
from commonwatch.base.release.reader import Reader, for_member, operator
from commonwatch.base.search.follower import SearchFollower
from commonwatch.base.search.queries import Page, find
from commonwatch.base.search.wanted import Wanted


def index() -> None:
    """Bring the index up to the journal's end."""
    follower = SearchFollower()
    while followers.advance(follower, 1000):
        pass
    state = followers.state_of(follower.name)
    assert state.failed_at is None, state.failure


def reader(name: str) -> Reader:
    """A member as it reads for network defence; the node's operator for the empty name."""
    return for_member(name, "network-defence", "test") if name else operator("test")


def found(name: str, text: str = "", **more: Any) -> list[str]:
    """The ids that a member finds, in order; every page is asked for."""
    return [row.id for page in pages(name, Wanted(text=text, **more)) for row in page.rows]


def pages(name: str, wanted: Wanted, limit: int = 3) -> list[Page]:
    """All pages of what is wanted."""
    who, after, all_of_them = reader(name), None, []
    while True:
        page = find(who, wanted, after, limit)
        all_of_them.append(page)
        if page.next is None:
            return all_of_them
        after = page.next
