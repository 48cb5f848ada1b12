"""New keys: of this node and of its member in the ordinary course, and a new start after a key was lost or stolen.

1. A node's new key follows the old on the member's card, which the member's key signs: peers that take the card go by the new
one. The old secret stays beside it, only so that peers who have not heard yet can be told. 2. A member's new key is signed for by
the old. 3. Who has lost the member's key, or fears that somebody else has it, cannot be believed alone: the partnership's
approvers vouch for the new one, after they have made sure by other ways who asks.
"""

from __future__ import annotations

import msgspec
from django.db import transaction

from commonwatch.base.audit.record import record
from commonwatch.base.keys.files import NODE, NODE_BEFORE, adopt, has_following, member_key_file, prepare
from commonwatch.base.keys.node import node_key, public_name
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.authoring import member_key, new_start, revoke_member_key, rotate_member_key
from commonwatch.base.parties.key_histories import history_of
from commonwatch.base.parties.queries import own_member
from commonwatch.capabilities.federation.membership.cards import (
    CardText,
    new_start_card,
    own_card,
    own_nodes,
    read_card,
)
from commonwatch.capabilities.federation.membership.metadata import tuf_key
from commonwatch.capabilities.federation.membership.partnership import propose, register
from commonwatch.capabilities.federation.membership.register import Entry
from commonwatch.capabilities.federation.models import NodeKey
from commonwatch.core.errors import Conflict, IntegrityError, InvalidInput, NotFound
from commonwatch.core.signing.history import History, Refused
from commonwatch.core.signing.keys import PublicKey
from commonwatch.core.signing.statements import Vouched
from commonwatch.core.stix.times import parse_time


def since_us(text: str) -> int:
    """Since when a key was in other hands, as a person writes it; raises InvalidInput."""
    time = parse_time(text)
    if time is None:
        raise InvalidInput("time-unreadable", f"{text} is no time.", "Write it as 2026-11-23T08:00:00Z.")
    return time[0]


def rotate_node(reason: str, by: By) -> str:
    """A new key for this node; returns its public half. Peers hear of it with the next exchange."""
    key = _new_node_key(reason, by)
    own_card(by.now_us)
    return key


def rotate_member(stolen_since_us: int | None, reason: str, by: By) -> PublicKey:
    """A new key for this node's member. With `stolen_since_us` the old one is revoked from then on."""
    member = own_member()
    old = member_key(member, by.now_us)
    new = rotate_member_key(member, by)
    if stolen_since_us is not None:
        revoke_member_key(member, old.public.id, stolen_since_us, reason, by)
    own_card(by.now_us, (old,))
    return new.public


def recover(since_us: int, reason: str, by: By) -> str:
    """Start anew with new keys for node and member; returns the text that the approvers are to be given.

    Asked again before they have approved, it is made from the same keys.
    """
    if since_us > by.now_us:
        raise InvalidInput("since-future", "That lies in the future.", "Give the time from which it was not safe.")
    member = own_member()
    if not has_following(member_key_file(member.name)):
        _new_node_key(reason, by)
    statements = new_start(member, since_us, reason, by)
    card = new_start_card(statements, prepare(member_key_file(member.name)), by.now_us)
    record(by.actor, "federation.recover", member.name, "done", {"reason": reason}, now_us=by.now_us)
    return msgspec.json.encode(card).decode()


def read_recovery(text: bytes) -> CardText:
    """What `recover` made; raises InvalidInput."""
    try:
        return msgspec.json.decode(text, type=CardText)
    except (UnicodeDecodeError, msgspec.MsgspecError) as error:
        raise InvalidInput("recovery-unreadable", f"That is no recovery: {error}.", "Have it made again.") from None


def keys_of_recovery(card: CardText) -> list[str]:
    """Whose keys these are and which it starts anew with, to be compared before they are vouched for."""
    _, file = read_card(card)
    return [file.identity, *(key.id for key in _after(history_of(file.identity), card).current.values())]


def propose_recovery(card: CardText, by: By) -> tuple[Entry, bool]:
    """Vouch for the keys with which a member starts anew: which member, and whether that is in force already."""
    metadata, file = read_card(card)
    entry = register().of(file.identity)
    if entry is None:
        raise NotFound("member-not-in", "That is no member of the partnership.", "See `commonwatch federation status`.")
    history = history_of(file.identity)
    fresh = file.statements[len(history.statements) :]
    after = _after(history, card)
    keys = {tuf_key(key).keyid: key for key in after.current.values()}
    held = any(
        name in keys and keys[name].holds(bytes.fromhex(one.signature), metadata.signed_bytes)
        for name, one in metadata.signatures.items()
    )
    if not held or not fresh:
        raise IntegrityError("recovery-unsigned", "The new key has not signed this.", "Have the file made again.")
    digests = (*entry.vouched, *(one.statement.digest() for one in fresh))
    entry = msgspec.structs.replace(entry, vouched=tuple(dict.fromkeys(digests)))
    changed = register().with_member(entry)
    done = propose(changed, by, keys={entry.identity: list(after.current.values())}, cards={entry.identity: card})
    return entry, done


def _after(history: History, card: CardText) -> History:
    """The member's history once its new statements are vouched for."""
    _, file = read_card(card)
    vouched = Vouched(frozenset(one.statement.digest() for one in file.statements))
    for signed in file.statements:
        taken = history.taking(signed, vouched)
        if not isinstance(taken, Refused):
            history = taken
        elif taken.code != "known":
            raise Conflict(
                taken.code,
                f"What the file says of keys does not follow on what is known here: {taken.sentence}",
                "Let the member exchange with a peer first, then make the file again.",
            )
    return history


def _new_node_key(reason: str, by: By) -> str:
    """The next key in place, and noted; where the file was lost, the one that was made in its stead is the next."""
    last = NodeKey.objects.order_by("-pk").first()
    if last is None:
        own_nodes(by.now_us)
        last = NodeKey.objects.get()
    lost = last.key != public_name(node_key())
    new = public_name(node_key()) if lost else prepare(NODE).public.raw.hex()
    with transaction.atomic():
        NodeKey.objects.filter(pk=last.pk).update(until_us=by.now_us, reason=reason)
        NodeKey.objects.create(key=new, since_us=by.now_us, follows=last.key)
        record(by.actor, "federation.node-key", new, "done", {"follows": last.key, "reason": reason}, now_us=by.now_us)
    if not lost:
        adopt(NODE, NODE_BEFORE)
    return new
