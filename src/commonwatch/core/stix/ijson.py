"""The first gate: bytes to a value, if they are I-JSON (RFC 7493).

1. UTF-8 without a byte-order mark, no lone surrogates. 2. No duplicate names in an object: what one program signs,
another would read differently. 3. No NaN or infinity, and no integer beyond 2^53 - 1, which others would round.
4. Nesting at most 128 deep.
"""

from __future__ import annotations

from typing import Any

import jiter
import orjson

from commonwatch.core.stix.values import Finding

MAX_DEPTH = 128
MAX_INTEGER = 2**53 - 1


def gate(raw: bytes) -> tuple[Any, None] | tuple[None, Finding]:
    """The decoded value and None, or None and the finding that says why it is refused."""
    try:
        value = jiter.from_json(raw, allow_inf_nan=False, catch_duplicate_keys=True, cache_mode="keys")
    except ValueError as error:
        return None, _too_large() if "number out of range" in str(error) else _not_ijson(raw, str(error))
    # jiter itself stops at 200; every level needs a bracket, so fewer brackets than that need no look.
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and _deeper_than(value, MAX_DEPTH):
        return None, _finding("json-too-deep", f"It is nested more than {MAX_DEPTH} deep.", "Flatten it.")
    try:
        encoded = orjson.dumps(value, option=orjson.OPT_STRICT_INTEGER)
    except (TypeError, ValueError):
        return None, _too_large()
    if b"null" in encoded and _has_infinity(value):
        return None, _too_large()
    return value, None


def _not_ijson(raw: bytes, error: str) -> Finding:
    if raw[:3] == b"\xef\xbb\xbf":
        return _finding("byte-order-mark", "It starts with a byte-order mark.", "Save it as UTF-8 without one.")
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in raw[:4]:
        return _finding("not-utf8", "It is UTF-16 or UTF-32.", "Save it as UTF-8.")
    if "duplicate key" in error:
        return _finding(
            "duplicate-name", f"An object names the same property twice: {error}.", "Remove one of the two."
        )
    if "recursion limit" in error:
        return _finding("json-too-deep", f"It is nested more than {MAX_DEPTH} deep.", "Flatten it.")
    if "unicode" in error or "hex escape" in error or "surrogate" in error:
        return _finding("not-unicode", f"A string is not valid Unicode: {error}.", "Write it as valid UTF-8.")
    return _finding("not-json", f"It is not JSON: {error}.", "Correct the text at that place.")


def _too_large() -> Finding:
    return _finding(
        "number-out-of-range",
        "A number lies beyond 2^53 - 1, which other programs would round, or beyond a double.",
        "Write it as a string, or within -9007199254740991 to 9007199254740991.",
    )


def _finding(code: str, sentence: str, remedy: str) -> Finding:
    return Finding(code, "refuse", "", sentence, remedy)


def _deeper_than(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [
            part
            for holder in level
            if isinstance(holder, dict | list)
            for part in (holder.values() if isinstance(holder, dict) else holder)
        ]
        if not level:
            return False
    return any(isinstance(part, dict | list) for part in level)


def _has_infinity(value: Any) -> bool:
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, float) and part in (float("inf"), float("-inf")):
            return True
        if isinstance(part, dict):
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
    return False
