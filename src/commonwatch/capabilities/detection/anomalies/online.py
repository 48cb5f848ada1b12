"""The online model: for every entity and feature a running idea of what is usual, in constant memory.

It is a detector of change, not of malice: whoever was always noisy is usual here.

1. Values are counts and sizes: they are compared on the scale of log(1 + value), so that a factor weighs the same anywhere.
2. The usual is an exponentially forgetting mean, its spread an exponentially forgetting mean absolute deviation. During the
   first `warm_up` events of an entity's feature both are plain means, and no score is given.
3. One event moves the mean by no more than three spreads times the rate of forgetting: a burst cannot become usual by itself;
   a change that stays becomes usual after some `memory` events (drift).
4. An event's score is the sum of its features' distances in spreads beyond the first three: ordinary wobble adds nothing.
5. Entities beyond `entities` are forgotten in the order in which they were last seen; an event with more than `FEATURES`
   features is refused.
6. The threshold is set by the wanted rate over all scores so far (`thresholds.ScoreCounts`): some of what is truly unusual is
   inside, so the rate of alarms is held and the false ones among them are fewer.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from commonwatch.capabilities.detection.anomalies.scoring import Reason, Score, compared, strongest
from commonwatch.capabilities.detection.anomalies.thresholds import ScoreCounts, check_rate
from commonwatch.core.errors import InvalidInput

FEATURES = 64
WOBBLE = 3.0  # spreads that are ordinary; also how far one event is believed
LEAST_SPREAD = 0.05  # on the log scale: five in a hundred, so that a constant does not make every change infinite


class Usual(msgspec.Struct, gc=False):
    """What is usual of one feature of one entity, on the log scale."""

    count: int = 0
    mean: float = 0.0
    spread: float = 0.0

    def distance(self, value: float) -> float:
        """How many spreads a value lies away."""
        return abs(value - self.mean) / max(self.spread, LEAST_SPREAD)

    def learn(self, value: float, warm_up: int, memory: int) -> None:
        """Move towards a value."""
        self.count += 1
        rate = max(1 / self.count, 1 / memory)
        step = value - self.mean
        if self.count > warm_up:
            most = WOBBLE * max(self.spread, LEAST_SPREAD)
            step = min(max(step, -most), most)
        self.mean += rate * step
        if self.count > 1:
            self.spread += rate * (abs(step) - self.spread)


@dataclass(frozen=True)
class OnlineSettings:
    """How much is remembered, and how many alarms are wanted: `rate` is their share of all events."""

    warm_up: int = 30
    memory: int = 1_000
    entities: int = 100_000
    rate: float = 0.001

    def __post_init__(self) -> None:
        check_rate(self.rate)
        if not 2 <= self.warm_up <= self.memory or self.entities < 1:
            raise InvalidInput(
                "online-settings", "Two events make no habit.", "Give 2 <= warm-up <= memory, and one entity or more."
            )


@dataclass
class OnlineModel:
    """Scores events and learns from them, one at a time."""

    settings: OnlineSettings = field(default_factory=OnlineSettings)
    usual: OrderedDict[str, dict[str, Usual]] = field(default_factory=OrderedDict)
    scores: ScoreCounts = field(default_factory=ScoreCounts)

    def observe(self, entity: str, values: Mapping[str, float]) -> Score | None:
        """The event's score, before it is learned; None while nothing of it is warmed up."""
        if len(values) > FEATURES:
            raise InvalidInput("features-too-many", f"An event of {len(values)} features.", f"Choose up to {FEATURES}.")
        known = self._known(entity)
        known_and_new = len(known.keys() | values.keys())
        reasons, warm = [], False
        for feature, value in values.items():
            if not math.isfinite(value) or value < 0:
                continue  # no count and no size: nothing can be learned from it
            if feature not in known and known_and_new > FEATURES:
                continue
            usual, logged = known.setdefault(feature, Usual()), math.log1p(value)
            if usual.count >= self.settings.warm_up:
                warm = True
                if (beyond := usual.distance(logged) - WOBBLE) > 0:
                    said = compared(feature, value, math.expm1(usual.mean), "this entity's")
                    reasons.append(Reason(feature, said, beyond))
            usual.learn(logged, self.settings.warm_up, self.settings.memory)
        return self._scored(reasons) if warm else None

    def _known(self, entity: str) -> dict[str, Usual]:
        known = self.usual.setdefault(entity, {})
        self.usual.move_to_end(entity)
        if len(self.usual) > self.settings.entities:
            self.usual.popitem(last=False)
        return known

    def _scored(self, reasons: list[Reason]) -> Score:
        value = sum(reason.weight for reason in reasons)
        score = Score(value, self.scores.threshold(self.settings.rate) if value else None, strongest(reasons))
        self.scores.add(value)
        return score
