"""Rules of one family as their authors wrote them, compiled into its matcher; what did not change keeps what it remembers.

Knows no tables: processes that only match compile the same rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from commonwatch.capabilities.detection.matching.matcher import Matcher
from commonwatch.core.stix.values import Finding

if TYPE_CHECKING:
    from commonwatch.core.patterns.sigma.rules import Reading

FAMILIES = ("stix", "sigma", "yara")


class Rule(NamedTuple):
    """A pattern as its author wrote it. `identity` says whose it is, also after rows were numbered anew."""

    text: str
    valid_from_us: int | None
    valid_until_us: int | None
    identity: str = ""


class Compiled(NamedTuple):
    """A family's matcher, why an entry cannot be executed, and what reading cost most, by text."""

    matcher: Matcher
    broken: dict[int, str]
    readings: Mapping[str, Reading] = {}


def compiled(family: str, rules: Mapping[int, Rule], generation: int, before: Compiled | None = None) -> Compiled:
    """Compile them; `before` is what the family was until now, and is not to be used any more."""
    return _COMPILERS[family](rules, generation, before)


def _stix(rules: Mapping[int, Rule], generation: int, before: Compiled | None) -> Compiled:
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
    old = before.matcher if before is not None and isinstance(before.matcher, StixMatcher) else None
    return Compiled(StixMatcher(entries, generation, before=old), broken)


def _sigma(rules: Mapping[int, Rule], generation: int, before: Compiled | None) -> Compiled:
    from commonwatch.capabilities.detection.matching.sigma.matcher import SigmaMatcher
    from commonwatch.core.patterns.sigma.reading import read

    known = {} if before is None else before.readings
    by_text = {rule.text: known.get(rule.text) or read(rule.text) for rule in rules.values()}
    readings = {entry: by_text[rule.text] for entry, rule in rules.items()}
    old = before.matcher if before is not None and isinstance(before.matcher, SigmaMatcher) else None
    matcher = SigmaMatcher(readings.items(), generation) if old is None else old.renewed(readings.items(), generation)
    broken = {entry: _why(one.problems) for entry, one in readings.items() if entry not in matcher.entries}
    return Compiled(matcher, broken, by_text)


def _yara(rules: Mapping[int, Rule], generation: int, before: Compiled | None) -> Compiled:
    from commonwatch.capabilities.detection.matching.yara.matcher import YaraMatcher
    from commonwatch.core.patterns.yara.reading import read

    readings = {entry: read(rule.text) for entry, rule in rules.items()}
    broken = {entry: _why(one.problems) for entry, one in readings.items() if not one.rules}
    usable = {entry: one for entry, one in readings.items() if entry not in broken}
    return Compiled(YaraMatcher(usable.items(), generation), broken)


def _why(problems: Sequence[Finding]) -> str:
    said = [f"{one.place}: {one.sentence}" for one in problems if one.severity != "note"]
    return "; ".join(said) or "It holds no rule."


_Compiler: TypeAlias = Callable[[Mapping[int, Rule], int, Compiled | None], Compiled]
_COMPILERS: dict[str, _Compiler] = {"stix": _stix, "sigma": _sigma, "yara": _yara}
