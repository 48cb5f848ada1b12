"""Who is reading, as far as release needs to know."""

from __future__ import annotations

from dataclasses import dataclass

from commonwatch.base.parties.queries import own_member
from commonwatch.core.policy.facts import DEFAULT_PURPOSE


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


def operator(name: str) -> Reader:
    """The node's own operator, for commands run on its machine: acts for its own member."""
    return Reader(0, name, own_member().pk, frozenset(), sees_all=True, may_write=True)
