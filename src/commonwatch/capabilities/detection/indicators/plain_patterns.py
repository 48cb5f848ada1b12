"""Patterns that mean plain values although they say more than equalities: how lists say "and everything below" in STIX. Pure.

1. `[domain-name:value = 'x' OR domain-name:value LIKE '%.x']` is the domain x: the name itself and every name below it.
2. `[network-traffic:dst_ref.value = 'a' AND network-traffic:dst_port = p]`, joined by OR with the same of the source, is the
   endpoint a:p on either side of a connection.
3. The rest is `core.patterns.stix.plain_values`. Values come out canonical; a text that is no value of its kind makes the
   whole no list, so that the matcher of patterns decides it.
"""

from __future__ import annotations

from dataclasses import replace

from commonwatch.core.patterns.canonical import canonical
from commonwatch.core.patterns.stix.plain import plain_values
from commonwatch.core.patterns.stix.syntax import (
    AllOf,
    AnyOf,
    Bracket,
    Comparison,
    Either,
    Expression,
    Operator,
    Pattern,
    Test,
)
from commonwatch.core.patterns.values import Kind, Value

_NAME = "domain-name:value"
_SIDES = ("dst", "src")


def pattern_values(pattern: Pattern) -> tuple[Value, ...] | None:
    """The canonical values that a pattern comes to, or None if it is more than values."""
    endpoints, rest = _endpoints(pattern.root)
    found: list[Value] = [Value(Kind.ENDPOINT, text) for text in endpoints]
    if rest is not None:
        below: set[str] = set()
        bare = _without_likes(rest, below)
        values = plain_values(replace(pattern, root=bare)) if bare is not None else None
        if values is None:
            return None
        found += [
            Value(Kind.DOMAIN, value.text) if value.kind is Kind.HOST and value.text.lower() in below else value
            for value in values
        ]
    written = [(value.kind, canonical(value.kind, value.text)) for value in found]
    if not written or any(text is None for _, text in written):
        return None
    return tuple(dict.fromkeys(Value(kind, text) for kind, text in written if text is not None))


def _endpoints(root: Expression) -> tuple[list[str], Expression | None]:
    """The endpoints that both sides name, and what else there is."""
    parts = root.parts if isinstance(root, Either) else (root,)
    sides: dict[str, set[str]] = {side: set() for side in _SIDES}
    rest: list[Expression] = []
    for part in parts:
        said = _endpoint(part)
        if said is None:
            rest.append(part)
        else:
            sides[said[0]].add(said[1])
    if sides["dst"] != sides["src"]:
        return [], root
    left = None if not rest else rest[0] if len(rest) == 1 else Either(tuple(rest))
    return sorted(sides["dst"]), left


def _endpoint(part: Expression) -> tuple[str, str] | None:
    """The side and endpoint of one bracket."""
    if not isinstance(part, Bracket) or not isinstance(part.test, AllOf) or len(part.test.tests) != 2:
        return None
    said: dict[str, object] = {}
    for test in part.test.tests:
        if not isinstance(test, Comparison) or test.negated or test.operator is not Operator.EQUAL:
            return None
        said[test.path.text] = test.constants[0]
    for side in _SIDES:
        address, port = said.get(f"network-traffic:{side}_ref.value"), said.get(f"network-traffic:{side}_port")
        if isinstance(address, str) and type(port) is int:
            return side, f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    return None


def _without_likes(root: Expression, below: set[str]) -> Expression | None:
    """The expression without comparisons that add the names below a name; these names go into `below`."""
    if isinstance(root, Either):
        parts = [_without_likes(part, below) for part in root.parts]
        kept = tuple(part for part in parts if part is not None)
        return Either(kept) if len(kept) == len(parts) else None
    if not isinstance(root, Bracket):
        return root
    test = _test_without_likes(root.test, below)
    return None if test is None else replace(root, test=test)


def _test_without_likes(test: Test, below: set[str]) -> Test | None:
    if not isinstance(test, AnyOf):
        return test
    equal = {
        str(one.constants[0]).lower()
        for one in test.tests
        if isinstance(one, Comparison) and one.operator is Operator.EQUAL and one.path.text == _NAME and not one.negated
    }
    kept: list[Test] = []
    for one in test.tests:
        name = _below(one)
        if name is not None and name in equal:
            below.add(name)
        else:
            kept.append(one)
    return kept[0] if len(kept) == 1 else AnyOf(tuple(kept))


def _below(test: Test) -> str | None:
    """The name of `LIKE '%.name'`; None for any other test, and where another wildcard stands in it."""
    if (
        not isinstance(test, Comparison)
        or test.negated
        or test.operator is not Operator.LIKE
        or test.path.text != _NAME
    ):
        return None
    text = test.constants[0]
    if not isinstance(text, str) or not text.startswith("%.") or any(char in text[2:] for char in "%_"):
        return None
    return text[2:].lower()
