"""What this node's members write is signed with their own key, which this node holds (`member-NAME.key`).

1. A member gets its key when it first needs one; its first statement says so. 2. Rotated, the old key's signatures stay valid;
revoked, only what was known before does. 3. A key whose file is gone is never replaced silently: others would take what the new
one signs for a forgery.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from django.db import transaction

from commonwatch.base.keys.files import adopt, has_following, has_key, member_key_file, prepare, signing_key
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.key_histories import history_of, take_statements
from commonwatch.base.parties.models import Member
from commonwatch.base.parties.queries import own_member
from commonwatch.core.errors import Conflict, InvalidInput, NodeUnable
from commonwatch.core.signing.history import History, Refused
from commonwatch.core.signing.keys import SigningKey
from commonwatch.core.signing.objects import author_of, sign_object
from commonwatch.core.signing.statements import Act, SignedStatement, Statement, Vouched, sign_statement

FIRST_USE = "first use"


def member_key(member: Member, now_us: int) -> SigningKey:
    """The key with which a member that this node hosts signs now; its first is made and introduced here."""
    history = history_of(member.identity)
    if not history.statements:
        key = signing_key(member_key_file(member.name))
        _say(history, "introduce", [key], By(FIRST_USE, now_us), key=key.public.text, vouched=True)
        return key
    _finish_rotation(member, history)
    if not has_key(member_key_file(member.name)):
        raise NodeUnable(
            "member-key-missing",
            f"{member_key_file(member.name)} is not in the data folder.",
            "Restore it from a backup; if it is lost: commonwatch federation recover.",
        )
    key = signing_key(member_key_file(member.name))
    if key.public.id not in history.current:
        raise NodeUnable(
            "member-key-ended",
            f"The key in {member_key_file(member.name)} is not valid any more for {member.name}.",
            "Restore the newest backup; if the key was revoked: commonwatch federation recover.",
        )
    return key


class Author:
    """The node's own member as the author of one piece of work, however many objects that is: its key is read once, when first needed.

    Reading the key's history costs more than a signature.
    """

    def __init__(self, member: Member, now_us: int) -> None:
        self.member = member
        self._now_us = now_us

    @cached_property
    def _key(self) -> SigningKey:
        return member_key(self.member, self._now_us)

    def signed(self, value: Mapping[str, Any], at_us: int) -> dict[str, Any]:
        """The object, signed where the member is its author; another's as it is."""
        return sign_object(value, self._key, at_us) if author_of(value) == self.member.identity else dict(value)


def own_author(now_us: int) -> Author:
    """The node's own member, ready to sign."""
    return Author(own_member(), now_us)


def signed_as_own(values: Sequence[Mapping[str, Any]], now_us: int) -> list[dict[str, Any]]:
    """These objects, signed where the node's own member is their author; others as they are."""
    author = own_author(now_us)
    return [author.signed(value, now_us) for value in values]


def rotate_member_key(member: Member, by: By) -> SigningKey:
    """A new key in place of the member's own; what the old one signed stays valid."""
    old = member_key(member, by.now_us)
    new = prepare(member_key_file(member.name))
    with transaction.atomic():
        _say(history_of(member.identity), "rotate", [new, old], by, key=new.public.text, ends=old.public.id)
    return adopt(member_key_file(member.name))


def revoke_member_key(member: Member, key_id: str, since_us: int, reason: str, by: By) -> None:
    """Say that what a key signed from `since_us` on is not the member's, unless it was known before."""
    history = history_of(member.identity)
    if key_id not in history.keys:
        raise InvalidInput("key-unknown", f"{member.name} never had the key {key_id}.", "See `commonwatch party show`.")
    if since_us > by.now_us:
        raise InvalidInput("since-future", "That lies in the future.", "Give the time from which it was not safe.")
    key = member_key(member, by.now_us)
    if key.public.id == key_id:
        raise Conflict(
            "key-in-use", "That is the key in use.", "Rotate it first, so that the member has one to go on with."
        )
    _say(history, "revoke", [key], by, ends=key_id, since_us=since_us, reason=reason)


def new_start(member: Member, since_us: int, reason: str, by: By) -> tuple[SignedStatement, ...]:
    """The member's key is lost or in other hands: what the partnership has to vouch for, so that a new one counts.

    Revocations of every key that is valid, and the introduction of the prepared one. Nothing counts before it is vouched
    for (`take_statements`); asked again, the prepared key is the same.
    """
    history = history_of(member.identity)
    new = prepare(member_key_file(member.name))
    made: list[SignedStatement] = []
    for key_id in history.current:
        made.append(_next(history, made, "revoke", [new], by, ends=key_id, since_us=since_us, reason=reason))
    made.append(_next(history, made, "introduce", [new], by, key=new.public.text))
    return tuple(made)


def _finish_rotation(member: Member, history: History) -> None:
    """A rotation or a new start that was said, and whose file was not put in place yet."""
    name = member_key_file(member.name)
    if has_following(name) and prepare(name).public.id in history.current:
        adopt(name)


def _say(
    history: History, act: Act, signers: Sequence[SigningKey], by: By, *, vouched: bool = False, **what: Any
) -> None:
    """Make the member's next statement and take it."""
    signed = _next(history, (), act, signers, by, **what)
    by_us = Vouched(frozenset([signed.statement.digest()])) if vouched else Vouched()
    refused = take_statements(history.member, [signed], by, by_us)
    if refused:
        raise _not_taken(refused[0])


def _next(
    history: History, before: Sequence[SignedStatement], act: Act, signers: Sequence[SigningKey], by: By, **what: Any
) -> SignedStatement:
    chain = [*history.statements, *before]
    made = Statement(
        member=history.member,
        number=len(chain) + 1,
        previous=chain[-1].statement.digest() if chain else "",
        act=act,
        at_us=max(by.now_us, chain[-1].statement.at_us if chain else 0),
        **what,
    )
    return sign_statement(made, signers)


def _not_taken(refused: Refused) -> Conflict:
    return Conflict(refused.code, refused.sentence, "See `commonwatch party show`.")
