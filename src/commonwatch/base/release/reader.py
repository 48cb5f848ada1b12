"""Who is reading, as far as release needs to know."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reader:
    """An account with its communities. `sees_all` is for those who run the node."""

    account: int
    name: str
    communities: frozenset[int]
    sees_all: bool
    may_write: bool


def operator(name: str) -> Reader:
    """The node's own operator, for commands run on its machine."""
    return Reader(0, name, frozenset(), sees_all=True, may_write=True)
