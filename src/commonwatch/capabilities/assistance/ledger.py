"""Who helped whom: what was given and received, for a fair share of the load. Pure.

Counted are units of needs, by kind of skill, that were accepted, delivered and confirmed: what was only offered is named apart, and so is
silence. People and funds are never added up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from commonwatch.capabilities.assistance.clocks import clocks
from commonwatch.capabilities.assistance.rules import DELIVERING
from commonwatch.capabilities.assistance.skills import Skills
from commonwatch.capabilities.assistance.standing import RequestView


class Given(msgspec.Struct, frozen=True):
    """What one member gave another, of one kind."""

    helper: str
    helped: str
    kind: str
    accepted: int
    delivered: int
    confirmed: int


class Share(msgspec.Struct, frozen=True):
    """One member's part: what it gave and got, of one kind, and how it answers."""

    member: str
    kind: str
    given: int
    received: int
    going: int  # accepted and not delivered yet

    @property
    def balance(self) -> int:
        """Positive: it gave more than it got."""
        return self.given - self.received


class Answering(msgspec.Struct, frozen=True):
    """How a member answers when it is asked by name."""

    member: str
    asked: int
    acknowledged: int
    offered: int
    declined: int
    silent: int
    late: int  # clocks that it met late or did not meet


class Ledger(msgspec.Struct, frozen=True):
    """All of it, and over how many requests since when."""

    requests: int
    since_us: int
    until_us: int
    given: tuple[Given, ...]
    shares: tuple[Share, ...]
    answering: tuple[Answering, ...]


def ledger(views: Iterable[RequestView], skills: Skills, *, since_us: int, until_us: int) -> Ledger:
    """The account of the requests that were made in this time."""
    counted = [view for view in views if since_us <= view.made_us < until_us]
    given: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for view in counted:
        kinds = {need.need.id: _kind(need.need.skill, skills) for need in view.needs}
        for offer in view.offers:
            if offer.state not in DELIVERING:
                continue
            for part in offer.accepted:
                sums = given[offer.author, view.author, kinds.get(part.need, "")]
                sums[0] += part.quantity
                sums[1] += part.quantity if offer.state in ("fulfilled", "confirmed") else 0
                sums[2] += part.quantity if offer.state == "confirmed" else 0
    rows = tuple(Given(*key, *sums) for key, sums in sorted(given.items()))
    return Ledger(len(counted), since_us, until_us, rows, _shares(rows), _answering(counted, until_us))


def _kind(word: str, skills: Skills) -> str:
    found = skills.by_id.get(word)
    return found.kind if found is not None else ""


def _shares(rows: tuple[Given, ...]) -> tuple[Share, ...]:
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in rows:
        sums[row.helper, row.kind][0] += row.delivered
        sums[row.helped, row.kind][1] += row.delivered
        sums[row.helper, row.kind][2] += row.accepted - row.delivered
    return tuple(Share(*key, *found) for key, found in sorted(sums.items()))


def _answering(views: list[RequestView], now_us: int) -> tuple[Answering, ...]:
    sums: dict[str, dict[str, int]] = defaultdict(
        lambda: {"asked": 0, "acknowledged": 0, "offered": 0, "declined": 0, "silent": 0, "late": 0}
    )
    for view in views:
        offered = {offer.author for offer in view.offers}
        for track in view.tracks:
            if not track.asked:
                continue
            mine = sums[track.member]
            mine["asked"] += 1
            mine["acknowledged"] += not track.silent
            mine["silent"] += track.silent
            mine["offered"] += track.member in offered
            mine["declined"] += track.state == "declined"
        for clock in clocks(view, now_us):
            if clock.member and clock.standing in ("overdue", "met-late"):
                sums[clock.member]["late"] += 1
    return tuple(Answering(member, **found) for member, found in sorted(sums.items()))


def going(shares: Iterable[Share]) -> Mapping[tuple[str, str], int]:
    """What each member has in hand, by kind: its load now."""
    return {(one.member, one.kind): one.going for one in shares}
