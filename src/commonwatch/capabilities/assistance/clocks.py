"""Clocks of a request: by when somebody has to acknowledge, answer, deliver, and how that stands. Pure.

A clock without a time that its request or offer names does not exist: nobody is late for what nobody set.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from commonwatch.capabilities.assistance.rules import DELIVERING
from commonwatch.capabilities.assistance.standing import OfferView, RequestView, Track
from commonwatch.core.stix.times import parse_time

What: TypeAlias = Literal["acknowledge", "answer", "deliver"]
Standing: TypeAlias = Literal["running", "overdue", "met", "met-late", "stopped"]
SOON_US = 3_600 * 1_000_000  # before it is due, when a quarter of its time is longer
ENDED = ("closed", "withdrawn", "expired")


class Clock(msgspec.Struct, frozen=True):
    """One: who has to do what by when."""

    what: What
    member: str  # who has to; empty: anybody that was asked
    about: str
    began_us: int
    due_us: int
    met_us: int | None
    standing: Standing

    @property
    def key(self) -> str:
        """Names it among those of all requests; a time that was moved makes another clock."""
        return f"{self.about} {self.what} {self.member} {self.due_us}"

    def reminds(self, now_us: int) -> Literal["", "soon", "overdue"]:
        """Whether it is time to remind somebody of it, and of what."""
        if self.standing == "overdue":
            return "overdue"
        ahead = min(SOON_US, (self.due_us - self.began_us) // 4)
        return "soon" if self.standing == "running" and now_us >= self.due_us - ahead else ""


def clocks(view: RequestView, now_us: int) -> tuple[Clock, ...]:
    """All of a request, by what is due first."""
    content, found = view.content, []
    ended_us = view.since_us if view.state in ENDED else None
    asked = [track for track in view.tracks if track.asked]
    for what, time in (("acknowledge", content.acknowledge_by), ("answer", content.answer_by)):
        due = parse_time(time) if time else None
        if due is None:
            continue
        if asked:
            found += [
                _clock(what, track.member, view.id, view.made_us, due[0], _met(what, [track]), ended_us, now_us)
                for track in asked
            ]
        else:
            met = _met(what, list(view.tracks))
            found.append(_clock(what, "", view.id, view.made_us, due[0], met, ended_us, now_us))
    for offer in view.offers:
        due_us = _delivery(offer, content.deliver_by)
        if due_us is not None and offer.state in DELIVERING and offer.accepted_us is not None:
            found.append(
                _clock(
                    "deliver", offer.author, offer.id, offer.accepted_us, due_us, offer.delivered_us, ended_us, now_us
                )
            )
    return tuple(sorted(found, key=lambda one: (one.due_us, one.key)))


def _delivery(offer: OfferView, otherwise: str) -> int | None:
    due = parse_time(offer.content.deliver_by or otherwise or "")
    return due[0] if due is not None else None


def _met(what: str, tracks: list[Track]) -> int | None:
    times = [track.acknowledged_us if what == "acknowledge" else track.answered_us for track in tracks]
    return min((time for time in times if time is not None), default=None)


def _clock(
    what: str,
    member: str,
    about: str,
    began_us: int,
    due_us: int,
    met_us: int | None,
    ended_us: int | None,
    now_us: int,
) -> Clock:
    if met_us is not None:
        standing: Standing = "met" if met_us <= due_us else "met-late"
    elif ended_us is not None:
        standing = "stopped"
    else:
        standing = "overdue" if now_us > due_us else "running"
    return Clock(what, member, about, began_us, due_us, met_us, standing)  # type: ignore[arg-type]
