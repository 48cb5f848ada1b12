"""The checks on one decoded object: what is wrong, where, and what to do about it.

A required property that is missing or of the wrong kind makes an object unusable for others: it is held. What is merely
untidy is noted. The quick pass over a clean object is one look-up and one type test a property; only an object in which
something is off takes the careful pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from commonwatch.core.stix.ids import deterministic_id, is_id
from commonwatch.core.stix.markings import redefines, renames
from commonwatch.core.stix.patterns import is_plain, pattern_findings
from commonwatch.core.stix.tables import OBSERVABLES, PROPERTIES, REQUIRED_20
from commonwatch.core.stix.times import parse_time
from commonwatch.core.stix.values import Finding, Severity

_HEX = re.compile(r"([0-9a-fA-F]{2})*", re.ASCII)
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}", re.ASCII)


_ONLY_TEXT, _ONLY_MAPS = {str}, {dict}


def _is_refs(value: list[Any]) -> bool:
    return set(map(type, value)) == _ONLY_TEXT and all(map(is_id, value))


# kind -> (the Python type it is decoded to, a further test or None, how to say it)
_KINDS: Mapping[str, tuple[type, Callable[[Any], bool] | None, str]] = {
    "text": (str, None, "a string"),
    "texts": (list, lambda value: set(map(type, value)) == _ONLY_TEXT, "a list of strings with at least one entry"),
    "time": (str, lambda value: parse_time(value) is not None, "a timestamp such as 2026-11-23T08:00:00.000Z"),
    "flag": (bool, None, "true or false"),
    "count": (int, lambda value: value >= 0, "a whole number, 0 or more"),
    "integer": (int, None, "a whole number"),
    "number": (float, None, "a number"),
    "percent": (int, lambda value: 0 <= value <= 100, "a whole number from 0 to 100"),
    "ref": (str, is_id, "an identifier such as indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"),
    "refs": (list, _is_refs, "a list of identifiers with at least one entry"),
    "hashes": (
        dict,
        lambda value: set(map(type, value.values())) == _ONLY_TEXT and all(value.values()),
        "an object of hash names and values",
    ),
    "map": (dict, bool, "an object with at least one entry"),
    "maps": (list, lambda value: set(map(type, value)) == _ONLY_MAPS, "a list of objects with at least one entry"),
    "hex": (str, lambda value: _HEX.fullmatch(value) is not None, "an even number of hex digits"),
    "base64": (str, lambda value: _BASE64.fullmatch(value) is not None, "base64"),
}
# Head fields: the journal, release and every reader depend on them, so a wrong one is held even where it is optional.
_LOAD_BEARING = frozenset({"created_by_ref", "revoked", "object_marking_refs", "granular_markings", "valid_from"})
# type -> (property -> (Python type, test)), (required in 2.1): compiled once
_COMPILED = {
    kind: (
        {name: _KINDS[what.lower()][:2] for name, what in table.items()},
        frozenset(name for name, what in table.items() if what[0].isupper()),
    )
    for kind, table in PROPERTIES.items()
}


def findings(value: Mapping[str, Any], kind: str, spec: int) -> tuple[Finding, ...]:
    """Everything that is off in an object whose head has been read; empty for a clean one."""
    compiled = _COMPILED.get(kind)
    if compiled is None:  # a custom type: its head is all we can judge
        return tuple(_careful(value, _HEAD_ONLY, frozenset()))
    rules, required = compiled
    if spec == 20:
        required = REQUIRED_20.get(kind, frozenset())
    if required <= value.keys():
        for name, part in value.items():
            rule = rules.get(name)
            if rule is not None and (type(part) is not rule[0] or (rule[1] is not None and not rule[1](part))):
                break
        else:
            return tuple(_special(value, kind)) if _needs_look(value, kind) else ()
    return tuple(_careful(value, PROPERTIES[kind], required)) + tuple(_special(value, kind))


def _needs_look(value: Mapping[str, Any], kind: str) -> bool:
    """Whether any of the special checks could find something: false for the plain indicators that feeds are full of."""
    if kind == "indicator":
        pattern = value["pattern"]
        if "valid_until" in value or (not is_plain(pattern) and value.get("pattern_type", "stix") == "stix"):
            return True
    elif kind == "marking-definition" or kind in OBSERVABLES:
        return True
    return value.get("modified") != value.get("created") or "granular_markings" in value


def fits(value: Any, kind: str) -> bool:
    """Whether a decoded value is of a kind. A whole number is a number, too."""
    wanted, test, _ = _KINDS[kind]
    if wanted is float and type(value) is int:
        return True
    return type(value) is wanted and (test is None or test(value))


_HEAD_ONLY = {
    name: PROPERTIES["identity"][name]
    for name in ("created_by_ref", "created", "modified", "revoked", "object_marking_refs", "granular_markings")
}


def _careful(value: Mapping[str, Any], table: Mapping[str, str], required: frozenset[str]) -> Iterator[Finding]:
    for name in sorted(required - value.keys()):
        wanted = _KINDS[table[name].lower()][2]
        yield Finding(
            "property-missing", "hold", "", f"The required property {name} is missing.", f"Add {name}: {wanted}."
        )
    for name, part in value.items():
        if name not in table:
            continue
        what = table[name].lower()
        if not fits(part, what):
            yield _wrong(name, part, _KINDS[what][2], required)


def _wrong(name: str, part: Any, wanted: str, required: frozenset[str]) -> Finding:
    empty = part in ([], {}, None, "")
    severity: Severity = "hold" if (name in required or name in _LOAD_BEARING) and not empty else "note"
    if empty and name in required and name != "object_refs":
        severity = "hold"
    code = "property-empty" if empty else "property-wrong-kind"
    remedy = f"Leave {name} out, or make it {wanted}." if empty else f"Make it {wanted}."
    sentence = f"{name} is empty." if empty else f"{name} is not {wanted}."
    return Finding(code, severity, f"/{name}", sentence, remedy)


def _special(value: Mapping[str, Any], kind: str) -> Iterator[Finding]:
    if kind == "indicator":
        yield from _indicator(value)
    elif kind == "marking-definition":
        yield from _marking_definition(value)
    elif kind in OBSERVABLES:
        yield from _observable(value)
    if "granular_markings" in value:
        yield from _granular(value["granular_markings"])
    modified, created = value.get("modified"), value.get("created")
    if modified is not created and isinstance(modified, str) and isinstance(created, str) and modified != created:
        earlier, later = parse_time(created), parse_time(modified)
        if earlier and later and later[0] < earlier[0]:
            yield Finding(
                "modified-before-created",
                "note",
                "/modified",
                "modified lies before created.",
                "Correct one of the two.",
            )


def _indicator(value: Mapping[str, Any]) -> Iterator[Finding]:
    pattern = value.get("pattern")
    if isinstance(pattern, str) and value.get("pattern_type", "stix") == "stix":
        yield from pattern_findings(pattern)
    start, end = value.get("valid_from"), value.get("valid_until")
    if isinstance(start, str) and isinstance(end, str):
        first, last = parse_time(start), parse_time(end)
        if first and last and last[0] <= first[0]:
            yield Finding(
                "validity-empty",
                "note",
                "/valid_until",
                "valid_until is not after valid_from.",
                "Correct one of the two.",
            )


def _marking_definition(value: Mapping[str, Any]) -> Iterator[Finding]:
    if (claim := redefines(value)) is not None:
        yield Finding(
            "marking-redefined",
            "refuse",
            "/id",
            f"It gives the id of a TLP marking the meaning {claim}.",
            "Use the id that the standard gives this marking.",
        )
    elif renames(value):
        yield Finding(
            "marking-renamed",
            "note",
            "/name",
            "It calls TLP:WHITE by its TLP 2.0 name, TLP:CLEAR.",
            "Use marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487 for TLP:CLEAR.",
        )


def _observable(value: Mapping[str, Any]) -> Iterator[Finding]:
    given = value["id"]
    if given[-22] != "5":  # only a version 5 UUID claims to be derived from the content
        return
    expected = deterministic_id(value)
    if expected is not None and expected != given:
        yield Finding(
            "id-not-deterministic",
            "note",
            "/id",
            f"The id is a UUIDv5 but not the one its content gives, {expected}.",
            "Use that id, so that others recognise the same observable.",
        )


def _granular(value: Any) -> Iterator[Finding]:
    """Selectors and their marking must be readable: what cannot be read could hide a stricter marking."""
    if not isinstance(value, list):
        return
    for position, part in enumerate(value):
        selectors = part.get("selectors") if isinstance(part, dict) else None
        marked = isinstance(part, dict) and (fits(part.get("marking_ref"), "ref") or isinstance(part.get("lang"), str))
        if not (marked and fits(selectors, "texts")):
            yield Finding(
                "granular-marking-unreadable",
                "hold",
                f"/granular_markings/{position}",
                "A granular marking lacks its selectors or its marking_ref.",
                "Give both, or remove it.",
            )
