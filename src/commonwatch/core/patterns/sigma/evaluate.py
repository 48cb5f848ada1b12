"""The reference: whether a condition holds for one event, decided leaf by leaf and as plainly as the specification.

The matcher over batches must agree with this on every event; the tests hold it to that. An event is a mapping of field
names to texts, numbers, booleans or lists of them; None, "" and a missing field are the same, as in batches.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from commonwatch.core.patterns.sigma import regular, texts
from commonwatch.core.patterns.sigma.tree import (
    Absent,
    All,
    Any,
    Clock,
    Compare,
    Leaf,
    Network,
    Not,
    Regular,
    SameAs,
    Text,
    Tree,
    Unsupported,
)

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network


def matches(tree: Tree, event: Mapping[str, object]) -> bool:
    """Whether the condition holds for the event."""
    if isinstance(tree, All):
        return all(matches(part, event) for part in tree.parts)
    if isinstance(tree, Any):
        return any(matches(part, event) for part in tree.parts)
    if isinstance(tree, Not):
        return not matches(tree.part, event)
    if isinstance(tree, Unsupported):
        return False
    if isinstance(tree, SameAs):
        return same(tree, texts_of(event.get(tree.field)), texts_of(event.get(tree.other)))
    if isinstance(tree, Text) and not tree.field:
        return any(value_holds(tree, text) for value in event.values() for text in texts_of(value))
    values = texts_of(event.get(tree.field))
    if isinstance(tree, Absent):
        return not values
    return any(value_holds(tree, value) for value in values)


def texts_of(value: object) -> tuple[str, ...]:
    """A field's values as texts, in the one way that rules are compared with; nothing for an absent one."""
    if isinstance(value, list | tuple):
        return tuple(text for part in value for text in texts_of(part))
    text = text_of(value)
    return (text,) if text else ()


def text_of(value: object) -> str:
    """One value as text: `true`, `4624`, `1.5`; whole numbers without a point."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def value_holds(leaf: Leaf, value: str) -> bool:
    """Whether one present value is as the leaf says."""
    if isinstance(leaf, Text):
        return texts.holds(leaf, value, value.lower())
    if isinstance(leaf, Regular):
        return regular.found(leaf.pattern, leaf.flags, value)
    if isinstance(leaf, Network):
        return _inside(leaf.network, value)
    if isinstance(leaf, Compare):
        return _compares(leaf, value)
    if isinstance(leaf, Clock):
        return _at(leaf, value)
    return False  # Absent: the value is there


def same(leaf: SameAs, values: Iterable[str], others: Iterable[str]) -> bool:
    """Whether any value stands to any other value as the leaf says, case ignored."""
    candidates = [value.lower() for value in values]
    for other in (text.lower() for text in others):
        for value in candidates:
            if leaf.starts and leaf.ends:
                held = other in value
            elif leaf.starts:
                held = value.startswith(other)
            elif leaf.ends:
                held = value.endswith(other)
            else:
                held = value == other
            if held:
                return True
    return False


@lru_cache(maxsize=10_000)
def _network(text: str) -> IPv4Network | IPv6Network:
    return ip_network(text)


def _inside(network: str, value: str) -> bool:
    try:
        return ip_address(value) in _network(network)
    except ValueError:
        return False


def _number(value: str) -> float | None:
    try:
        return float(value) if len(value) <= 40 else None
    except ValueError:
        return None


def _compares(leaf: Compare, value: str) -> bool:
    number = _number(value)
    if number is None:
        return False
    if leaf.order == "lt":
        return number < leaf.number
    if leaf.order == "lte":
        return number <= leaf.number
    if leaf.order == "gt":
        return number > leaf.number
    if leaf.order == "gte":
        return number >= leaf.number
    return number != leaf.number


def _at(leaf: Clock, value: str) -> bool:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return False
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC)
    number = moment.isocalendar().week if leaf.unit == "week" else int(getattr(moment, leaf.unit))
    return number == leaf.number
