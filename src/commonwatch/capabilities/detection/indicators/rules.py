"""STIX patterns, Sigma and YARA rules in force, compiled; made anew when one of their family changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from commonwatch.capabilities.detection.matching.matcher import Matcher
from commonwatch.capabilities.detection.models import Indicator, State
from commonwatch.core.stix.values import Finding

FAMILIES = ("stix", "sigma", "yara")


class Rule(NamedTuple):
    """A pattern as its author wrote it."""

    text: str
    valid_from_us: int | None
    valid_until_us: int | None


class Rules:
    """What is not plain values. `only`: numbers of indicators to keep to; empty: all."""

    def __init__(self, only: Sequence[int] = ()) -> None:
        self.generation = 0
        self._only = tuple(only)
        self._change, self._made = -1, ""
        self._rules: dict[str, dict[int, Rule]] = {family: {} for family in FAMILIES}
        self._matchers: dict[str, Matcher] = {}

    def matchers(self) -> list[Matcher]:
        """Those that have anything to match, in a fixed order."""
        return [self._matchers[family] for family in FAMILIES if family in self._matchers]

    def catch_up(self, change: int, generation: int, made: str) -> None:
        """Take what changed up to `change`."""
        touched: set[str] = set()
        if made != self._made:
            touched = {family for family, rules in self._rules.items() if rules}
            self._rules = {family: {} for family in FAMILIES}
            self._change, self._made = -1, made
        changed = Indicator.objects.filter(change__gt=self._change, change__lte=change).exclude(pattern_type="values")
        if self._only:
            changed = changed.filter(pk__in=self._only)
        for row in changed.iterator():
            touched |= self._take(row)
        self._change, self.generation = change, generation
        for family in sorted(touched):
            self._compile(family)

    def _take(self, row: Indicator) -> set[str]:
        """The families that one changed row touches."""
        touched = set()
        for family, rules in self._rules.items():
            wanted = row.pattern_type == family and row.state == State.IN_FORCE
            rule = Rule(row.pattern, row.valid_from_us, row.valid_until_us) if wanted else None
            if rules.get(row.pk) != rule:
                touched.add(family)
                rules.pop(row.pk, None)
                if rule is not None:
                    rules[row.pk] = rule
        return touched

    def _compile(self, family: str) -> None:
        rules = self._rules[family]
        if not rules:
            self._matchers.pop(family, None)
            return
        self._matchers[family], broken = _COMPILERS[family](rules, self.generation)
        for entry, reason in broken.items():
            rules.pop(entry, None)
            Indicator.objects.filter(pk=entry).update(state=State.UNEXECUTABLE, reason=reason)


Compiled: TypeAlias = tuple[Matcher, dict[int, str]]  # and why an entry cannot be executed


def _stix(rules: Mapping[int, Rule], generation: int) -> Compiled:
    from commonwatch.capabilities.detection.matching.stix.matcher import Entry, StixMatcher
    from commonwatch.core.patterns.stix.reading import parse

    entries = []
    broken: dict[int, str] = {}
    for entry, rule in rules.items():
        reading = parse(rule.text)
        if reading.pattern is None:
            broken[entry] = str(reading.problem)
        else:
            entries.append(Entry(entry, reading.pattern, rule.valid_from_us, rule.valid_until_us))
    return StixMatcher(entries, generation), broken


def _sigma(rules: Mapping[int, Rule], generation: int) -> Compiled:
    from commonwatch.capabilities.detection.matching.sigma.matcher import SigmaMatcher
    from commonwatch.core.patterns.sigma.reading import read

    readings = {entry: read(rule.text) for entry, rule in rules.items()}
    matcher = SigmaMatcher(readings.items(), generation)
    broken = {entry: _why(one.problems) for entry, one in readings.items() if entry not in matcher.entries}
    return matcher, broken


def _yara(rules: Mapping[int, Rule], generation: int) -> Compiled:
    from commonwatch.capabilities.detection.matching.yara.matcher import YaraMatcher
    from commonwatch.core.patterns.yara.reading import read

    readings = {entry: read(rule.text) for entry, rule in rules.items()}
    broken = {entry: _why(one.problems) for entry, one in readings.items() if not one.rules}
    usable = {entry: one for entry, one in readings.items() if entry not in broken}
    return YaraMatcher(usable.items(), generation), broken


def _why(problems: Sequence[Finding]) -> str:
    said = [f"{one.place}: {one.sentence}" for one in problems if one.severity != "note"]
    return "; ".join(said) or "It holds no rule."


_COMPILERS: dict[str, Callable[[Mapping[int, Rule], int], Compiled]] = {"stix": _stix, "sigma": _sigma, "yara": _yara}
