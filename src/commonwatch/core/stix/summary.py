"""What an object is, in a name and one plain line, for lists and the head of its page.

A reader who knows nothing of STIX should understand the line. It says only what the object itself says: ids of other objects
are not resolved here, and nothing is made harmless: whoever shows it escapes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

_LONGEST_NAME = 200
_LONGEST_LINE = 300
# Where there is no `name`: the first of these that is there.
_NAMES = (
    "value",
    "abstract",
    "product",
    "path",
    "key",
    "subject",
    "display_name",
    "account_login",
    "user_id",
    "pattern",
)
_LISTS = (
    "indicator_types",
    "malware_types",
    "threat_actor_types",
    "infrastructure_types",
    "tool_types",
    "report_types",
    "roles",
    "sectors",
)


class Summary(msgspec.Struct, frozen=True):
    """A name (the id where the object has none) and a line."""

    name: str
    line: str


def summary(value: Mapping[str, Any]) -> Summary:
    """The name and the line of an object that intake admitted."""
    kind = _text(value, "type")
    said = _LINES.get(kind, _described)(value)
    taken = [part for part in ("revoked" if value.get("revoked") is True else "", said) if part]
    return Summary(_cut(_name(kind, value), _LONGEST_NAME), _cut("; ".join(taken), _LONGEST_LINE))


def _name(kind: str, value: Mapping[str, Any]) -> str:
    if kind == "autonomous-system" and isinstance(value.get("number"), int):
        return f"AS{value['number']}"
    for field in ("name", *_NAMES):
        if text := _text(value, field).strip():
            return " ".join(text.split())
    hashes = value.get("hashes")
    if isinstance(hashes, dict):
        for digest in hashes.values():
            if isinstance(digest, str):
                return digest
    if kind in _LINES and (line := _LINES[kind](value)):
        return line
    return _text(value, "id")


def _indicator(value: Mapping[str, Any]) -> str:
    kind = _text(value, "pattern_type") or "stix"
    parts = [_types(value), f"matches {_one_line(_text(value, 'pattern'))}" if kind == "stix" else f"a {kind} rule"]
    since, until = _day(value, "valid_from"), _day(value, "valid_until")
    if since:
        parts.append(f"valid from {since}{f' to {until}' if until else ''}")
    return "; ".join(part for part in parts if part)


def _relationship(value: Mapping[str, Any]) -> str:
    how = _text(value, "relationship_type").replace("-", " ") or "is related to"
    return f"{_kind_of(value.get('source_ref'))} {how} {_kind_of(value.get('target_ref'))}"


def _sighting(value: Mapping[str, Any]) -> str:
    count = value.get("count")
    times = f"seen {count} times" if isinstance(count, int) and count != 1 else "seen"
    first, last = _day(value, "first_seen"), _day(value, "last_seen")
    span = (
        f" from {first} to {last}"
        if first and last and first != last
        else f" on {last or first}"
        if last or first
        else ""
    )
    return f"{_kind_of(value.get('sighting_of_ref'))} {times}{span}"


def _opinion(value: Mapping[str, Any]) -> str:
    return _about(_text(value, "opinion").replace("-", " "), value, "explanation")


def _note(value: Mapping[str, Any]) -> str:
    return _about(_one_line(_text(value, "content")), value, "")


def _report(value: Mapping[str, Any]) -> str:
    held = _count(value.get("object_refs"))
    day = _day(value, "published")
    parts = [_types(value), f"published {day}" if day else "", f"about {held} objects" if held else "", _prose(value)]
    return "; ".join(part for part in parts if part)


def _observed(value: Mapping[str, Any]) -> str:
    first, last = _day(value, "first_observed"), _day(value, "last_observed")
    held = _count(value.get("object_refs")) or _count(value.get("objects"))
    return f"{held} things observed {value.get('number_observed', 1)} times, {first} to {last}"


def _marking(value: Mapping[str, Any]) -> str:
    definition = value.get("definition")
    if isinstance(definition, dict):
        return "; ".join(f"{key}: {part}" for key, part in definition.items() if isinstance(part, str))
    return "a marking"


def _location(value: Mapping[str, Any]) -> str:
    return ", ".join(part for part in (_text(value, name) for name in ("city", "country", "region")) if part)


def _file(value: Mapping[str, Any]) -> str:
    hashes = value.get("hashes")
    said = [f"{name} {part}" for name, part in hashes.items()] if isinstance(hashes, dict) else []
    size = value.get("size")
    return "; ".join([*said, *([f"{size} bytes"] if isinstance(size, int) else [])])


def _software(value: Mapping[str, Any]) -> str:
    return " ".join(part for part in (_text(value, name) for name in ("vendor", "version", "cpe")) if part)


def _traffic(value: Mapping[str, Any]) -> str:
    protocols = value.get("protocols")
    said = "/".join(map(str, protocols)) if isinstance(protocols, list) else ""
    ports = " to ".join(str(value[name]) for name in ("src_port", "dst_port") if name in value)
    return f"{said} traffic{f', port {ports}' if ports else ''}".strip()


def _recall(value: Mapping[str, Any]) -> str:
    return f"takes {_count(value.get('object_refs'))} objects back: {_one_line(_text(value, 'reason'))}"


def _receipt(value: Mapping[str, Any]) -> str:
    return f"answers a recall: {_text(value, 'answer')}"


def _words(*names: str) -> Callable[[Mapping[str, Any]], str]:
    """What these fields say, in their order."""

    def line(value: Mapping[str, Any]) -> str:
        return "; ".join(said for name in names if (said := _one_line(_text(value, name))))

    return line


def _statement(value: Mapping[str, Any]) -> str:
    said = value.get("value")
    return f"{_text(value, 'field')}: {said}" if isinstance(said, str) else f"says {_text(value, 'field')}"


def _described(value: Mapping[str, Any]) -> str:
    """What most types come to: their vocabulary's words, other names, the description."""
    aliases = value.get("aliases")
    also = [str(part) for part in aliases if str(part) != value.get("name")] if isinstance(aliases, list) else []
    parts = [_types(value), f"also {', '.join(also[:5])}" if also else "", _external(value), _prose(value)]
    return "; ".join(part for part in parts if part)


