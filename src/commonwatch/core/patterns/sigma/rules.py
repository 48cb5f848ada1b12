"""What a Sigma text holds once it is read: rules and correlations, with all that an engine needs to know of each."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from commonwatch.core.patterns.sigma.tree import Tree
from commonwatch.core.stix.values import Finding


class LogSource(msgspec.Struct, frozen=True):
    """Which events a rule is about; "" where it does not say."""

    product: str = ""
    category: str = ""
    service: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.product, self.category, self.service) if part)


class Rule(msgspec.Struct, frozen=True):
    """One detection. `names` are its id and its name, by which correlations and filters call it."""

    title: str
    names: tuple[str, ...]
    logsource: LogSource
    condition: Tree
    level: str = ""


class Correlation(msgspec.Struct, frozen=True):
    """Something that several hits of rules say together, within a time span and with equal values of `group_by`.

    `rules` are ids or names of rules or of other correlations. `field` is what value_count counts. `needed` is the least
    number that fires (of hits, of values, of rules). `aliases` give, for a name in `group_by`, each rule's field.
    `generate` says that the rules it stands on are to be told of by themselves, too.
    """

    title: str
    names: tuple[str, ...]
    kind: Literal["event_count", "value_count", "temporal", "temporal_ordered"]
    rules: tuple[str, ...]
    timespan_seconds: int
    needed: int
    group_by: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    aliases: dict[str, dict[str, str]] = {}
    generate: bool = False
    level: str = ""
    unsupported: str = ""  # why it cannot be executed


class Reading(msgspec.Struct, frozen=True):
    """All that one text gave: what is executable in it, and what is wrong with the rest, each with its place."""

    rules: tuple[Rule, ...] = ()
    correlations: tuple[Correlation, ...] = ()
    problems: tuple[Finding, ...] = ()


Named: TypeAlias = Rule | Correlation
