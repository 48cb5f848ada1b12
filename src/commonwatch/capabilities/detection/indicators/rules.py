"""STIX patterns, Sigma and YARA rules in force, compiled; made anew when one of their family changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from commonwatch.capabilities.detection.matching.matcher import Matcher
from commonwatch.capabilities.detection.models import Indicator, State

FAMILIES = ("stix", "sigma", "yara")


class Rules:
    """What is not plain values. `only`: numbers of indicators to keep to; empty: all."""

    def __init__(self, only: Sequence[int] = ()) -> None:
        self.generation = 0
        self._only = tuple(only)
        self._change = self._made = -1
        self._texts: dict[str, dict[int, str]] = {family: {} for family in FAMILIES}
        self._matchers: dict[str, Matcher] = {}

    def matchers(self) -> list[Matcher]:
        """Those that have anything to match, in a fixed order."""
        return [self._matchers[family] for family in FAMILIES if family in self._matchers]

    def catch_up(self, change: int, generation: int, made: int) -> None:
        """Take what changed up to `change`."""
        if made != self._made:
            self._texts = {family: {} for family in FAMILIES}
            self._change, self._made = -1, made
        changed = Indicator.objects.filter(change__gt=self._change, change__lte=change)
        if self._only:
            changed = changed.filter(pk__in=self._only)
        touched: set[str] = set()
        for row in changed.only("pk", "pattern_type", "pattern", "state").iterator():
            touched |= self._take(row)
        self._change, self.generation = change, generation
        for family in sorted(touched):
            self._compile(family)

    def _take(self, row: Indicator) -> set[str]:
        """The families that one changed row touches."""
        touched = {family for family, texts in self._texts.items() if texts.pop(row.pk, None) is not None}
        if row.pattern_type in self._texts and row.state == State.IN_FORCE:
            self._texts[row.pattern_type][row.pk] = row.pattern
            touched.add(row.pattern_type)
        return touched

    def _compile(self, family: str) -> None:
        texts = self._texts[family]
        if not texts:
            self._matchers.pop(family, None)
            return
        self._matchers[family], broken = _COMPILERS[family](texts, self.generation)
        for entry, reason in broken.items():
            texts.pop(entry, None)
            Indicator.objects.filter(pk=entry).update(state=State.UNEXECUTABLE, reason=reason)


Compiled = tuple[Matcher, dict[int, str]]  # and why an entry cannot be executed


def _sigma(texts: dict[int, str], generation: int) -> Compiled:
    from commonwatch.capabilities.detection.matching.sigma.matcher import SigmaMatcher
    from commonwatch.core.patterns.sigma.reading import read

    readings = {entry: read(text) for entry, text in texts.items()}
    matcher = SigmaMatcher(readings.items(), generation)
    broken = {
        entry: "; ".join(finding.sentence for finding in reading.problems) or "It holds no rule."
        for entry, reading in readings.items()
        if entry not in matcher.entries
    }
    return matcher, broken


_COMPILERS: dict[str, Callable[[dict[int, str], int], Compiled]] = {"sigma": _sigma}
