"""What one marking says, and what several say together: the strictest of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from functools import reduce
from typing import TypeVar

import msgspec

_Part = TypeVar("_Part")


class Problem(msgspec.Struct, frozen=True, order=True):
    """Something in markings that a person has to look at. It was read the strict way.

    `marking` is the id of the marking-definition, or "" where several together are the problem. What `blocks` stops an
    object of ours from being published; the rest is a note.
    """

    code: str
    marking: str
    sentence: str
    remedy: str
    blocks: bool = True


class Reading(msgspec.Struct, frozen=True):
    """What a marking says; what it does not speak of has its default. A list that is None is not given."""

    tlps: frozenset[int] = frozenset()  # more than one: it contradicts itself
    paps: frozenset[int] = frozenset()
    classification: int = 0
    orcon: bool = False
    named: frozenset[str] | None = None
    releasable: frozenset[str] | None = None
    audience: frozenset[str] | None = None
    purposes: frozenset[str] | None = None
    not_before: date | None = None
    not_after: date | None = None
    retention_days: int | None = None
    duties: frozenset[str] = frozenset()
    problems: frozenset[Problem] = frozenset()
    unread: bool = False  # something in it could not be read: it may forbid anything


def together(readings: Iterable[Reading]) -> Reading:
    """What several markings come to. Their order and number do not matter."""
    return reduce(_both, readings, Reading())


def _both(one: Reading, other: Reading) -> Reading:
    return Reading(
        tlps=one.tlps | other.tlps,
        paps=one.paps | other.paps,
        classification=max(one.classification, other.classification),
        orcon=one.orcon or other.orcon,
        named=_given(frozenset.intersection, one.named, other.named),
        releasable=_given(frozenset.intersection, one.releasable, other.releasable),
        audience=_given(frozenset.intersection, one.audience, other.audience),
        purposes=_given(frozenset.intersection, one.purposes, other.purposes),
        not_before=_given(max, one.not_before, other.not_before),
        not_after=_given(min, one.not_after, other.not_after),
        retention_days=_given(min, one.retention_days, other.retention_days),
        duties=one.duties | other.duties,
        problems=one.problems | other.problems,
        unread=one.unread or other.unread,
    )


def _given(choose: Callable[[_Part, _Part], _Part], one: _Part | None, other: _Part | None) -> _Part | None:
    """The choice between two where both are given, else the one that is."""
    if one is None or other is None:
        return other if one is None else one
    return choose(one, other)
