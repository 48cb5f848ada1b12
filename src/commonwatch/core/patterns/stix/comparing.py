"""One comparison on one value that a path led to: the operators of section 9.6.

1. Types are compatible (9.2) when both are numbers, both booleans, both strings, both octets, a timestamp constant and a
   string that is one, or octets and a string whose characters are all below U+0100 and stand for octets. 1 is not true.
2. Incompatible types make every comparison false, negated or not; only "is not equal" (`!=`, `NOT =`) is then true.
3. Strings are compared by code points, as they are; timestamps as moments (9.6.2).
4. IN is equal to one of the list. ISSUBSET and ISSUPERSET read value and constant as networks, a bare address as a network
   of one; different address families, and values that are no network, are incompatible.
5. EXISTS is not decided here: that there is a value at all is what it asks.
"""

from __future__ import annotations

import ipaddress
import operator
from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

from commonwatch.core.patterns.stix.regexes import like_text, matches_text, searcher
from commonwatch.core.patterns.stix.syntax import Comparison, Constant, Instant, Operator
from commonwatch.core.stix.times import parse_time

Predicate: TypeAlias = Callable[[object], bool]
_NUMBERS = (int, float)
_ORDERS: dict[Operator, Callable[[int, int], bool]] = {
    Operator.LESS: operator.lt,
    Operator.GREATER: operator.gt,
    Operator.AT_MOST: operator.le,
    Operator.AT_LEAST: operator.ge,
}


def predicate(comparison: Comparison) -> Predicate:
    """The comparison as a function of one value."""
    match comparison.operator:
        case Operator.EQUAL | Operator.UNEQUAL:
            return _equality(comparison.constants[0], (comparison.operator is Operator.EQUAL) != comparison.negated)
        case Operator.IN:
            return _membership(comparison.constants, comparison.negated)
        case Operator.LIKE | Operator.MATCHES:
            return _expression(comparison)
        case Operator.SUBSET | Operator.SUPERSET:
            return _networks(comparison)
        case Operator.EXISTS:
            return lambda value: True
        case _:
            return _order(_ORDERS[comparison.operator], comparison.constants[0], comparison.negated)


def pair(value: object, constant: Constant) -> tuple[object, object] | None:
    """Value and constant in one comparable type, or None if their types are incompatible."""
    kind = type(value)
    wanted = type(constant)
    if wanted is str:
        return (value, constant) if kind is str else _octets_pair(value, constant)
    if wanted in _NUMBERS:
        return (value, constant) if kind in _NUMBERS else None
    if wanted is bytes:
        return (value, constant) if kind is bytes else _octets_pair(value, constant)
    if wanted is bool:
        return (value, constant) if kind is bool else None
    return _instants(value, constant)


def _octets_pair(value: object, constant: object) -> tuple[object, object] | None:
    if {type(value), type(constant)} != {str, bytes}:
        return None
    left, right = octets(value), octets(constant)
    return None if left is None or right is None else (left, right)


def octets(value: object) -> bytes | None:
    """Octets, or a string as octets if all its characters are below U+0100 (9.6.3)."""
    if isinstance(value, bytes):
        return value
    try:
        return value.encode("latin-1") if isinstance(value, str) else None
    except UnicodeEncodeError:
        return None


def _instants(value: object, constant: object) -> tuple[object, object] | None:
    read = parse_time(value) if isinstance(value, str) else None
    return None if read is None or not isinstance(constant, Instant) else (read[0], constant.microseconds)


def _equality(constant: Constant, wanted: bool) -> Predicate:
    texts = type(constant) is str

    def holds(value: object) -> bool:
        if texts and type(value) is str:
            return (value == constant) is wanted
        both = pair(value, constant)
        return not wanted if both is None else (both[0] == both[1]) is wanted

    return holds


def _order(compare: Callable[[int, int], bool], constant: Constant, negated: bool) -> Predicate:
    def holds(value: object) -> bool:
        both = pair(value, constant)
        return both is not None and compare(*both) is not negated  # type: ignore[arg-type]

    return holds


def _membership(constants: tuple[Constant, ...], negated: bool) -> Predicate:
    texts = frozenset(constant for constant in constants if type(constant) is str)
    numbers = frozenset(constant for constant in constants if type(constant) in _NUMBERS)

    def holds(value: object) -> bool:
        if type(value) is str and texts:
            return (value in texts) is not negated
        if type(value) in _NUMBERS and numbers:
            return (value in numbers) is not negated
        pairs = [both for constant in constants if (both := pair(value, constant)) is not None]
        return bool(pairs) and any(left == right for left, right in pairs) is not negated

    return holds


def _expression(comparison: Comparison) -> Predicate:
    found = searcher(expression_text(comparison))
    negated = comparison.negated

    def holds(value: object) -> bool:
        return isinstance(value, str | bytes) and found(value) is not negated

    return holds


def expression_text(comparison: Comparison) -> str:
    """The regular expression of a LIKE or MATCHES."""
    constant = str(comparison.constants[0])  # the reader lets nothing but strings pass
    return like_text(constant) if comparison.operator is Operator.LIKE else matches_text(constant)


def _networks(comparison: Comparison) -> Predicate:
    constant = _addresses(str(comparison.constants[0]))
    if constant is None:  # the reader has tried it
        return lambda value: False
    version, low, high = constant
    inside = comparison.operator is Operator.SUBSET
    negated = comparison.negated

    def holds(value: object) -> bool:
        other = _addresses(value) if isinstance(value, str) else None
        if other is None or other[0] != version:
            return False
        _, first, last = other
        return (low <= first and last <= high if inside else first <= low and high <= last) is not negated

    return holds


@lru_cache(maxsize=16_384)  # telemetry names few addresses many times
def _addresses(text: str) -> tuple[int, int, int] | None:
    """Version, first and last address of an address or network; the module's networks are slow to make and to compare."""
    try:
        if "/" not in text:
            address = ipaddress.ip_address(text)
            return address.version, int(address), int(address)
        found = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    return found.version, int(found.network_address), int(found.broadcast_address)


def network(value: object) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """An address or network in text as a network, or None."""
    try:
        return ipaddress.ip_network(value, strict=False) if isinstance(value, str) else None
    except ValueError:
        return None
