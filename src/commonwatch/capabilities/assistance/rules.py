"""Where a request for help stands: a fold of its thread, the same on every node that has the same parts. Pure.

1. Every act counts once, in the order of `ordering.ordered`, by the step that its author's side may take from the state at that point.
2. An act that may not be taken then stays in the history with the reason; nobody's word is dropped. 3. Who was asked by name and has said
nothing stands there as silent, never as agreeing. 4. What was agreed is what the acceptance says: an offer that its author changed
afterwards is shown as changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from commonwatch.capabilities.assistance.machine import Machine
from commonwatch.capabilities.assistance.saying import stands
from commonwatch.capabilities.assistance.standing import Covered, Event, OfferView, Possible, RequestView, Track
from commonwatch.core.stix import ordering
from commonwatch.core.stix.ordering import Read
from commonwatch.core.stix.response import assistance as stix
from commonwatch.core.stix.times import parse_time

DELIVERING = ("accepted", "partly-accepted", "in-progress", "waiting-for-requester", "fulfilled", "confirmed")

_NOT_FOR = {
    "requester": "That is not for the member that asks to do.",
    "helper": "That is not for a member that helps to do.",
}


@dataclass
class _Offer:
    read: Read
    state: str = "offered"
    since_us: int = 0
    accepted: tuple[stix.Part, ...] = ()
    times: dict[str, int] = field(default_factory=dict)
    agreed_created_us: int = 0
    reason: str = ""


@dataclass
class _Track:
    asked: bool
    state: str = "sent"
    since_us: int = 0
    acknowledged: Event | None = None
    answered_us: int | None = None
    reason: str = ""


class _Folding:
    """The state while acts are taken in order."""

    def __init__(self, root: Read, machine: Machine) -> None:
        self.root, self.machine = root, machine
        content: stix.Request = root.content
        made = root.part.created_us
        self.ended, self.since_us = "", made
        self.offers: dict[str, _Offer] = {}
        self.tracks = {name: _Track(asked=True, since_us=made) for name in content.asked_refs}
        self.events: list[Event] = []

    def take(self, order_us: int, one: Read) -> None:
        """One part of the thread, in its turn."""
        if one.part.type == stix.OFFER:
            self._offer(order_us, one)
        elif one.part.type == stix.ANSWER:
            self._answer(order_us, one)

    def take_back(self) -> None:
        """What its author revoked is withdrawn, whatever was said of it before; what was delivered by then stays so."""
        for offer in self.offers.values():
            if offer.read.part.revoked and offer.state not in ("fulfilled", "confirmed"):
                offer.state, offer.since_us = "withdrawn", offer.read.part.modified_us
        if self.root.part.revoked and not self.ended:
            self.ended, self.since_us = "withdrawn", self.root.part.modified_us

    def _offer(self, order_us: int, one: Read) -> None:
        refused = ""
        if one.content.request_ref != self.root.part.id:
            refused = "It offers help with another request."
        elif one.part.author == self.root.part.author:
            refused = "It is by the member that asks."
        elif self.ended:
            refused = f"{stands(self.ended)} This came later."
        state = "declined" if refused else "offered"
        # An offer that comes too late stays in sight: it can be read, and cannot be accepted.
        event = self._event(order_us, one, "offer", self.root.part.id, state, refused)
        self.offers[one.part.id] = _Offer(one, state, order_us, reason=refused)
        if not refused:
            self._heard(one.part.author, event, "offered", answers=True)

    def _answer(self, order_us: int, one: Read) -> None:
        said: stix.Answer = one.content
        side = "requester" if one.part.author == self.root.part.author else "helper"
        offer = self.offers.get(said.about_ref)
        about = "offer" if offer is not None else "request"
        refused = self._why_not(one, side, offer)
        step = self.machine.step(said.act, side, about) if not refused else None  # type: ignore[arg-type]
        if not refused and step is None:
            refused = _NOT_FOR[side]
        if step is not None:
            state = self._state(step.by, step.about, one.part.author, offer)
            if state not in step.states:
                refused = f"{stands(state)} This was not possible any more."
            elif said.act == "accept" and offer is not None and _past(offer.read.content.expires, order_us):
                refused = "The offer had ended before."
        if refused or step is None:
            self._event(order_us, one, said.act, said.about_ref, "", refused)
            return
        to = step.to
        if offer is not None:
            to = self._move(offer, said, step.to, order_us, one)
        elif side == "requester":
            self.ended, self.since_us = to, order_us
        event = self._event(order_us, one, said.act, said.about_ref, to, "")
        if side == "helper":
            self._heard(one.part.author, event, to if about == "request" else "", answers=said.act == "refuse")

    def _why_not(self, one: Read, side: str, offer: _Offer | None) -> str:
        said: stix.Answer = one.content
        if one.part.revoked:
            return "Its author took it back."
        if said.request_ref != self.root.part.id:
            return "It is about another request."
        if offer is None and said.about_ref != self.root.part.id:
            return "What it is about is not here."
        if offer is not None and side == "helper" and offer.read.part.author != one.part.author:
            return "The offer is another member's."
        return ""

    def _state(self, side: str, about: str, author: str, offer: _Offer | None) -> str:
        if offer is not None:
            return offer.state
        if side == "helper":
            return self.ended or self.tracks.get(author, _Track(asked=False)).state
        return self.ended or _overall(self)

    def _move(self, offer: _Offer, said: stix.Answer, to: str, order_us: int, one: Read) -> str:
        if said.act == "accept":
            offer.accepted, whole = _agreed(offer.read.content.parts, said.parts)
            offer.agreed_created_us = one.part.created_us
            to = to if whole else "partly-accepted"
        offer.state, offer.since_us, offer.reason = to, order_us, said.reason
        offer.times[to] = one.part.created_us
        if said.act == "dispute":
            offer.times.pop("fulfilled", None)
        return to

    def _heard(self, member: str, event: Event, state: str, *, answers: bool) -> None:
        track = self.tracks.setdefault(member, _Track(asked=False, since_us=event.order_us))
        if track.acknowledged is None:
            track.acknowledged = event
        if state:
            track.state, track.since_us, track.reason = state, event.order_us, event.reason
        if answers and track.answered_us is None:
            track.answered_us = event.at_us

    def _event(self, order_us: int, one: Read, act: str, about: str, state: str, refused: str) -> Event:
        said = one.content
        made = Event(
            id=one.part.id,
            act=act,
            author=one.part.author,
            about=about,
            at_us=one.part.created_us,
            order_us=order_us,
            by=getattr(said, "by", "") or (said.contact.name if isinstance(said, stix.Offer) else ""),
            automatic=getattr(said, "automatic", False),
            reason=getattr(said, "reason", ""),
            terms=said.terms,
            parts=said.parts,
            state=state,
            refused=refused,
        )
        self.events.append(made)
        return made


def fold(parts: Sequence[ordering.Part], machine: Machine, now_us: int) -> RequestView | None:
    """The request as it stands; None where its root is not there or cannot be read."""
    known, unread = ordering.read(parts, stix.CONTENTS)
    root = next((one for one in known if one.part.type == stix.REQUEST), None)
    if root is None:
        return None
    folding = _Folding(root, machine)
    for order_us, one in ordering.ordered(known):
        if one.part.id != root.part.id:
            folding.take(order_us, one)
    folding.take_back()
    content: stix.Request = root.content
    expired = _past(content.expires, now_us) and not any(one.state in DELIVERING for one in folding.offers.values())
    state = folding.ended or ("expired" if expired else _overall(folding))
    return RequestView(
        id=root.part.id,
        author=root.part.author,
        content=content,
        marking=root.part.marking,
        made_us=root.part.created_us,
        state=state,
        since_us=max([folding.since_us, *(one.order_us for one in folding.events if not one.refused)]),
        tracks=tuple(_track(name, folding.tracks[name]) for name in sorted(folding.tracks)),
        offers=tuple(_offer_view(one, now_us) for one in folding.offers.values()),
        needs=tuple(_covered(need, folding) for need in content.needs),
        history=tuple(folding.events),
        unread=tuple(unread),
        latest=tuple(one.id for one in folding.events[-1:]),
    )


def possible(view: RequestView, member: str, machine: Machine) -> tuple[Possible, ...]:
    """What a member may do now, in the order of the list of acts."""
    side = "requester" if member == view.author else "helper"
    track = next((one for one in view.tracks if one.member == member), None)
    ended = view.state in ("closed", "withdrawn", "expired")
    found = []
    for step in machine.acts:
        if step.by != side:
            continue
        if step.about == "request":
            state = view.state if side == "requester" or ended else track.state if track is not None else "sent"
            if state in step.states:
                found.append(Possible(step.act, view.id, "reason" in step.needs))
            continue
        for offer in view.offers:
            mine = side == "requester" or offer.author == member
            if mine and offer.state in step.states:
                found.append(Possible(step.act, offer.id, "reason" in step.needs))
    return tuple(found)


def _overall(folding: _Folding) -> str:
    states = [one.state for one in folding.offers.values()]
    needs = [_covered(need, folding) for need in folding.root.content.needs]
    going = [state for state in states if state in DELIVERING]
    whole = all(not one.missing for one in needs) and all(state != "partly-accepted" for state in going)
    if going:
        if whole and all(state == "confirmed" for state in going):
            return "confirmed"
        if whole and all(state in ("fulfilled", "confirmed") for state in going):
            return "fulfilled"
        for state in ("waiting-for-requester", "in-progress"):
            if state in going:
                return state
        if any(state in ("fulfilled", "confirmed") for state in going):
            return "in-progress"
        return "accepted" if whole else "partly-accepted"
    tracks = list(folding.tracks.values())
    if "offered" in states:
        return "offered"
    if any(one.state in ("acknowledged", "offered") for one in tracks):
        return "acknowledged"
    asked = [one for one in tracks if one.asked]
    return "declined" if asked and all(one.state == "declined" for one in asked) else "sent"


def _agreed(offered: Sequence[stix.Part], wanted: Sequence[stix.Part]) -> tuple[tuple[stix.Part, ...], bool]:
    """What of an offer is accepted, never more than was offered, and whether that is all of it."""
    if not wanted:
        return tuple(offered), True
    left = list(wanted)
    agreed, whole = [], True
    for part in offered:
        asked = next((one for one in left if (one.need, one.capability_ref) == (part.need, part.capability_ref)), None)
        if asked is None:
            whole = False
            continue
        left.remove(asked)
        taken = min(asked.quantity, part.quantity)
        whole = whole and taken == part.quantity
        agreed.append(msgspec.structs.replace(part, quantity=taken))
    return tuple(agreed), whole


def _covered(need: stix.Need, folding: _Folding) -> Covered:
    sums = {"accepted": 0, "delivered": 0, "confirmed": 0}
    for one in folding.offers.values():
        if one.state not in DELIVERING:
            continue
        units = sum(part.quantity for part in one.accepted if part.need == need.id)
        sums["accepted"] += units
        sums["delivered"] += units if one.state in ("fulfilled", "confirmed") else 0
        sums["confirmed"] += units if one.state == "confirmed" else 0
    return Covered(need, **sums)


def _track(member: str, one: _Track) -> Track:
    first = one.acknowledged
    return Track(
        member=member,
        asked=one.asked,
        state=one.state,
        since_us=one.since_us,
        acknowledged_us=first.at_us if first else None,
        acknowledged_by=first.by if first else "",
        automatic=first.automatic if first else False,
        answered_us=one.answered_us,
        reason=one.reason,
    )


def _offer_view(one: _Offer, now_us: int) -> OfferView:
    content: stix.Offer = one.read.content
    state = "expired" if one.state == "offered" and _past(content.expires, now_us) else one.state
    return OfferView(
        id=one.read.part.id,
        author=one.read.part.author,
        content=content,
        made_us=one.read.part.created_us,
        state=state,
        since_us=one.since_us,
        accepted=one.accepted if one.state in DELIVERING else (),
        accepted_us=one.agreed_created_us or None,
        delivered_us=one.times.get("fulfilled"),
        confirmed_us=one.times.get("confirmed"),
        changed_since=bool(one.agreed_created_us) and one.read.part.modified_us > one.agreed_created_us,
        reason=one.reason,
        marking=one.read.part.marking,
    )


def _past(time: str, now_us: int) -> bool:
    read = parse_time(time) if time else None
    return read is not None and read[0] <= now_us
