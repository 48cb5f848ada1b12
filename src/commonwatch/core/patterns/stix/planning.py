"""What executing a pattern needs: whether it can be executed, whether it needs memory, and for how long.

1. A pattern that one observation decides is stateless; every other needs a machine that remembers observations.
2. The span of a match is bounded by WITHIN, or by START and STOP, where these enclose the whole pattern. Where nothing
   bounds it, a stream has to forget some time: at the indicator's `valid_until`, else after a day. The horizon is part of
   every match, so that nobody takes it for the author's word.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from commonwatch.core.patterns.stix import limits
from commonwatch.core.patterns.stix.comparing import expression_text
from commonwatch.core.patterns.stix.problems import Problem
from commonwatch.core.patterns.stix.regexes import why_not
from commonwatch.core.patterns.stix.syntax import (
    Between,
    Bracket,
    Comparison,
    Either,
    Expression,
    Operator,
    Pattern,
    Repeats,
    Within,
    comparisons,
)

SITE_HORIZON = 24 * 3600 * 1_000_000  # what a stream remembers where neither pattern nor indicator says


class Source(enum.StrEnum):
    """Where a horizon comes from."""

    WITHIN = "WITHIN"
    STOP = "STOP"
    VALID_UNTIL = "valid_until"
    SITE = "site"


@dataclass(frozen=True)
class Horizon:
    """The longest time from the first to the last observation of a match, in microseconds, and who says so."""

    microseconds: int
    source: Source


@dataclass(frozen=True)
class Plan:
    """A pattern that can be executed."""

    pattern: Pattern
    slots: int  # observations that a match binds at most
    span: Horizon | None  # what the pattern itself says
    stateless: bool

    def horizon(self, valid_from: int | None = None, valid_until: int | None = None) -> Horizon:
        """How far apart observations of one match may be, given the indicator's validity."""
        if self.span is not None:
            return self.span
        if valid_from is not None and valid_until is not None and valid_until > valid_from:
            return Horizon(valid_until - valid_from, Source.VALID_UNTIL)
        return Horizon(SITE_HORIZON, Source.SITE)


def plan(pattern: Pattern) -> Plan | Problem:
    """The plan of a pattern, or why it cannot be executed."""
    for bracket in pattern.brackets:
        for comparison in comparisons(bracket.test):
            if comparison.operator in (Operator.LIKE, Operator.MATCHES):
                problem = _expression_problem(comparison)
                if problem is not None:
                    return problem
    slots = _slots(pattern.root)
    if slots > limits.MOST_REPEATS:
        return Problem(
            "pattern-too-many",
            0,
            f"A match of the pattern binds up to {slots:,} observations, more than {limits.MOST_REPEATS:,}.",
            "9.5.1",
            "Lower the counts of REPEATS.",
        )
    return Plan(pattern, slots, _span(pattern.root), _stateless(pattern.root))


def _expression_problem(comparison: Comparison) -> Problem | None:
    reason = why_not(expression_text(comparison))
    if not reason:
        return None
    return Problem(
        "pattern-regex",
        comparison.place,
        f"The expression of {comparison.operator} cannot be run in linear time: {reason}.",
        "9.6.1",
        "Write it without look-around, back references, atomic groups and possessive quantifiers.",
    )


def _slots(expression: Expression) -> int:
    if isinstance(expression, Bracket):
        return 1
    if isinstance(expression, Repeats):
        return expression.times * _slots(expression.part)
    if isinstance(expression, Within | Between):
        return _slots(expression.part)
    parts = map(_slots, expression.parts)
    return max(parts) if isinstance(expression, Either) else sum(parts)


def _stateless(expression: Expression) -> bool:
    """Whether every match binds one observation."""
    if isinstance(expression, Bracket):
        return True
    if isinstance(expression, Either):
        return all(map(_stateless, expression.parts))
    if isinstance(expression, Within | Between):
        return _stateless(expression.part)
    return isinstance(expression, Repeats) and expression.times == 1 and _stateless(expression.part)


def _span(expression: Expression) -> Horizon | None:
    """How far apart the observations of a match can be, as the pattern itself says; None if it does not."""
    if isinstance(expression, Bracket):
        return Horizon(0, Source.WITHIN)
    if isinstance(expression, Between):
        window = Horizon(expression.stop - expression.start, Source.STOP)
        return _narrower(window, _span(expression.part))
    if isinstance(expression, Within):
        return _narrower(Horizon(expression.microseconds, Source.WITHIN), _span(expression.part))
    if isinstance(expression, Repeats):
        return _span(expression.part) if expression.times == 1 else None
    if not isinstance(expression, Either):
        return None
    spans = [_span(part) for part in expression.parts]
    known = [span for span in spans if span is not None]
    return max(known, key=lambda span: span.microseconds) if len(known) == len(spans) else None


def _narrower(outer: Horizon, inner: Horizon | None) -> Horizon:
    return outer if inner is None or outer.microseconds <= inner.microseconds else inner
