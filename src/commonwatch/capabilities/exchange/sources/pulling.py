"""Pulling a collection: from where the last pull ended, page by page, each page committed with the new place.

Servers get paging wrong in many ways; this ends with all of them, and says what was wrong:
1. `more` without `next`: go on by the date of the last object. 2. The same page again, or a `next` seen before: stop.
3. An empty page that promises more: go on twice, then stop. 4. No date headers: the place stays, duplicates are cheap.
5. The same date for all objects of a page that is not the last: by date alone the rest cannot be reached; said so.
The place is the server's own text of `X-TAXII-Date-Added-Last`. While walking by `next` it is that of the page before,
and only once a later page has begun at a later date: nothing before it can be missing then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

import msgspec

from commonwatch.capabilities.exchange.sources.wire import Remote, Reply
from commonwatch.core.errors import PeerError
from commonwatch.core.stix.split import split
from commonwatch.core.stix.times import parse_time
from commonwatch.core.stix.values import Piece

MAX_PAGES = 100_000  # of one pull
MAX_EMPTY_PAGES = 2
PAGE = 1000


class _Frame(msgspec.Struct):
    """An envelope, its objects not looked at."""

    objects: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    more: object = None
    next: object = None


_frame = msgspec.json.Decoder(_Frame)
_MORE = re.compile(rb'"more"\s*:\s*(true|false)')
_NEXT = re.compile(rb'"next"\s*:\s*"([^"\\]+)"')


@dataclass(frozen=True)
class Page:
    """Objects, and the place after them if it is certain by now that nothing before it is missing."""

    pieces: list[Piece]
    added_after: str


@dataclass
class Walk:
    """One pull. `notes` say what the server did wrong."""

    remote: Remote
    collection: str
    added_after: str
    notes: list[str] = field(default_factory=list)
    _certain: str = ""
    _before: str = ""

    def pages(self) -> Iterator[Page]:
        """Every page from `added_after` on."""
        following: str | None = None
        seen: set[bytes] = set()
        empty = 0
        for _ in range(MAX_PAGES):
            reply = self.remote.get(f"collections/{self.collection}/objects/", self._parameters(following))
            pieces, more, cursor = self._read(reply)
            mark = blake2b(b"\0".join([piece.raw for piece in pieces]) or (cursor or "").encode()).digest()
            if mark in seen:
                self._note("the server repeats a page; stopped there")
                return
            seen.add(mark)
            first = reply.headers.get("x-taxii-date-added-first", "")
            last = reply.headers.get("x-taxii-date-added-last", "")
            empty = 0 if pieces else empty + 1
            if pieces:
                yield Page(pieces, self._advance(first, last, more and cursor is not None))
            if not more:
                return
            if empty > MAX_EMPTY_PAGES:
                self._note("the server promises more and sends nothing; stopped")
                return
            if cursor is None and not self._by_date(first, last, pieces):
                return
            following = cursor
        self._note(f"stopped after {MAX_PAGES:,} pages")

    def _parameters(self, following: str | None) -> dict[str, str]:
        parameters = {"limit": str(PAGE), "match[version]": "all"}
        if self.added_after:
            parameters["added_after"] = self.added_after
        if following is not None:
            parameters["next"] = following
        return parameters

    def _read(self, reply: Reply) -> tuple[list[Piece], bool, str | None]:
        """The page's objects, whether there is more, and the cursor (an empty one counts as none)."""
        if not reply.body.strip():
            return [], False, None
        try:
            frame = _frame.decode(reply.body)
        except msgspec.DecodeError:
            frame = self._broken_frame(reply.body)
        if frame.objects is msgspec.UNSET:
            return [], frame.more is True, _text(frame.next)
        container = split(reply.body)
        if container.finding is not None or container.kind == "object":
            said = container.finding.sentence if container.finding else "its objects are no list."
            raise PeerError("peer-broken", f"The page cannot be read: {said}", retry=True)
        return container.pieces, frame.more is True, _text(frame.next)

    def _broken_frame(self, body: bytes) -> _Frame:
        """What says how to go on, of a page in which some object is no JSON; raises PeerError where there is no page."""
        if body.lstrip()[:1] != b"{" or (objects := body.find(b'"objects"')) < 0:
            raise PeerError("peer-broken", "The server sent no TAXII envelope.", retry=True)
        self._note("a page holds something that is no JSON; the rest of it was read")
        around = body[:objects] + body[max(body.rfind(b"]"), objects) :]
        more, following = _MORE.search(around), _NEXT.search(around)
        return _Frame(
            objects=msgspec.Raw(b""),
            more=more is not None and more[1] == b"true",
            next=following[1].decode("utf-8", "replace") if following else None,
        )

    def _advance(self, first: str, last: str, walking: bool) -> str:
        """The place to keep after this page."""
        if not last:
            self._note("the server sends no X-TAXII-Date-Added-Last; the next pull starts at the same place")
            return self._certain or self.added_after
        if not walking:
            return last
        began, ended = parse_time(first), parse_time(self._before)
        if began and ended and began[0] > ended[0]:
            self._certain = self._before
        self._before = last
        return self._certain or self.added_after

    def _by_date(self, first: str, last: str, pieces: list[Piece]) -> bool:
        """Go on by date where the server gives no cursor; whether that leads anywhere."""
        self._note("the server says more but gives no next; went on by date")
        if not last or last == self.added_after:
            self._note("and its dates do not move on; stopped")
            return False
        if first == last and len(pieces) > 1:
            self._note(
                f"and all of a page have the date {last}: objects with that date on later pages cannot be reached"
            )
        self.added_after = last
        return True

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
