"""YAML from strangers: a text into plain documents, or the reason and the line why not.

1. At most a megabyte, 60,000 nodes and 24 levels in a text; larger is refused before anything is built.
2. Aliases are refused, so nothing can multiply; so are tags (`!!python/object`), duplicate keys, and keys that are no text.
3. Only what Sigma knows comes out: texts, numbers, booleans, null, dates, lists, mappings.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from commonwatch.core.errors import InvalidInput

MAX_BYTES = 1_000_000  # the largest public rule, a list of driver hashes, has 295,000
MAX_NODES = 60_000
MAX_DEPTH = 24
MAX_DOCUMENTS = 200


class _Loader(yaml.CSafeLoader):
    """The safe loader, which would let the last of two equal keys win in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[object] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(problem="a key that is a list or a mapping", problem_mark=key.start_mark)
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"the key {key.value!r} twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def documents(text: str) -> list[Any]:
    """The documents of a text. Raises InvalidInput with `data["place"]`, such as `line 7`."""
    if len(text) > MAX_BYTES:
        raise _refusal("", f"The rule has {len(text):,} characters; at most {MAX_BYTES:,} are read.", "Split it.")
    try:
        _survey(text)
        return [document for document in yaml.load_all(text, Loader=_Loader) if document is not None]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        place = f"line {mark.line + 1}" if mark is not None else ""
        raise _refusal(place, f"It is no YAML that a rule may use: {problem}.", "Correct it there.") from None
    except ValueError as error:  # a date such as 2026-02-31, an integer of ten thousand digits
        raise _refusal("", f"A value cannot be read: {error}.", "Put it in quotes.") from None


def _survey(text: str) -> None:
    """Refuse by the stream of events alone, before anything is built."""
    depth = nodes = begun = 0
    for event in _events(text):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent):
            raise _refusal(f"line {line}", "It uses a YAML alias.", "Write the value out.")
        if isinstance(event, yaml.NodeEvent):
            nodes += 1
            _check_tag(getattr(event, "tag", None), line)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.DocumentStartEvent):
            begun += 1
        if nodes > MAX_NODES or depth > MAX_DEPTH or begun > MAX_DOCUMENTS:
            raise _refusal(
                f"line {line}",
                f"At most {MAX_NODES:,} values, {MAX_DEPTH} levels and {MAX_DOCUMENTS} documents are read.",
                "Split it.",
            )


def _events(text: str) -> Iterator[yaml.Event]:
    return iter(yaml.parse(text, Loader=yaml.CSafeLoader))


def _check_tag(tag: str | None, line: int) -> None:
    if tag not in (None, "!"):
        raise _refusal(f"line {line}", f"It uses the YAML tag {tag}.", "Leave the tag out.")


def _refusal(place: str, sentence: str, advice: str) -> InvalidInput:
    return InvalidInput("sigma-yaml", sentence, advice, data={"place": place})
