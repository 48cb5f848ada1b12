"""What follows here from a verified change of the membership: keys that count, keys that no longer do, members that left."""

from __future__ import annotations

from collections.abc import Mapping

from commonwatch.base.audit.record import record
from commonwatch.base.parties.actions import By, expel_member
from commonwatch.base.parties.changing import change
from commonwatch.base.parties.models import EXPELLED, HOME, STANDING, Member
from commonwatch.capabilities.federation.membership.cards import CardText, read_card, take_card
from commonwatch.capabilities.federation.membership.metadata import REGISTER, path_of, role_file
from commonwatch.capabilities.federation.membership.register import Entry, read_register
from commonwatch.capabilities.federation.models import Peer
from commonwatch.core.errors import CommonwatchError

LEFT = "It is no member of the partnership any more."


def apply(before: Mapping[str, str], after: Mapping[str, str], by: By) -> list[str]:
    """Take what members say of their keys as far as the partnership vouches, and part from who left; what could not be done."""
    now = read_register(after[REGISTER])
    problems = []
    for entry in now.members:
        try:
            _take(entry, after, by)
        except CommonwatchError as error:
            problems.append(f"{entry.name}: {error}")
    left = {one.identity for one in read_register(before[REGISTER]).members} if REGISTER in before else set()
    for identity in sorted(left - {one.identity for one in now.members}):
        _part(identity, by)
    return problems


def _take(entry: Entry, files: Mapping[str, str], by: By) -> None:
    if role_file(entry.identity) not in files or path_of(entry.identity) not in files:
        return
    card = CardText(files[role_file(entry.identity)], files[path_of(entry.identity)])
    if read_card(card)[1].identity == entry.identity:
        take_card(card, by, entry.vouches())


def _part(identity: str, by: By) -> None:
    """Stop the exchange with a member that left, and end its part here: release has nothing for it any more."""
    record(by.actor, "federation.left", identity, "done", {}, now_us=by.now_us)
    member = Member.objects.filter(identity=identity).first()
    if member is None or member.name == HOME:
        return
    Peer.objects.filter(member=member).update(paused=True, last_error=LEFT)
    if not member.facts.filter(kind=STANDING, value=EXPELLED, until=None).exists():
        what = f"{member.name} is no member of the partnership any more"
        change(what, lambda: expel_member(member.name, reason="The partnership's register", by=by), by)
