"""From pySigma's correlation to ours, and what of it cannot be executed on a stream.

A count that is to stay *below* a limit is known only when its time span has passed without an event, which a matcher that
answers to events never sees; sums, averages and percentiles, and `not` between rules, are of that kind or need every
value. Such a correlation is read, named and reported as one that cannot be executed.
"""

from __future__ import annotations

from typing import Any as AnyType
from typing import Literal, cast

from sigma.correlations import (
    CorrelationConditionAND,
    CorrelationConditionOR,
    SigmaCorrelationCondition,
    SigmaCorrelationRule,
    SigmaExtendedCorrelationCondition,
    SigmaRuleReference,
)

from commonwatch.core.patterns.sigma.rules import Correlation

MAX_RULES = 64
MAX_NEEDED = 100_000
_KINDS = ("event_count", "value_count", "temporal", "temporal_ordered")


def correlation_of(parsed: SigmaCorrelationRule, title: str, names: tuple[str, ...]) -> Correlation:
    """Ours. Raises ValueError for a size out of bounds."""
    kind = parsed.type.name.lower()
    rules = tuple(str(reference.reference) for reference in parsed.rules or ())
    condition = parsed.condition
    if isinstance(condition, SigmaExtendedCorrelationCondition):
        rules = rules or tuple(condition.get_referenced_rules())
        needed, unsupported = _extended(condition, rules)
        fields: AnyType = ()
    else:
        needed, unsupported = _counted(condition)
        fields = condition.fieldref or ()
    if kind not in _KINDS:
        unsupported = f"{kind} needs every value of its time span, which is not kept"
    elif kind == "temporal_ordered" and needed < len(rules):
        unsupported = unsupported or "an order of some of the rules only is not executed"
    if not rules or len(rules) > MAX_RULES or not 1 <= needed <= MAX_NEEDED:
        raise ValueError(f"1 to {MAX_RULES} rules and a count of 1 to {MAX_NEEDED:,} are taken")
    return Correlation(
        title,
        names,
        cast("Literal['event_count']", kind if kind in _KINDS else "event_count"),
        rules,
        parsed.timespan.seconds,
        needed,
        tuple(parsed.group_by or ()),
        (fields,) if isinstance(fields, str) else tuple(str(name) for name in fields),
        {
            alias.alias: {reference.reference: str(name) for reference, name in alias.mapping.items()}
            for alias in parsed.aliases
        },
        parsed.generate,
        parsed.level.name.lower() if parsed.level is not None else "",
        unsupported,
    )


def _counted(condition: SigmaCorrelationCondition) -> tuple[int, str]:
    order = condition.op.name.lower()
    if not isinstance(condition.count, int):
        return 1, f"counts are whole numbers, {condition.count} is none"
    if order in ("gte", "eq"):  # a count passes through every number on its way
        return condition.count, ""
    if order == "gt":
        return condition.count + 1, ""
    return 1, f"a count that is to be `{order}` is known only when its time span has passed"


def _extended(condition: SigmaExtendedCorrelationCondition, rules: tuple[str, ...]) -> tuple[int, str]:
    parsed = condition.parsed
    if isinstance(parsed, SigmaRuleReference):
        return 1, ""
    if all(isinstance(part, SigmaRuleReference) for part in parsed.args):
        if isinstance(parsed, CorrelationConditionAND):
            return len(rules), ""
        if isinstance(parsed, CorrelationConditionOR):
            return 1, ""
    return 1, "a condition between rules is executed where it is all `and` or all `or`"
