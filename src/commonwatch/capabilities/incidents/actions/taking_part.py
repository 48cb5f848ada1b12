"""Who takes part: members are added, leave, hand the lead over; and what was written before they came is offered to them.

Nothing that somebody wrote is shared with a newcomer silently: each author says it for its own entries (`share_earlier`), or keeps
them back (`keep_back`). The root of the case is its first lead's: another lead's newcomer has the case once that member shares it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace as changed
from typing import Any

from msgspec.structs import replace

from commonwatch.base.intake.own import Audience, audience_of, write
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.queries import member_named
from commonwatch.base.threads.queries import Part
from commonwatch.capabilities.incidents.actions.opening import Invited
from commonwatch.capabilities.incidents.actions.writing import (
    Open,
    audience,
    called,
    opened,
    put,
    statement,
)
from commonwatch.capabilities.incidents.models import KeptBack
from commonwatch.capabilities.incidents.rules.fold import is_on
from commonwatch.core.errors import Conflict, InvalidInput, NotAllowed
from commonwatch.core.stix.response.incidents import Participant
from commonwatch.core.stix.times import format_time

MILLISECOND_US = 1_000
MOST_SEEN = 50  # statements that one can name


def add(case: str, who: Invited, reason: str, by: By) -> str:
    """Let a member take part from now on. The case's root is shared with it if the own member wrote that."""
    at = opened(case, by)
    at.must_lead()
    identity = member_named(who.member).identity
    there = at.case.member(identity)
    part = Participant(identity, who.actor, who.roles)
    if there is not None and there.part == part:
        raise Conflict("takes-part", f"{who.member} takes part in the case so already.", "See `commonwatch case show`.")
    whom = audience(at, whole=True)
    whom = changed(whom, named=tuple(sorted({*whom.named, who.member})))
    said = statement(at, "participant", part, key=identity, reason=reason)
    root = [_again(at.parts[0], by)] if at.parts[0].author == at.own and there is None else []
    if root:
        own = audience_of(at.parts[0].markings)
        write(
            root,
            changed(own, named=tuple(sorted({*own.named, who.member}))),
            by=by,
            action="case.share",
            detail={"with": who.member},
        )
    return put(at, [said], whom, "case.add", member=who.member, actor=who.actor)[0]


def leave(case: str, member: str, reason: str, by: By) -> str:
    """Say that a member does not take part any more: itself, or the lead. What it has of the case it keeps."""
    at = opened(case, by)
    identity = member_named(member).identity
    there = at.case.member(identity)
    if there is None or there.part.left:
        raise InvalidInput("not-involved", f"{member} does not take part in this case.", "See `commonwatch case show`.")
    if identity == at.case.lead:
        raise Conflict("leads", f"{member} leads the case.", "Hand the lead over first: commonwatch case lead.")
    if identity != at.own:
        at.must_lead()
    said = statement(at, "participant", replace(there.part, left=True), key=identity, reason=reason)
    return put(at, [said], audience(at, whole=True), "case.leave", member=member)[0]


def offer_lead(case: str, member: str, reason: str, by: By) -> str:
    """Offer the lead to a member that takes part; it passes when that member accepts."""
    at = opened(case, by)
    at.must_lead()
    identity = member_named(member).identity
    if identity == at.own or identity not in at.case.involved():
        raise InvalidInput("not-involved", f"{member} does not take part in this case.", "Add the member first.")
    said = statement(at, "lead", {"offer": identity}, key="offer", reason=reason)
    return put(at, [said], audience(at, whole=True), "case.offer-lead", member=member)[0]


def answer_lead(case: str, reason: str, by: By, *, accept: bool) -> str:
    """Accept or decline the lead that was offered to the own member."""
    at = opened(case, by)
    offers = [one for one in at.case.offers if one.to == at.own]
    if not offers:
        raise Conflict("no-offer", "Nobody offers your member the lead of this case.", "See `commonwatch case show`.")
    act = "accept" if accept else "decline"
    # With what stands of the case now: it goes on counting as the former lead's word, whatever the clocks say.
    standing = [one.id for slot, heads in sorted(at.case.heads.items()) if slot[0] == at.id for one in heads]
    after = (*(one.id for one in offers), *standing[: MOST_SEEN - len(offers)])
    said = statement(at, "lead", {act: offers[-1].by}, key=act, reason=reason, after=after)
    return put(at, [said], audience(at, whole=True), f"case.{act}-lead")[0]


def unshared(at: Open) -> dict[str, tuple[Part, ...]]:
    """By member that takes part: the own member's parts that were written before it came, and that it has not.

    Only those that were for everybody there was on their tracks, and only for who is on one of these: what was narrower stays so.
    """
    own = [part for part in at.parts if part.author == at.own and not part.revoked]
    kept = set(KeptBack.objects.filter(case_id=at.id).values_list("part_id", "member"))
    there = [one for one in at.case.participants if one.member != at.own and not one.part.left]
    names = dict(zip((one.member for one in there), called(one.member for one in there), strict=True))
    found: dict[str, tuple[Part, ...]] = {}
    audiences = {part.id: audience_of(part.markings) for part in own}
    for taking in there:
        missing = [
            part
            for part in own
            if part.created_us < taking.since_us
            and (part.id, taking.member) not in kept
            and is_on(taking.part.track, part)
            and not _has(audiences[part.id], names, taking.member)
            and all(
                _has(audiences[part.id], names, other.member)
                for other in there
                if other.since_us <= part.created_us and is_on(other.part.track, part)
            )
        ]
        if missing:
            found[taking.member] = tuple(missing)
    return found


def _has(whom: Audience, names: Mapping[str, str], identity: str) -> bool:
    return names[identity] in whom.named or identity in whom.named


def share_earlier(case: str, member: str, parts: tuple[str, ...], by: By) -> tuple[str, ...]:
    """Share own parts with a member that came later: all that it has not, or those that are named."""
    at = opened(case, by)
    wanted = _earlier(at, member, parts)
    shared: tuple[str, ...] = ()
    for part in wanted:
        whom = audience_of(part.markings)
        whom = changed(whom, named=tuple(sorted({*whom.named, member})))
        shared += write([_again(part, by)], whom, by=by, action="case.share", detail={"case": case, "with": member})
    return shared


def keep_back(case: str, member: str, parts: tuple[str, ...], by: By) -> int:
    """Be reminded of these no more: the member is not to have them."""
    at = opened(case, by)
    wanted = _earlier(at, member, parts)
    identity = member_named(member).identity
    KeptBack.objects.bulk_create(
        [KeptBack(case_id=case, part_id=one.id, member=identity, by=by.actor, at_us=by.now_us) for one in wanted],
        ignore_conflicts=True,
    )
    return len(wanted)


def _earlier(at: Open, member: str, parts: tuple[str, ...]) -> tuple[Part, ...]:
    missing = unshared(at).get(member_named(member).identity, ())
    wanted = tuple(part for part in missing if not parts or part.id in parts)
    if not wanted:
        raise Conflict(
            "nothing-earlier", f"There is nothing of yours that {member} has not.", "See `commonwatch case show`."
        )
    return wanted


def _again(part: Part, by: By) -> dict[str, Any]:
    """A newer version of the same content."""
    if part.derived:
        raise NotAllowed("derived", "This is not the whole object.", "Its author shares it.")
    value = {key: said for key, said in part.value.items() if key != "object_marking_refs"}
    return {**value, "modified": format_time(max(by.now_us, part.modified_us + MILLISECOND_US), 3)}
