"""Who leads a case when.

1. The author of the case leads it first. 2. A lead offers it to another member; it passes when that member accepts an offer by who
leads then. An offer is of the time in which its author led, and lapses with it. 3. Of two offers that are both accepted the earlier
acceptance counts (ties by author and id): after it the one who made the other offer does not lead any more. 4. What a lead wrote
before it passed the case on goes on counting: by the clocks, and whatever they say if who took it over had seen it (`Lead.seen`).
5. An acceptance is not taken back, nor is an offer that was accepted: else whoever led before could undo it. An offer that is
revoked stands no more.

The moments are their authors' own claims, as everywhere: a former lead who dates a statement back is seen in the history.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from commonwatch.capabilities.incidents.rules.case import Lead, Offer, Said

MOST = 1_000  # changes of lead that are followed


def leads(author: str, created_us: int, found: Sequence[Said]) -> tuple[tuple[Lead, ...], tuple[Offer, ...]]:
    """Every lead, the first first, and the offers that stand. `found`: statements, oldest first."""
    offers = {one.id: one for one in found if one.slot[1:] == ("lead", "offer")}
    answers = [one for one in found if one.slot[1] == "lead" and one.slot[2] in ("accept", "decline")]
    answered = [
        (answer, offer)
        for answer in answers
        for seen in answer.after
        if (offer := offers.get(seen)) is not None and offer.value == answer.author
    ]
    done = {offer.id for answer, offer in answered if answer.slot[2] == "decline"}
    waiting = [pair for pair in answered if pair[0].slot[2] == "accept" and pair[1].id not in done]
    # Not by the order of the answers alone: who took it over second may have the slower clock.
    led = [Lead(author, created_us, None, "")]
    while len(led) < MOST and (following := _next(led[-1], waiting)) is not None:
        answer, offer = following
        waiting = [pair for pair in waiting if pair[1].id != offer.id]
        done.add(offer.id)
        led[-1] = replace(led[-1], until_us=answer.written_us, seen=answer.after)
        led.append(Lead(answer.author, answer.written_us, None, answer.id))
    past = tuple(led)
    now = past[-1].member
    standing = tuple(
        Offer(one.id, one.author, one.value, one.written_us)
        for one in offers.values()
        if one.id not in done and not one.is_revoked and one.author == now and one.written_us >= past[-1].since_us
    )
    return past, standing


def _next(lead: Lead, waiting: Sequence[tuple[Said, Said]]) -> tuple[Said, Said] | None:
    """The first acceptance of an offer that this lead made while it led, by its own clock."""
    mine = (pair for pair in waiting if pair[1].author == lead.member and pair[1].written_us >= lead.since_us)
    return next(mine, None)


def led_by(past: Sequence[Lead], said: Said) -> bool:
    """Whether its author led when it was written. At the very moment of a change, both do."""
    return any(
        one.member == said.author
        and one.since_us <= said.written_us
        and (one.until_us is None or said.written_us <= one.until_us or said.id in one.seen)
        for one in past
    )
