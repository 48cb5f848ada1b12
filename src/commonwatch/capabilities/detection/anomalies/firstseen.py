"""First contacts: a host and a domain, port, user agent or child process that it was never seen with before.

1. A pair is new when neither it nor anything forgotten for room is remembered; `forgot` says since when that is possible.
2. How surprising a new pair is depends on the others: -log10 of the share of entities known to have the value, counted with one
   added (Laplace). New to one host of a thousand that all do it: about 0; new to all of a thousand: 3.
3. Nothing is reported of an entity before its first `warm_up` events of the kind: at first everything is new.
4. Memory is bounded: pairs, values and entities are forgotten in the order in which they were last seen. Values are remembered
   as 64-bit keyed digests, so one may pass for another about once in 10^19 / (pairs remembered).
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import blake2b

from commonwatch.capabilities.detection.anomalies.scoring import Reason, Score


@dataclass(frozen=True)
class FirstSeenSettings:
    """`rarity` is the score from which a first contact is an alarm: 2 means fewer than one entity in a hundred."""

    warm_up: int = 100
    pairs: int = 1_000_000
    entities: int = 100_000
    rarity: float = 2.0


@dataclass
class FirstSeen:
    """Remembers who was seen with what; `kind` names the sort of value: `domain`, `port`, `user agent`, `child process`."""

    settings: FirstSeenSettings = field(default_factory=FirstSeenSettings)
    key: bytes = b""
    pairs: OrderedDict[bytes, None] = field(default_factory=OrderedDict)
    havers: OrderedDict[bytes, int] = field(default_factory=OrderedDict)  # of a value: entities seen with it
    seen: OrderedDict[tuple[str, str], int] = field(default_factory=OrderedDict)  # events of an entity, by kind
    of_kind: dict[str, int] = field(default_factory=dict)  # entities remembered, by kind
    forgot: int = 0

    def observe(self, kind: str, entity: str, value: str) -> Score | None:
        """The score of a first contact; None for what was seen before, and before the entity is warmed up."""
        return self.contact(kind, entity, value, self.counted(kind, entity, 1) + 1)

    def contact(self, kind: str, entity: str, value: str, nth: int) -> Score | None:
        """As `observe`, where events are counted apart (`counted`): `nth` of the entity's is this one."""
        pair, digest = self._digest(kind, value, entity), self._digest(kind, value)
        if pair in self.pairs:
            self.pairs.move_to_end(pair)
            return None
        havers = self.havers.get(digest, 0)
        self._remember(pair, digest, havers)
        return self._score(kind, entity, value, havers) if nth > self.settings.warm_up else None

    def is_new(self, kind: str, value: str) -> bool:
        """Whether no entity is remembered with the value."""
        return self._digest(kind, value) not in self.havers

    def counted(self, kind: str, entity: str, events: int) -> int:
        """Count an entity's events; how many were counted before."""
        place = (kind, entity)
        before = self.seen.get(place, 0)
        if not before:
            self.of_kind[kind] = self.of_kind.get(kind, 0) + 1
        self.seen[place] = before + events
        self.seen.move_to_end(place)
        if len(self.seen) > self.settings.entities:
            (gone, _), _ = self.seen.popitem(last=False)
            self.of_kind[gone] -= 1
        return before

    def _score(self, kind: str, entity: str, value: str, havers: int) -> Score:
        others = max(self.of_kind[kind] - 1, havers)
        rarity = -math.log10((havers + 1) / (others + 1))
        sentence = f"{kind} {value!r} is new to {entity}; {havers:,} of {others:,} others were seen with it"
        return Score(rarity, self.settings.rarity, (Reason(kind, sentence, rarity),))

    def _remember(self, pair: bytes, digest: bytes, havers: int) -> None:
        self.pairs[pair] = None
        self.havers[digest] = havers + 1
        self.havers.move_to_end(digest)
        if len(self.pairs) > self.settings.pairs:
            self.pairs.popitem(last=False)
            self.forgot += 1
        if len(self.havers) > self.settings.pairs:
            self.havers.popitem(last=False)

    def _digest(self, *parts: str) -> bytes:
        text = b"".join(
            len(part.encode(errors="replace")).to_bytes(4) + part.encode(errors="replace") for part in parts
        )
        return blake2b(text, digest_size=8, key=self.key).digest()
