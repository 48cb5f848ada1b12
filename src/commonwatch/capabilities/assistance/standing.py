"""A request for help as it stands, as values: what `rules` makes of a thread. Pure."""

from __future__ import annotations

import msgspec

from commonwatch.core.stix.ordering import Unread
from commonwatch.core.stix.response import assistance as stix


class Event(msgspec.Struct, frozen=True):
    """One act, as it stands in the history. `refused` says why it did not count; empty: it did."""

    id: str
    act: str
    author: str
    about: str
    at_us: int  # as its author says
    order_us: int
    by: str = ""
    automatic: bool = False
    reason: str = ""
    terms: str = ""
    parts: tuple[stix.Part, ...] = ()
    state: str = ""  # of what it is about, afterwards
    refused: str = ""


class OfferView(msgspec.Struct, frozen=True):
    """One offer, and how far it is."""

    id: str
    author: str
    content: stix.Offer
    made_us: int
    state: str
    since_us: int
    accepted: tuple[stix.Part, ...] = ()
    accepted_us: int | None = None
    delivered_us: int | None = None
    confirmed_us: int | None = None
    changed_since: bool = False  # its author wrote another version after it was accepted
    reason: str = ""
    marking: str = ""


class Track(msgspec.Struct, frozen=True):
    """What one member that was asked, or answered unasked, has said."""

    member: str
    asked: bool
    state: str
    since_us: int
    acknowledged_us: int | None = None  # its first word of any kind
    acknowledged_by: str = ""
    automatic: bool = False
    answered_us: int | None = None  # an offer or a refusal
    reason: str = ""

    @property
    def silent(self) -> bool:
        """Whether nothing was heard of it at all."""
        return self.acknowledged_us is None


class Covered(msgspec.Struct, frozen=True):
    """How much of one need is accepted, delivered and confirmed."""

    need: stix.Need
    accepted: int
    delivered: int
    confirmed: int

    @property
    def missing(self) -> int:
        """What nobody has agreed to give."""
        return max(self.need.quantity - self.accepted, 0)


class RequestView(msgspec.Struct, frozen=True):
    """A request with everything that was said about it."""

    id: str
    author: str
    content: stix.Request
    marking: str
    made_us: int
    state: str
    since_us: int
    tracks: tuple[Track, ...]
    offers: tuple[OfferView, ...]
    needs: tuple[Covered, ...]
    history: tuple[Event, ...]
    unread: tuple[Unread, ...]
    latest: tuple[str, ...]  # what an act written now follows

    def offer(self, name: str) -> OfferView | None:
        """One of its offers."""
        return next((one for one in self.offers if one.id == name), None)


class Possible(msgspec.Struct, frozen=True):
    """An act that a member may take now."""

    act: str
    about: str
    needs_reason: bool
