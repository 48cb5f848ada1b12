"""What every model answers: a score, the threshold it is held against, and a reason for each feature that made it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

REASONS = 5  # as many as a person reads


@dataclass(frozen=True)
class Reason:
    """One feature's share of a score, in plain words: `bytes out 40 times this host's usual`."""

    feature: str
    sentence: str
    weight: float


@dataclass(frozen=True)
class Score:
    """`threshold` is None until there is enough clean data for the wanted rate of false alarms: then nothing is an alarm."""

    value: float
    threshold: float | None
    reasons: tuple[Reason, ...]

    @property
    def alarm(self) -> bool:
        """Whether it lies beyond what clean data shows at the wanted rate."""
        return self.threshold is not None and self.value > self.threshold


def strongest(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """The reasons that raised the score, strongest first; ties in the order of names, so that answers repeat."""
    raising = [reason for reason in reasons if reason.weight > 0]
    return tuple(sorted(raising, key=lambda reason: (-reason.weight, reason.feature))[:REASONS])


def compared(feature: str, value: float, usual: float, whose: str) -> str:
    """A number beside what is usual. A factor is said only where both are far enough from nothing to have one."""
    if usual > 0 and value >= 2 * usual:
        return f"{feature} {number(value / usual)} times {whose} usual ({number(value)} against {number(usual)})"
    if value > 0 and usual >= 2 * value:
        return f"{feature} a {ordinal(usual / value)} of {whose} usual ({number(value)} against {number(usual)})"
    return f"{feature} {number(value)} where {number(usual)} is {whose} usual"


def number(value: float) -> str:
    """As a person writes it: no more than three digits after which nothing matters."""
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def ordinal(factor: float) -> str:
    """`40th`, for a part of something."""
    whole = round(factor)
    last = "th" if 10 <= whole % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(whole % 10, "th")
    return "half" if whole == 2 else f"{whole:,}{last}"
