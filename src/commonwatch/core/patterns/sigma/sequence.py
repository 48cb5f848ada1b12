"""The state of one correlation: hits in, in the order of their arrival, and out when they say together what was asked.

1. Times are those of the events. A hit counts if it lies within the time span of the newest that it stands with.
2. When it fires, the group starts anew: ten thousand failed logons with `gte: 10` are a thousand answers, not ten thousand.
3. Memory is bounded: at most MAX_GROUPS groups, the one without a hit for longest goes first; in a group, no more hits are
   kept than can still matter (the newest `needed`, one for each value or rule).
4. The answers depend on the order of hits alone, not on how they were cut into batches.
5. `snapshot` and `restore` carry what is remembered over a restart; what this correlation cannot have made is refused.
"""

from __future__ import annotations

from bisect import insort
from collections import OrderedDict
from hashlib import sha256
from typing import TypeAlias

import msgspec

from commonwatch.core.errors import InvalidInput
from commonwatch.core.patterns.sigma.rules import Correlation

MAX_GROUPS = 100_000
Group: TypeAlias = tuple[str, ...]


class _Snapshot(msgspec.Struct, array_like=True):
    correlation: bytes
    groups: list[tuple[Group, list[tuple[int, str]]]]
    evicted: int


class Sequence:
    """One correlation at work."""

    def __init__(self, correlation: Correlation, max_groups: int = MAX_GROUPS) -> None:
        self.correlation = correlation
        self.span_us = correlation.timespan_seconds * 1_000_000
        self.max_groups = max_groups
        self.evicted = 0  # groups forgotten for want of room
        self._groups: OrderedDict[Group, list[tuple[int, str]]] = OrderedDict()
        self.name = sha256(msgspec.json.encode(correlation)).digest()

    def hit(self, rule: str, time_us: int, group: Group, value: str = "") -> bool:
        """Take one hit of the rule (named as the correlation names it) and say whether the correlation fires now."""
        kept = self._groups.pop(group, [])
        fires = self._take(kept, rule, time_us, value)
        if not fires:
            self._groups[group] = kept
            if len(self._groups) > self.max_groups:
                self._groups.popitem(last=False)
                self.evicted += 1
        return fires

    def snapshot(self) -> bytes:
        """Everything remembered, as bytes."""
        return msgspec.msgpack.encode(_Snapshot(self.name, list(self._groups.items()), self.evicted))

    def restore(self, snapshot: bytes) -> None:
        """Go on from a snapshot of the same correlation; refuses any other."""
        try:
            read = msgspec.msgpack.decode(snapshot, type=_Snapshot)
        except msgspec.DecodeError as problem:
            raise _unfit(f"The snapshot cannot be read: {problem}.") from problem
        if read.correlation != self.name or len(read.groups) > self.max_groups:
            raise _unfit("The snapshot is of another correlation.")
        if not all(self._sound(group, kept) for group, kept in read.groups):
            raise _unfit("The snapshot holds what the correlation cannot have made.")
        self.evicted = read.evicted
        self._groups = OrderedDict(read.groups)

    def _sound(self, group: Group, kept: list[tuple[int, str]]) -> bool:
        one = self.correlation
        chain = one.kind == "temporal_ordered"
        fits = len(kept) == len(one.rules) if chain else kept == sorted(kept) and len(kept) <= one.needed
        return fits and len(group) == len(one.group_by)

    def _take(self, kept: list[tuple[int, str]], rule: str, time_us: int, value: str) -> bool:
        kind = self.correlation.kind
        if kind == "temporal_ordered":
            return self._chain(kept, self.correlation.rules.index(rule), time_us)
        if kind == "event_count":
            insort(kept, (time_us, ""))
        else:
            _renew(kept, time_us, rule if kind == "temporal" else value)
        del kept[: -self.correlation.needed]
        return len(kept) >= self.correlation.needed and kept[-1][0] - kept[0][0] <= self.span_us

    def _chain(self, kept: list[tuple[int, str]], step: int, time_us: int) -> bool:
        """`kept[i]` is the latest start of a chain that has come as far as rule i; a long time ago where none has."""
        while len(kept) < len(self.correlation.rules):
            kept.append((-(1 << 62), ""))
        start = time_us if step == 0 else kept[step - 1][0]
        if time_us - start > self.span_us or start > time_us:
            return False
        kept[step] = max(kept[step], (start, ""))
        return step == len(kept) - 1


def _renew(kept: list[tuple[int, str]], time_us: int, name: str) -> None:
    """Keep of each name only its newest hit."""
    for position, (time, other) in enumerate(kept):
        if other == name:
            if time >= time_us:
                return
            del kept[position]
            break
    insort(kept, (time_us, name))


def _unfit(sentence: str) -> InvalidInput:
    return InvalidInput("snapshot-unfit", sentence, "Start without it.")
