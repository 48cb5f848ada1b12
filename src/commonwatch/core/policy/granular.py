"""Granular markings (STIX 2.1, section 7.2.3): parts withheld, and what remains of the markings afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from commonwatch.core.policy.parts import GONE, KEPT, Path, Rebuilt, holder_of, selected


class Granular:
    """The granular markings of an object as they are before anything in it moves."""

    def __init__(self, value: Mapping[str, Any], withheld: frozenset[str]) -> None:
        self.parts: list[Path] = []  # that may not be given
        self._kept: list[tuple[Any, list[Path]]] = []
        self.given = isinstance(value.get("granular_markings"), list)
        for entry in value["granular_markings"] if self.given else ():
            paths = _paths(value, entry)
            if isinstance(entry, dict) and _text(entry.get("marking_ref")) in withheld:
                # Selectors that cannot be read could mean any part.
                self.parts += [(name,) for name in value] if paths is None else paths
            else:
                self._kept.append((entry, paths or []))
        self.parts = [path for path in self.parts if path[0] not in KEPT]
        self.found = self.given and len(self._kept) < len(value["granular_markings"])

    def withhold(self, value: dict[str, Any]) -> None:
        """Mark the parts as gone."""
        for path in self.parts:
            holder, key = holder_of(value, path)
            if holder is not GONE:
                holder[key] = GONE

    def remaining(self, rebuilt: Rebuilt) -> list[Any]:
        """The entries that still select something, by where it is now."""
        entries: list[Any] = []
        for entry, paths in self._kept:
            selectors = [selector for path in paths if (selector := rebuilt.selector(path)) is not None]
            if selectors:
                entries.append({**entry, "selectors": list(dict.fromkeys(selectors))})
        return entries


def _paths(value: Mapping[str, Any], entry: Any) -> list[Path] | None:
    selectors = entry.get("selectors") if isinstance(entry, dict) else None
    if not isinstance(selectors, list):
        return None
    return [path for one in selectors if (path := selected(value, _text(one)))]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
