"""One stateful pattern over a stream: takes observations that meet its brackets, says when the whole pattern is met.

1. Observations come in the order of time; one that is late by up to `lateness` counts as if it had been in time. Later ones
   still count where what they need is remembered, and are numbered (`too_late`).
2. A match never spans more than the horizon (`planning.Horizon`); WITHIN and START/STOP are exact beside it.
3. Entities are kept apart: the specification knows none, so the caller gives the same entity for all, or one for each host.
   Beyond `MOST_ENTITIES` those longest without an observation are forgotten, and counted.
4. What is remembered depends on nothing but the observations taken, in their order: not on how they were cut into batches.
   `snapshot` and `restore` carry it over a restart; one of another pattern, or that this pattern cannot have made, is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

import msgspec

from commonwatch.core.errors import InvalidInput
from commonwatch.core.patterns.stix.bindings import Arrival, Binding, State
from commonwatch.core.patterns.stix.frontier import Frontier
from commonwatch.core.patterns.stix.planning import Horizon, Plan

MOST_ENTITIES = 100_000
MOST_STORED = 1 << 20  # sets in one place of a snapshot: more than any store grows to
SPARE = 8  # sets kept beyond those that other parts of a match could be in the way of


class Met(NamedTuple):
    """The pattern is met: by which observations, for which brackets, from when to when, within which horizon."""

    keys: tuple[int, ...]
    brackets: tuple[int, ...]
    early: int
    late: int
    horizon: Horizon


class _Saved(msgspec.Struct, array_like=True):
    """One entity's state, as bytes hold it."""

    newest: int
    forgotten: int
    sizes: list[int]
    stores: list[list[tuple[int, int, tuple[int, ...], tuple[int, ...], bool]]]


class _Snapshot(msgspec.Struct, array_like=True):
    pattern: bytes
    entities: dict[str, _Saved]
    too_late: int
    forgotten: int


@dataclass
class Counts:
    """What a machine holds and what it has let go."""

    entities: int
    bindings: int
    too_late: int
    forgotten: int


class Machine:
    """The state of one pattern."""

    def __init__(self, plan: Plan, horizon: Horizon, lateness: int = 0) -> None:
        self.horizon = horizon
        self.lateness = lateness
        self.too_late = 0
        self.forgotten = 0
        self._frontier = Frontier(plan.pattern.root, plan.slots + SPARE)
        self._entities: dict[str, State] = {}
        self.name = sha256(plan.pattern.text.encode("utf-8", "replace")).digest()

    def take(self, arrival: Arrival, entity: str = "") -> Met | None:
        """Take one observation; the match that it completes, if it completes one."""
        state = self._entities.pop(entity, None) or self._frontier.fresh()
        self._entities[entity] = state  # the last in order is the last that was heard of
        if len(self._entities) > MOST_ENTITIES:
            self._entities.pop(next(iter(self._entities)))
            self.forgotten += 1
        if arrival.first < state.floor:
            self.too_late += 1
        newest = max(state.newest, arrival.first)
        state.floor = newest - self.lateness
        state.oldest = state.floor - self.horizon.microseconds
        found = self._frontier.arrive(state, arrival)
        return next((self._met(one) for one in reversed(found) if self._near(one)), None)

    def _near(self, binding: Binding) -> bool:
        return binding.late - binding.early <= self.horizon.microseconds

    def _met(self, binding: Binding) -> Met:
        return Met(binding.keys, binding.brackets, binding.early, binding.late, self.horizon)

    def forget(self, now: int) -> None:
        """Drop entities of which nothing can be of use any more at `now`."""
        oldest = now - self.lateness - self.horizon.microseconds
        for entity in [name for name, state in self._entities.items() if state.newest < oldest]:
            del self._entities[entity]

    def counts(self) -> Counts:
        """How much is remembered, and how much was not."""
        states = self._entities.values()
        bindings = sum(len(store) for state in states for store in state.stores)
        lost = self.forgotten + sum(state.forgotten for state in states)
        return Counts(len(self._entities), bindings, self.too_late, lost)

    def snapshot(self) -> bytes:
        """Everything remembered, as bytes."""
        saved = {
            name: _Saved(state.newest, state.forgotten, state.sizes, state.stores)  # type: ignore[arg-type]
            for name, state in self._entities.items()
        }
        return msgspec.msgpack.encode(_Snapshot(self.name, saved, self.too_late, self.forgotten))

    def restore(self, snapshot: bytes) -> None:
        """Go on from a snapshot of the same pattern; refuses any other."""
        try:
            read = msgspec.msgpack.decode(snapshot, type=_Snapshot)
        except msgspec.DecodeError as problem:
            raise _unfit(f"The snapshot cannot be read: {problem}.") from problem
        expected = len(self._frontier.fresh().stores)
        if read.pattern != self.name or len(read.entities) > MOST_ENTITIES:
            raise _unfit("The snapshot is of another pattern.")
        if not all(_sound(saved, expected) for saved in read.entities.values()):
            raise _unfit("The snapshot holds what the pattern cannot have made.")
        self.too_late, self.forgotten = read.too_late, read.forgotten
        self._entities = {name: self._state(saved) for name, saved in read.entities.items()}

    def _state(self, saved: _Saved) -> State:
        stores = [[Binding(*one) for one in store] for store in saved.stores]
        floor = saved.newest - self.lateness
        return State(stores, saved.sizes, saved.newest, floor, floor - self.horizon.microseconds, saved.forgotten)


def _sound(saved: _Saved, expected: int) -> bool:
    """Whether these are stores as this module leaves them."""
    if not len(saved.stores) == len(saved.sizes) == expected or abs(saved.newest) > 1 << 62:
        return False
    return all(
        len(store) <= MOST_STORED and store == sorted(store) and all(len(one[2]) == len(one[3]) for one in store)
        for store in saved.stores
    )


def _unfit(sentence: str) -> InvalidInput:
    return InvalidInput("snapshot-unfit", sentence, "Start without it, and replay what the horizon covers.")
