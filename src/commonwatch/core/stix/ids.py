"""STIX identifiers (2.1, section 2.9): `type--UUID`, and the deterministic ones of cyber-observable objects."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson

from commonwatch.core.stix.tables import CONTRIBUTING, HASH_PREFERENCE

SCO_NAMESPACE = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
MAX_TYPE_LENGTH = 250  # STIX 2.1, section 3.1 (type name at most 250 characters)
# Letters, digits and hyphens, as the standard says; underscores are met in the wild and harmless.
_TYPE = re.compile(r"[a-z0-9][a-z0-9_-]{0,249}", re.ASCII)


@lru_cache(maxsize=4096)
def _is_type(kind: str) -> bool:
    return _TYPE.fullmatch(kind) is not None


def parse_id(text: str) -> tuple[str, bytes] | None:
    """The type and the sixteen bytes of the UUID; None if it is no identifier. Upper case is not accepted.

    By position rather than by regular expression: this runs for every reference of every object.
    """
    kind, digits = text[:-38], text[-36:]
    if text[-38:-36] != "--" or not (digits[8] == digits[13] == digits[18] == digits[23] == "-") or not _is_type(kind):
        return None
    try:
        uid = bytes.fromhex(digits[:8] + digits[9:13] + digits[14:18] + digits[19:23] + digits[24:])
    except ValueError:
        return None
    # fromhex skips blanks, which then are missing here.
    return (kind, uid) if len(uid) == 16 and digits == digits.lower() else None


@lru_cache(maxsize=16384)
def is_id(text: str) -> bool:
    """Whether it is an identifier, remembered: authors and markings repeat in every object of a feed."""
    return parse_id(text) is not None


def format_id(kind: str, uid: bytes) -> str:
    """The identifier as text: the inverse of `parse_id`."""
    return f"{kind}--{uuid.UUID(bytes=uid)}"


def deterministic_id(value: Mapping[str, Any]) -> str | None:
    """The identifier that STIX 2.1 recommends for this observable; None where its type has none or nothing contributes.

    UUIDv5 over the JCS form (RFC 8785) of the ID contributing properties that are present. Of `hashes` only the first
    present of MD5, SHA-1, SHA-256, SHA-512 counts, else the first by name.
    """
    kind = value.get("type")
    contributing = CONTRIBUTING.get(kind) if isinstance(kind, str) else None
    if contributing is None:
        return None
    chosen: dict[str, Any] = {}
    for name in contributing:
        if name not in value:
            continue
        part = value[name]
        chosen[name] = _one_hash(part) if name == "hashes" and isinstance(part, dict) and part else part
    if not chosen:
        return None
    return f"{kind}--{uuid.uuid5(SCO_NAMESPACE, canonical(chosen).decode())}"


def _one_hash(hashes: dict[str, Any]) -> dict[str, Any]:
    name = next((name for name in HASH_PREFERENCE if name in hashes), min(hashes))
    return {name: hashes[name]}


def canonical(value: object) -> bytes:
    """JSON with sorted keys, by content: equal for two texts that say the same.

    Keys are sorted by code point where RFC 8785 sorts by UTF-16 code unit, and a float with an integral value is written
    as the integer: the same for every name and number that STIX defines.
    """
    return orjson.dumps(_integral(value), option=orjson.OPT_SORT_KEYS)


def _integral(value: object) -> object:
    """The value with 1.0 as 1; depth is bounded by the I-JSON gate that everything passes first."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, dict):
        return {key: _integral(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_integral(part) for part in value]
    return value
