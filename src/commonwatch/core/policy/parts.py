"""Parts of an object: which of them selectors and pointers mean, and the object without the parts that are gone.

Parts are first marked as gone, where they stand, and left out at the end: until then every place keeps its number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from commonwatch.core.policy.placeholders import placeholder

Path = tuple[str | int, ...]
KEPT = frozenset(
    {"type", "id", "spec_version", "created", "modified", "revoked", "object_marking_refs", "granular_markings"}
)


class _Gone:
    """The mark itself."""


GONE: Final = _Gone()
_INDEX = re.compile(r"\[([0-9]{1,9})\]", re.ASCII)


def selected(value: Any, selector: str) -> Path:
    """The way to what a selector of STIX 2.1 (section 7.2.3.1) means, as far as it can be followed.

    One that leads on to nothing means the last part that it reached: read so, it withholds rather too much.
    """
    path: list[str | int] = []
    for word in selector.split("."):
        key: str | int
        if isinstance(value, dict) and word in value:
            key = word
        elif isinstance(value, list) and (index := _INDEX.fullmatch(word)) and int(index[1]) < len(value):
            key = int(index[1])
        else:
            break
        path.append(key)
        value = value[key]
    return tuple(path)


def pointed(place: str) -> Path:
    """The way that a JSON pointer describes, with numbers as text."""
    return tuple(word.replace("~1", "/").replace("~0", "~") for word in place.split("/")[1:])


def holder_of(value: Any, path: Path) -> tuple[Any, Any]:
    """The dictionary or list that holds the part at the end of a way, and its key; or `GONE`, which holds nothing."""
    for word in path[:-1]:
        if value is GONE:
            break
        value = value[int(word) if isinstance(value, list) else word]
    return value, int(path[-1]) if isinstance(value, list) else path[-1]


class Rebuilt:
    """An object without what is gone. Required properties get a placeholder; what is emptied by it goes, too."""

    def __init__(self, value: dict[str, Any], renamed: Callable[[str], str]) -> None:
        self._renamed = renamed
        # For a container in which something moved: where each of its parts is now, None where it is gone.
        self._moved: dict[int, Mapping[Any, Any]] = {}
        self._old = value
        self.value: dict[str, Any] = self._dictionary(value)

    def selector(self, path: Path) -> str | None:
        """A selector for a part after the move; None where it is gone."""
        words: list[str] = []
        part: Any = self._old
        for key in path:
            moved = self._moved.get(id(part), {}).get(key, key)
            if moved is None:
                return None
            words.append(f"[{moved}]" if isinstance(moved, int) else moved)
            part = part[key]
        return ".".join(words)

    def _part(self, part: Any) -> Any:
        if not part or not isinstance(part, dict | list):
            return part
        return (self._dictionary(part) if isinstance(part, dict) else self._list(part)) or GONE

    def _dictionary(self, part: dict[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        moved: dict[str, str | None] = {}
        for key, inner in part.items():
            new = self._part(inner)
            if new is GONE:
                new = placeholder(part, key)
                if new is None:
                    moved[key] = None
                    continue
            name = self._renamed(key)
            if name != key:
                stem = name
                while name in made or name in part:
                    name = f"{stem} {len(made) + 1}" if name == stem else name + "'"
                moved[key] = name
            made[name] = new
        if moved:
            self._moved[id(part)] = moved
        return made

    def _list(self, part: list[Any]) -> list[Any]:
        made: list[Any] = []
        moved: dict[int, int | None] = {}
        for place, inner in enumerate(part):
            new = self._part(inner)
            moved[place] = None if new is GONE else len(made)
            if new is not GONE:
                made.append(new)
        if len(made) < len(part):
            self._moved[id(part)] = moved
        return made