_LINES = {
    "indicator": _indicator,
    "relationship": _relationship,
    "sighting": _sighting,
    "opinion": _opinion,
    "note": _note,
    "report": _report,
    "grouping": _report,
    "observed-data": _observed,
    "marking-definition": _marking,
    "location": _location,
    "file": _file,
    "software": _software,
    "network-traffic": _traffic,
    "recall": _recall,
    "receipt": _receipt,
    "case-statement": _statement,
    "case-decision": _words("decision", "basis"),
    "situation-report": _words("state", "as_of"),
    "assistance-request": _words("urgency", "form"),
    "assistance-offer": _words("terms", "costs"),
    "assistance-answer": _words("act", "reason"),
    "assistance-capability": _words("skill", "note"),
    "assistance-reservation": _words("act", "reason"),
    "evidence-item": _words("basis", "collected_at", "place"),
    "custody-transfer": _words("purpose", "conditions"),
    "custody-receipt": _words("answer", "reason"),
    "custody-note": _words("kind", "text"),
    "evidence-stamp": _words("authority"),
    "preservation-request": _words("instrument", "article"),
    "legal-request": _words("instrument", "article", "purpose"),
    "legal-answer": _words("answer", "text"),
    "legal-step": _words("step", "until"),
    "point-of-contact": _words("position", "time_zone"),
    "contact-ping": _words("text"),
    "contact-pong": _words("text"),
}


def _types(value: Mapping[str, Any]) -> str:
    found = [str(part) for name in _LISTS if isinstance(value.get(name), list) for part in value[name]]
    return ", ".join(dict.fromkeys(found))


def _external(value: Mapping[str, Any]) -> str:
    given = value.get("external_references")
    named = (
        [one["external_id"] for one in given if isinstance(one, dict) and isinstance(one.get("external_id"), str)]
        if isinstance(given, list)
        else []
    )
    return ", ".join(part for part in named[:3] if part != value.get("name"))


def _about(said: str, value: Mapping[str, Any], more: str) -> str:
    held = _count(value.get("object_refs"))
    parts = [said, _one_line(_text(value, more)) if more else "", f"about {held} objects" if held > 1 else ""]
    return "; ".join(part for part in parts if part)


def _prose(value: Mapping[str, Any]) -> str:
    return _one_line(_text(value, "description"))


def _kind_of(reference: object) -> str:
    return reference.partition("--")[0].replace("-", " ") if isinstance(reference, str) else "something"


def _text(value: Mapping[str, Any], field: str) -> str:
    found = value.get(field)
    return found if isinstance(found, str) else ""


def _day(value: Mapping[str, Any], field: str) -> str:
    return _text(value, field)[:10]


def _count(part: object) -> int:
    return len(part) if isinstance(part, Sequence | Mapping) and not isinstance(part, str) else 0


def _one_line(text: str) -> str:
    return " ".join(text[: 4 * _LONGEST_LINE].split())


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
