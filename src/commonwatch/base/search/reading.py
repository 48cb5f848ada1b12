"""What of an object goes into the index. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import orjson

from commonwatch.base.search.values import MOST_VALUES, Key, keys_of, label_key, texts_of
from commonwatch.base.search.words import words_of
from commonwatch.core.stix.ids import parse_id
from commonwatch.core.stix.times import parse_time

MOST_EDGES = 10_000  # of one object: the largest reports met refer to some thousand
_TEXTS = {
    *("name", "description", "value", "abstract", "content", "explanation", "product", "subject", "path", "key"),
    *("opinion", "display_name", "user_id", "account_login", "relationship_type", "reason", "objective"),
}
_LISTS = {
    *(
        "aliases",
        "labels",
        "indicator_types",
        "malware_types",
        "threat_actor_types",
        "infrastructure_types",
        "tool_types",
    ),
    *("report_types", "sectors", "goals", "x_mitre_aliases"),
}
_INNER = {"external_references": ("external_id", "source_name"), "kill_chain_phases": ("phase_name",)}
DAY_US = 86_400_000_000
# Level of confidence as STIX 2.1 (appendix A) names it.
_BANDS = ((70, 3), (30, 2), (1, 1))
BANDS = ("none", "low", "medium", "high")


class Edge(msgspec.Struct, frozen=True, gc=False):
    """A reference to `target`. `source`: the end from which it leads, where that is not the object itself."""

    kind: str
    target: str
    source: str = ""


class Reading(msgspec.Struct, frozen=True, gc=False):
    """One object as the index has it."""

    words: list[str]
    keys: list[Key]
    edges: list[Edge]
    labels: list[str]
    producer: str
    confidence: int  # a band
    created: int  # day since 1970, 0 where it is not said


def read(raw: bytes) -> Reading:
    """Read an object that intake admitted."""
    value = orjson.loads(raw)
    values = dict.fromkeys(found for found, _ in zip(texts_of(value), range(MOST_VALUES), strict=False))
    labels = _strings(value.get("labels"))
    keys = [key for kind, text in values for key in keys_of(kind, text)]
    keys += [label_key(label) for label in labels]
    producer = value.get("created_by_ref")
    return Reading(
        words_of([*_texts(value), *(text for _, text in values)]),
        list(dict.fromkeys(keys)),
        edges_of(value),
        labels,
        producer if isinstance(producer, str) else "",
        _band(value.get("confidence")),
        _day(value.get("created")),
    )


def within(least: Reading, full: Reading, derived: Mapping[str, str]) -> Reading:
    """What the least form of an object has in common with the full one; `derived`: ids of the former by those of the latter.

    What only stands in for what was taken out is nobody's word, value or reference.
    """
    words, keys = set(full.words), set(full.keys)
    kept = {(one.kind, one.target, one.source) for one in least.edges}
    return Reading(
        [word for word in least.words if word in words],
        [key for key in least.keys if key in keys],
        [
            one
            for one in full.edges
            if {
                (one.kind, target, source)
                for target in _either(one.target, derived)
                for source in _either(one.source, derived)
            }
            & kept
        ],
        [label for label in least.labels if label in full.labels],
        least.producer,
        least.confidence,
        least.created,
    )


def edges_of(value: Mapping[str, Any]) -> list[Edge]:
    """Every reference of an object but those to markings: who may have it is no neighbour."""
    found: list[Edge] = []
    if value.get("type") == "relationship":
        source, target, kind = (value.get(name) for name in ("source_ref", "target_ref", "relationship_type"))
        if isinstance(source, str) and isinstance(target, str):
            found.append(Edge(str(kind or "related-to")[:100], target, source))
    for name, part in _references(value):
        if name in ("source_ref", "target_ref") and found and found[0].source:
            continue
        found.append(Edge(name, part))
        if len(found) >= MOST_EDGES:
            break
    return [one for one in dict.fromkeys(found) if _known(one)]


def _references(value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, part in value.items():
        if name == "object_marking_refs" or not name.endswith(("_ref", "_refs")):
            continue
        kind = name.removesuffix("s").removesuffix("_ref").replace("_", "-")
        kept = name if name in ("source_ref", "target_ref") else kind
        for one in part if isinstance(part, list) else (part,):
            if isinstance(one, str):
                yield kept, one


def _known(edge: Edge) -> bool:
    return parse_id(edge.target) is not None and (not edge.source or parse_id(edge.source) is not None)


def _texts(value: Mapping[str, Any]) -> Iterator[str]:
    for name, part in value.items():
        if name in _TEXTS:
            if isinstance(part, str):
                yield part
        elif name in _LISTS:
            yield from _strings(part)
        elif name in _INNER and isinstance(part, list):
            inner = _INNER[name]
            yield from (
                one[key]
                for one in part[:200]
                if isinstance(one, dict)
                for key in inner
                if isinstance(one.get(key), str)
            )


def _strings(part: object) -> list[str]:
    return (
        list(dict.fromkeys(one for one in part[:200] if isinstance(one, str) and one)) if isinstance(part, list) else []
    )


def _either(identity: str, derived: Mapping[str, str]) -> tuple[str, ...]:
    return (identity, derived[identity]) if identity in derived else (identity,)


def _band(confidence: object) -> int:
    if not isinstance(confidence, int) or isinstance(confidence, bool):
        return 0
    return next((band for lowest, band in _BANDS if confidence >= lowest), 0)


def _day(created: object) -> int:
    parsed = parse_time(created) if isinstance(created, str) else None
    return parsed[0] // DAY_US if parsed else 0
