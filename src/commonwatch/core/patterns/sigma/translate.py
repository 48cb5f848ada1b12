"""From pySigma's objects to our tree: what each value and modifier asks of an event.

1. A text without wildcards is the whole value; as a keyword it stands anywhere. `''` asks for an absent field, and `-` for
   an absent field or a dash, since telemetry writes absence in both ways. `*` alone asks for a field that is there.
2. Numbers and booleans are compared as text (`4624`, `true`), since logs write them both ways.
3. A placeholder (`expand`) that nobody resolved, and a field that is compared with what cannot be compared, become
   `Unsupported`; pySigma has applied every other modifier (base64, windash, wide, all ...) before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any as AnyType
from typing import cast

from sigma import conditions, types
from sigma.rule import SigmaDetections

from commonwatch.core.patterns.sigma import regular
from commonwatch.core.patterns.sigma.tree import (
    ONE,
    RUN,
    Absent,
    All,
    Any,
    Clock,
    Compare,
    Network,
    Order,
    Regular,
    SameAs,
    Text,
    Tree,
    Unit,
    Unsupported,
    join,
    negate,
)

MAX_VALUES = 30_000  # leaves of one rule: the largest public one has 2,600, `windash` makes 125 of one
_FLAGS = {
    types.SigmaRegularExpressionFlag.IGNORECASE: "i",
    types.SigmaRegularExpressionFlag.MULTILINE: "m",
    types.SigmaRegularExpressionFlag.DOTALL: "s",
}
_SPECIAL = {types.SpecialChars.WILDCARD_MULTI: RUN, types.SpecialChars.WILDCARD_SINGLE: ONE}
Placeholders = Mapping[str, Sequence[str]]


class Translation:
    """One rule on its way into a tree; counts its leaves, so that no rule grows beyond all bounds."""

    def __init__(self, placeholders: Placeholders) -> None:
        self.placeholders = placeholders
        self.count = 0

    def condition(self, detections: SigmaDetections) -> Tree:
        """The whole condition; several conditions of one rule are alternatives."""
        return join(Any, [self._node(condition.parsed) for condition in detections.parsed_condition])

    def _node(self, node: AnyType) -> Tree:
        if isinstance(node, conditions.ConditionAND):
            return join(All, [self._node(part) for part in node.args])
        if isinstance(node, conditions.ConditionOR):
            return join(Any, [self._node(part) for part in node.args])
        if isinstance(node, conditions.ConditionNOT):
            return negate(self._node(node.args[0]))
        if isinstance(node, conditions.ConditionFieldEqualsValueExpression):
            return self._leaf(node.field, node.value)
        return self._leaf("", node.value)

    def _leaf(self, field: str, value: types.SigmaType) -> Tree:
        self.count += 1
        if self.count > MAX_VALUES:
            raise ValueError(f"it expands to more than {MAX_VALUES:,} values")
        for kind, translate in _LEAVES.items():
            if isinstance(value, kind):
                return translate(self, field, value)
        return Unsupported(f"compares with {type(value).__name__}, which cannot be executed")

    def expansion(self, field: str, value: types.SigmaExpansion) -> Tree:
        """Values that a modifier made of one: any of them."""
        return join(Any, [self._leaf(field, part) for part in value.values])

    def text(self, field: str, value: types.SigmaString) -> Tree:
        """A text with its wildcards, once for every reading of its placeholders."""
        cased = isinstance(value, types.SigmaCasedString)
        return join(Any, [_text(field, tokens, cased) for tokens in self._resolved(value)] or [self._unresolved(value)])

    def regular(self, field: str, value: types.SigmaRegularExpression) -> Tree:
        """A regular expression; one that PCRE refuses makes the rule ill-formed."""
        if value.contains_placeholder():
            return self._unresolved(value.regexp)
        flags = "".join(sorted(_FLAGS[flag] for flag in value.flags))
        pattern = str(value.regexp)
        regular.compiled(pattern, flags)
        return Regular(field, pattern, flags)

    def _unresolved(self, value: types.SigmaString) -> Unsupported:
        names = ", ".join(f"%{part.name}%" for part in value.s if isinstance(part, types.Placeholder))
        return Unsupported(f"has the placeholder {names}, for which this node has no values")

    def _resolved(self, value: types.SigmaString) -> Iterator[list[str | int]]:
        """The tokens, with every placeholder replaced by each of its values; nothing if one has none."""
        readings: list[list[str | int]] = [[]]
        for part in value.s:
            if isinstance(part, types.Placeholder):
                given = self.placeholders.get(part.name, ())
                if len(readings) * len(given) > MAX_VALUES:
                    raise ValueError(f"its placeholders expand to more than {MAX_VALUES:,} values")
                readings = [[*tokens, text] for tokens in readings for text in given]
            else:
                token = _SPECIAL[part] if isinstance(part, types.SpecialChars) else part
                for tokens in readings:
                    tokens.append(token)
        yield from readings


def _text(field: str, parts: list[str | int], cased: bool) -> Tree:
    tokens: list[str | int] = []
    for part in parts:  # neighbours are merged: texts, and runs
        if isinstance(part, str) and tokens and isinstance(tokens[-1], str):
            tokens[-1] += part
        elif part != "" and not (part == RUN and tokens[-1:] == [RUN]):
            tokens.append(part)
    if field and not tokens:
        return Absent(field)
    if field and tokens == [RUN]:
        return negate(Absent(field))
    leaf = Text(field, tuple(tokens), cased)
    return join(Any, [leaf, Absent(field)]) if field and tokens == ["-"] else leaf


def _plain(_: Translation, field: str, value: AnyType) -> Tree:
    return Text(field, (("true" if value.boolean else "false"),))


def _number(_: Translation, field: str, value: types.SigmaNumber) -> Tree:
    number = value.number
    return Text(field, (str(int(number) if float(number).is_integer() else number),))


def _exists(_: Translation, field: str, value: types.SigmaExists) -> Tree:
    return negate(Absent(field)) if value.exists else Absent(field)


def _compare(_: Translation, field: str, value: types.SigmaCompareExpression) -> Tree:
    return Compare(field, cast("Order", value.op.name.lower()), float(value.number.number))


def _clock(_: Translation, field: str, value: types.SigmaTimestampPart) -> Tree:
    return Clock(field, cast("Unit", value.timestamp_part.name.lower()), int(value.number))


_LEAVES: Mapping[type, Callable[[Translation, str, AnyType], Tree]] = {
    types.SigmaExpansion: Translation.expansion,
    types.SigmaString: Translation.text,
    types.SigmaTimestampPart: _clock,  # before the number that it is a kind of
    types.SigmaNumber: _number,
    types.SigmaBool: _plain,
    types.SigmaRegularExpression: Translation.regular,
    types.SigmaCIDRExpression: lambda _, field, value: Network(field, str(value.network)),
    types.SigmaCompareExpression: _compare,
    types.SigmaExists: _exists,
    types.SigmaNull: lambda _, field, value: Absent(field),
    types.SigmaFieldReference: lambda _, field, value: SameAs(field, value.field, value.starts_with, value.ends_with),
}
