"""What an indicator object says, brought to what matchers take. Bytes from outside: nothing here raises.

1. A STIX pattern that is nothing but values becomes those values; any other is kept for the STIX matcher. Ill-formed ones
   are repaired only where that is certain (`core.patterns.stix`).
2. Sigma and YARA rules are kept as they are. Other pattern types cannot be executed here, and that is said.
3. STIX 2.0 has no `pattern_type`: it is a STIX pattern, its `labels` are the types.
"""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from commonwatch.capabilities.detection.indicators.plain_patterns import pattern_values
from commonwatch.core.patterns.stix.planning import plan
from commonwatch.core.patterns.stix.problems import Problem
from commonwatch.core.patterns.stix.reading import parse
from commonwatch.core.patterns.values import Value
from commonwatch.core.stix.times import parse_time

LONGEST_NAME = 300
_RULES = frozenset({"sigma", "yara"})


class Reading(msgspec.Struct, frozen=True):
    """An indicator as detection sees it. `unexecutable`: why no matcher can take it."""

    author: str = ""
    name: str = ""
    pattern_type: str = ""  # values, stix, sigma, yara
    pattern: str = ""
    values: tuple[Value, ...] = ()
    category: str = ""
    confidence: int | None = None
    valid_from_us: int | None = None
    valid_until_us: int | None = None
    unexecutable: str = ""


def read_indicator(raw: bytes) -> Reading:
    """Read an indicator that intake admitted."""
    value: dict[str, Any] = orjson.loads(raw)
    pattern = value.get("pattern")
    stated = value.get("pattern_type", "stix")
    pattern_type, kept, values, trouble = _pattern(
        stated if isinstance(stated, str) else "", pattern if isinstance(pattern, str) else ""
    )
    confidence = value.get("confidence")
    return Reading(
        author=_text(value.get("created_by_ref")),
        name=_text(value.get("name"))[:LONGEST_NAME],
        pattern_type=pattern_type,
        pattern=kept,
        values=values,
        category=_category(value),
        confidence=confidence if type(confidence) is int and 0 <= confidence <= 100 else None,
        valid_from_us=_us(value.get("valid_from")),
        valid_until_us=_us(value.get("valid_until")),
        unexecutable=trouble,
    )


def _pattern(stated: str, pattern: str) -> tuple[str, str, tuple[Value, ...], str]:
    """Type, text for a matcher, plain values, and why none can take it."""
    if stated in _RULES:
        return stated, pattern, (), ""
    if stated != "stix":
        return stated, pattern, (), f"Patterns of type {stated or 'none'} are not executed here."
    reading = parse(pattern)
    if reading.pattern is None:
        return "stix", pattern, (), str(reading.problem)
    values = pattern_values(reading.pattern)
    if values is not None:
        return "values", "", values, ""
    planned = plan(reading.pattern)
    return "stix", reading.pattern.text, (), str(planned) if isinstance(planned, Problem) else ""


def _category(value: dict[str, Any]) -> str:
    for name in ("indicator_types", "labels"):
        found = value.get(name)
        if isinstance(found, list) and found and isinstance(found[0], str):
            return found[0][:60]
    return ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _us(value: object) -> int | None:
    found = parse_time(value) if isinstance(value, str) else None
    return found[0] if found else None
