"""What an approver decides: who becomes a member, who is one no longer, whose new keys count."""

from __future__ import annotations

import msgspec

from commonwatch.base.audit.record import record
from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.changing import Report, change
from commonwatch.base.parties.key_histories import history_of
from commonwatch.base.parties.models import Member
from commonwatch.base.parties.queries import own_member
from commonwatch.capabilities.federation.membership.cards import CardText
from commonwatch.capabilities.federation.membership.partnership import propose, register, sign
from commonwatch.capabilities.federation.membership.register import Entry
from commonwatch.capabilities.federation.membership.standing import new_keys, new_members, proposal_named
from commonwatch.capabilities.federation.models import Card
from commonwatch.core.errors import Conflict, NotFound


def approve(name: str, by: By) -> bool:
    """Approve what waits under this name, or propose it with this node's approval; whether it is in force with that."""
    proposal = proposal_named(name)
    if proposal is not None:
        return sign(proposal, by)
    if (entry := new_members().get(name)) is not None:
        card = Card.objects.get(identity=entry.identity)
        given = {entry.identity: CardText(card.metadata, card.file)}
        return propose(register().with_member(entry), by, cards=given)
    if (entry := new_keys().get(name)) is not None:
        return propose(register().with_member(_with_statements(entry)), by)
    raise NotFound("nothing-waits", f"Nothing waits for approval as {name}.", "See `commonwatch federation approve`.")


def sign_anew(by: By) -> bool:
    """Have the register signed for again, before its time is over."""
    return propose(register(), by)


def expel(name: str, reason: str, by: By) -> bool:
    """Propose that a member is one no longer, with this node's approval; whether it is in force with that."""
    members = register()
    entry = next((one for one in members.members if name in (one.name, one.identity)), None)
    if entry is None:
        raise NotFound("member-not-in", f"{name} is no member of the partnership.", "commonwatch federation status")
    if entry.identity == own_member().identity:
        raise Conflict("member-own", "That is this node's own member.", "Another approver has to propose it.")
    record(by.actor, "federation.expel", entry.identity, "done", {"reason": reason}, now_us=by.now_us)
    return propose(members.without(entry.identity), by)


def expulsion_report(name: str, reason: str, by: By) -> Report:
    """Who would lose what at this node; nothing is changed."""
    entry = next((one for one in register().members if name in (one.name, one.identity)), None)
    own = Member.objects.filter(identity=entry.identity).first() if entry is not None else None

    def act() -> None:
        if own is not None:
            parties.expel_member(own.name, reason=reason, by=by)

    return change(f"{name} is expelled from the partnership", act, by, preview=True)[1]


def _with_statements(entry: Entry) -> Entry:
    """The entry, vouching for what the member has said of its keys since."""
    digests = (*entry.vouched, *(one.statement.digest() for one in history_of(entry.identity).statements))
    return msgspec.structs.replace(entry, vouched=tuple(dict.fromkeys(digests)))
