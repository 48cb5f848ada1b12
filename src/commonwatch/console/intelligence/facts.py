"""What an object says, as facts that people read: each property with its name and its value, whatever the value is.

Everything here comes from outside. Values that lead somewhere are shown defanged; nothing becomes a link but ids of objects that
the reader has, which lead to their pages here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import orjson
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from commonwatch.base.release.reader import Reader
from commonwatch.base.release.sight import sight_of
from commonwatch.base.search.heads import Row, current_entries, heads
from commonwatch.console.intelligence.rows import address_of, titled
from commonwatch.console.shell import cells
from commonwatch.core.stix.ids import parse_id
from commonwatch.core.stix.times import parse_time

MOST_NAMED = 100  # references of one object whose names are looked up
MOST_SHOWN = 50  # members of one list
LONGEST = 10_000  # characters of one text
LABELS: Mapping[str, Any] = {
    "description": _("Description"),
    "content": _("Content"),
    "abstract": _("Abstract"),
    "explanation": _("Explanation"),
    "opinion": _("Opinion"),
    "pattern": _("Pattern"),
    "pattern_type": _("Kind of pattern"),
    "value": _("Value"),
    "aliases": _("Also called"),
    "labels": _("Labels"),
    "confidence": _("Confidence"),
    "created": _("Created"),
    "valid_from": _("Valid from"),
    "valid_until": _("Valid until"),
    "first_seen": _("First seen"),
    "last_seen": _("Last seen"),
    "published": _("Published"),
    "kill_chain_phases": _("Steps of an attack"),
    "external_references": _("References"),
    "hashes": _("Digests"),
    "object_refs": _("About"),
    "source_ref": _("From"),
    "target_ref": _("To"),
    "relationship_type": _("Relation"),
    "sighting_of_ref": _("Seen was"),
    "where_sighted_refs": _("Seen by"),
    "count": _("How often"),
    "indicator_types": _("Kind"),
    "malware_types": _("Kind"),
    "report_types": _("Kind"),
    "threat_actor_types": _("Kind"),
    "tool_types": _("Kind"),
    "infrastructure_types": _("Kind"),
    "sectors": _("Sectors"),
    "goals": _("Goals"),
    "country": _("Country"),
    "region": _("Region"),
}
# What the page's head says already, or what says nothing to people.
_ELSEWHERE = frozenset(
    ("type", "spec_version", "id", "name", "modified", "revoked", "created_by_ref", "object_marking_refs")
)
_LAST = ("external_references", "extensions", "granular_markings")
_INDICATORS = frozenset(("pattern", "value", "url"))


class Fact(NamedTuple):
    """A property; without a label of ours its own name is shown."""

    label: Any
    name: str
    shown: SafeString


def facts_of(reader: Reader, value: Mapping[str, Any]) -> list[Fact]:
    """What an object says, in its own order, references and extensions last."""
    named = _named(reader, value)
    names = [name for name in value if name not in _ELSEWHERE and name not in _LAST]
    names += [name for name in _LAST if name in value]
    return [Fact(LABELS.get(name, ""), name, _shown(name, value[name], named)) for name in names]


def json_of(value: Any) -> str:
    """As JSON to be read, with what turns or hides letters written out."""
    return cells.visible(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def _shown(name: str, part: Any, named: Mapping[str, Row]) -> SafeString:
    if isinstance(part, bool) or part is None:
        return cells.code(str(part).lower())
    if isinstance(part, int | float):
        return cells.number(part)
    if isinstance(part, str):
        return _text(name, part, named)
    if isinstance(part, list):
        return _list(name, part, named)
    if name == "hashes" and isinstance(part, dict):
        pairs = [(cells.code(str(one)), cells.indicator(str(digest))) for one, digest in part.items()]
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{} {}</li>", pairs))
    return _json(part)


def _text(name: str, part: str, named: Mapping[str, Row]) -> SafeString:
    if name in _INDICATORS:
        return cells.indicator(part[:LONGEST])
    if parse_id(part) is not None:
        return _reference(part, named)
    if len(part) < 40 and parse_time(part) is not None:
        return cells.both_moments(part)
    return format_html('<span class="prose">{}</span>', cells.text(part[:LONGEST]))


def _list(name: str, part: list[Any], named: Mapping[str, Row]) -> SafeString:
    shown = part[:MOST_SHOWN]
    if name == "external_references":
        items = [_external(one) for one in shown]
    elif name == "kill_chain_phases":
        items = [_phase(one) for one in shown]
    else:
        items = [_shown(name, one, named) for one in shown]
    more = len(part) - len(shown)
    left = format_html("<li>+ {}</li>", cells.number(more)) if more else ""
    return format_html("<ul>{}{}</ul>", format_html_join("", "<li>{}</li>", ((one,) for one in items)), left)


def _external(one: Any) -> SafeString:
    if not isinstance(one, dict):
        return _json(one)
    said = [cells.text(one[name]) for name in ("source_name", "external_id") if isinstance(one.get(name), str)]
    if isinstance(one.get("url"), str):
        said.append(cells.indicator(one["url"]))
    if isinstance(one.get("description"), str):
        said.append(cells.text(one["description"][:LONGEST]))
    return format_html_join(" ", "{}", ((part,) for part in said))


def _phase(one: Any) -> SafeString:
    if not isinstance(one, dict):
        return _json(one)
    return format_html("{} {}", cells.text(one.get("phase_name")), cells.code(str(one.get("kill_chain_name") or "")))


def _reference(identity: str, named: Mapping[str, Row]) -> SafeString:
    row = named.get(identity)
    if row is None:
        return cells.code(identity)
    shown = titled((row.type, row.name))
    return format_html('<a href="{}">{}</a> {}', address_of(identity), shown, cells.code(row.type))


def _json(part: Any) -> SafeString:
    return format_html('<pre dir="ltr" tabindex="0">{}</pre>', json_of(part)[:LONGEST])


def _named(reader: Reader, value: Mapping[str, Any]) -> dict[str, Row]:
    """The heads of what is referred to, as far as the reader has it."""
    wanted = [one for one in dict.fromkeys(_ids(value)) if one != value.get("id")][:MOST_NAMED]
    if not wanted:
        return {}
    sight = sight_of(reader)
    entries = current_entries(sight, wanted)
    found = heads(reader, sight, list(entries.values()))
    return {one: found[entry] for one, entry in entries.items() if entry in found}


def _ids(value: Mapping[str, Any]) -> Iterator[str]:
    for name, part in value.items():
        if name == "object_marking_refs" or not name.endswith(("_ref", "_refs")):
            continue
        members: Iterable[Any] = part[:MOST_SHOWN] if isinstance(part, list) else (part,)
        yield from (one for one in members if isinstance(one, str) and parse_id(one) is not None)
