"""Which events of a mapping a rule is about, from its log source and the taxonomy beside this (`logsources.json`).

1. What a rule's log source says and the mapping's log source says too must be equal; what only the mapping says is free.
2. What the mapping leaves open (`category: process_creation` on Windows events) the taxonomy turns into a condition on
   fields, and where events name things differently (4688 against Sysmon 1), into other names for the rule's fields.
3. What neither says makes the rule one that this mapping cannot execute, with that reason.
"""

from __future__ import annotations

from collections.abc import Mapping as AbstractMapping
from functools import cache
from importlib import resources
from itertools import product
from typing import Any as AnyType
from typing import NamedTuple

import msgspec

from commonwatch.capabilities.detection.telemetry.batch import Mapping
from commonwatch.core.patterns.sigma.rules import LogSource
from commonwatch.core.patterns.sigma.tree import All, Any, Text, Tree, join


class Route(NamedTuple):
    """Events that a rule is about: those for which `where` holds, with the rule's fields called by other names."""

    where: Tree
    fields: AbstractMapping[str, str]


class _Kind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One alternative in the taxonomy. `service` restricts it to mappings of that service."""

    where: dict[str, list[str]] = {}
    fields: dict[str, str] = {}
    service: str = ""


class _Product(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    category: dict[str, list[_Kind]] = {}
    service: dict[str, list[_Kind]] = {}


def routes(source: LogSource, mapping: Mapping) -> tuple[Route, ...] | str:
    """Where the rule applies in events of the mapping, or the reason why nowhere."""
    given = mapping.logsource
    if source.product and source.product != given.get("product", ""):
        return f"{mapping.name} holds no events of {source}"
    known = taxonomy().get(given.get("product", ""), _Product())
    choices: list[list[_Kind]] = []
    for key, wanted in (("category", source.category), ("service", source.service)):
        kinds = [kind for kind in getattr(known, key).get(wanted, ()) if _fits(kind, given)]
        if kinds:
            choices.append(kinds)
        elif wanted and wanted != given.get(key, ""):
            return f"{mapping.name} does not say which of its events are {source}"
    return tuple(_route(kinds) for kinds in product(*choices))


def _fits(kind: _Kind, given: AbstractMapping[str, str]) -> bool:
    return not kind.service or kind.service == given.get("service", "")


def _route(kinds: tuple[_Kind, ...]) -> Route:
    asked: list[Tree] = []
    fields: dict[str, str] = {}
    for kind in kinds:
        fields.update(kind.fields)
        for field, values in kind.where.items():
            asked.append(join(Any, [Text(field, (value,)) for value in values]))
    return Route(join(All, asked), fields)


@cache
def taxonomy() -> AbstractMapping[str, _Product]:
    """The data file, by product."""
    raw: bytes = resources.files(__package__).joinpath("logsources.json").read_bytes()
    decoded: dict[str, AnyType] = msgspec.json.decode(raw)
    return {name: msgspec.convert(part, _Product) for name, part in decoded.items() if name != "about"}
