"""A point of contact as it stands, with its pings; how fast members answer; whom to try next. Folds of threads. Pure.

1. A ping is answered by the first answer of a person on the side of the contact's member. What a node answers by itself is told apart: it
shows that the line works, and nothing of people. 2. A contact that its member has not confirmed for a year is overdue. 3. Of answer times,
quantiles are taken over all pings whose time is over: one that nobody answered counts as later than every other, so that silence makes the
figures worse. What still has time is counted apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

import msgspec

from commonwatch.capabilities.contacts import hours
from commonwatch.core.errors import InvalidInput
from commonwatch.core.stix import ordering
from commonwatch.core.stix.ordering import Unread
from commonwatch.core.stix.response import contacts as stix
from commonwatch.core.stix.times import parse_time

YEAR_US = 365 * 86_400 * 1_000_000
SOON_US = 30 * 86_400 * 1_000_000  # before a confirmation is overdue
Answered: TypeAlias = Literal["answered", "late", "waiting", "unanswered"]


class PingView(msgspec.Struct, frozen=True):
    """A ping and what came of it."""

    id: str
    author: str
    contact: str
    sent_us: int
    due_us: int | None
    standing: Answered
    text: str = ""
    by: str = ""
    escalates: bool = False
    after: str = ""  # the ping that nobody answered
    automatic_us: int | None = None
    answered_us: int | None = None
    answered_by: str = ""
    answer: str = ""

    @property
    def took_us(self) -> int | None:
        """How long the answer took; never less than nothing, whatever the clocks say."""
        return None if self.answered_us is None else max(self.answered_us - self.sent_us, 0)


class ContactView(msgspec.Struct, frozen=True):
    """A point of contact."""

    id: str
    author: str
    content: stix.Contact
    marking: str
    nominated_us: int
    confirmed_us: int
    ended: bool
    overdue: bool
    is_there: bool
    there_from_us: int | None
    there_until_us: int | None
    pings: tuple[PingView, ...]
    unread: tuple[Unread, ...]


class Measure(msgspec.Struct, frozen=True):
    """How one member answers, of pings sent in a window: population, answers, and answer times in seconds.

    A quantile that silence reaches is None: nobody can say how long it takes.
    """

    member: str
    since_us: int
    until_us: int
    pings: int  # whose time is over, or that were answered
    answered: int
    late: int
    unanswered: int
    automatic: int  # that the node answered by itself
    waiting: int  # that still have time; in no quantile
    p50_seconds: float | None
    p90_seconds: float | None


def fold(parts: Sequence[ordering.Part], now_us: int) -> ContactView | None:
    """The contact as it stands; None where its root is not there or cannot be read."""
    known, unread = ordering.read(parts, stix.CONTENTS)
    root = next((one for one in known if one.part.type == stix.CONTACT), None)
    if root is None:
        return None
    content: stix.Contact = root.content
    try:
        there, since, until = (
            hours.is_there(content, now_us),
            hours.there_from(content, now_us),
            hours.there_until(content, now_us),
        )
    except InvalidInput:  # a time zone that this node's database does not know yet
        there, since, until = False, None, None
    confirmed = parse_time(content.confirmed) if content.confirmed else None
    confirmed_us = confirmed[0] if confirmed is not None else root.part.created_us
    return ContactView(
        id=root.part.id,
        author=root.part.author,
        content=content,
        marking=root.part.marking,
        nominated_us=root.part.created_us,
        confirmed_us=confirmed_us,
        ended=root.part.revoked,
        overdue=not root.part.revoked and confirmed_us + YEAR_US <= now_us,
        is_there=there and not root.part.revoked,
        there_from_us=since,
        there_until_us=until,
        pings=_pings(root, known, now_us),
        unread=tuple(unread),
    )


def measure(views: Iterable[ContactView], *, since_us: int, until_us: int) -> tuple[Measure, ...]:
    """How each member answered the pings that were sent to its contacts in a window."""
    by_member: dict[str, list[PingView]] = {}
    for view in views:
        sent = [ping for ping in view.pings if since_us <= ping.sent_us < until_us]
        if sent:
            by_member.setdefault(view.author, []).extend(sent)
    return tuple(_measured(member, by_member[member], since_us, until_us) for member in sorted(by_member))


def quantile(times: Sequence[float], missing: int, share: float) -> float | None:
    """The value that this share of the population does not exceed (nearest rank); None where that is one without an answer."""
    rank = max(-(-round(share * 1_000) * (len(times) + missing) // 1_000), 1)
    found = sorted(times)
    return found[rank - 1] if rank <= len(found) else None


def chain(views: Iterable[ContactView], member: str, role: str) -> tuple[ContactView, ...]:
    """Whom to try, one after the other: who is there now first, by level; then the others, by when they are there again."""
    fitting = [view for view in views if view.author == member and not view.ended and role in ("", *view.content.roles)]
    never = 2**62
    return tuple(
        sorted(
            fitting,
            key=lambda view: (
                not view.is_there,
                view.content.level if view.is_there else view.there_from_us or never,
                view.content.level,
                view.id,
            ),
        )
    )


def following(views: Iterable[ContactView], ping: PingView, tried: Iterable[str]) -> ContactView | None:
    """Whom to ping next where nobody answered: of the same member, for one of the same matters, not tried yet."""
    everybody = list(views)
    silent = next((view for view in everybody if view.id == ping.contact), None)
    if silent is None:
        return None
    left = [
        view
        for view in chain(everybody, silent.author, "")
        if view.id not in {*tried, silent.id} and set(view.content.roles) & {*silent.content.roles, "round-the-clock"}
    ]
    return left[0] if left else None


def _pings(root: ordering.Read, known: Sequence[ordering.Read], now_us: int) -> tuple[PingView, ...]:
    pongs: dict[str, list[ordering.Read]] = {}
    for one in known:
        if one.part.type == stix.PONG and one.part.author == root.part.author and not one.part.revoked:
            pongs.setdefault(one.content.ping_ref, []).append(one)
    found = [
        _ping(root.part.id, one, pongs.get(one.part.id, []), now_us)
        for one in known
        if one.part.type == stix.PING and one.content.contact_ref == root.part.id
    ]
    return tuple(sorted(found, key=lambda one: (-one.sent_us, one.id)))


def _ping(contact: str, one: ordering.Read, pongs: Sequence[ordering.Read], now_us: int) -> PingView:
    said: stix.Ping = one.content
    due = parse_time(said.answer_by) if said.answer_by else None
    due_us = due[0] if due is not None else None
    in_order = sorted(pongs, key=lambda pong: (pong.part.created_us, pong.part.id))
    by_node = next((pong for pong in in_order if pong.content.automatic), None)
    by_person = next((pong for pong in in_order if not pong.content.automatic), None)
    standing: Answered
    if by_person is not None:
        standing = "late" if due_us is not None and by_person.part.created_us > due_us else "answered"
    else:
        standing = "unanswered" if due_us is not None and now_us > due_us else "waiting"
    return PingView(
        id=one.part.id,
        author=one.part.author,
        contact=contact,
        sent_us=one.part.created_us,
        due_us=due_us,
        standing=standing,
        text=said.text,
        by=said.by,
        escalates=said.escalates,
        after=said.ping_ref or "",
        automatic_us=by_node.part.created_us if by_node is not None else None,
        answered_us=by_person.part.created_us if by_person is not None else None,
        answered_by=by_person.content.by if by_person is not None else "",
        answer=by_person.content.text if by_person is not None else "",
    )


def _measured(member: str, pings: Sequence[PingView], since_us: int, until_us: int) -> Measure:
    over = [ping for ping in pings if ping.standing != "waiting"]
    times = [ping.took_us / 1e6 for ping in over if ping.took_us is not None]
    missing = len(over) - len(times)
    return Measure(
        member=member,
        since_us=since_us,
        until_us=until_us,
        pings=len(over),
        answered=len(times),
        late=sum(ping.standing == "late" for ping in over),
        unanswered=missing,
        automatic=sum(ping.automatic_us is not None for ping in pings),
        waiting=len(pings) - len(over),
        p50_seconds=quantile(times, missing, 0.5) if over else None,
        p90_seconds=quantile(times, missing, 0.9) if over else None,
    )
