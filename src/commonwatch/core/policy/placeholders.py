"""What stands where a value was that had to go: a word, in the form that the property demands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from commonwatch.core.stix.tables import PROPERTIES, REQUIRED_20

WORD = "withheld"
IN_TEXT = "[withheld]"
REFERENCE = "x-withheld--00000000-0000-4000-8000-000000000000"
URL = "https://withheld.invalid/"
NETWORKS = ("198.18.0.0", "fd00::", "02:00:00:00:00:00")  # first of the ranges of pseudonyms, where none of them lies
_FORMED: Mapping[tuple[str, str], str] = {
    ("email-addr", "value"): "withheld@withheld.invalid",
    ("ipv4-addr", "value"): NETWORKS[0],
    ("ipv6-addr", "value"): NETWORKS[1],
    ("mac-addr", "value"): NETWORKS[2],
    ("domain-name", "value"): "withheld.invalid",
    ("url", "value"): URL,
}
_BY_KIND: Mapping[str, Any] = {
    "text": WORD,
    "texts": [WORD],
    "flag": False,
    "count": 1,
    "integer": 0,
    "ref": REFERENCE,
    "refs": [REFERENCE],
    "map": {WORD: {"type": "x-withheld"}},
}
# Of every type, in any version of STIX.
_REQUIRED: Mapping[str, frozenset[str]] = {
    kind: frozenset(name for name, what in table.items() if what[0].isupper()) | REQUIRED_20.get(kind, frozenset())
    for kind, table in PROPERTIES.items()
}
# Inside lists: references, phases, parts of a message.
_REQUIRED_INSIDE = frozenset({"source_name", "kill_chain_name", "phase_name", "body"})
# Where brackets would be no part of a URL or a path, or a class of characters of a regular expression.
_BARE = frozenset({"pattern", "value", "url", "path", "key"})


def in_text(name: str) -> str:
    """What stands for a part of the string that a property of this name holds."""
    return WORD if name in _BARE else IN_TEXT


def placeholder(holder: Mapping[str, Any], name: str) -> Any:
    """What stands for a whole property of this object; None where it may simply be left out."""
    kind = holder.get("type")
    if not isinstance(kind, str) or kind not in _REQUIRED:
        return IN_TEXT if name in _REQUIRED_INSIDE else None
    if (kind, name) == ("user-account", "user_id") and "id" not in holder:
        return WORD  # STIX 2.0 requires it, whose observables have no ids
    if name not in _REQUIRED[kind]:
        return None
    if (kind, name) == ("indicator", "pattern"):
        return "[x-withheld:value = 'withheld']" if holder.get("pattern_type", "stix") == "stix" else WORD
    what = PROPERTIES[kind][name].lower()
    if what == "time":
        return holder.get("created", "1970-01-01T00:00:00Z")
    return _FORMED.get((kind, name), _BY_KIND[what])
