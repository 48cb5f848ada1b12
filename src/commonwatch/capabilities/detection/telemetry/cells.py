"""A JSON value as the cell of a column: the one meaning of each column type, equal to what DuckDB makes of it.

Text: a number as it is written shortest, truth as `true`, an object or list as compact JSON. An empty text is no value.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import orjson

LARGEST = 2**63 - 1
LONGEST_NUMBER = 40  # digits: reading longer ones takes time that grows with their square
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECONDS, MICROSECONDS = 1e11, 1e14  # seconds reach 1e11 in the year 5138; so a larger number is a finer unit


class WrongType(ValueError):
    """The value is not what the column holds."""


def text(value: Any) -> str | None:
    """Any value as text."""
    if type(value) is str:
        return value or None
    if value is None:
        return None
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return orjson.dumps(value).decode()


def integer(value: Any) -> int | None:
    """A whole number; text that holds one (also `0x1f`, as Argus writes ICMP types), and a float rounded, as DuckDB has it."""
    if value is None or value == "":
        return None
    whole = value if isinstance(value, int) else _whole(value)
    if not -LARGEST <= whole <= LARGEST:
        raise WrongType
    return int(whole)


def _whole(value: Any) -> int:
    if isinstance(value, str) and len(value) <= LONGEST_NUMBER:
        try:
            return int(value, 16) if value.startswith("0x") else int(value)
        except ValueError:
            pass
    return math.floor((number(value) or 0.0) + 0.5)


def number(value: Any) -> float | None:
    """A number, or text that holds one."""
    if value is None or value == "":
        return None
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        raise WrongType from None
    if not math.isfinite(found):
        raise WrongType
    return found


def boolean(value: Any) -> bool | None:
    """Truth, also as `true`, `T`, 1 and their opposites."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return value
    word = str(value).lower()
    if word in ("true", "t", "1"):
        return True
    if word in ("false", "f", "0"):
        return False
    raise WrongType


def texts(value: Any) -> list[str] | None:
    """A list of texts; one text is a list of one."""
    if value is None:
        return None
    found = [cell for entry in (value if isinstance(value, list) else [value]) if (cell := text(entry)) is not None]
    return found or None


def instant(value: Any) -> int | None:
    """Microseconds since 1970: a number of seconds, milliseconds or microseconds, or ISO 8601 text (UTC unless it says)."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return _written(value)
    return of_epoch(number(value) or 0.0)


def of_epoch(moment: float) -> int:
    """A count of seconds or finer as microseconds."""
    size = abs(moment)
    return math.floor(moment * (1 if size >= MICROSECONDS else 1e3 if size >= MILLISECONDS else 1e6) + 0.5)


def _written(value: str) -> int:
    try:
        moment = datetime.fromisoformat(value.strip().replace("/", "-"))
    except ValueError:
        try:
            return of_epoch(float(value))
        except (ValueError, OverflowError):
            raise WrongType from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    passed = moment - EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds
