"""Who is reading, as far as release needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from commonwatch.base.parties.models import Membership
from commonwatch.base.parties.queries import member_named, own_member
from commonwatch.core.policy.facts import DEFAULT_PURPOSE

if TYPE_CHECKING:
    from commonwatch.base.edge import Caller


@dataclass(frozen=True)
class Reader:
    """An account with the member it acts for and that member's communities. `sees_all` is for those who run the node."""

    account: int
    name: str
    member: int
    communities: frozenset[int]
    sees_all: bool
    may_write: bool
    purpose: str = DEFAULT_PURPOSE


def reader_of(account: Caller) -> Reader:
    """An account as release knows it."""
    return Reader(
        account.account_id,
        account.name,
        account.member,
        account.communities,
        account.sees_all,
        account.holds("contributor"),
        account.purpose,
    )


def for_member(member: str, purpose: str, name: str) -> Reader:
    """As a member reads for a purpose, for commands run on the node's machine."""
    who = member_named(member)
    inside = Membership.objects.filter(member=who, until_us=None).values_list("community", flat=True)
    return Reader(0, name, who.pk, frozenset(inside), sees_all=False, may_write=False, purpose=purpose)


def operator(name: str) -> Reader:
    """The node's own operator, for commands run on its machine: acts for its own member."""
    return Reader(0, name, own_member().pk, frozenset(), sees_all=True, may_write=True)
