"""How much an indicator weighs at an event: confidence, age, corroboration, and what others say of it. Pure.

1. Its author's confidence, or 50 where none is stated, is where it starts.
2. It ages by the decay model of its kind and category (data: `data/decay.json`, each with its source).
3. Each further independent producer of the same value adds half of what its own confidence would: lists copy one another.
4. Each member that calls it a false positive halves it; each that confirms it takes one such report back.
5. A match with a benign list of effect `lower` halves it once. Below a name that is somebody's own it counts for so little
   that only a sure or corroborated one alerts. One of effect `suppress` keeps it from alerting by itself.
6. From 70 it is high, from 40 medium, from 10 low; less is no alert by itself, and the record says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import msgspec

UNSTATED = 50
HIGH, MEDIUM, LOW = 70, 40, 10
_FURTHER = 0.5  # rule 3
_DOUBT = 0.5  # rule 4
_LOWERED = 0.5  # rule 5
_DUBIOUS = 0.15  # rule 5: a confidence of 67 is what it takes

Severity: TypeAlias = Literal["high", "medium", "low", "none"]


class Decay(msgspec.Struct, frozen=True):
    """A decay model. `polynomial` as MISP has it: 1 - (age / lifetime) ** (1 / speed); `half-life`: halves each time."""

    name: str
    source: str
    form: Literal["polynomial", "half-life"]
    days: float  # lifetime, or half-life
    speed: float = 1.0
    kinds: tuple[str, ...] = ()  # of values, or pattern types; empty: all
    categories: tuple[str, ...] = ()  # STIX indicator types; empty: all

    def left(self, age_days: float) -> float:
        """What is left of a weight of 1 at this age."""
        if self.form == "half-life":
            return float(0.5 ** (age_days / self.days))
        return float(max(0.0, 1.0 - (age_days / self.days) ** (1.0 / self.speed)))


class Evidence(msgspec.Struct, frozen=True):
    """What is known of an indicator when it fires."""

    kind: str  # of the value, or the pattern type
    category: str = ""
    confidence: int | None = None
    age_days: float = 0.0
    others: tuple[int | None, ...] = ()  # confidence of each further independent producer of the same value
    doubters: int = 0  # members that call it a false positive
    confirmers: int = 0  # members that have seen it, or agree
    lowered_by: tuple[str, ...] = ()  # benign lists
    doubted_by: tuple[str, ...] = ()  # somebody's own names that it is below
    suppressed_by: tuple[str, ...] = ()


class Weight(msgspec.Struct, frozen=True):
    """The result, with every step as a sentence."""

    score: int
    severity: Severity
    suppressed: bool
    reasons: tuple[str, ...]


def decay_of(models: Sequence[Decay], kind: str, category: str) -> Decay:
    """The model for a kind and category: the first that names both, then either, then neither. The last fits all."""

    def fit(model: Decay) -> int:
        if (model.kinds and kind not in model.kinds) or (model.categories and category not in model.categories):
            return -1
        return bool(model.kinds) + 2 * bool(model.categories)

    return max(models, key=fit)


def weigh(evidence: Evidence, models: Sequence[Decay]) -> Weight:
    """The rules above, in their order."""
    reasons: list[str] = []
    score = float(UNSTATED if evidence.confidence is None else evidence.confidence)
    reasons.append(f"confidence {score:.0f}" + (" (none stated)" if evidence.confidence is None else ""))
    model = decay_of(models, evidence.kind, evidence.category)
    left = model.left(evidence.age_days)
    if left < 1.0:
        reasons.append(f"{evidence.age_days:.0f} days old: {left:.0%} left ({model.name})")
    score *= left
    score = _corroborated(score, evidence.others, left, reasons)
    score = _doubted(score, evidence, reasons)
    if evidence.doubted_by:
        score *= _DUBIOUS
        reasons.append(f"hardly counts: {', '.join(evidence.doubted_by)}")
    elif evidence.lowered_by:
        score *= _LOWERED
        reasons.append(f"halved: known from {', '.join(evidence.lowered_by)}")
    final = min(100, max(0, round(score)))
    severity = severity_of(final)
    if evidence.suppressed_by:
        reasons.append(f"suppressed: listed as benign in {', '.join(evidence.suppressed_by)}")
    elif severity == "none":
        reasons.append(f"suppressed: weighs {final}, less than {LOW}")
    suppressed = bool(evidence.suppressed_by) or severity == "none"
    return Weight(final, severity, suppressed, tuple(reasons))


def severity_of(score: int) -> Severity:
    """Rule 6."""
    return "high" if score >= HIGH else "medium" if score >= MEDIUM else "low" if score >= LOW else "none"


def _corroborated(score: float, others: Sequence[int | None], left: float, reasons: list[str]) -> float:
    for other in others:
        own = (UNSTATED if other is None else other) * left * _FURTHER
        score = 100 - (100 - score) * (100 - own) / 100
    if others:
        reasons.append(f"raised: {len(others)} further producer{'s' if len(others) > 1 else ''} of the same value")
    return score


def _doubted(score: float, evidence: Evidence, reasons: list[str]) -> float:
    doubt = max(0, evidence.doubters - evidence.confirmers)
    if doubt:
        reasons.append(f"lowered: {evidence.doubters} called it a false positive, {evidence.confirmers} confirmed it")
    return score * _DOUBT**doubt
