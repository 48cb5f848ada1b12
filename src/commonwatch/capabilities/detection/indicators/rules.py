"""STIX patterns, Sigma and YARA rules in force, compiled; made anew when one of their family changes.

What patterns over several events remember goes on wherever the pattern stayed the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from commonwatch.capabilities.detection.matching.compiling import FAMILIES, Compiled, Rule, compiled
from commonwatch.capabilities.detection.matching.matcher import Matcher
from commonwatch.capabilities.detection.models import Indicator, State


class Rules:
    """What is not plain values. `only`: numbers of indicators to keep to; empty: all."""

    def __init__(self, only: Sequence[int] = ()) -> None:
        self.generation = 0
        self._only = tuple(only)
        self._change, self._made = -1, ""
        self._rules: dict[str, dict[int, Rule]] = {family: {} for family in FAMILIES}
        self._compiled: dict[str, Compiled] = {}

    def matchers(self) -> list[Matcher]:
        """Those that have anything to match, in a fixed order."""
        return [one.matcher for _, one in self._in_order()]

    def families(self) -> Iterator[tuple[str, Matcher, Mapping[int, Rule]]]:
        """Those that have anything to match, with their rules by entry."""
        for family, one in self._in_order():
            yield family, one.matcher, self._rules[family]

    def catch_up(self, change: int, generation: int, made: str) -> None:
        """Take what changed up to `change`."""
        touched: set[str] = set()
        if made != self._made:
            touched = {family for family, rules in self._rules.items() if rules}
            self._rules = {family: {} for family in FAMILIES}
            self._compiled = {}  # the numbers are others: nothing of it may be taken over
            self._change, self._made = -1, made
        changed = Indicator.objects.filter(change__gt=self._change, change__lte=change).exclude(pattern_type="values")
        if self._only:
            changed = changed.filter(pk__in=self._only)
        for row in changed.iterator():
            touched |= self._take(row)
        self._change, self.generation = change, generation
        for family in sorted(touched):
            self._compile(family)

    def _in_order(self) -> list[tuple[str, Compiled]]:
        return [(family, self._compiled[family]) for family in FAMILIES if family in self._compiled]

    def _take(self, row: Indicator) -> set[str]:
        """The families that one changed row touches."""
        touched = set()
        for family, rules in self._rules.items():
            wanted = row.pattern_type == family and row.state == State.IN_FORCE
            identity = f"{row.stix_id} {row.voucher}"
            rule = Rule(row.pattern, row.valid_from_us, row.valid_until_us, identity) if wanted else None
            if rules.get(row.pk) != rule:
                touched.add(family)
                rules.pop(row.pk, None)
                if rule is not None:
                    rules[row.pk] = rule
        return touched

    def _compile(self, family: str) -> None:
        rules = self._rules[family]
        before = self._compiled.pop(family, None)
        if not rules:
            return
        self._compiled[family] = compiled(family, rules, self.generation, before)
        for entry, reason in self._compiled[family].broken.items():
            rules.pop(entry, None)
            Indicator.objects.filter(pk=entry).update(state=State.UNEXECUTABLE, reason=reason)
